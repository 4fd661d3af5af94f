"""Question: what do the end of an epoch, a saved state and a resumed run cost?

Method: the heavy photos with 2 workers and a consumer that never waits. The gap before the first
batch of an epoch stands beside the median gap before the others; the time from `load_state_dict` to
the first batch is taken with the workers running, at 0 and at 90% of an epoch in turn.

Command: python -m benchmarks.run --question epoch_boundary

On 2 cores, x86-64:

| what                                                          | measured |
| ------------------------------------------------------------- | -------- |
| gap at an epoch's end / median gap between batches            | 1.14     |
| first batch after load_state_dict at 0, workers running, ms   | 50       |
| first batch after load_state_dict at 90%, workers running, ms | 52       |
| state_dict(), microseconds                                    | 0.4      |
| state as JSON, bytes                                          | 493      |

T5 1.14, T6 1.02, T7 493 bytes: all aims reached.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.bench_heavy_stream import OPS
from benchmarks.pictures import photo_folder
from benchmarks.report import Figure, Report
from benchmarks.settings import Settings
from benchmarks.workload import PhotoFiles, Workload

EPOCHS = 6
STATES = 200


def run(settings: Settings) -> Report:
    """Measure and report."""
    import augflow

    with tempfile.TemporaryDirectory() as scratch:
        folder, words = photo_folder(settings.data, Path(scratch), settings.scaled(3))
        samples = PhotoFiles(str(folder))
        workload = Workload(samples, OPS, settings.scaled(64, least=16), (224, 224, 3))
        with augflow.load(workload.spec()).stream(samples.for_augflow(), num_workers=2) as stream:
            boundary = statistics.median(_boundary(stream) for _ in range(settings.scaled(settings.rounds)))
            size, seconds = _state(stream)
            late, early = _resuming(stream, settings)
    figures = [
        Figure("T5 gap at an epoch's end / median gap", boundary, 3, 1.5, at_least=False),
        Figure("T6 first batch, resumed at 90% / at 0", late / early, 1.2, 1.05, at_least=False),
        Figure("T7 state_dict(), ms", 1000 * seconds, 1, 0.05, at_least=False),
        Figure("T7 state as JSON, bytes", size, 1024, 512, at_least=False),
    ]
    rows = [
        ("gap at an epoch's end / median gap between batches", f"{boundary:.2f}"),
        ("first batch after load_state_dict at 0, workers running, ms", f"{1000 * early:.0f}"),
        ("first batch after load_state_dict at 90%, workers running, ms", f"{1000 * late:.0f}"),
        ("state_dict(), microseconds", f"{1e6 * seconds:.2g}"),
        ("state as JSON, bytes", f"{size}"),
    ]
    return Report("epoch boundary", words, ("what", "measured"), rows, figures)


def _boundary(stream: Any) -> float:
    """Median gap before the first batch of an epoch over the median gap before the others.

    The first epoch is not counted: the workers start in it.
    """
    inside: list[float] = []
    between: list[float] = []
    last = time.perf_counter()
    for epoch in range(EPOCHS):
        for number, _ in enumerate(stream):
            now = time.perf_counter()
            if epoch:
                (inside if number else between).append(now - last)
            last = now
    return statistics.median(between) / statistics.median(inside)


def _state(stream: Any) -> tuple[int, float]:
    """Bytes of the state as JSON, and the median time to make one."""
    times = []
    for _ in range(STATES):
        started = time.perf_counter()
        state = stream.state_dict()
        times.append(time.perf_counter() - started)
    return len(json.dumps(state)), statistics.median(times)


def _resuming(stream: Any, settings: Settings) -> tuple[float, float]:
    """Median time from `load_state_dict` to the first batch, at 90% of an epoch and at 0."""
    times: dict[int, list[float]] = {len(stream) * 9 // 10: [], 0: []}
    for epoch in range(settings.scaled(settings.rounds)):
        for step, found in times.items():
            state = {**stream.state_dict(), "epoch": 10 + epoch, "step": step}
            time.sleep(1.0)
            started = time.perf_counter()
            stream.load_state_dict(state)
            next(iter(stream))
            found.append(time.perf_counter() - started)
    late, early = times.values()
    return statistics.median(late), statistics.median(early)
