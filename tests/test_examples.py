"""The examples run as their first lines say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(*arguments: str | Path) -> str:
    loopback = {**os.environ, "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, env=loopback)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def class_folders(tmp_path: Path) -> Path:
    """Sixty random pictures in two classes."""
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(30):
            pixels = rng.integers(0, 256, (40, 40, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / f"{number}.png")
    return tmp_path


OFFLINE = """
import runpy, sys
ways_out = ("socket.connect", "socket.getaddrinfo")
sys.addaudithook(lambda event, _: event in ways_out and sys.exit(event))
sys.modules |= dict.fromkeys(("tensorflow", "jax"))  # importing them is an error
"""


def run_in_turn(example: Path, *calls: tuple[str | Path, ...]) -> list[str]:
    """The lines that a program prints, called again and again in one process without a network."""
    turns = [[str(argument) for argument in (example, *call)] for call in calls]
    start = f"runpy.run_path({str(example)!r}, run_name='__main__')"
    return run("-c", f"{OFFLINE}\nfor sys.argv in {turns!r}:\n    {start}").splitlines()


def test_plain_loop(class_folders: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A torch loop of one's own trains and judges every sample; stopped after an epoch, it ends the same."""
    folder = tmp_path_factory.mktemp("checkpoints")
    whole, half = ((class_folders, class_folders, folder / name) for name in ("whole.pt", "half.pt"))
    lines = run_in_turn(EXAMPLES / "plain_loop.py", (*whole, "2"), (*half, "1"), (*half, "2"))
    assert [line.split(":")[0] for line in lines] == ["epoch 0", "epoch 1"] * 2
    assert lines[:2] == lines[2:]
    assert all(line.endswith(" of 60") for line in lines)


def test_keras_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras learns the digits from the stream and goes on from its checkpoint, offline, with torch alone."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "settings"))
    lines = run_in_turn(EXAMPLES / "keras_fit.py", (tmp_path, "2"), (tmp_path, "3"))
    assert [line.split(":")[0] for line in lines] == ["epoch 0", "epoch 1", "epoch 2"]
    assert float(lines[-1].rsplit("val_categorical_accuracy ")[1].split(",")[0]) > 0.7


def test_resume() -> None:
    """A resumed stream gives the batches that the undisturbed one gave."""
    assert "the same: True" in run(EXAMPLES / "resume.py")


def ranks(folder: Path, checkpoint: Path, epochs: int, workers: int) -> list[str]:
    """What the two ranks of `ddp.py` print, in their order."""
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--local-addr=127.0.0.1", "--nproc-per-node=2")
    out = run(*torchrun, EXAMPLES / "ddp.py", folder, checkpoint, str(epochs), str(workers))
    return sorted(out.splitlines())


@pytest.mark.timeout(240)
def test_ddp(class_folders: Path, tmp_path: Path) -> None:
    """Two ranks end with equal weights; stopped after an epoch and without workers, with the same weights."""
    whole = ranks(class_folders, tmp_path / "whole.ckpt", 2, 2)
    weights = whole[0].removeprefix("rank 0: 6 steps, weights ")
    assert len(weights) == 64
    assert whole == [f"rank {rank}: 6 steps, weights {weights}" for rank in range(2)]
    (half, _) = ranks(class_folders, tmp_path / "half.ckpt", 1, 0)
    assert half.startswith("rank 0: 3 steps")
    assert not half.endswith(weights)
    rest = ranks(class_folders, tmp_path / "half.ckpt", 2, 0)
    assert rest == [f"rank {rank}: 3 steps, weights {weights}" for rank in range(2)]


def test_every_example_is_tested() -> None:
    """No program is added without a test that runs it."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{file.name}"' in text for file in EXAMPLES.glob("*.py"))
