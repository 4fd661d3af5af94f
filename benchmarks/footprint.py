"""What a stream holds: memory of the client and of the workers, and of the object store between them."""

from __future__ import annotations

import contextlib
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

WORKER = "ray::_Worker"
"""How the title of an augflow worker begins."""

MIB = 2**20


def workers() -> list[psutil.Process]:
    """The augflow workers that this process has started, oldest first."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if (process.cmdline() or [""])[0].startswith(WORKER):
                found.append(process)
    return sorted(found, key=lambda process: process.create_time())


@dataclass(frozen=True)
class Footprint:
    """Bytes at one moment."""

    client: int
    """Of this process, shared memory left out."""
    workers: tuple[int, ...]
    """Of each worker, shared memory left out."""
    store: int
    """In use in the object store; 0 without Ray."""

    @classmethod
    def now(cls) -> Footprint:
        """Look."""
        own = psutil.Process().memory_full_info().uss
        return cls(own, tuple(worker.memory_full_info().uss for worker in workers()), store_bytes())


def store_bytes() -> int:
    """Bytes in use in the object stores of the Ray that this process is connected to; 0 without."""
    try:
        import ray
    except ModuleNotFoundError:
        return 0
    if not ray.is_initialized():
        return 0
    name = "object_store_memory"
    return int(ray.cluster_resources().get(name, 0) - ray.available_resources().get(name, 0))


def growth(values: Sequence[float], every: int) -> float:
    """Growth a hundred batches of a value that was looked at `every` so many: between the medians of the
    first and of the last third, so that one look does not decide."""
    third = len(values) // 3
    if not third:
        raise ValueError(f"growth needs at least 3 looks, got {len(values)}")
    between = (len(values) - third) * every
    return (statistics.median(values[-third:]) - statistics.median(values[:third])) * 100 / between
