"""List items to `OpSpec` form: one op a mapping, children in containers, places kept."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from augflow.errors import Problem
from augflow.spec.base import CONTAINERS, ITEM_KEYS
from augflow.wording import shown

Place = tuple[str | int, ...]
"""Where in the spec: keys and list positions from the root."""

SECTIONS = ("prepare", "augment", "evaluate", "finish")
FORMLESS: dict[str, Any] = {"op": ""}
"""Stands in the list for an item that has a problem of form, so that the others keep their places."""

MIX_KEYS: Mapping[str, str] = {
    "at": "mix_at",
    "by": "mix_by",
    "on": "mix_on",
    "until_epoch": "mix_until",
}
"""Keys beside the op of `batch.mix`, and where `BatchSpec` keeps them."""

MAX_DEPTH = 32
MAX_NODES = 50_000
"""Of keys, values and lists."""
MAX_OPS = 1_000
MAX_INTEGER = 2**1023
"""Whole numbers from here on are beyond the floats, and some cannot even be printed."""
MAX_WORD = 64
"""Characters; longer ones are cut in messages."""

MANY_OPS = 8
"""So many of the ops of one item a message names."""

ID_FORM = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Mark(Protocol):
    """A position in a text, counted from 0."""

    line: int
    column: int


@dataclass
class Collector:
    """Every problem of one spec, and where each value stands in its file."""

    file: str
    positions: dict[Place, tuple[int, int]] = field(default_factory=dict)
    problems: list[tuple[tuple[int, int], Problem]] = field(default_factory=list)
    ops: int = 0
    """How many list items were met."""

    def add(self, place: Place, message: str) -> None:
        """A problem at the place, or at the nearest place around it that the file shows."""
        near = place
        while near and near not in self.positions:
            near = near[:-1]
        self._add(place, self.positions.get(near, (1, 1)), message)

    def add_at(self, place: Place, mark: Mark | None, message: str) -> None:
        """A problem at a position in the text."""
        self._add(place, (mark.line + 1, mark.column + 1) if mark else (1, 1), message)

    def _add(self, place: Place, position: tuple[int, int], message: str) -> None:
        where = f"{one_line(self.file)}:{position[0]}:{position[1]}" if self.file else ""
        self.problems.append((position, Problem(where, json_path(place), one_line(message))))

    def sorted(self) -> tuple[Problem, ...]:
        """The problems in the order of the file."""
        return tuple(problem for _, problem in sorted(self.problems, key=lambda pair: pair[0]))


def json_path(place: Place) -> str:
    """`("augment", 2, "rotate")` as `$.augment[2].rotate`."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{readable(part)}" for part in place]
    return "$" + "".join(parts)


