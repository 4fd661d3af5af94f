"""Results of tasks to batches, in order, across the ends of epochs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from augflow.batching.assembly import Assembler, Collate
from augflow.batching.ragged import Padding
from augflow.batching.sizing import TaskSizer
from augflow.engine.base import BadSample, Engine, Task, TaskResult
from augflow.sample import Batch


class Flow:
    """Batches from one position on; goes on into the next epoch, so that workers never run dry there.

    `sizer` says how many rows a task has, None makes one task a step.
    """

    def __init__(
        self,
        engine: Engine,
        collate: Collate,
        sizer: TaskSizer | None,
        at: tuple[int, int],
        worked: Callable[[dict[str, float]], None],
    ) -> None:
        self.epoch, self.step = at
        self._collate = collate
        positions = self._positions = collate.positions
        self._sizer = sizer
        self._worked = worked
        self._results = engine.results(self._tasks(self.epoch, self.step * positions.rows))
        self._current: TaskResult | None = None
        self._offset = 0
        self._bad: dict[int, BadSample] = {}
        """Bad samples of this epoch that results have told of and no batch has delivered, by position."""

    def _tasks(self, epoch: int, row: int) -> Iterator[Task]:
        number = 0
        while True:
            while row < self._positions.total_rows:
                rows = self._rows(row)
                yield Task(number, epoch, self._positions.spans(row, row + rows))
                number, row = number + 1, row + rows
            epoch, row = epoch + 1, 0

    def _rows(self, row: int) -> int:
        if self._sizer is not None:
            return self._sizer.rows(self._positions, row)
        return min(self._positions.rows - row % self._positions.rows, self._positions.total_rows - row)

    def batch(self) -> tuple[Batch, list[BadSample], Padding]:
        """The batch of the next step, the bad samples that it has stand-ins for (those in positions past
        the end left out), and what padding it cost."""
        assembler = Assembler(self._collate, self.step)
        while assembler.missing:
            if self._current is None:
                self._current = self._next_result()
                self._offset = 0
            self._offset += assembler.take(self._current.columns, self._offset)
            if self._offset == len(self._current.columns["index"]):
                self._current = None
        batch = Batch(assembler.columns(), epoch=self.epoch, step=self.step)
        start, stop = self._positions.span(self.step)
        bad = [self._bad.pop(position) for position in sorted(self._bad) if start <= position < stop]
        self.step += 1
        if self.step == self._positions.steps:
            self.epoch, self.step = self.epoch + 1, 0
            self._bad.clear()
        return batch, bad, assembler.padding

    def _next_result(self) -> TaskResult:
        result = next(self._results)
        if self._sizer is not None:
            self._sizer.learn(result.columns, result.seconds["total"])
        self._worked(result.seconds)
        self._bad.update((bad.position, bad) for bad in result.bad)
        return result

    def close(self) -> None:
        """Let go of what is in flight."""
        self._current = None
        close = getattr(self._results, "close", None)
        if close is not None:
            close()
