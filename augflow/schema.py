"""JSON Schema of the spec, for editors: the form from the spec's model, the ops from the catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from augflow.batching.mix import MIX_OPS
from augflow.spec.base import CONTAINERS
from augflow.spec.items import ID_FORM, SECTIONS
from augflow.spec.model import PipelineSpec
from augflow.transforms.catalog import Op
from augflow.transforms.lookup import aliases, catalog
from augflow.transforms.names import FAMILIES

PROBABILITY = {"type": "number", "minimum": 0, "maximum": 1}
WORD = {"type": ["string", "number", "boolean"]}
WORDS = {"anyOf": [WORD, {"type": "array", "items": WORD, "minItems": 1}]}
NEGATED = {"type": "object", "properties": {"not": WORDS}, "required": ["not"], "additionalProperties": False}
ITEM_PROPERTIES = {
    "id": {"type": "string", "pattern": f"^{ID_FORM.pattern}$"},
    "when": {"type": "object", "minProperties": 1, "additionalProperties": {"anyOf": [WORDS, NEGATED]}},
    "weight": {"type": "number", "exclusiveMinimum": 0},
}
SCHEDULE = {
    "type": "object",
    "properties": {
        "linear": {"type": "array", "minItems": 2, "maxItems": 2},
        "over": {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2},
    },
    "required": ["linear", "over"],
    "additionalProperties": False,
}


def spec_schema() -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) that every valid spec fulfils."""
    schema = PipelineSpec.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "augflow spec"
    definitions = schema["$defs"]
    for name in ("OpSpec", "Condition"):
        definitions.pop(name)
    for modality in FAMILIES:
        definitions[f"{modality}_item"] = _items(modality)
    definitions["schedule"] = SCHEDULE
    mixing = {name: _mix_schema(name) for name in MIX_OPS}
    definitions["mix_item"] = _item_schema(mixing)
    definitions["mix"] = _item_schema({**mixing, "one_of": _containers("#/$defs/mix_item")["one_of"]})
    definitions["mix"]["properties"].update(
        at={"enum": ["augment", "finish"]},
        by={"enum": ["worker", "model"]},
        on={"type": "string"},
        until_epoch={"type": "integer", "minimum": 1},
    )
    for holder in (schema, definitions["FieldSpec"]):
        for name in SECTIONS:
            holder["properties"][name] = {"type": ["array", "null"]}
        holder["allOf"] = [_lists_of(modality) for modality in FAMILIES]
    batch = definitions["BatchSpec"]["properties"]
    batch["mix"] = {"anyOf": [{"$ref": "#/$defs/mix"}, {"type": "null"}]}
    for name in [name for name in batch if name.startswith("mix_")]:
        batch.pop(name)
    for name, section in schema["properties"].items():
        if "$ref" in section:  # a section with nothing under it
            schema["properties"][name] = {"anyOf": [section, {"type": "null"}]}
    return schema


def _items(modality: str) -> dict[str, Any]:
    ops = {name: _op_schema(op) for name, op in sorted(catalog(modality).items())}
    ops.update({name: {"type": ["object", "null"]} for name in sorted(aliases(modality))})
    return _item_schema({**ops, **_containers(f"#/$defs/{modality}_item")})


def _lists_of(modality: str) -> dict[str, Any]:
    """The rule that a field of a modality has lists of its ops."""
    lists = {
        name: {"type": ["array", "null"], "items": {"$ref": f"#/$defs/{modality}_item"}} for name in SECTIONS
    }
    holds = {"properties": {"modality": {"const": modality}}, "required": ["modality"]}
    return {"if": holds, "then": {"properties": lists}}


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
    scheduled = {
        name: {"anyOf": [param, {"$ref": "#/$defs/schedule"}]}
        for name, param in {**params, "p": PROBABILITY}.items()
    }
    return _object(scheduled, required, op.summary)


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