def one_line(text: str) -> str:
    """A text with its control characters written out: what a file says must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def readable(word: str) -> str:
    """A word of the file on one line and of a bearable length: it may be anything."""
    return word if word.isprintable() and len(word) <= MAX_WORD else shown(word)


def plain_sections(spec: Mapping[Any, Any], collector: Collector) -> dict[str, Any]:
    """The whole spec as JSON values, with ops in the form of `OpSpec`."""
    plain: dict[str, Any] = _Plain(collector).value(spec, ())
    _sections(plain, (), collector)
    fields = plain.get("fields")
    for name, part in fields.items() if isinstance(fields, dict) else ():
        if isinstance(part, dict):
            _sections(part, ("fields", name), collector)
    batch = plain.get("batch")
    if isinstance(batch, dict):
        for key, name in MIX_KEYS.items():
            if name in batch:
                batch.pop(name)
                collector.add(("batch", name), f"unknown key {name!r}; write `mix: {{{key}: ...}}`")
        if "mix" in batch:
            batch.update(_mix(batch.pop("mix"), collector))
    return {name: value for name, value in plain.items() if value is not None}


def _sections(plain: dict[str, Any], place: Place, collector: Collector) -> None:
    """Put the lists of ops of the spec, or of one of its fields, in the form of `OpSpec`."""
    for name in SECTIONS:
        if name in plain:
            plain[name] = _items(plain[name], (*place, name), collector)


def _mix(value: Any, collector: Collector) -> dict[str, Any]:
    place: Place = ("batch", "mix")
    if value is None:
        return {}
    if not isinstance(value, dict) or not value:
        collector.add(place, f"must be one op such as `mixup: {{alpha: 0.2}}`, got {shown(value)}")
        return {}
    found: dict[str, Any] = {}
    rest = dict(value)
    for key, allowed in (("at", ("augment", "finish")), ("by", ("worker", "model"))):
        if key not in rest:
            continue
        chosen = rest.pop(key)
        if chosen not in allowed:
            collector.add((*place, key), f"must be {' or '.join(allowed)}, got {shown(chosen)}")
        else:
            found[MIX_KEYS[key]] = chosen
    for key in ("until_epoch", "on"):
        if key in rest:
            found[MIX_KEYS[key]] = rest.pop(key)
    if "when" in rest:
        collector.add((*place, "when"), "mixing takes all samples of a tile; remove it")
        rest.pop("when")
    found["mix"] = _item(rest, place, collector)
    if "weight" in rest:
        collector.add((*place, "weight"), "weight belongs to children of one_of; remove it")
    return found


def _items(value: Any, place: Place, collector: Collector) -> list[dict[str, Any]]:
    if value is None:
        return []
    if not isinstance(value, list):
        collector.add(place, f"must be a list of ops, got {shown(value)}; put `- ` before each op")
        return []
    collector.ops += len(value)
    if collector.ops > MAX_OPS:
        collector.add(place, f"a spec may have at most {MAX_OPS:,} ops; these make it {collector.ops:,}")
        return []
    return [_item(item, (*place, index), collector) for index, item in enumerate(value)]


def _item(value: Any, place: Place, collector: Collector) -> dict[str, Any]:
    if isinstance(value, str):
        collector.add(
            place, f"must be a mapping, got the word {shown(value)}; write `- {readable(value)}: {{}}`"
        )
        return FORMLESS
    if not isinstance(value, dict):
        collector.add(place, f"must be a mapping with one op, got {shown(value)}")
        return FORMLESS
    names = [key for key in value if key not in ITEM_KEYS]
    if len(names) != 1:
        listed = ", ".join(map(readable, names[:MANY_OPS])) + (", ..." if len(names) > MANY_OPS else "")
        found = f"the ops {listed}" if names else "no op"
        remedy = "give each op its own `- `; parameters are indented below their op"
        collector.add(place, f"must hold exactly one op, has {found}; {remedy}")
        return FORMLESS
    name = names[0]
    item: dict[str, Any] = {"op": name, **_item_keys(value, place, collector)}
    params = {} if value[name] is None else value[name]
    if not isinstance(params, dict):
        collector.add((*place, name), f"parameters must be a mapping, got {shown(params)}")
        return FORMLESS
    params = dict(params)
    if name in CONTAINERS:
        item["children"] = _children(params.pop("transforms", None), (*place, name), collector)
    item["params"] = params
    return item


def _item_keys(value: dict[str, Any], place: Place, collector: Collector) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    if "id" in value:
        keys["id"] = value["id"]
        if not isinstance(value["id"], str) or not ID_FORM.fullmatch(value["id"]):
            rule = "must be a word of up to 64 letters, digits, `_`, `.` and `-`"
            collector.add((*place, "id"), f"{rule}, got {shown(value['id'])}")
            keys.pop("id")
    if "when" in value:
        keys["when"] = _conditions(value["when"], (*place, "when"), collector)
    if "weight" in value:
        weight = value["weight"]
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not weight > 0:
            collector.add((*place, "weight"), f"must be a number above 0, got {shown(weight)}")
        else:
            keys["weight"] = weight
    return keys


def _children(value: Any, place: Place, collector: Collector) -> list[dict[str, Any]]:
    inner = (*place, "transforms")
    if not isinstance(value, list) or not value:
        collector.add(inner, f"must be a list of at least one op, got {shown(value)}")
        return []
    return _items(value, inner, collector)


def _conditions(value: Any, place: Place, collector: Collector) -> list[dict[str, Any]]:
    """`{label: [cat, dog]}`, `{speaker: {not: theo}}` in the form of `Condition`."""
    if not isinstance(value, dict) or not value:
        rule = "must map `label` or a column to a value, a list, or {not: ...}"
        collector.add(place, f"{rule}, got {shown(value)}")
        return []
    found = []
    for column, wanted in value.items():
        negated = isinstance(wanted, dict)
        if isinstance(wanted, dict):
            wanted = wanted["not"] if list(wanted) == ["not"] else None
        values = wanted if isinstance(wanted, list) else [wanted]
        if not values or not all(isinstance(one, str | int | float) for one in values):
            collector.add(
                (*place, column),
                f"must be a value, a list of values, or {{not: ...}}, got {shown(value[column])}",
            )
            continue
        found.append({"column": column, "values": values, "negated": negated})
    return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not any("\ud800" <= character <= "\udfff" for character in value)


@dataclass
class _Plain:
    """Turns values into JSON's: tuples become lists, numpy's scalars numbers, anything else is a problem."""

    collector: Collector
    count: int = 0

    def value(self, value: Any, place: Place) -> Any:
        """One value with all that it holds; None where it is a problem."""
        self.count += 1
        if len(place) > MAX_DEPTH or self.count > MAX_NODES:
            return self._refused(place)
        if hasattr(value, "item") and getattr(value, "shape", None) == ():
            value = value.item()
        if isinstance(value, Mapping):
            for key in value:
                if not _is_text(key):
                    self.collector.add(place, f"keys must be words, got {shown(key)}")
            return {k: self.value(v, (*place, k)) for k, v in value.items() if _is_text(k)}
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return [self.value(item, (*place, index)) for index, item in enumerate(value)]
        problem = _scalar_problem(value)
        if problem is not None:
            self.collector.add(place, problem)
        return value if problem is None else None

    def _refused(self, place: Place) -> None:
        """Say once for all that follow that there are too many."""
        if self.count <= MAX_NODES:
            self.collector.add(place[:3], f"nested deeper than {MAX_DEPTH} levels")
        elif self.count == MAX_NODES + 1:
            self.collector.add(place[:3], f"has more than {MAX_NODES:,} values")


def _scalar_problem(value: Any) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"must be a finite number, got {value}"
    if isinstance(value, int) and abs(value) >= MAX_INTEGER:
        return f"must be a whole number below 2**1023, got one of {value.bit_length():,} bits"
    if isinstance(value, str) and not _is_text(value):
        return f"must be text that UTF-8 can hold, got {shown(value)}"
    if value is None or isinstance(value, str | int | float | bool):
        return None
    return f"must be a number, word, list or mapping, got {type(value).__name__}"
