"""Where the work runs."""

from __future__ import annotations

import os

from augflow.engine.base import Engine, TaskContext
from augflow.engine.inprocess import InProcessEngine
from augflow.errors import EngineError

ENGINE_VARIABLE = "AUGFLOW_ENGINE"
"""Set to `inprocess`, it overrides `num_workers`, so that a breakpoint in an op works."""


def open_engine(context: TaskContext, num_workers: int, address: str | None = None) -> Engine:
    """The calling process for 0 workers, else that many Ray workers."""
    if num_workers < 0:
        raise EngineError(f"num_workers must be at least 0, got {num_workers}")
    choice = os.environ.get(ENGINE_VARIABLE, "")
    if choice not in ("", "inprocess"):
        raise EngineError(f"{ENGINE_VARIABLE} must be `inprocess` or unset, got {choice!r}")
    if num_workers == 0 or choice == "inprocess":
        return InProcessEngine(context)
    try:
        from augflow.engine.ray_pool import RayEngine
    except ModuleNotFoundError as error:
        if error.name != "ray":
            raise
        raise EngineError(
            "num_workers above 0 needs Ray: install the extra `ray`, or use num_workers=0"
        ) from error
    return RayEngine(context, num_workers, address)


class Pool:
    """The engine of one or several streams, opened when the first batch is asked for."""

    def __init__(self, context: TaskContext, num_workers: int, address: str | None) -> None:
        self._context = context
        self._num_workers = num_workers
        self._address = address
        self._engine: Engine | None = None

    def engine(self) -> Engine:
        """The engine, opened if it is not."""
        if self._engine is None:
            self._engine = open_engine(self._context, self._num_workers, self._address)
        return self._engine

    def close(self) -> None:
        """Close the engine if it is open."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
