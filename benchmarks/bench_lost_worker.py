"""Question: what does a worker that is killed in mid-epoch cost?

Method: an epoch of photos with 2 workers, again and again the same one, in turn undisturbed and with
SIGKILL of one worker in the middle; the order is turned round in every second round. Checksums of all batches
of both are compared. The time of an epoch is from its first batch to its last; a stall is the longest wait
between two batches.

Command: python -m benchmarks.run --question lost_worker

On 2 cores, x86-64, 400 photos 30 times each, 4 rounds, 1,496 batches compared:

| what                                        | measured |
| ------------------------------------------- | -------- |
| epoch undisturbed, s                        | 9.2      |
| epoch with a worker killed, s               | 9.8      |
| longest wait of an undisturbed epoch, s     | 0.17     |
| longest wait of one with a worker killed, s | 0.44     |

T10 0.44 s, 1.06, digests equal: all aims reached.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.bench_heavy_stream import OPS
from benchmarks.footprint import workers
from benchmarks.pictures import photo_folder
from benchmarks.report import Figure, Report
from benchmarks.settings import Settings
from benchmarks.workload import PhotoFiles, Workload

REPEAT = 30
WORKERS = 2


@dataclass(frozen=True)
class Pass:
    """One epoch."""

    wall_s: float
    stall_s: float
    checksums: tuple[int, ...]


def run(settings: Settings) -> Report:
    """Measure and report."""
    import augflow

    with tempfile.TemporaryDirectory() as scratch:
        folder, words = photo_folder(settings.data, Path(scratch), settings.scaled(REPEAT))
        samples = PhotoFiles(str(folder))
        workload = Workload(samples, OPS, settings.scaled(64, least=16), (224, 224, 3))
        with augflow.load(workload.spec()).stream(samples.for_augflow(), num_workers=WORKERS) as stream:
            reference = one_pass(stream)
            rounds = [_round(stream, number % 2 == 1) for number in range(settings.rounds)]
    disturbed, quiet = [pair[0] for pair in rounds], [pair[1] for pair in rounds]
    ratio = statistics.median(one.wall_s / other.wall_s for one, other in rounds)
    equal = all(one.checksums == reference.checksums for one in disturbed + quiet)
    figures = [
        Figure("T10 longest stall, s", max(one.stall_s for one in disturbed), 5, 2, at_least=False),
        Figure("T10 epoch with a worker killed / undisturbed", ratio, 1.25, 1.1, at_least=False),
        Figure("T10 digests equal (1: all)", float(equal), 1, 1),
    ]
    rows = [
        ("epoch undisturbed, s", f"{statistics.median(one.wall_s for one in quiet):.1f}"),
        ("epoch with a worker killed, s", f"{statistics.median(one.wall_s for one in disturbed):.1f}"),
        ("longest wait of an undisturbed epoch, s", f"{max(one.stall_s for one in quiet):.2f}"),
        ("longest wait of one with a worker killed, s", f"{max(one.stall_s for one in disturbed):.2f}"),
        ("batches compared", f"{sum(len(one.checksums) for one in disturbed + quiet)}"),
    ]
    details = {
        "disturbed": [(one.wall_s, one.stall_s) for one in disturbed],
        "undisturbed": [(one.wall_s, one.stall_s) for one in quiet],
    }
    return Report("lost worker", words, ("what", "measured"), rows, figures, details)


def _round(stream: Any, quiet_first: bool) -> tuple[Pass, Pass]:
    """An epoch with a worker killed, and one without."""
    if quiet_first:
        quiet = one_pass(stream)
        return one_pass(stream, kill_at=len(stream) // 2), quiet
    return one_pass(stream, kill_at=len(stream) // 2), one_pass(stream)


def one_pass(stream: Any, kill_at: int | None = None) -> Pass:
    """Epoch 0, a worker killed before one of its batches is taken. Begins with all workers there."""
    _wait_for_workers()
    stream.set_epoch(0)
    checksums: list[int] = []
    stall, started = 0.0, 0.0
    last = time.perf_counter()
    for number, batch in enumerate(stream):
        now = time.perf_counter()
        if number:
            stall = max(stall, now - last)
        else:
            started = now
        checksums.append(zlib.crc32(batch["image"]))
        last = time.perf_counter()
        if number == kill_at:
            workers()[0].kill()
    return Pass(last - started, stall, tuple(checksums))


def _wait_for_workers() -> None:
    """Nothing before the first pass; later until the one that was killed has been replaced."""
    deadline = time.monotonic() + 30
    while 0 < len(workers()) < WORKERS and time.monotonic() < deadline:
        time.sleep(0.1)
