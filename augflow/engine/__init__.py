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
