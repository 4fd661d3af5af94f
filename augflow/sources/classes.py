"""Class names and their labels."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from augflow.errors import SourceError
from augflow.sources.index import first_twice, printable

SHOWN = 8
"""How many names a message lists before it counts the rest."""


class ClassList:
    """Class names in the order of their labels, frozen by the caller or met in the source."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(map(_normalized, names))
        self._labels = {name: label for label, name in enumerate(self.names)}
        if len(self._labels) != len(self.names):
            raise SourceError(f"classes must differ, got {first_twice(self.names)!r} more than once")

    @classmethod
    def met(cls, names: Iterable[str]) -> ClassList:
        """The classes that a source holds, sorted by code point."""
        return cls(sorted(set(map(_normalized, names))))

    def label(self, name: str, origin: str) -> int:
        """The label of a class name; raises SourceError where it is not one of the list."""
        found = self._labels.get(_normalized(name))
        if found is None:
            raise SourceError(
                f"{origin}: class {printable(name)!r} is not one of the classes given "
                f"({listed(self.names)}); add it to them, or leave its samples out"
            )
        return found


def frozen_classes(asked: Sequence[str] | None, by_spec: Sequence[str] | None) -> ClassList | None:
    """The class map that the caller fixes, as an argument or in the spec; None where neither does."""
    if asked is not None and isinstance(asked, str):
        raise SourceError(f"classes must be a sequence of names, got the single string {asked!r}")
    for name in asked or ():
        if not isinstance(name, str):
            raise SourceError(f"class names must be strings, got {name!r}; write {str(name)!r}")
    if asked is not None and by_spec is not None and tuple(asked) != tuple(by_spec):
        raise SourceError(
            f"two class lists: ({listed(asked)}) as an argument and ({listed(by_spec)}) in the spec; keep one"
        )
    names = by_spec if asked is None else asked
    return None if names is None else ClassList(names)


def _normalized(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def listed(names: Sequence[str]) -> str:
    """Names for a message, the first few of them."""
    shown = ", ".join(printable(name) for name in names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN:,} more" if len(names) > SHOWN else shown


def counted(number: int, noun: str) -> str:
    """A number with its noun, such as `1 image` or `1,200 images`."""
    plural = "es" if noun.endswith("s") else "s"
    return f"{number:,} {noun}{'' if number == 1 else plural}"
