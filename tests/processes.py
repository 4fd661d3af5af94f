"""Processes of this test run, found by their family and their titles."""

from __future__ import annotations

import psutil

WORKER = "ray::_Worker"
"""How the title of an augflow worker begins."""


def alive(process: psutil.Process) -> bool:
    """Whether a process runs; what waits to be reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def title_of(process: psutil.Process) -> str:
    """What `ps` shows first."""
    try:
        return (process.cmdline() or [""])[0]
    except psutil.Error:
        return ""


def own_workers() -> list[psutil.Process]:
    """The augflow workers that descend from this process."""
    family = psutil.Process().children(recursive=True)
    return [process for process in family if title_of(process).startswith(WORKER)]
