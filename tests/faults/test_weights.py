"""A worker killed in mid-epoch does not show in the model: the weights are those of an undisturbed run."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import augflow
from augflow.train import FitOptions, fit, weights_sha256

from ..integration.conftest import AUGFLOW, own_workers, pipeline, samples, spec, start  # noqa: F401
from ..integration.training import Training, deterministic_torch

pytestmark = [pytest.mark.timeout(180), pytest.mark.long]

STEPS, EPOCHS = 5, 3
Rewound = Callable[[], augflow.BatchStream]
Workers = Callable[[], list[psutil.Process]]


@pytest.fixture(autouse=True, scope="module")
def _deterministic() -> Iterator[None]:
    with deterministic_torch():
        yield


@pytest.fixture(scope="module")
def undisturbed(pipeline: augflow.Pipeline, samples: Path) -> str:  # noqa: F811
    """The weights of a training loop that ran in this process."""
    return Training(pipeline.stream(samples)).run(EPOCHS)


@pytest.fixture(scope="module")
def on_workers(pipeline: augflow.Pipeline, samples: Path) -> Iterator[Rewound]:  # noqa: F811
    """One stream on two Ray workers for all tests, at its beginning and at work."""
    with pipeline.stream(samples, num_workers=2) as stream:

        def rewound() -> augflow.BatchStream:
            next(iter(stream))
            stream.set_epoch(0)
            return stream

        yield rewound


@pytest.fixture
def kill(own_workers: Workers, wait_until: Any) -> Callable[[int], None]:  # noqa: F811
    """SIGKILL for so many workers, once those killed before have been replaced."""

    def killing(number: int) -> None:
        wait_until(lambda: len(own_workers()) >= number, f"{number} workers to kill")
        victims = own_workers()[:number]
        for victim in victims:
            victim.kill()
        psutil.wait_procs(victims, timeout=10)

    return killing


@pytest.mark.parametrize(
    ("step", "victims"), [(1, 1), (3, 2), (5, 1), (12, 2)], ids=lambda number: str(number)
)
def test_a_training_loop_does_not_notice(
    on_workers: Rewound, kill: Callable[[int], None], undisturbed: str, step: int, victims: int
) -> None:
    """One worker, or both, killed after the first step, in mid-epoch or at an epoch's end."""
    training = Training(on_workers())
    found = training.run(EPOCHS, after_step=lambda done: kill(victims) if done == step else None)
    assert training.steps == STEPS * EPOCHS
    assert found == undisturbed


def test_killed_and_resumed(
    on_workers: Rewound, kill: Callable[[int], None], undisturbed: str, tmp_path: Path
) -> None:
    """A worker killed before the checkpoint, another after the resume: still the same weights."""
    first = Training(on_workers())
    first.run(EPOCHS, stop_after=7, after_step=lambda done: kill(1) if done == 4 else None)
    first.save(tmp_path / "checkpoint")
    second = Training(on_workers())
    second.load(tmp_path / "checkpoint")
    assert second.run(EPOCHS, after_step=lambda done: kill(1) if done == 9 else None) == undisturbed


def test_fit_does_not_notice(
    pipeline: augflow.Pipeline,  # noqa: F811
    samples: Path,  # noqa: F811
    on_workers: Rewound,
    kill: Callable[[int], None],
) -> None:
    """The trainer behind `augflow train`, with a worker killed in each of its epochs but the last."""
    stream = on_workers()
    expected = fit(pipeline.stream(samples), None, FitOptions(epochs=EPOCHS))
    killed = FitOptions(epochs=EPOCHS, on_epoch=lambda record: kill(1) if record.epoch < EPOCHS - 1 else None)
    assert weights_sha256(fit(stream, None, killed).model) == weights_sha256(expected.model)


def test_augflow_train_does_not_notice(
    start: Any,  # noqa: F811
    wait_until: Any,
    spec: Path,  # noqa: F811
    samples: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    """The command with a worker killed on its way tells the digest that it tells without workers."""
    command = (AUGFLOW, "train", spec, samples, "--epochs", 30, "--json")
    program = start(*command, "--workers", 2, "--out", tmp_path / "out")
    wait_until((tmp_path / "out" / "seed-0" / "last.ckpt").exists, "an epoch is trained", within_s=90)
    victims = program.workers()
    assert len(victims) == 2
    victims[0].kill()
    assert program.process.poll() is None, "the run ended before a worker was killed"
    assert program.wait(90) == 0, program.err
    reference = start(*command, "--workers", 0)
    assert reference.wait(90) == 0, reference.err
    assert json.loads(program.out)["weights_sha256"] == json.loads(reference.out)["weights_sha256"]
