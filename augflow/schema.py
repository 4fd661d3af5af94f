"""JSON Schema of the spec, for editors: the form from the spec's model, the ops from the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from augflow.batching.mix import MIX_OPS
from augflow.spec.items import ID_FORM, SECTIONS
from augflow.spec.model import CONTAINERS, PipelineSpec
from augflow.transforms.catalog import Op
from augflow.transforms.lookup import aliases, catalog

PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
ITEM_PROPERTIES = {
    "id": {"type": "string", "pattern": f"^{ID_FORM.pattern}$"},
    "weight": {"type": "number", "exclusiveMinimum": 0},
}


def spec_schema(modality: str = "image") -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) that every valid spec of the modality fulfils."""
    schema = PipelineSpec.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "augflow spec"
    ops = {name: _op_schema(op) for name, op in sorted(catalog(modality).items())}
    ops.update({name: {"type": ["object", "null"]} for name in sorted(aliases(modality))})
    definitions = schema["$defs"]
    definitions.pop("OpSpec")
    definitions["item"] = _item_schema({**ops, **_containers("#/$defs/item")})
    mixing = {name: _mix_schema(name) for name in MIX_OPS}
    definitions["mix_item"] = _item_schema(mixing)
    definitions["mix"] = _item_schema({**mixing, "one_of": _containers("#/$defs/mix_item")["one_of"]})
    definitions["mix"]["properties"].update(
        at={"enum": ["augment", "finish"]}, by={"enum": ["worker", "model"]}
    )
    for name in SECTIONS:
        schema["properties"][name] = {"type": ["array", "null"], "items": {"$ref": "#/$defs/item"}}
    batch = definitions["BatchSpec"]["properties"]
    batch["mix"] = {"anyOf": [{"$ref": "#/$defs/mix"}, {"type": "null"}]}
    for name in ("mix_at", "mix_by"):
        batch.pop(name)
    for name, section in schema["properties"].items():
        if "$ref" in section:  # a section with nothing under it
            schema["properties"][name] = {"anyOf": [section, {"type": "null"}]}
    return schema


def _item_schema(ops: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**ops, **ITEM_PROPERTIES},
        "additionalProperties": False,
        "oneOf": [{"required": [name]} for name in ops],
    }


def _op_schema(op: Op) -> dict[str, Any]:
    params = {name: {**param.schema, "default": param.default} for name, param in op.params.items()}
    required = [name for name, param in op.params.items() if param.required]
    for name in required:
        params[name].pop("default")
    return _object({**params, "p": PROBABILITY}, required, op.summary)


def _mix_schema(name: str) -> dict[str, Any]:
    cls = MIX_OPS[name]
    return _object(cls.model_json_schema()["properties"], [], cls.summary)


def _containers(item: str) -> dict[str, Any]:
    children = {"transforms": {"type": "array", "minItems": 1, "items": {"$ref": item}}, "p": PROBABILITY}
    schemas = {name: _object(children, ["transforms"], "a container of ops") for name in CONTAINERS}
    schemas["some_of"]["properties"] = {**children, "n": {"type": "integer", "minimum": 1}}
    return schemas


def _object(properties: Mapping[str, Any], required: Iterable[str], description: str) -> dict[str, Any]:
    """An op's parameters; `null` stands for none where none is required."""
    required = list(required)
    return {
        "type": "object" if required else ["object", "null"],
        "description": description,
        "properties": dict(properties),
        "additionalProperties": False,
        "required": required,
    }
