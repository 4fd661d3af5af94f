"""Memory over long runs, and a store that others have filled."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import ray

import augflow
from augflow.digest import digest_streams
from benchmarks.footprint import MIB, Footprint, growth, store_bytes

pytestmark = [pytest.mark.timeout(240), pytest.mark.long]

SMALLEST_STORE = 80 * 10**6
"""Ray takes no smaller one than 75 MiB."""

BATCH = 64
SPEC = {
    "modality": "image",
    "seed": 3,
    "augment": [{"random_crop": {"height": 32, "width": 32}}, {"horizontal_flip": {"p": 0.5}}],
    "batch": {"size": BATCH, "mix": {"mixup": {"alpha": 0.2}}},
}


class Pictures:
    """So many images of noise, made when they are asked for."""

    classes = ("a", "b")

    def __init__(self, length: int, side: int) -> None:
        self._length, self._side = length, side

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        rng = np.random.default_rng(index)
        return rng.integers(0, 256, (self._side, self._side, 3), dtype=np.uint8), index % 2


@pytest.fixture
def full_store(wait_until: Callable[..., None]) -> Iterator[list[Any]]:
    """The caller's own Ray with the smallest store, nine tenths of it held by the caller for good: what is
    in use can neither be thrown out nor moved to disk."""
    ray.init(
        address="local",
        num_cpus=2,
        object_store_memory=SMALLEST_STORE,
        include_dashboard=False,
        log_to_driver=False,
    )
    piece = np.ones(SMALLEST_STORE // 20, np.uint8)
    references = [ray.put(piece) for _ in range(18)]
    wait_until(lambda: store_bytes() >= 0.85 * SMALLEST_STORE, "Ray says that its store is full")
    yield [references, ray.get(references)]
    ray.shutdown()


def test_a_full_store_slows_the_stream_and_does_not_break_it(full_store: list[Any]) -> None:
    """With room for less than one batch beside what the caller holds, the bytes are those of this process."""
    pipeline = augflow.load({**SPEC, "augment": [{"horizontal_flip": {"p": 0.5}}]})
    source = Pictures(6 * BATCH, 224)
    batch_bytes = BATCH * 224 * 224 * 3
    assert batch_bytes > SMALLEST_STORE - sum(view.nbytes for view in full_store[1])
    expected = digest_streams([pipeline.stream(source)], epochs=2)
    with pipeline.stream(source, num_workers=2) as stream:
        found = digest_streams([stream], epochs=2)
    assert found.steps == expected.steps
    assert all((view == 1).all() for view in full_store[1])


@pytest.mark.parametrize("num_workers", [0, 2], ids=["inprocess", "ray"])
def test_memory_does_not_grow_over_epochs(num_workers: int) -> None:
    """Over 2,000 batches and many epochs, some left in the middle, after a warm-up: neither the client nor
    a worker grows by 2 MB in a hundred batches."""
    every, warm_up, batches = 50, 300, 2000
    looks: list[Footprint] = []
    with augflow.load(SPEC).stream(Pictures(40 * BATCH, 36), num_workers=num_workers) as stream:
        number, started = 0, time.monotonic()
        while number < warm_up + batches:
            for step, _ in enumerate(stream):
                number += 1
                if number > warm_up and number % every == 0:
                    looks.append(Footprint.now())
                if step == 29 and number % 3 == 0:
                    break
            assert time.monotonic() - started < 200
    assert len(looks) == math.ceil(batches / every)
    client = growth([look.client for look in looks], every)
    workers = growth([max(look.workers, default=0) for look in looks], every)
    assert client < 2 * MIB
    assert workers < 2 * MIB
