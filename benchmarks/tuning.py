"""DataLoader's `prefetch_factor`, tried out before it is measured."""

from __future__ import annotations

from benchmarks import contenders
from benchmarks.report import rows_per_s
from benchmarks.seats import play
from benchmarks.settings import Settings
from benchmarks.workload import Workload

PREFETCH = (2, 4)
ROUNDS = 2


def best_prefetch(workload: Workload, best: bool, before: int, counted: int, settings: Settings) -> int:
    """The one of `PREFETCH` with the higher throughput on this workload."""
    if settings.scale < 1:
        return PREFETCH[0]
    names = [(str(n), contenders.loader(workload, best=best, prefetch=n)) for n in PREFETCH]
    records = play(names, ROUNDS, before, counted)
    return int(max(records.values(), key=lambda record: record.median(rows_per_s)).name)
