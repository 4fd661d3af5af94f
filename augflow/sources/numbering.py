"""From the labels that Python objects hold, strings or integers, to numbers in the class list."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from augflow.errors import SourceError
from augflow.sources.classes import ClassList
from augflow.wording import shown


class Numbering:
    """Labels of items as indices into the class list.

    A string is a class name. An integer is an index into the object's own class list where it has
    one; else, where every class name is a number, it is that name; else an index into the class list.
    """

    def __init__(self, classes: ClassList, own: Sequence[str] | None) -> None:
        self.classes = classes
        by_value = own is None and all(name.isdecimal() for name in classes.names)
        self._names = None if by_value else tuple(own or classes.names)

    def number(self, label: Any, origin: str) -> int:
        """The index of a label's class; raises SourceError where it is not one of the classes."""
        plain = plain_label(label, origin)
        if isinstance(plain, str):
            return self.classes.label(plain, origin)
        if self._names is None:
            return self.classes.label(str(plain), origin)
        if plain >= len(self._names):
            raise SourceError(
                f"{origin}: label {shown(plain)} is not in [0, {len(self._names)}), the number of classes "
                "given; add the missing names to the classes"
            )
        return self.classes.label(self._names[plain], origin)


def plain_label(label: Any, origin: str) -> str | int:
    """A label as a Python string or integer of at least 0; numpy and torch scalars are taken too."""
    if isinstance(label, str):
        return str(label)
    try:
        plain = operator.index(label)
    except TypeError:
        raise SourceError(
            f"{origin}: a label is a class name or an integer, got {label!r} ({type(label).__name__})"
        ) from None
    if plain < 0:
        raise SourceError(f"{origin}: an integer label must be at least 0, got {plain}; use None for none")
    return plain


def distinct_labels(labels: Any, origin: str) -> ClassList:
    """The classes among many labels: names by code point, integers by value, written as names."""
    values = np.unique(labels).tolist() if isinstance(labels, np.ndarray) else labels
    met = {plain_label(label, origin) for label in values}
    numbers = sorted(label for label in met if isinstance(label, int))
    names = sorted(label for label in met if isinstance(label, str))
    if numbers and names:
        raise SourceError(
            f"{origin}: labels are names ({names[0]!r}) and integers ({numbers[0]}) at once; use one kind"
        )
    return ClassList(names or [str(number) for number in numbers])
