"""What the formats are given: samples in the order of the stream, and those that were left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from augflow.materialize.encode import EncodedRow

COLUMNS = ("id", "source", "label", "target", "epoch", "position", "drawn")
"""What is written of every sample besides its fields; fields have other names."""


@dataclass(frozen=True, slots=True)
class FinishedSample:
    """One sample, ready to be written."""

    number: int
    """Counts the positions of all epochs."""
    name: str
    """The id in the dataset that is written: source, epoch and, of repeated samples, the position."""
    source: str
    label: str | None
    """The class; None where the sample has none or has several."""
    target: list[float] | None
    """Shares of the classes, several labels or numbers to predict; None where the label says it all."""
    epoch: int
    position: int
    drawn: dict[str, Any]
    fields: EncodedRow

    def about(self) -> dict[str, Any]:
        """What is written besides the fields and the id."""
        return {name: getattr(self, name) for name in COLUMNS[1:]}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A bad sample that is not written."""

    number: int
    entry: dict[str, Any]
    """Epoch, position, source and reason."""


class SampleWriter(Protocol):
    """Writes samples of one format below a folder."""

    def put(self, samples: Sequence[FinishedSample | LeftOut]) -> None:
        """The next samples; what an interruption leaves of them is written again by the next run."""
        ...

    def finish(self) -> None:
        """All samples are there."""
        ...

    def close(self) -> None:
        """Give up what is open; may be called again."""
        ...
