"""A kill storm: a worker of two is killed every other second while real photos are streamed."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import numpy as np
import psutil
import pytest

import augflow

from ..processes import WORKER, own_workers, title_of
from ..streams import Delivery, assert_exactly_once, assert_same_stream, deliver, received
from .tally import TALLY

DATA = Path(os.environ.get("AUGFLOW_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))
PHOTOS = DATA / "photos" / "train"
STORM_S = 60.0
EVERY_S = 2.0
LOOK_S = 0.02
STALL_S = 30.0
BUSY = f"{WORKER}.run"
"""The title of a worker that does a job: not of one that is starting."""

SPEC = {
    "modality": "image",
    "seed": 7,
    "augment": [
        {"random_resized_crop": {"size": [160, 160], "scale": [0.4, 1.0]}},
        {"horizontal_flip": {}},
        {"rotate": {"limit": 15}},
        {"color_jitter": {}},
    ],
    "batch": {"size": 32, "mix": {"cutmix": {"p": 0.5}}},
}


class Storm(threading.Thread):
    """Kills a worker that this process has started since, in the middle of a job, again and again."""

    def __init__(self, others: set[psutil.Process]) -> None:
        super().__init__(daemon=True)
        self._others = others
        self._end = threading.Event()
        self.kills = 0

    def run(self) -> None:
        draws = np.random.default_rng(0)
        due = monotonic() + EVERY_S
        while not self._end.wait(max(LOOK_S, due - monotonic())):
            busy = [process for process in set(own_workers()) - self._others if title_of(process) == BUSY]
            if busy:  # else both are on their way, or a batch is being read
                busy[int(draws.integers(len(busy)))].kill()
                self.kills += 1
                due += EVERY_S

    def stop(self) -> None:
        self._end.set()
        self.join()


@contextmanager
def raging(others: set[psutil.Process]) -> Iterator[Storm]:
    """A storm that ends with the block."""
    storm = Storm(others)
    storm.start()
    try:
        yield storm
    finally:
        storm.stop()


def stream_of_photos(workers: int) -> augflow.BatchStream:
    """All 400 photos, with crops, colors and mixing."""
    if not PHOTOS.exists():
        pytest.skip(f"no test data at {PHOTOS}; set AUGFLOW_TEST_DATA")
    return augflow.load(SPEC).stream(PHOTOS, num_workers=workers, drop_last=False)


@pytest.mark.long
@pytest.mark.timeout(400)
def test_kill_storm() -> None:
    """However many workers die, whole epochs come, equal to those of workers left alone and this process."""
    others = set(own_workers())
    with stream_of_photos(2) as stream:
        samples, steps = len(stream.source), len(stream)
        found = Delivery(stream)
        coming = received([stream], found, sys.maxsize)
        next(coming)  # the workers are there
        end = monotonic() + STORM_S
        with raging(others) as storm:
            for _, step in coming:
                if step == steps - 1 and monotonic() > end:
                    break
        stats = stream.stats()
    with stream_of_photos(2) as stream:
        alone = deliver(stream, len(found.places))
        speed = stream.stats()["samples_per_s"]
    assert_same_stream(alone, found)
    assert_exactly_once(found, samples, epochs=len(found.places) // steps)
    assert deliver(stream_of_photos(0), steps).steps.items() <= found.steps.items()
    assert storm.kills >= 0.7 * STORM_S / EVERY_S
    assert stats["workers_lost"] >= storm.kills - 1, "the last may not have been missed yet"
    assert found.longest_wait_s < STALL_S
    TALLY.harms["kill"] += storm.kills
    TALLY.compared("storm", found)
    TALLY.notes.append(
        f"kill storm of {STORM_S:.0f} s: {storm.kills} kills, {len(found.places) // steps} epochs of "
        f"{samples} photos complete and equal, {stats['samples_per_s']:.0f} photos/s "
        f"({speed:.0f} undisturbed)"
    )
