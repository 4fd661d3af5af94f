"""Labels of Python objects: one class, any number of classes, or numbers to predict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from augflow.errors import BadSampleError, SourceError
from augflow.sample import UNLABELED, Array
from augflow.sources.base import FieldRequest, TargetKind
from augflow.sources.classes import ClassList
from augflow.sources.items import split_item
from augflow.sources.numbering import Numbering, distinct_labels
from augflow.wording import shown


class Labels(Protocol):
    """From what an item has as its label to `Sample.label` and `Sample.target`."""

    @property
    def names(self) -> tuple[str, ...]:
        """See `Source.classes`."""
        ...

    def read(self, label: Any, place: str) -> tuple[int, Array | None]:
        """Label and target; raises SourceError for an unknown class, `BadSampleError` for what is none."""
        ...


@dataclass(frozen=True)
class OneClass:
    """A class name or an integer."""

    numbering: Numbering

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of the labels."""
        return self.numbering.classes.names

    def read(self, label: Any, place: str) -> tuple[int, Array | None]:
        """The index of the class."""
        return self.numbering.number(label, place), None


@dataclass(frozen=True)
class SeveralClasses:
    """A list of class names or integers, or a vector of 0 and 1, one a class."""

    numbering: Numbering

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of the target."""
        return self.numbering.classes.names

    def read(self, label: Any, place: str) -> tuple[int, Array | None]:
        """A target (K,) of 0 and 1."""
        target = np.zeros(len(self.names), np.float32)
        if is_vector(label):
            flags = np.asarray(label)
            if flags.shape != target.shape or not np.isin(flags, (0, 1)).all():
                raise BadSampleError(
                    place, f"the label must be {len(target)} numbers, 0 or 1, one a class, got {shown(label)}"
                )
            return UNLABELED, flags.astype(np.float32)
        for name in _listed(label, place):
            target[self.numbering.number(name, place)] = 1
        return UNLABELED, target


@dataclass(frozen=True)
class Numbers:
    """One number, or a vector of them."""

    names: tuple[str, ...]

    def read(self, label: Any, place: str) -> tuple[int, Array | None]:
        """A target (D,)."""
        try:
            target = np.atleast_1d(np.asarray(label, np.float32))
        except (TypeError, ValueError):
            target = np.zeros(0, np.float32)
        if target.shape != (len(self.names),) or not np.isfinite(target).all():
            raise BadSampleError(
                place, f"the label must be {len(self.names)} finite numbers to predict, got {shown(label)}"
            )
        return UNLABELED, target


@dataclass(frozen=True)
class ObjectLabels:
    """Where the labels of an object are."""

    items: Any
    name: str
    """What the object is, for people."""
    fields: tuple[FieldRequest, ...]
    first: Any
    """The label of the first item."""

    def all(self) -> tuple[Iterable[Any], str] | None:
        """Every label, and where they are: the object's `targets` or `labels`, or one pass over a list or
        tuple; None where that may take long."""
        for attribute in ("targets", "labels"):
            if hasattr(self.items, attribute):
                return getattr(self.items, attribute), f"{self.name}.{attribute}"
        if isinstance(self.items, list | tuple):
            places = (f"item {index} of {self.name}" for index in range(len(self.items)))
            pairs = zip(self.items, places, strict=True)
            return [split_item(item, self.fields, place)[1] for item, place in pairs], self.name
        return None


def labels_of(of: ObjectLabels, kind: TargetKind, classes: ClassList | None) -> Labels:
    """How the labels of an object are read; raises SourceError where nothing says which classes there are."""
    own = getattr(of.items, "classes", None)
    names = tuple(map(str, own)) if own is not None else None
    if kind == "regression":
        count = np.size(of.first)
        given = classes.names if classes is not None else names
        return Numbers(given or (("label",) if count == 1 else tuple(map(str, range(count)))))
    make = SeveralClasses if kind == "multi_label" else OneClass
    if classes is not None or names is not None:
        return make(Numbering(classes or ClassList(names or ()), names))
    if kind == "multi_label" and is_vector(of.first):
        return make(Numbering(ClassList([str(number) for number in range(len(of.first))]), None))
    found = of.all()
    if found is None:
        raise SourceError(
            f"the items of {of.name} have labels, but nothing says which classes there are; pass "
            "classes=[...] in the order of the labels, or give the object an attribute `classes`"
        )
    labels, place = found
    if kind == "multi_label":
        labels = [name for label in labels for name in _listed(label, place)]
    return make(Numbering(distinct_labels(labels, place), None))


def is_vector(label: Any) -> bool:
    """Whether a label is one number a class rather than the classes themselves."""
    if isinstance(label, np.ndarray):
        return label.dtype.kind in "biuf"
    return isinstance(label, list | tuple) and bool(label) and all(isinstance(x, float | bool) for x in label)


def _listed(label: Any, place: str) -> Iterator[Any]:
    if not isinstance(label, list | tuple | set | frozenset):
        raise SourceError(
            f"{place}: several labels are a list of class names or integers, or a vector of 0 and 1, got "
            f"{shown(label)}"
        )
    yield from label
