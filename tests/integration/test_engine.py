"""One suite over both engines: the same bytes, the same errors, the same manners."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch

import augflow
from augflow.digest import digest_streams
from augflow.engine import EngineOptions, open_engine
from augflow.engine.base import Task
from augflow.engine.window import AHEAD, DEPTH
from augflow.train import StreamDataset, StreamLoader

from ..streams import Delivered, Delivery, deliver, received

pytestmark = pytest.mark.timeout(90)

Workers = Callable[[], list[psutil.Process]]
Same = Callable[[Delivered, Delivered], None]


@pytest.fixture(scope="module", autouse=True)
def shared_ray(pipeline: augflow.Pipeline, samples: Path) -> Iterator[augflow.BatchStream]:
    """A stream that is kept open, so that the module starts one Ray."""
    with pipeline.stream(samples, num_workers=2) as stream:
        next(iter(stream))
        yield stream


@pytest.fixture(params=[0, 2], ids=["inprocess", "ray"])
def engine(request: pytest.FixtureRequest) -> dict[str, int]:
    """The option that chooses the engine."""
    return {"num_workers": request.param}


def with_op(name: str, **sections: Any) -> augflow.Pipeline:
    """A pipeline of one registered op."""
    return augflow.Pipeline(modality="image", seed=3, augment=[{name: {}}], batch={"size": 8}, **sections)


@pytest.mark.parametrize("train", [True, False], ids=["train", "evaluate"])
@pytest.mark.parametrize("workers", [1, 2])
def test_number_of_workers_changes_no_byte(
    pipeline: augflow.Pipeline, samples: Path, assert_same_stream: Same, workers: int, train: bool
) -> None:
    """0, 1 and 2 workers give the same two epochs, mixed and shuffled or evaluated."""
    with pipeline.stream(samples, train=train, num_workers=workers) as there:
        assert_same_stream(pipeline.stream(samples, train=train), there)


def test_streams_without_mixing_are_equal_too(
    pipeline: augflow.Pipeline, samples: Path, assert_same_stream: Same
) -> None:
    """The promise does not hang on mixing, nor on the size of the batch or an uneven end."""
    plain = pipeline.without_mixing().replace(batch_size=11)
    with plain.stream(samples, num_workers=2, drop_last=False) as there:
        assert_same_stream(plain.stream(samples, drop_last=False), there)


def test_seed_and_epoch_change_the_bytes(pipeline: augflow.Pipeline, samples: Path) -> None:
    """Another seed, and another epoch, is another stream."""

    def steps(seed: int) -> list[str]:
        return digest_streams([pipeline.stream(samples, seed=seed)], epochs=2).steps

    one, other = steps(1), steps(2)
    assert len(set(one + other)) == len(one + other)


def test_ranks_share_the_workers_of_one_pool(
    pipeline: augflow.Pipeline, samples: Path, assert_same_stream: Same
) -> None:
    """Two ranks on one pool of Ray workers are together the stream of one rank in this process."""
    with pipeline.stream(samples, num_workers=2, world_size=2, rank=0, drop_last=False) as first:
        assert_same_stream(pipeline.stream(samples, drop_last=False), [first, first.for_rank(1)])


def test_users_op_gives_the_same_bytes_on_workers(
    register: Callable[..., Any], samples: Path, assert_same_stream: Same
) -> None:
    """A function registered in Python reaches the workers with its parameters and its generator."""

    @register()
    def speckle(image: np.ndarray, rng: np.random.Generator, strength: int = 20) -> np.ndarray:
        noise = rng.integers(-strength, strength + 1, image.shape)
        return np.clip(image + noise, 0, 255).astype(np.uint8)

    own = with_op("speckle")
    with own.stream(samples, num_workers=2) as there:
        assert_same_stream(own.stream(samples), there)


def raising(register: Callable[..., Any], error: Callable[[], Exception]) -> augflow.Pipeline:
    """A pipeline whose only op raises."""

    @register()
    def broken(image: np.ndarray, amount: int = 7) -> np.ndarray:
        raise error()

    return with_op("broken")


def test_error_of_an_op_says_where(
    register: Callable[..., Any], samples: Path, engine: dict[str, int]
) -> None:
    """OpError names op path, sample and parameters, and its cause is the original; then close works."""

    class OddError(ValueError):
        pass

    own = raising(register, lambda: OddError("no such luck"))
    with own.stream(samples, **engine) as stream, pytest.raises(augflow.OpError) as caught:
        next(iter(stream))
    error = caught.value
    assert error.op_path == "image/augment/broken"
    assert error.params == {"amount": 7}
    assert str(samples) in error.sample
    assert type(error.__cause__) is OddError
    assert "no such luck" in str(error)
    assert "Ray" not in str(error)


@pytest.mark.parametrize("kind", ["ValueError", "HostileError"])
def test_error_that_cannot_travel_still_tells(register: Callable[..., Any], samples: Path, kind: str) -> None:
    """An exception that cannot be pickled arrives as OpError, its cause told in words."""

    class HostileError(Exception):
        def __reduce__(self) -> Any:
            raise ZeroDivisionError

    def error() -> Exception:
        if kind == "HostileError":
            return HostileError("odd luck")
        holding = ValueError("odd luck")
        holding.lock = threading.Lock()  # type: ignore[attr-defined]
        return holding

    own = raising(register, error)
    with own.stream(samples, num_workers=2) as stream, pytest.raises(augflow.OpError) as caught:
        next(iter(stream))
    assert f"{kind}: odd luck" in str(caught.value)
    assert f"{kind}: odd luck" in str(caught.value.__cause__)


@pytest.mark.parametrize("when", ["sent", "received"])
def test_source_that_cannot_reach_the_workers_is_refused(pipeline: augflow.Pipeline, when: str) -> None:
    """A source that cannot be pickled, or not be made again, is an EngineError with the reason."""

    class Stubborn:
        classes = ("a", "b")

        def __len__(self) -> int:
            return 16

        def __getitem__(self, index: int) -> Any:
            return np.zeros((8, 8, 3), np.uint8), index % 2

        def __getstate__(self) -> Any:
            if when == "sent":
                raise RuntimeError("not with me")
            return {"state": 1}

        def __setstate__(self, state: Any) -> None:
            raise RuntimeError("not with me")

    with pipeline.stream(Stubborn(), num_workers=2) as stream:
        with pytest.raises(augflow.EngineError, match="RuntimeError: not with me") as caught:
            next(iter(stream))
        assert len(str(caught.value)) < 300


@pytest.fixture
def with_bad(samples: Path, tmp_path: Path) -> Path:
    """The samples, one of them cut off."""
    for file in samples.rglob("*.png"):
        copy = tmp_path / "bad" / file.relative_to(samples)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    cut = tmp_path / "bad" / "a" / "00.png"
    cut.write_bytes(cut.read_bytes()[:100])
    return tmp_path / "bad"


def test_bad_sample_is_named(pipeline: augflow.Pipeline, with_bad: Path, engine: dict[str, int]) -> None:
    """A file that cannot be decoded ends the stream with its path and the reason."""
    with pipeline.stream(with_bad, **engine) as stream, pytest.raises(augflow.BadSampleError) as caught:
        list(stream)
    assert caught.value.sample == str(with_bad / "a" / "00.png")


def test_stand_ins_do_not_depend_on_the_engine(
    pipeline: augflow.Pipeline, with_bad: Path, assert_same_stream: Same
) -> None:
    """`on_error: replace` gives the same stand-ins on Ray workers, marked, the bad sample listed."""
    options: dict[str, Any] = {"on_error": "replace", "drop_last": False}
    lenient = augflow.load({**pipeline.plan.spec.model_dump(include={"modality", "seed"}), **_budget()})
    with lenient.stream(with_bad, num_workers=2, **options) as there:
        assert_same_stream(lenient.stream(with_bad, **options), there)
        there.set_epoch(0)
        replaced = sum(int(batch["replaced"].sum()) for batch in there)
        assert replaced == 1
        assert [bad.place for bad in there.bad_samples] == [str(with_bad / "a" / "00.png")]


def _budget() -> dict[str, Any]:
    augment = [{"rotate": {"limit": 15}}]
    batch = {"size": 8, "mix": {"cutmix": {"alpha": 1.0}}}
    return {"version": 1, "augment": augment, "batch": batch, "source": {"max_bad": 2}}


@pytest.mark.parametrize("victims", [1, 2])
def test_killed_workers_change_no_byte(
    pipeline: augflow.Pipeline, samples: Path, assert_same_stream: Same, own_workers: Workers, victims: int
) -> None:
    """After SIGKILL of one or of all workers in mid-epoch, the epochs are complete and equal."""
    steps = 3 * len(pipeline.stream(samples))
    others = set(own_workers())
    with pipeline.stream(samples, num_workers=2) as stream:
        found = Delivery(stream)
        for number, _ in enumerate(received([stream], found, steps)):
            if number == 0:
                for worker in list(set(own_workers()) - others)[:victims]:
                    worker.kill()
    assert_same_stream(deliver(pipeline.stream(samples), steps), found)


def test_op_that_kills_its_worker_ends_the_stream(register: Callable[..., Any], samples: Path) -> None:
    """A sample that takes every worker down is a bad sample, named, after three deaths alone; not a hang."""

    @register()
    def deadly(image: np.ndarray) -> np.ndarray:
        os._exit(7)

    with with_op("deadly").stream(samples, num_workers=2) as stream:
        with pytest.raises(augflow.BadSampleError, match="took its worker down 3 times") as caught:
            next(iter(stream))
        assert str(samples) in caught.value.sample


def test_tasks_are_taken_only_as_far_ahead_as_the_window(pipeline: augflow.Pipeline, samples: Path) -> None:
    """However slow the consumer, an endless iterator of tasks is read a bounded number ahead."""
    taken = 0

    def tasks() -> Iterator[Task]:
        nonlocal taken
        while True:
            yield Task(taken, taken, ((0, 8),))
            taken += 1

    engine = open_engine(pipeline.stream(samples).context, EngineOptions(2))
    try:
        results = engine.results(tasks())
        for given in range(1, 6):
            assert next(results).number == given - 1
            assert taken <= given + AHEAD * DEPTH * 2
    finally:
        engine.close()


def test_workers_use_one_thread_and_no_torch(register: Callable[..., Any], samples: Path) -> None:
    """cv2 and OMP have one thread each in a worker; torch is not loaded for a spec without need of it."""

    @register()
    def census(image: np.ndarray) -> np.ndarray:
        import cv2

        told = [cv2.getNumThreads(), int(os.environ["OMP_NUM_THREADS"]), "torch" in sys.modules, 0]
        return np.broadcast_to(np.array(told, np.uint8)[:3, None, None], (3, 1, 3)).copy()

    with with_op("census").stream(samples, num_workers=2) as stream:
        cv2_threads, omp_threads, torch_loaded = next(iter(stream))["image"][0, :, 0, 0]
    assert cv2_threads <= 1
    assert omp_threads == 1
    assert not torch_loaded


def test_stream_loader_trains_a_step_from_ray(pipeline: augflow.Pipeline, samples: Path) -> None:
    """Batches of Ray workers arrive as writable tensors that a model learns from."""
    with pipeline.stream(samples, num_workers=2) as stream:
        batch = next(iter(StreamLoader(stream)))
        model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(2))
        loss = torch.nn.functional.cross_entropy(model(batch["image"]), batch["target"])
        loss.backward()
        batch["image"].add_(1)
    assert batch["image"].shape[:2] == (8, 3)
    assert torch.isfinite(loss)


def test_torch_loader_reads_a_ray_stream(pipeline: augflow.Pipeline, samples: Path) -> None:
    """torch's own DataLoader around a Ray stream gives what the stream gives in this process."""
    with pipeline.stream(samples, num_workers=2) as stream:
        loader = torch.utils.data.DataLoader(StreamDataset(stream), batch_size=None)
        ids = [name for batch in loader for name in batch["id"]]
    assert ids == [str(name) for batch in pipeline.stream(samples) for name in batch["id"]]


def test_batches_belong_to_the_user(pipeline: augflow.Pipeline, samples: Path) -> None:
    """Writing to a batch, and keeping it, touches no later batch: no view of the store gets out."""
    with pipeline.stream(samples, num_workers=2) as stream:
        kept = []
        for batch in stream:
            kept.append((batch, batch["image"].copy()))
        for batch, before in kept:
            assert np.array_equal(batch["image"], before)
            batch["image"][:] = 0
