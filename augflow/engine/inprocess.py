"""The reference engine: the calling process does the work. Every other engine must give its bytes."""

from __future__ import annotations

from collections.abc import Iterator

from augflow.engine.base import Task, TaskContext, TaskResult
from augflow.engine.worker import TaskRunner


class InProcessEngine:
    """Runs each task when its result is asked for; breakpoints in ops work."""

    num_workers = 1

    def __init__(self, context: TaskContext) -> None:
        self._runner = TaskRunner(context)

    def results(self, tasks: Iterator[Task]) -> Iterator[TaskResult]:
        """See `Engine.results`."""
        for task in tasks:
            yield self._runner.run_task(task)

    def close(self) -> None:
        """Nothing is held."""
