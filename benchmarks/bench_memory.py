"""Question: does a stream hold on to memory, and how much does it hold for a slow trainer?

Method: 2,000 batches of small images, mixed by mixup, over epochs of 100 batches, in process and with 2
workers; memory without what is shared is looked at every 50 batches, 300 are left out. Then batches of 12.6
MB for a trainer that takes one every 200 ms, where workers could make many more; the store's use is Ray's
own account of it, 64 MiB a worker is what may be in flight.

Command: python -m benchmarks.run --question memory

On 2 cores, x86-64:

| what                                                 | measured      |
| ---------------------------------------------------- | ------------- |
| client in process after the warm-up / at the end, MB | 144.0 / 144.3 |
| client of 2 workers, MB                              | 131.5 / 132.2 |
| the larger worker, MB                                | 107.1 / 107.6 |
| slow trainer: object store, MB at most               | 62            |

T12 0.003, 0.030 and 0.008 MB a 100 batches: the floor is reached by far, the aim (0.02) missed by the client
of workers.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.bench_light_stream import OPS, SIDE
from benchmarks.footprint import MIB, Footprint, growth
from benchmarks.pictures import small_pictures
from benchmarks.report import Figure, Report
from benchmarks.settings import Settings
from benchmarks.workload import Array, ArrayImages, Workload

BATCHES = 2000
WARM_UP = 300
EVERY = 50
EPOCH_BATCHES = 100
BATCH = 64

LARGE_SIDE = 256
SLOW_BATCHES = 60
PAUSE_S = 0.2
FLIGHT_BYTES = 64 * MIB
"""Results that may be in flight, a worker."""


def run(settings: Settings) -> Report:
    """Measure and report."""
    pictures, words = small_pictures(200, SIDE)
    samples = ArrayImages(pictures, EPOCH_BATCHES * BATCH)
    workload = Workload(samples, OPS, BATCH, (32, 32, 3), mixup_alpha=0.2)
    alone = _looks(workload, 0, settings)
    client, worker = _looks(workload, 2, settings)
    slow = _slow_trainer(settings)
    figures = [
        Figure("T12 client in process, MB a 100 batches", growth(alone[0], EVERY), 2, 0.02, at_least=False),
        Figure("T12 client of 2 workers, MB a 100 batches", growth(client, EVERY), 2, 0.02, at_least=False),
        Figure("T12 a worker, MB a 100 batches", growth(worker, EVERY), 2, 0.02, at_least=False),
        Figure("slow trainer: store in use / allowed in flight", slow["store"], 1, 0.75, at_least=False),
        Figure("slow trainer: client, most less least, in batches", slow["client"], 6, 3, at_least=False),
    ]
    rows = [
        ("client in process after the warm-up / at the end, MB", f"{alone[0][0]:.1f} / {alone[0][-1]:.1f}"),
        ("client of 2 workers, MB", f"{client[0]:.1f} / {client[-1]:.1f}"),
        ("the larger worker, MB", f"{worker[0]:.1f} / {worker[-1]:.1f}"),
        ("slow trainer: object store, MB at most", f"{slow['store_mb']:.0f}"),
        ("slow trainer: a worker's own, MB more than with small batches", f"{slow['worker_mb']:.0f}"),
    ]
    details = {"in process": alone, "client": client, "worker": worker, "slow trainer": slow}
    return Report("memory", words, ("what", "measured"), rows, figures, details)


def _looks(workload: Workload, num_workers: int, settings: Settings) -> tuple[list[float], list[float]]:
    """MB of the client and of the larger worker after the warm-up, every so many batches."""
    import augflow

    clients, largest = [], []
    warm, batches = settings.scaled(WARM_UP), settings.scaled(BATCHES, least=4 * EVERY)
    with augflow.load(workload.spec()).stream(
        workload.samples.for_augflow(), num_workers=num_workers
    ) as stream:
        number = 0
        while number < warm + batches:
            for _ in stream:
                number += 1
                if number > warm and number % EVERY == 0:
                    here = Footprint.now()
                    clients.append(here.client / MIB)
                    largest.append(max(here.workers, default=0) / MIB)
    return clients, largest


@dataclass(frozen=True)
class FewPictures:
    """A source whose images take no memory of their own: workers get the source through the store."""

    pictures: bytes
    """An .npy file of (M, H, W, 3)."""

    @cached_property
    def _arrays(self) -> Array:
        arrays: Array = np.load(io.BytesIO(self.pictures))
        return arrays

    def __len__(self) -> int:
        return 10 * BATCH

    def __getitem__(self, index: int) -> Array:
        image: Array = self._arrays[index % len(self._arrays)]
        return image


def _slow_trainer(settings: Settings) -> dict[str, float]:
    import augflow

    side = settings.scaled(LARGE_SIDE, least=128)
    pictures, _ = small_pictures(20, side)
    spec = {"modality": "image", "augment": [{"horizontal_flip": {"p": 0.5}}], "batch": {"size": BATCH}}
    batch_bytes = BATCH * side * side * 3
    with augflow.load(spec).stream(FewPictures(pictures), num_workers=2) as stream:
        before: Footprint | None = None
        found: list[Footprint] = []
        for _ in range(settings.scaled(SLOW_BATCHES) // len(stream) + 1):
            for batch in stream:
                before = before or Footprint.now()
                time.sleep(PAUSE_S)
                found.append(Footprint.now())
                _look_at(batch)
    assert before is not None
    store = max(one.store for one in found)
    return {
        "store": store / (2 * FLIGHT_BYTES),
        "store_mb": store / MIB,
        "client": (max(one.client for one in found) - min(one.client for one in found)) / batch_bytes,
        "worker_mb": max(max(one.workers) - max(before.workers) for one in found) / MIB,
    }


def _look_at(batch: Any) -> None:
    """What a trainer does at the least."""
    batch["image"].sum()
