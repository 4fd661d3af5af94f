"""The examples run as their first lines say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).parent.parent / "examples"


def run(*arguments: str | Path) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=110)
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


def test_every_example_is_tested() -> None:
    """No program is added without a test that runs it."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{file.name}"' in text for file in EXAMPLES.glob("*.py"))
