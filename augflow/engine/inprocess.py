"""The reference engine: the calling process does the work. Every other engine must give its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from augflow.engine.base import Attempt, Crew, Task, TaskContext, TaskResult
from augflow.engine.worker import TaskRunner


class InProcessEngine:
    """Runs each task when its result is asked for; breakpoints in ops work."""

    condemned: Mapping[Attempt, str] = {}

    def __init__(self, context: TaskContext) -> None:
        self._runner = TaskRunner(context)

    def crew(self) -> Crew:
        """Nobody."""
        return Crew()

    def set_workers(self, number: int) -> None:
        """Nobody is there, because AUGFLOW_ENGINE says so."""

    def results(self, tasks: Iterator[Task]) -> Iterator[TaskResult]:
        """See `Engine.results`."""
        for task in tasks:
            yield self._runner.run_task(task)

    def close(self) -> None:
        """Nothing is held."""
