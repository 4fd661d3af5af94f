"""Reports of fits that were never run, by the figures that a test is about."""

from __future__ import annotations

from torch import nn

from augflow.spec.parse import parse_data
from augflow.spec.regularize import RegularizeSpec
from augflow.study import diagnose
from augflow.train import EpochRecord, FitOptions, FitReport

FALLING = tuple(2.0 - 0.1 * epoch for epoch in range(12))
FLAT = tuple(0.5 + 0.01 * (-1) ** epoch for epoch in range(12))
AUGMENTED = {"augment": [{"affine": {"rotate": [-10, 10], "p": 0.8}}]}


def made(train=1.0, val=0.99, losses=FLAT, val_losses=FLAT, **changes):
    """A report of 1000 training and 1000 validation samples of ten classes."""
    batches = changes.pop("batches", train)
    regularize = RegularizeSpec(**changes.pop("regularize", {}))
    options = FitOptions(
        epochs=len(losses),
        optimizer=changes.pop("optimizer", "adamw"),
        lr=changes.pop("lr", None),
        regularize=regularize,
        seed=changes.get("seed", 0),
    )
    history = tuple(
        EpochRecord(epoch, loss, batches, val_loss, None if val_loss is None else val, 0.1)
        for epoch, (loss, val_loss) in enumerate(zip(losses, val_losses, strict=False))
    )
    checked = [row.val_loss for row in history if row.val_loss is not None]
    values = {
        "history": history,
        "val_accuracy": val,
        "val_loss": checked[-1] if checked else None,
        "val_samples": 1000,
        "train_accuracy": train,
        "train_loss": 0.1,
        "train_samples": 1000,
        "train_majority": 0.1,
        "stopped_early": False,
        "best_epoch": checked.index(min(checked)) if checked else None,
        "weights_epoch": len(history) - 1,
        "samples_per_s": 100.0,
        "seed": 0,
        "classes": tuple("0123456789"),
        "fingerprint": "feed",
        "options": options,
        "spec": spec_of(changes.pop("spec", {})),
        "model": nn.Linear(9, 10),
    }
    return FitReport(**{**values, **changes})


def spec_of(body):
    return parse_data({"version": 1, "modality": "image", **body}).spec


def advised(report):
    return {item.knob: item.suggested for item in diagnose([report]).advice}


def first(report):
    return diagnose([report]).advice[0]
