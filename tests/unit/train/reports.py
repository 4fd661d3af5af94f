"""A report with made-up figures."""

from __future__ import annotations

from torch import nn

from augflow.spec.model import PipelineSpec
from augflow.train import EpochRecord, FitOptions, FitReport


def report(train=0.95, val=0.93, losses=(1.0, 0.5, 0.4), model=None, **changes):
    history = tuple(
        EpochRecord(epoch, 1.0 / (epoch + 1), 0.5, loss, val, 0.1) for epoch, loss in enumerate(losses)
    )
    values = {
        "history": history,
        "val_accuracy": val,
        "val_loss": losses[-1],
        "val_samples": 1000,
        "train_accuracy": train,
        "train_loss": 0.1,
        "train_samples": 1000,
        "train_majority": 0.5,
        "stopped_early": False,
        "best_epoch": losses.index(min(losses)),
        "weights_epoch": len(losses) - 1,
        "samples_per_s": 100.0,
        "seed": 3,
        "classes": ("cat", "dog"),
        "fingerprint": "feed",
        "options": FitOptions(epochs=len(losses)),
        "spec": PipelineSpec(modality="image"),
        "model": model or nn.Linear(2, 2),
    }
    return FitReport(**{**values, **changes})
