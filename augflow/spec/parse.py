"""YAML and plain Python data to a `PipelineSpec`, with the position of everything.

YAML 1.2 through ruamel.yaml's composer: `5e-4` is a number and `no` is a word. Aliases are refused,
so that a small file cannot become a large spec. The only module that knows YAML.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.representer import SafeRepresenter

from augflow.spec.base import OpSpec
from augflow.spec.items import (
    MAX_DEPTH,
    MAX_NODES,
    MIX_KEYS,
    SECTIONS,
    Collector,
    Place,
    plain_sections,
    readable,
)
from augflow.spec.messages import form_problems
from augflow.spec.model import Modality, PipelineSpec
from augflow.wording import shown

MAX_BYTES = 1_000_000
LONG_TAG = re.compile(r"(?:^|[\s\[{,])![^\s]{1000}")
"""Takes the reader of YAML time in the square of its length."""
TAG = "tag:yaml.org,2002:"
PLAIN_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
PLAIN_COLLECTIONS = (f"{TAG}map", f"{TAG}seq")


@dataclass
class ParsedSpec:
    """What parsing gives: the spec where its form is right, and every problem of form.

    Compiling adds the problems that only the catalog can see, through the same `collector`.
    """

    spec: PipelineSpec | None
    collector: Collector
    sections: tuple[Section, ...] = ()
    """The lists of ops, also where the rest of the spec is wrong; an item without form has op ""."""
    mix: OpSpec | None = None


@dataclass(frozen=True)
class Section:
    """One list of ops: `name` is `prepare`, `augment`, `evaluate` or `finish`, of one field."""

    field: str
    modality: str
    name: str
    place: Place
    items: tuple[OpSpec, ...]


def parse_file(path: Path) -> ParsedSpec:
    """Read a spec from a UTF-8 YAML file."""
    collector = Collector(str(path))
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        collector.add((), f"cannot be read: {error.strerror or error}; name a YAML file")
        return ParsedSpec(None, collector)
    except UnicodeDecodeError as error:
        collector.add((), f"must be UTF-8 text, byte {error.start} is not; save the file as UTF-8")
        return ParsedSpec(None, collector)
    except ValueError as error:
        collector.add((), f"no file can have this name: {error}; name a YAML file")
        return ParsedSpec(None, collector)
    return parse_text(text, collector)


def parse_text(text: str, collector: Collector) -> ParsedSpec:
    """Read a spec from YAML text; positions are told under the collector's file name."""
    value, usable = _read_yaml(text, collector)
    return parse_data(value, collector) if usable else ParsedSpec(None, collector)


def parse_data(value: Any, collector: Collector | None = None) -> ParsedSpec:
    """Read a spec from mappings, lists and scalars, as they come from YAML or from Python."""
    collector = collector or Collector("")
    if not isinstance(value, Mapping):
        collector.add(
            (), f"must be a mapping of sections, got {type(value).__name__}; start with `version: 1`"
        )
        return ParsedSpec(None, collector)
    plain = plain_sections(value, collector)
    sections = tuple(_sections(plain))
    batch = plain.get("batch")
    mix = _op_spec(batch["mix"]) if isinstance(batch, dict) and batch.get("mix") else None
    spec: PipelineSpec | None = None
    try:
        spec = PipelineSpec.model_validate_json(json.dumps(plain))
    except ValidationError as error:
        for place, message in form_problems(error, plain, PipelineSpec):
            collector.add(_written_place(place), message)
    return ParsedSpec(None if collector.problems else spec, collector, sections, mix)


def _written_place(place: Place) -> Place:
    """Where the file has what the model keeps beside `batch.mix`."""
    key = next((key for key, name in MIX_KEYS.items() if place[:2] == ("batch", name)), None)
    return place if key is None else ("batch", "mix", key)


def _sections(plain: Mapping[str, Any]) -> Iterator[Section]:
    """Every list of ops whose field says a modality that there is."""
    fields = plain.get("fields")
    parts: list[tuple[Place, str, Any]] = [((), str(plain.get("modality")), plain)]
    if isinstance(fields, dict):
        parts += [(("fields", name), name, field) for name, field in fields.items()]
    for place, name, part in parts:
        modality = str(part.get("modality")) if isinstance(part, dict) else ""
        if modality not in get_args(Modality):
            continue
        for section in SECTIONS:
            if section in part:
                yield Section(name, modality, section, (*place, section), tuple(map(_op_spec, part[section])))


def _op_spec(item: Mapping[str, Any]) -> OpSpec:
    return OpSpec.model_validate_json(json.dumps(item))


def written_spec(spec: PipelineSpec) -> dict[str, Any]:
    """The spec in the form of the file, as plain data; defaults are left out."""
    body = spec.model_dump(mode="json", exclude_defaults=True)
    body["version"] = spec.version
    if spec.modality is not None:
        body.update(spec.main_fields()[spec.modality].written())
    elif spec.fields:
        body["fields"] = {name: field.written() for name, field in spec.fields.items()}
    batch = body.get("batch", {})
    for key in [key for key in batch if key.partition("_")[0] == "mix"]:
        batch.pop(key)
    mix = spec.batch.written_mix()
    if mix:
        body["batch"] = {**batch, "mix": mix}
    return {name: body[name] for name in PipelineSpec.model_fields if name in body}


