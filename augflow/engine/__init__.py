"""Where the work runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace

from augflow.engine.base import Attempt, Crew, Engine, TaskContext
from augflow.engine.inprocess import InProcessEngine
from augflow.errors import EngineError

ENGINE_VARIABLE = "AUGFLOW_ENGINE"
"""Set to `inprocess`, it overrides `num_workers`, so that a breakpoint in an op works."""


@dataclass(frozen=True)
class EngineOptions:
    """Where the work of a stream runs. Nothing here changes a byte, mixed workers aside."""

    num_workers: int = 0
    """0: the calling process."""
    address: str | None = None
    """Of a Ray cluster; None starts a local Ray."""
    task_timeout: float | None = None
    """Seconds after which a task goes to another worker; None: max(5 s, 20 x the median task)."""
    mixed_workers: bool = False
    """Whether workers of other wheels or another CPU class than the first may join: bytes may differ."""

    def __post_init__(self) -> None:
        if self.num_workers < 0:
            raise EngineError(f"num_workers must be at least 0, got {self.num_workers}")
        if self.task_timeout is not None and not self.task_timeout > 0:
            raise EngineError(f"task_timeout must be above 0 seconds, got {self.task_timeout}")


def open_engine(context: TaskContext, options: EngineOptions) -> Engine:
    """The calling process for 0 workers, else that many Ray workers."""
    choice = os.environ.get(ENGINE_VARIABLE, "")
    if choice not in ("", "inprocess"):
        raise EngineError(f"{ENGINE_VARIABLE} must be `inprocess` or unset, got {choice!r}")
    if options.num_workers == 0 or choice == "inprocess":
        return InProcessEngine(context)
    try:
        from augflow.engine.ray_pool import RayEngine
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise EngineError(
            "num_workers above 0 needs Ray: install the extra `ray`, or use num_workers=0"
        ) from error
    workers = options.num_workers
    return RayEngine(context, workers, options.address, options.task_timeout, options.mixed_workers)


class Pool:
    """The engine of one or several streams, opened when the first batch is asked for."""

    def __init__(self, context: TaskContext, options: EngineOptions) -> None:
        self._context = context
        self._options = options
        self._engine: Engine | None = None

    def engine(self) -> Engine:
        """The engine, opened if it is not."""
        if self._engine is None:
            self._engine = open_engine(self._context, self._options)
        return self._engine

    def set_workers(self, number: int) -> None:
        """Have this many workers, at once where the engine is open; raises `EngineError` where that would be
        another engine."""
        if not self._options.num_workers:
            raise EngineError(f"this stream works in the calling process; open it with num_workers={number}")
        if number < 1:
            raise EngineError(f"a stream on Ray needs at least 1 worker, got {number}")
        options = replace(self._options, num_workers=number)
        if self._engine is not None:
            self._engine.set_workers(number)
        self._options = options

    def crew(self) -> Crew:
        """How the workers fare."""
        return Crew() if self._engine is None else self._engine.crew()

    def condemned(self) -> Mapping[Attempt, str]:
        """Attempts at samples that were found to take a worker down."""
        return {} if self._engine is None else self._engine.condemned

    def close(self) -> None:
        """Close the engine if it is open."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
