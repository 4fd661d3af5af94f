"""Memory does not depend on how long a source or a run is, nor on how slow the trainer is."""

from __future__ import annotations

import gc
import os
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import augflow
from augflow.sources.objects import ID_PROBES, PROBES
from augflow.sources.opening import open_source
from benchmarks.footprint import MIB, Footprint, store_bytes

pytestmark = [pytest.mark.timeout(90), pytest.mark.alone]

TEN_MILLION = 10_000_000
SPEC = {
    "modality": "image",
    "seed": 3,
    "augment": [{"horizontal_flip": {"p": 0.5}}],
    "batch": {"size": 16, "mix": {"mixup": {"alpha": 0.2}}},
}


class Many:
    """Ten million images that are made when they are asked for; counts what is asked."""

    classes = ("a", "b")

    def __init__(self) -> None:
        self.reads = 0

    def __len__(self) -> int:
        return TEN_MILLION

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        self.reads += 1
        return np.full((8, 8, 3), index % 251, np.uint8), index % 2


class Named(Many):
    """The same with ids of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.ids = 0

    def sample_id(self, index: int) -> str:
        self.ids += 1
        return f"sample-{index}"


@pytest.fixture
def traced() -> Iterator[Callable[[], int]]:
    """The most bytes that Python held at once since the last call."""

    def peak() -> int:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        return most

    list(augflow.load(SPEC).stream(np.zeros((16, 8, 8, 3), np.uint8)))  # what it imports does not count
    gc.collect()
    tracemalloc.start()
    yield peak
    tracemalloc.stop()


@pytest.mark.parametrize("kind", [Many, Named])
def test_ten_million_items_take_no_list(traced: Callable[[], int], kind: type[Many]) -> None:
    """Opening reads a few items and a bounded number of ids; a batch at 90% of an epoch reads as many
    samples as the first one, and nothing of the size of the source is ever held."""
    source = kind()
    stream = augflow.load(SPEC).stream(source)
    assert source.reads <= PROBES
    assert getattr(source, "ids", 0) <= ID_PROBES
    assert traced() < (32 if kind is Named else 2) * MIB
    reads = []
    for step in (0, len(stream) * 9 // 10, len(stream) - 1):
        stream.load_state_dict({**stream.state_dict(), "epoch": 1, "step": step})
        before = source.reads
        batch = next(iter(stream))
        reads.append(source.reads - before)
        assert len(set(batch["id"])) == 16
        assert batch["index"].max() > 65_536
    assert len(set(reads)) == 1
    assert reads[0] <= 32
    assert traced() < (32 if kind is Named else 2) * MIB


@pytest.mark.parametrize("changed", [0, TEN_MILLION - 1])
def test_ids_of_a_long_source_are_in_its_fingerprint(changed: int) -> None:
    """Another first or last id is another dataset, and a constant id is refused, ten million or not."""

    class Renamed(Named):
        def sample_id(self, index: int) -> str:
            return "other" if index == changed else super().sample_id(index)

    assert open_source(Renamed()).fingerprint() != open_source(Named()).fingerprint()
    assert open_source(Named()).fingerprint() == open_source(Named()).fingerprint()

    class Constant(Named):
        def sample_id(self, index: int) -> str:
            return "always"

    with pytest.raises(augflow.SourceError, match="must be a string of its own, got 'always'"):
        open_source(Constant())


def test_ten_million_items_stream_from_workers() -> None:
    """Workers make the first batch, and one at 90% of the epoch, of the bytes of this process."""
    pipeline = augflow.load(SPEC)
    with pipeline.stream(Many(), num_workers=2) as there, pipeline.stream(Many()) as here:
        for step in (0, len(here) * 9 // 10):
            state = {**here.state_dict(), "epoch": 0, "step": step}
            batches = []
            for stream in (here, there):
                stream.load_state_dict(state)
                batches.append(next(iter(stream)))
            one, other = batches
            assert all(np.array_equal(one[name], other[name]) for name in one)


LARGE = (160, 160, 3)
LARGE_BATCH = 64


class Large:
    """Images that cost nothing to make."""

    def __len__(self) -> int:
        return 64 * LARGE_BATCH

    def __getitem__(self, index: int) -> np.ndarray:
        return np.full(LARGE, index % 251, np.uint8)


class Settling:
    """Whether the store holds results, and as many as at the last look."""

    def __init__(self) -> None:
        self._before = -1

    def __call__(self) -> bool:
        before, self._before = self._before, store_bytes()
        return before == self._before > 0


def test_a_slow_trainer_is_not_flooded(wait_until: Callable[..., None]) -> None:
    """While the trainer works, what lies in the store comes to rest at 64 MiB a worker at most, the
    client holds five batches of its own at most, and workers a few tasks."""
    batch_bytes = LARGE_BATCH * int(np.prod(LARGE))
    pipeline = augflow.load({"modality": "image", "batch": {"size": LARGE_BATCH}})
    with pipeline.stream(Large(), num_workers=2) as stream:
        rest = iter(stream)
        batch = next(rest)
        before = Footprint.now()
        for _ in range(8):
            batch = next(rest)
            wait_until(Settling(), "the workers have come to rest", within_s=20)
            now = Footprint.now()
            assert now.store <= 2 * 64 * MIB
            assert now.client - before.client < 5 * batch_bytes
            assert batch["image"].nbytes == batch_bytes
            for worker in now.workers:
                assert worker < max(before.workers) + 64 * MIB


def threads_and_files() -> tuple[int, int]:
    """How many threads and open files this process has."""
    return threading.active_count(), len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
def test_streams_that_are_opened_and_left_leave_nothing(samples: Path, pipeline: augflow.Pipeline) -> None:
    """Fifty streams in this process, read to the end, left in the middle or closed: no thread, no file, and
    no stream stays behind."""

    def read(number: int) -> None:
        stream = pipeline.stream(samples)
        for step, _ in enumerate(stream):
            if step == number % 6:
                break
        if number % 2:
            stream.close()

    read(0)
    gc.collect()
    before = threads_and_files()
    for number in range(50):
        read(number)
    gc.collect()
    assert threads_and_files() == before
    assert not [
        one for one in gc.get_objects() if isinstance(one, augflow.BatchStream) and _is_of(one, samples)
    ]


def _is_of(stream: Any, samples: Path) -> bool:
    return str(samples) in stream.source.description and stream.options.num_workers == 0


def test_epochs_that_are_left_hold_no_references(pipeline: augflow.Pipeline, samples: Path) -> None:
    """Twenty epochs that are begun and left, by break, set_epoch or another state: no task, no result and
    no file of an abandoned epoch is held."""
    from ray._private.worker import global_worker

    def references() -> int:
        gc.collect()
        return len(global_worker.core_worker.get_all_reference_counts())

    with pipeline.stream(samples, num_workers=2) as stream:
        _leave(stream, 0)
        stream.set_epoch(0)
        list(stream)
        files = psutil.Process().num_fds()
        state = stream.state_dict()
        for number in range(20):
            _leave(stream, number)
            if number % 3 == 0:
                stream.load_state_dict(state)
        list(stream)
        assert references() <= REFERENCES
        assert psutil.Process().num_fds() <= files + 4
        assert store_bytes() < MIB


REFERENCES = 24
"""Of one stream on two workers: actors, context, and the tasks in flight; twenty epochs left behind would
hold a hundred."""


def _leave(stream: augflow.BatchStream, number: int) -> None:
    stream.set_epoch(number)
    for step, _ in enumerate(stream):
        if step == number % 4:
            break
