from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader

from augflow.pipeline import Pipeline
from augflow.train import FitOptions, StreamDataset, StreamLoader, fit


@pytest.fixture(scope="module")
def source():
    digits = load_digits()
    images = (digits.images[:100] * 15.9375).astype(np.uint8)[..., None]
    return list(zip(images, digits.target[:100].tolist(), strict=True))


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline(
        modality="image",
        augment=[{"rotate": {"limit": 10}}],
        batch={"size": 16, "mix": {"mixup": {"alpha": 0.2}}},
        output={"mean": "half", "std": "half"},
        regularize={"label_smoothing": 0.1, "early_stopping": {"patience": 5}},
    )


def digest(batches):
    return [batch["image"].sum(dtype=torch.float64).item() for batch in batches]


@pytest.mark.parametrize("copy_ahead", [False, True])
def test_a_loader_resumes_a_real_stream(pipeline, source, copy_ahead):
    """The state after three batches leads to the fourth, through an epoch's end."""
    loader = StreamLoader(pipeline.stream(source), copy_ahead=copy_ahead)
    batches = iter(loader)
    for _ in range(3):
        next(batches)
    state = loader.state_dict()
    expected = digest(batches) + digest(loader)
    resumed = StreamLoader(pipeline.stream(source), copy_ahead=copy_ahead)
    resumed.load_state_dict(state)
    assert digest(resumed) + digest(resumed) == expected
    assert len(expected) == 3 + 6


def test_loader_and_stream_give_the_same_state(pipeline, source):
    """On the CPU both say what was handed out, after every batch."""
    stream = pipeline.stream(source)
    loader = StreamLoader(stream)
    for step, _ in enumerate(loader):
        place = (1, 0) if step == 5 else (0, step + 1)
        assert (loader.state_dict()["epoch"], loader.state_dict()["step"]) == place
        assert loader.state_dict() == stream.state_dict()


def test_torchs_loader_reads_a_real_stream_for_epochs(pipeline, source):
    """Each pass through torch's DataLoader is the next epoch, also after a break."""
    inside = DataLoader(StreamDataset(pipeline.stream(source)), batch_size=None)
    for _ in inside:
        break
    outside = StreamLoader(pipeline.stream(source))
    outside.set_epoch(1)
    assert digest(inside) == digest(outside)


def test_a_real_stream_is_fitted(pipeline, source):
    """Spec to report: the streams of a pipeline train, stop and are judged."""
    stream = pipeline.stream(source)
    judged = pipeline.stream(source, train=False, classes=stream.classes)
    report = fit(stream, judged, FitOptions(epochs=2), train_eval=judged)
    assert (report.epochs_run, report.val_samples, report.gap) == (2, 100, 0)
    assert report.fingerprint == pipeline.fingerprint
