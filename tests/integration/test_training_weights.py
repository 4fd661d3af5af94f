"""The last consequence of equal batches: the weights of a trained model are equal, to the last bit."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import augflow

from . import training
from .conftest import AUGFLOW
from .training import Training, deterministic_torch

pytestmark = pytest.mark.timeout(180)

STEPS, EPOCHS = 5, 3


@pytest.fixture(autouse=True, scope="module")
def _deterministic() -> Iterator[None]:
    with deterministic_torch():
        yield


@pytest.fixture(scope="module")
def undisturbed(pipeline: augflow.Pipeline, samples: Path) -> str:
    """The weights of a run in this process that nothing disturbed."""
    found = Training(pipeline.stream(samples)).run(EPOCHS)
    other = pipeline.replace(seed=99).stream(samples)
    assert Training(other).run(EPOCHS) != found, "weights that do not depend on the batches prove nothing"
    return found


@pytest.fixture(scope="module")
def on_workers(pipeline: augflow.Pipeline, samples: Path) -> Iterator[Callable[[], augflow.BatchStream]]:
    """The stream on two Ray workers, at its beginning."""
    with pipeline.stream(samples, num_workers=2) as stream:

        def rewound() -> augflow.BatchStream:
            stream.set_epoch(0)
            return stream

        yield rewound


def test_resumed_after_any_step(
    pipeline: augflow.Pipeline, samples: Path, tmp_path: Path, undisturbed: str
) -> None:
    """Broken off after any step and gone on with by a new stream, model and optimizer: equal weights."""
    for step in range(1, STEPS * EPOCHS):
        first = Training(pipeline.stream(samples))
        first.run(EPOCHS, stop_after=step)
        first.save(tmp_path / "checkpoint")
        second = Training(pipeline.stream(samples))
        second.load(tmp_path / "checkpoint")
        assert second.run(EPOCHS) == undisturbed, f"resumed after step {step}"


def test_resumed_in_another_process(
    pipeline: augflow.Pipeline, spec: Path, samples: Path, tmp_path: Path, start: Any, undisturbed: str
) -> None:
    """A process that knows the spec, the samples and the checkpoint ends with the same weights."""
    first = Training(pipeline.stream(samples))
    first.run(EPOCHS, stop_after=7)
    first.save(tmp_path / "checkpoint")
    program = start(sys.executable, training.__file__, spec, samples, tmp_path / "checkpoint", EPOCHS)
    assert program.wait(60) == 0, program.err
    assert program.out.strip() == undisturbed


def test_the_engine_does_not_show(on_workers: Callable[[], augflow.BatchStream], undisturbed: str) -> None:
    """Trained from two Ray workers, the model is that of a run without workers."""
    assert Training(on_workers()).run(EPOCHS) == undisturbed


@pytest.mark.parametrize("step", [3, 5])
@pytest.mark.parametrize("to_workers", [True, False])
def test_a_resume_may_change_the_engine(
    pipeline: augflow.Pipeline,
    samples: Path,
    tmp_path: Path,
    on_workers: Callable[[], augflow.BatchStream],
    undisturbed: str,
    step: int,
    to_workers: bool,
) -> None:
    """Begun without workers and ended with two, or the other way round, in mid-epoch and at its end."""
    here, there = pipeline.stream(samples), on_workers()
    before, after = (here, there) if to_workers else (there, here)
    first = Training(before)
    first.run(EPOCHS, stop_after=step)
    first.save(tmp_path / "checkpoint")
    second = Training(after)
    second.load(tmp_path / "checkpoint")
    assert second.run(EPOCHS) == undisturbed


LONG = 30
"""Epochs of `augflow train`: seconds, so that it is far from its end when it is stopped."""


@pytest.fixture
def train(cli: Callable[..., Any], spec: Path, samples: Path) -> Callable[..., str]:
    """`augflow train --json` in this process: the digest of the weights."""

    def run(*options: object) -> str:
        ran = cli("train", spec, samples, "--epochs", LONG, "--json", *options)
        assert ran.status == 0, ran.err
        (found,) = json.loads(ran.out)["weights_sha256"]
        return str(found)

    return run


@pytest.fixture(scope="module")
def trained() -> dict[str, str]:
    """The weights of an undisturbed `augflow train`, once a test has trained it."""
    return {}


@pytest.mark.parametrize(
    ("number", "status", "workers"),
    [(signal.SIGKILL, -9, 0), (signal.SIGINT, 130, 2), (signal.SIGTERM, 143, 0)],
    ids=["killed", "ctrl-c with workers", "terminated"],
)
def test_augflow_train_resumes_to_the_same_weights(
    train: Callable[..., str],
    trained: dict[str, str],
    start: Any,
    wait_until: Any,
    spec: Path,
    samples: Path,
    tmp_path: Path,
    number: signal.Signals,
    status: int,
    workers: int,
) -> None:
    """Stopped by a signal in its middle, `augflow train --resume` ends with the undisturbed run's weights."""
    if not trained:
        trained["weights"] = train("--workers", 0)
    arguments = ("--out", tmp_path / "out", "--workers", workers)
    first = start(AUGFLOW, "train", spec, samples, "--epochs", LONG, *arguments)
    checkpoint = tmp_path / "out" / "seed-0" / "last.ckpt"
    wait_until(checkpoint.exists, "an epoch is trained", within_s=90)
    assert first.process.poll() is None, "the run ended before it could be stopped"
    first.process.send_signal(number)
    assert first.wait(30) == status, first.err
    assert not (tmp_path / "out" / "model-0.pt").exists(), "the run ended before it was stopped"
    first.clear()
    assert train("--resume", *arguments[:2], "--workers", 0) == trained["weights"]
