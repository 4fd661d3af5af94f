"""A picture of what was trained on and how it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from augflow.sample import Array, Batch
from augflow.train.options import FitReport

COLUMNS, ROWS = 10, 3
SHARE_SHOWN = 0.05
"""Classes with a smaller share of a soft label are not written under an image."""


def plot_study(
    batch: Batch, classes: Sequence[str], studies: Mapping[str, Sequence[FitReport]], path: Path | str
) -> None:
    """Write a picture: images of a batch with their soft labels, and the validation curves of each study."""
    # Takes a second to import; only those who plot wait for it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure: Any = Figure(figsize=(11, 8), layout="constrained")
    FigureCanvasAgg(figure)
    upper, lower = figure.subfigures(2, 1, height_ratios=(1.1, 1))
    upper.suptitle("a batch as the model gets it, with its soft labels")
    for row, axes in enumerate(upper.subplots(ROWS, COLUMNS).flat):
        axes.axis("off")
        if row < batch.size:
            image = batch["image"][row]
            axes.imshow(image if image.shape[2] == 3 else image[:, :, 0], cmap="gray", vmin=0, vmax=255)
            axes.set_title(soft_label(batch["target"][row], classes), fontsize=8)
    loss, accuracy = lower.subplots(1, 2)
    for number, (name, reports) in enumerate(studies.items()):
        for curve, axes in (("val_loss", loss), ("val_accuracy", accuracy)):
            _curves(axes, reports, curve, f"C{number}", name)
    loss.set(xlabel="epoch", ylabel="test cross entropy, no smoothing")
    accuracy.set(xlabel="epoch", ylabel="test accuracy")
    accuracy.legend()
    figure.savefig(path, dpi=110)


def soft_label(target: Array, classes: Sequence[str]) -> str:
    """A soft label in words: `3`, or `3 .70  8 .30`."""
    order = [int(index) for index in np.argsort(-target, kind="stable") if target[index] >= SHARE_SHOWN]
    if len(order) == 1:
        return str(classes[order[0]])
    return "  ".join(f"{classes[index]} {target[index]:.2f}".replace(" 0.", " .") for index in order)


def _curves(axes: Any, reports: Sequence[FitReport], name: str, color: str, label: str) -> None:
    for number, report in enumerate(reports):
        points = [(row.epoch + 1, getattr(row, name)) for row in report.history]
        checked = [(epoch, value) for epoch, value in points if value is not None]
        epochs, values = zip(*checked, strict=True)
        axes.plot(epochs, values, color=color, alpha=0.8, label=label if number == 0 else None)
