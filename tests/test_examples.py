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


def test_stream_to_torch(class_folders: Path) -> None:
    """A torch loop of one's own trains on the stream and knows its position."""
    assert "epoch 1: loss" in run(EXAMPLES / "stream_to_torch.py", class_folders)


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