def dump_spec(spec: PipelineSpec) -> str:
    """The spec as YAML text that reads back as an equal spec; defaults are left out."""
    writer: Any = YAML(typ="safe", pure=True)
    writer.Representer = _Representer
    writer.default_flow_style = None
    writer.sort_base_mapping_type_on_output = False
    stream = io.StringIO()
    writer.dump(written_spec(spec), stream)
    return stream.getvalue()


class _Representer(SafeRepresenter):
    """Quotes every text but plain words: ruamel writes some, such as `?0`, that it cannot read again."""

    def represent_str(self, data: str) -> Any:
        """A text as a YAML scalar."""
        style = None if PLAIN_WORD.fullmatch(data) else '"'
        return self.represent_scalar(f"{TAG}str", data, style=style)


_Representer.add_representer(str, _Representer.represent_str)


@dataclass
class _Reader:
    """Walks a composed YAML tree, noting where each value stands."""

    collector: Collector
    yaml: YAML
    usable: bool = True
    """False where a value could not be read: what is said of the rest might be wrong."""

    def value(self, node: Node, place: Place) -> Any:
        mark = node.start_mark
        self.collector.positions.setdefault(place, (mark.line + 1, mark.column + 1))
        if not isinstance(node, ScalarNode) and node.tag not in PLAIN_COLLECTIONS:
            self._refuse_tag(place, node)
        if isinstance(node, MappingNode):
            return self._mapping(node, place)
        if isinstance(node, SequenceNode):
            return [self.value(child, (*place, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, place)

    def _mapping(self, node: MappingNode, place: Place) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            mark = key_node.start_mark
            key = key_node.value
            if not isinstance(key_node, ScalarNode) or key_node.tag == f"{TAG}merge":
                self.collector.add_at(place, mark, "keys must be plain words; write the keys out")
                continue
            inner = (*place, key)
            if key in result:
                first = self.collector.positions[inner][0]
                self.collector.add_at(
                    inner, mark, f"key {key!r} stands twice, first in line {first}; keep one of them"
                )
                continue
            self.collector.positions[inner] = (mark.line + 1, mark.column + 1)
            result[key] = self.value(value_node, inner)
        return result

    def _scalar(self, node: Node, place: Place) -> Any:
        kind = str(node.tag).removeprefix(TAG)
        construct: Any = self.yaml.constructor
        if kind in ("str", "timestamp"):
            return node.value
        if kind == "null":
            return None
        if kind not in ("int", "float", "bool"):
            return self._refuse_tag(place, node)
        try:
            value = getattr(construct, f"construct_yaml_{kind}")(node)
        except (KeyError, ValueError):
            return self._refuse(place, f"is not readable as {kind}, got {shown(node.value)}")
        if kind == "float" and not math.isfinite(value):
            return self._refuse(place, f"must be a finite number, got {readable(node.value)}")
        return value

    def _refuse_tag(self, place: Place, node: Node) -> None:
        self._refuse(place, f"tag {readable(str(node.tag))} is not allowed in a spec; write a plain value")

    def _refuse(self, place: Place, message: str) -> None:
        self.usable = False
        self.collector.add(place, message)


def _read_yaml(text: str, collector: Collector) -> tuple[Any, bool]:
    """The values, and whether they can be judged further."""
    if len(text) > MAX_BYTES:
        collector.add((), f"a spec may have at most {MAX_BYTES} bytes")
        return None, False
    if LONG_TAG.search(text):
        collector.add((), "holds a tag of more than 1,000 characters; write plain values")
        return None, False
    yaml = YAML(typ="safe", pure=True)
    try:
        if not _within_limits(text, collector):
            return None, False
        node = yaml.compose(text)
        if node is None:
            collector.add((), "the file is empty; start with `version: 1` and `modality: image`")
            return None, False
        reader = _Reader(collector, yaml)
        value = reader.value(node, ())
        return value, reader.usable
    except MarkedYAMLError as error:
        reason = " ".join(part for part in (error.problem, error.context) if part)
        collector.add_at((), error.problem_mark or error.context_mark, f"is not YAML: {reason}")
    except (YAMLError, ValueError) as error:
        collector.add((), f"is not YAML: {str(error).splitlines()[0]}")
    return None, False


def _within_limits(text: str, collector: Collector) -> bool:
    """Look at the flat event stream first: composing recurses, so depth must be known before."""
    depth = 0
    for count, event in enumerate(YAML(typ="safe", pure=True).parse(text)):
        if isinstance(event, CollectionStartEvent):
            depth += 1
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        rule = ""
        if isinstance(event, AliasEvent):
            rule = "aliases are not allowed in a spec; write the value out"
        elif depth > MAX_DEPTH:
            rule = f"nested deeper than {MAX_DEPTH} levels"
        elif count > MAX_NODES:
            rule = f"has more than {MAX_NODES} values"
        if rule:
            collector.add_at((), event.start_mark, rule)
            return False
    return True
