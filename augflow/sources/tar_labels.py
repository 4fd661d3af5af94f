"""From what shards say of their samples to labels and targets."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from augflow.errors import SourceError
from augflow.sample import UNLABELED
from augflow.sources.base import TargetKind
from augflow.sources.classes import ClassList
from augflow.sources.index import SparseRow, printable
from augflow.sources.numbering import Numbering, distinct_labels
from augflow.sources.tar_index import ShardSamples
from augflow.sources.targets import FLOAT32_MAX
from augflow.wording import shown

SUM_TOLERANCE = 1e-3
"""How far the shares of a soft label may be from 1 in all."""


@dataclass(frozen=True)
class Labels:
    """Labels and targets of n samples."""

    names: tuple[str, ...]
    """Classes in the order of their labels, or the numbers of a regression; () without labels."""
    labels: list[int]
    targets: list[SparseRow]


@dataclass(frozen=True)
class ClassLists:
    """The class lists that there are before the shards are read."""

    frozen: ClassList | None
    """By the caller: labels are counted in it."""
    own: tuple[str, ...] | None
    """Beside the shards: what their numbers mean."""
    number: str = "label"
    """The name of the number of a regression where it has but one."""

    def numbering(self, labels: Sequence[Any], origin: str) -> Numbering:
        """Labels as indices into the list that counts; the classes met where none is given."""
        if self.own is not None:
            return Numbering(self.frozen or ClassList(self.own), self.own)
        return Numbering(self.frozen or distinct_labels(labels, origin), None)


def labels_of(shards: Sequence[ShardSamples], kind: TargetKind, lists: ClassLists) -> Labels:
    """Labels and targets of all samples, shard after shard; raises SourceError naming the sample."""
    if kind == "regression":
        return _numbers(shards, lists)
    given = [label for shard in shards for label in shard.labels]
    if kind == "multi_label":
        return _several(shards, given, lists)
    soft = [target for shard in shards for target in shard.targets]
    if all(label is None for label in given) and all(target is None for target in soft):
        return Labels((), [UNLABELED] * len(given), [])
    numbering = lists.numbering([label for label in given if label is not None], "the shards")
    labels, targets = [], []
    for place, label, target in zip(_places(shards), given, soft, strict=True):
        if label is None and target is None:
            raise SourceError(f"{place}: has no label, and others do; add its .cls or `label` in its .json")
        labels.append(UNLABELED if label is None else numbering.number(label, place))
        targets.append(_shares(target, numbering, lists.own, place) if target is not None else ())
    return Labels(numbering.classes.names, labels, targets)


def _places(shards: Sequence[ShardSamples]) -> Iterator[str]:
    for shard in shards:
        for key in shard.keys:
            yield f"{shard.shown}:{printable(key)}"


def _shares(target: Any, numbering: Numbering, own: tuple[str, ...] | None, place: str) -> SparseRow:
    """A soft label; its shares stand in the order of the list beside the shards, else of that given."""
    names = own or numbering.classes.names
    values = _values(target, len(names), place)
    if not all(0 <= value <= 1 for value in values) or abs(math.fsum(values) - 1) > SUM_TOLERANCE:
        raise SourceError(
            f"{place}: the shares of `target` must be in [0, 1] and add up to 1, got {shown(target)}"
        )
    named = zip(names, values, strict=True)
    return tuple((numbering.classes.label(name, place), value) for name, value in named if value)


def _values(target: Any, count: int, place: str) -> list[float]:
    values = target if isinstance(target, list) else None
    if values is None or len(values) != count or not all(map(_is_number, values)):
        raise SourceError(f"{place}: `target` must be null or {count} numbers, got {shown(target)}")
    return [float(value) for value in values]


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= FLOAT32_MAX


def _several(shards: Sequence[ShardSamples], given: Sequence[Any], lists: ClassLists) -> Labels:
    """Any number of classes a sample: a list of them as `label`, or 0 to 1 for each class as `target`."""
    flat = [label for labels in given for label in (labels if isinstance(labels, list) else [labels])]
    numbering = lists.numbering([label for label in flat if label is not None], "the shards")
    rows: list[SparseRow] = []
    soft = (target for shard in shards for target in shard.targets)
    for place, labels, target in zip(_places(shards), given, soft, strict=True):
        if target is not None:
            names = lists.own or numbering.classes.names
            values = zip(names, _values(target, len(names), place), strict=True)
            rows.append(
                tuple((numbering.classes.label(name, place), value) for name, value in values if value)
            )
            continue
        several = labels if isinstance(labels, list) else [] if labels is None else [labels]
        numbers = sorted(numbering.number(label, place) for label in several)
        if len(set(numbers)) != len(numbers):
            raise SourceError(f"{place}: a class stands there twice: {shown(labels)}")
        rows.append(tuple((number, 1.0) for number in numbers))
    return Labels(numbering.classes.names, [UNLABELED] * len(rows), rows)


def _numbers(shards: Sequence[ShardSamples], lists: ClassLists) -> Labels:
    """The numbers to predict: `target`, named by the list beside the shards, else one number as `label`."""
    names = lists.own or (lists.number,)
    if lists.frozen is not None and lists.frozen.names != names:
        raise SourceError(
            f"the numbers to predict are {', '.join(names)}, and the classes given are "
            f"{', '.join(lists.frozen.names)}; leave these out"
        )
    rows: list[SparseRow] = []
    pairs = (pair for shard in shards for pair in zip(shard.labels, shard.targets, strict=True))
    for place, (label, target) in zip(_places(shards), pairs, strict=True):
        values = _values([label] if target is None else target, len(names), place)
        rows.append(tuple(enumerate(values)))
    return Labels(names, [UNLABELED] * len(rows), rows)
