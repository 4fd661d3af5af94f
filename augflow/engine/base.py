"""The seam between the stream and where work runs: a task in, a result out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from augflow.batching.positions import Span
from augflow.batching.rows import Columns
from augflow.plan import Plan
from augflow.sources.base import Source


@dataclass(frozen=True)
class TaskContext:
    """All that a worker needs besides the task; sent to each worker once."""

    plan: Plan
    source: Source
    train: bool
    shuffle: bool
    replace_bad: bool = False
    """Whether a stand-in takes the place of a bad sample; else the task fails."""
    record: bool = False
    """Whether the drawn parameters of every sample come back."""
    encoder: RowEncoder | None = None


class RowEncoder(Protocol):
    """Turns one finished row into the bytes of files, in the worker; picklable."""

    def __call__(self, row: Columns) -> Any:
        """What `TaskResult.encoded` holds of the row; picklable."""
        ...


REPLACEMENT_TRIES = 8

Attempt = tuple[int, int, int]
"""Epoch, position, and which sample is tried there: 0 its own, 1 to 8 those drawn to replace it."""


@dataclass(frozen=True)
class Task:
    """Rows to compute: positions of one epoch, in order. Positions beyond the source wrap round."""

    number: int
    epoch: int
    spans: tuple[Span, ...]
    condemned: Mapping[Attempt, str] = field(default_factory=dict)
    """Attempts that no worker survives, with the reason: bad samples without being tried."""

    @property
    def rows(self) -> int:
        """How many rows the result has."""
        return sum(stop - start for start, stop in self.spans)


@dataclass(frozen=True)
class Probe:
    """One attempt at one sample up to mixing, to see whether a worker survives it. Gives no rows."""

    epoch: int
    position: int
    attempt: int


@dataclass(frozen=True)
class BadSample:
    """A sample that could not be used, at its position in the epoch."""

    position: int
    place: str
    reason: str


@dataclass
class TaskResult:
    """The rows of a task. `columns["partner"]` holds positions of the epoch, not yet rows.

    The arrays are only valid until the next result is asked for: a worker uses its memory again.
    """

    number: int
    columns: Columns
    bad: list[BadSample] = field(default_factory=list)
    drawn: list[dict[str, Any]] = field(default_factory=list)
    encoded: list[Any] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    """Seconds by stage: read, ops, mix; `total` is the whole task."""


@dataclass(frozen=True)
class Crew:
    """How the workers of an engine fare."""

    workers: int = 0
    """Those at work now; 0 in process."""
    lost: int = 0
    """Workers that died, or were replaced because they did not answer."""
    repeated: int = 0
    """Tasks that were given to a second worker."""


class Engine(Protocol):
    """Where tasks run. Every engine gives the same bytes; they differ in place and speed only."""

    @property
    def condemned(self) -> Mapping[Attempt, str]:
        """Attempts that were found to take their worker down."""
        ...

    def crew(self) -> Crew:
        """How the workers fare."""
        ...

    def set_workers(self, number: int) -> None:
        """Have this many workers from now on."""
        ...

    def results(self, tasks: Iterator[Task]) -> Iterator[TaskResult]:
        """The results in the order of the tasks. Takes tasks only as far ahead as it has use for."""
        ...

    def close(self) -> None:
        """Give back processes and memory; may be called again."""
        ...
