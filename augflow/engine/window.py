"""The tasks of one flow: taken a bounded way ahead, their results given back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from augflow.batching.rows import column_bytes
from augflow.engine.base import Task, TaskResult
from augflow.errors import AugflowError

DEPTH = 3
"""Tasks that a worker has at once: one running, the others waiting, so that it never runs dry."""

AHEAD = 2
"""How many times the tasks in flight may be finished and waiting for an earlier one."""

FLIGHT_BYTES = 64 * 2**20
"""Results in flight, a worker. A store much larger than the window touches ever fresh pages."""


@dataclass(frozen=True)
class TaskFailure:
    """An error of a worker as data: augflow's own exception, what caused it, where."""

    number: int
    error: AugflowError
    cause: BaseException | None = None
    trace: str = ""

    def reraise(self) -> NoReturn:
        """Raise in the caller what was raised in the worker."""
        if self.trace:
            self.error.add_note(f"in an augflow worker:\n{self.trace}")
        raise self.error from self.cause


class Window:
    """Which tasks are on their way, what has come back, and what is next in order.

    A failure keeps its place: whatever comes before it is given first, on every engine.
    """

    def __init__(self, tasks: Iterator[Task]) -> None:
        self._tasks = tasks
        self._task_bytes = 0
        self._exhausted = False
        self._order: deque[int] = deque()
        self._missing: set[int] = set()
        self._finished: dict[int, TaskResult | TaskFailure] = {}

    def take(self, workers: int) -> Task | None:
        """The next task; None at the end, and while so many workers have enough to do."""
        if self._exhausted or len(self._order) >= self._limit(workers):
            return None
        task = next(self._tasks, None)
        if task is None:
            self._exhausted = True
            return None
        self._order.append(task.number)
        self._missing.add(task.number)
        return task

    def _limit(self, workers: int) -> int:
        """How many tasks may be on their way: by number and, once a size is known, by bytes."""
        most = AHEAD * DEPTH * workers
        fit = FLIGHT_BYTES * workers // self._task_bytes if self._task_bytes else most
        return min(most, max(workers, fit))

    def misses(self, number: int) -> bool:
        """Whether the result of a task is still waited for."""
        return number in self._missing

    def finished(self, outcome: TaskResult | TaskFailure) -> None:
        """A result came back; one that came before is dropped."""
        if outcome.number not in self._missing:
            return
        self._missing.remove(outcome.number)
        self._finished[outcome.number] = outcome
        if isinstance(outcome, TaskResult):
            self._task_bytes = max(self._task_bytes, column_bytes(outcome.columns))

    def ready(self) -> TaskResult | TaskFailure | None:
        """What is next in order, if it is there."""
        if not self._order or self._order[0] not in self._finished:
            return None
        return self._finished.pop(self._order.popleft())

    def close(self) -> None:
        """Nothing is waited for any more."""
        self._exhausted = True
        self._order.clear()
        self._missing.clear()
        self._finished.clear()

    @property
    def done(self) -> bool:
        """Whether every task has been given back."""
        return self._exhausted and not self._order
