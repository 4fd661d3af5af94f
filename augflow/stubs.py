"""Writes the type stub of `augflow.ops` from the catalog; `make stubs` puts it in its place."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from augflow.batching.mix import MIX_OPS
from augflow.spec.base import CONTAINERS
from augflow.transforms.catalog import Op
from augflow.transforms.lookup import aliases, catalog
from augflow.transforms.names import FAMILIES

NUMBER = re.compile(r"\b(int|float)\b")
"""Types whose values can be scheduled."""

SCALARS = {"number": "float", "integer": "int", "string": "str", "boolean": "bool", "null": "None"}
HEAD = """\
# Generated from the catalog by `make stubs`; a test keeps it current.
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Item = dict[str, Any]
Schedule = Mapping[Literal["linear", "over"], Sequence[Any]]
"""
COMMON = {"id": "str = ...", "when": "Mapping[str, Any] = ...", "weight": "float = ..."}
"""Keys of every item."""


def stub() -> str:
    """The text of `ops.pyi`."""
    lines = [HEAD]
    for name in CONTAINERS:
        count = {"n": "int = ..."} if name == "some_of" else {}
        lines += _function(name, {**count, "p": "float = ..."}, "*children: Item")
    spellings = set().union(*(aliases(modality) for modality in FAMILIES))
    ops = _ops()
    for name, entries in sorted(ops.items()):
        lines += _function(name, _arguments(entries))
    for name, cls in MIX_OPS.items():
        if name not in {*spellings, *ops}:
            properties = cls.model_json_schema()["properties"]
            kinds = {key: f"{_type(value)} = ..." for key, value in properties.items()}
            lines += _function(name, {**kinds, "p": "float = ..."})
    lines += [f"def {name}(**params: Any) -> Item: ..." for name in sorted(spellings - ops.keys())]
    return "\n".join(lines) + "\n"


def _ops() -> dict[str, list[Op]]:
    """The ops of every name: one, or one a modality."""
    found: dict[str, list[Op]] = {}
    for modality in FAMILIES:
        for name, op in catalog(modality).items():
            if op.library != "registered":
                found.setdefault(name, []).append(op)
    return found


def _arguments(entries: Sequence[Op]) -> dict[str, str]:
    """The parameters of an op; where a name means one a modality, those of all, none required."""
    kinds: dict[str, list[str]] = {}
    for op in entries:
        for param in op.params.values():
            kinds.setdefault(param.name, []).append(_type(param.schema))
    needed = {param.name for param in entries[0].params.values() if param.required and len(entries) == 1}
    joined = {name: " | ".join(dict.fromkeys(types)) for name, types in kinds.items()}
    joined = {name: f"{kind} | Schedule" if NUMBER.search(kind) else kind for name, kind in joined.items()}
    arguments = {name: kind if name in needed else f"{kind} = ..." for name, kind in joined.items()}
    return {**arguments, "p": "float | Schedule = ..."}


def _function(name: str, arguments: Mapping[str, str], first: str = "*") -> Iterator[str]:
    yield f"def {name}("
    yield f"    {first},"
    for argument, kind in {**arguments, **COMMON}.items():
        if not keyword.iskeyword(argument):
            yield f"    {argument}: {kind},"
    yield ") -> Item: ..."


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
