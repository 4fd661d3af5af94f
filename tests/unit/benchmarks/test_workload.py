"""What the contenders of a benchmark share."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import augflow
from benchmarks.pictures import small_pictures
from benchmarks.run import QUESTIONS
from benchmarks.workload import ArrayImages, RowMaker, Workload, mix_rows


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_question_is_asked_in_its_docstring(question: str) -> None:
    """The file says what it asks, how, by which command, and what came out."""
    text = importlib.import_module(f"benchmarks.bench_{question}").__doc__ or ""
    for part in ("Question:", "Method:", "Command:", "| "):
        assert part in text


@pytest.mark.parametrize("question", ["heavy_stream", "light_stream", "transport"])
@pytest.mark.parametrize("mixup_alpha", [None, 0.2])
def test_kernel_and_augflow_do_the_same_ops(question: str, mixup_alpha: float | None) -> None:
    """Both make rows of the same shape and dtype, and the spec is accepted."""
    ops = importlib.import_module(f"benchmarks.bench_{question}").OPS
    pictures, _ = small_pictures(16, 40)
    workload = Workload(ArrayImages(pictures, 16), ops, 16, (0, 0, 0), mixup_alpha=mixup_alpha)
    with augflow.load(workload.spec()).stream(workload.samples.for_augflow()) as stream:
        batch = next(iter(stream))
    images = np.zeros_like(batch["image"])
    targets = np.zeros_like(batch["target"])
    RowMaker(workload).fill(range(16), images, targets)
    assert images.any()
    assert targets.sum(axis=1) == pytest.approx(1.0)


def test_mixing_of_the_kernel_keeps_the_mass_of_labels() -> None:
    """Rows of `targets` still sum to 1."""
    images = np.full((4, 2, 2, 3), 200, np.uint8)
    targets = np.eye(4, dtype=np.float32)
    mix_rows(images, targets, 0.2, np.random.default_rng(0))
    assert (images == 200).all()
    assert targets.sum(axis=1) == pytest.approx(1.0)
