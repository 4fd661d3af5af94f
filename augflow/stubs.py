"""Writes the type stub of `augflow.ops` from the catalog; `make stubs` puts it in its place."""

from __future__ import annotations

import keyword
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from augflow.batching.mix import MIX_OPS
from augflow.transforms.catalog import Param
from augflow.transforms.lookup import aliases, catalog

SCALARS = {"number": "float", "integer": "int", "string": "str", "boolean": "bool", "null": "None"}
HEAD = """\
# Generated from the catalog by `make stubs`; a test keeps it current.
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Item = dict[str, Any]

def one_of(*children: Item, p: float = ..., id: str = ..., weight: float = ...) -> Item: ...
def some_of(*children: Item, n: int = ..., p: float = ..., id: str = ..., weight: float = ...) -> Item: ...
def random_order(*children: Item, p: float = ..., id: str = ..., weight: float = ...) -> Item: ...
"""


def stub() -> str:
    """The text of `ops.pyi`."""
    lines = [HEAD.rstrip()]
    for name, op in sorted(catalog("image").items()):
        if op.library != "registered":
            lines += _function(name, {param.name: _argument(param) for param in op.params.values()})
    for name, cls in MIX_OPS.items():
        if name not in aliases("image"):
            properties = cls.model_json_schema()["properties"]
            lines += _function(name, {key: f"{_type(value)} = ..." for key, value in properties.items()})
    lines += [f"def {name}(**params: Any) -> Item: ..." for name in sorted(aliases("image"))]
    return "\n".join(lines) + "\n"


def _function(name: str, arguments: Mapping[str, str]) -> Iterator[str]:
    common = {"p": "float = ...", "id": "str = ...", "weight": "float = ..."}
    yield f"def {name}("
    yield "    *,"
    for argument, kind in {**arguments, **common}.items():
        if not keyword.iskeyword(argument):
            yield f"    {argument}: {kind},"
    yield ") -> Item: ..."


def _argument(param: Param) -> str:
    return _type(param.schema) + ("" if param.required else " = ...")


def _type(schema: Mapping[str, Any]) -> str:
    """A JSON Schema as a Python type, as exactly as types can say it."""
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(dict.fromkeys(_type(option) for option in schema[key]))
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(_type({**schema, "type": one}) for one in kind)
    if kind == "array":
        return f"Sequence[{_items(schema)}]"
    if kind == "object":
        return "Mapping[str, Any]"
    return SCALARS.get(str(kind), "Any")


def _items(schema: Mapping[str, Any]) -> str:
    kinds = [_type(item) for item in schema.get("prefixItems", ())]
    if not kinds and isinstance(schema.get("items"), Mapping):
        kinds = [_type(schema["items"])]
    return " | ".join(dict.fromkeys(kinds)) or "Any"


if __name__ == "__main__":
    sys.stdout.write(stub())
