"""Formats of several samples a file: each part is written aside and put in place when it is whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from augflow.materialize.folder import OutputFolder
from augflow.materialize.samples import FinishedSample, LeftOut


class Part(Protocol):
    """One file on its way."""

    def add(self, sample: FinishedSample) -> None:
        """The next sample."""
        ...

    def close(self, whole: bool) -> None:
        """No more samples come: all are there, or the file is given up."""
        ...


@dataclass(frozen=True)
class PartPlan:
    """Which positions stand in which file."""

    suffix: str
    size: int
    """Positions a part."""
    total: int
    """Positions in all."""
    below: str = ""
    """The folder of the parts, with a slash at its end."""

    def name(self, number: int) -> str:
        """The file of a position."""
        return f"{number // self.size:06d}{self.suffix}"

    def ends_with(self, number: int) -> bool:
        """Whether a position is the last of its part."""
        return (number + 1) % self.size == 0 or number + 1 == self.total

    def begun(self, entries: int) -> int:
        """Positions that are done where the journal has so many entries."""
        return min(entries * self.size, self.total)


class PartWriter:
    """Parts of `size` positions each, the samples left out among them; the last may be shorter.

    The journal has one entry a part. A part that was not whole is begun anew by the next run.
    """

    def __init__(self, folder: OutputFolder, begin: Callable[[Path], Part], plan: PartPlan) -> None:
        self._folder = folder
        self._begin = begin
        self._plan = plan
        self._part: Part | None = None
        self._samples = 0
        self._left_out: list[dict[str, Any]] = []

    def put(self, samples: Sequence[FinishedSample | LeftOut]) -> None:
        """See `SampleWriter.put`."""
        for sample in samples:
            if isinstance(sample, LeftOut):
                self._left_out.append(sample.entry)
            else:
                if self._part is None:
                    self._part = self._begin(self._folder.unfinished(self._plan.name(sample.number)))
                self._part.add(sample)
                self._samples += 1
            if self._plan.ends_with(sample.number):
                self._end(self._plan.name(sample.number))

    def _end(self, name: str) -> None:
        entry: dict[str, Any] = {"skipped": self._left_out}
        if self._part is not None:
            self._part.close(whole=True)
            self._folder.put_in_place(self._folder.unfinished(name), self._plan.below + name)
            entry |= {"output": name, "samples": self._samples}
        self._folder.journal([entry])
        self._part, self._samples, self._left_out = None, 0, []

    def finish(self) -> None:
        """See `SampleWriter.finish`."""
        self._folder.finish()

    def close(self) -> None:
        """See `SampleWriter.close`."""
        if self._part is not None:
            self._part.close(whole=False)
            self._part = None
