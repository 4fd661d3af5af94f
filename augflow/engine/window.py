"""Tasks in flight on several workers: bounded ahead, given back in order. Knows no Ray and no clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator

from augflow.batching.rows import column_bytes
from augflow.engine.base import Task, TaskResult
from augflow.errors import EngineError

DEPTH = 3
"""Tasks that a worker has at once: one running, the others waiting, so that it never runs dry."""

AHEAD = 2
"""How many times the tasks in flight may be finished and waiting for an earlier one."""

MAX_DEATHS = 3
"""How often a task may be the one that ran when its worker died."""


class Window:
    """Which worker has which task, what has come back, and what is next in order."""

    def __init__(self, tasks: Iterator[Task], workers: list[Hashable], max_bytes: int) -> None:
        self._tasks = tasks
        self._max_bytes = max_bytes
        self._task_bytes = 0
        self._exhausted = False
        self._load: dict[Hashable, deque[Task]] = {worker: deque() for worker in workers}
        self._again: deque[Task] = deque()
        self._finished: dict[int, TaskResult] = {}
        self._order: deque[int] = deque()
        self._deaths: dict[int, int] = {}

    def assign(self) -> tuple[Hashable, Task] | None:
        """The next task and the worker to send it to; None while the window is full or at the end."""
        worker = min(self._load, key=lambda name: len(self._load[name]), default=None)
        if worker is None or len(self._load[worker]) >= DEPTH:
            return None
        task = self._again.popleft() if self._again else self._next_task()
        if task is None:
            return None
        self._load[worker].append(task)
        return worker, task

    def _next_task(self) -> Task | None:
        if self._exhausted or len(self._order) >= self._limit():
            return None
        task = next(self._tasks, None)
        if task is None:
            self._exhausted = True
            return None
        self._order.append(task.number)
        return task

    def _limit(self) -> int:
        """How many tasks may be on their way: by number and, once a size is known, by bytes."""
        workers = len(self._load)
        most = AHEAD * DEPTH * workers
        return min(most, max(workers, self._max_bytes // self._task_bytes)) if self._task_bytes else most

    def finished(self, worker: Hashable, result: TaskResult) -> None:
        """A result came back; one that came before is dropped."""
        load = self._load.get(worker)
        if load is not None:
            self._load[worker] = deque(task for task in load if task.number != result.number)
        if result.number in self._order:
            self._task_bytes = max(self._task_bytes, column_bytes(result.columns))
            self._finished[result.number] = result

    def lost(self, worker: Hashable, replacement: Hashable) -> None:
        """A worker died: its tasks go to others again. The oldest was running, so it is the suspect."""
        load = self._load.pop(worker)
        self._load[replacement] = deque()
        if load:
            suspect = load[0]
            self._deaths[suspect.number] = self._deaths.get(suspect.number, 0) + 1
            if self._deaths[suspect.number] >= MAX_DEATHS:
                raise EngineError(
                    f"epoch {suspect.epoch}, positions {suspect.spans}: {MAX_DEATHS} workers died while they "
                    "ran this task; run with num_workers=0 to see what it does"
                )
        self._again.extendleft(reversed(load))

    def ready(self) -> TaskResult | None:
        """The next result in order, if it is there."""
        if not self._order or self._order[0] not in self._finished:
            return None
        return self._finished.pop(self._order.popleft())

    @property
    def done(self) -> bool:
        """Whether every task has been given back."""
        return self._exhausted and not self._order
