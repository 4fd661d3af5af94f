"""Question: what is left of a stream whose workers are killed one after the other?

Method: photos with 2 workers; every 2 s for 60 s SIGKILL to the worker that has lived longest, by a clock
that does not wait for batches. Then the same batches again, undisturbed, their checksums compared.

Command: python -m benchmarks.run --question kill_storm

On 2 cores, x86-64, other work beside it:

| what                         | measured |
| ---------------------------- | -------- |
| workers killed               | 29       |
| batches                      | 696      |
| rows/s in the storm          | 742      |
| rows/s undisturbed           | 909      |
| longest wait in the storm, s | 1.17     |

0.82 of the undisturbed throughput, digests equal.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
import time
import zlib
from pathlib import Path
from typing import Any

import psutil

from benchmarks.bench_heavy_stream import OPS
from benchmarks.footprint import workers
from benchmarks.pictures import photo_folder
from benchmarks.report import Figure, Report
from benchmarks.settings import Settings
from benchmarks.workload import PhotoFiles, Workload

EVERY_S = 2.0
STORM_S = 60.0
WORKERS = 2


class Storm:
    """Kills the oldest worker every so many seconds until it is stopped."""

    def __init__(self) -> None:
        self.kills = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._rage, daemon=True)

    def _rage(self) -> None:
        while not self._over.wait(EVERY_S):
            with contextlib.suppress(IndexError, psutil.NoSuchProcess):
                workers()[0].kill()
                self.kills += 1

    def __enter__(self) -> Storm:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()


def run(settings: Settings) -> Report:
    """Measure and report."""
    import augflow

    with tempfile.TemporaryDirectory() as scratch:
        folder, words = photo_folder(settings.data, Path(scratch), settings.scaled(10))
        samples = PhotoFiles(str(folder))
        workload = Workload(samples, OPS, settings.scaled(64, least=16), (224, 224, 3))
        with augflow.load(workload.spec()).stream(samples.for_augflow(), num_workers=WORKERS) as stream:
            _consume(stream, 0)
            with Storm() as storm:
                stormy, wall, stall = _consume(stream, settings.scaled(STORM_S, least=6))
            quiet, quiet_wall, _ = _consume(stream, float("inf"), len(stormy))
    figures = [
        Figure("rows/s, with a worker killed every 2 s / undisturbed", quiet_wall / wall, 0.5, 0.7),
        Figure("digests equal (1: all)", float(stormy == quiet), 1, 1),
    ]
    rows = [
        ("workers killed", f"{storm.kills}"),
        ("batches", f"{len(stormy)}"),
        ("rows/s in the storm", f"{len(stormy) * workload.batch_size / wall:,.0f}"),
        ("rows/s undisturbed", f"{len(quiet) * workload.batch_size / quiet_wall:,.0f}"),
        ("longest wait in the storm, s", f"{stall:.2f}"),
    ]
    return Report("kill storm", words, ("what", "measured"), rows, figures)


def _consume(stream: Any, seconds: float, batches: float = float("inf")) -> tuple[list[int], float, float]:
    """Checksums of batches from epoch 0 on, for so many seconds or so many batches; the time they took, and
    the longest wait."""
    checksums: list[int] = []
    stall = 0.0
    stream.set_epoch(0)
    started = last = time.perf_counter()
    while last - started <= seconds and len(checksums) < batches:
        for batch in stream:
            stall = max(stall, time.perf_counter() - last)
            checksums.append(zlib.crc32(batch["image"]))
            last = time.perf_counter()
            if last - started > seconds or len(checksums) == batches:
                break
    return checksums, last - started, stall
