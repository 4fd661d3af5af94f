"""Which samples an op is for: `when` by class or by a column of the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LABEL = "label"
"""The column that stands for the names of a sample's classes."""


@dataclass(frozen=True)
class Facts:
    """What conditions can ask of a sample."""

    labels: tuple[str, ...] = ()
    """Names of its classes: one, several where it has several labels, or none."""
    row: Mapping[str, Any] = field(default_factory=dict)


NOTHING_KNOWN = Facts()


@dataclass(frozen=True)
class Condition:
    """Holds where one of the sample's values is among `values`, or none is where `negated`.

    Values are compared as they are written: `1` in a spec is `1` in a table, where all is text, and the
    number 1 or 1.0 where columns have types.
    """

    column: str
    values: tuple[str, ...]
    negated: bool = False

    def holds(self, facts: Facts) -> bool:
        """Whether a sample fulfils the condition."""
        found = facts.labels if self.column == LABEL else _spellings(facts.row[self.column])
        return any(value in self.values for value in found) != self.negated

    def canonical(self) -> dict[str, Any]:
        """The condition for fingerprints; the order of the values does not count."""
        return {"column": self.column, "values": sorted(set(self.values)), "negated": self.negated}


def written(value: Any) -> str:
    """A value as text, `true` and `false` as YAML and JSON write them."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _spellings(value: Any) -> tuple[str, ...]:
    """How a spec may write the value of a column: a whole number with or without `.0`."""
    if isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer():
        return str(int(value)), f"{int(value)}.0"
    return (written(value),)
