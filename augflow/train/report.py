"""What the curves say, in a few words and as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from augflow.errors import TrainError
from augflow.train.options import EpochRecord, FitReport

CLEAR_GAP = 0.05
"""A gap below this is not called overfitting, however many samples show it."""
STILL_FALLING = 0.05
"""The share of its loss that a run loses in its last fifth when it should have gone on."""
RISEN = 1.1
"""How far above its lowest the validation loss must end to be worth a word."""


def verdict(report: FitReport) -> str:
    """One line on over- and underfitting, with the numbers that it is drawn from; epochs count from 1.

    Overfitting is a gap between training and validation accuracy, both without augmentation, of more
    than 5 points and of more than two standard errors of the validation accuracy; underfitting is a
    small gap while the training loss still falls.
    """
    if report.val_accuracy is None:
        return f"no validation: {report.epochs_run} epochs trained, nothing to judge by"
    error = math.sqrt(report.val_accuracy * (1 - report.val_accuracy) / max(1, report.val_samples))
    parts = [f"validation accuracy {_percent(report.val_accuracy)} (standard error {_percent(error)})"]
    falling = _last_fall(report.history)
    if report.gap is not None and report.train_accuracy is not None:
        parts.append(f"training {_percent(report.train_accuracy)}, gap {report.gap * 100:.1f} points")
        if report.gap > max(CLEAR_GAP, 2 * error):
            parts.append("overfits: more augmentation, dropout, decay or data would help")
        elif falling > STILL_FALLING and not report.stopped_early:
            parts.append(
                f"underfits: the training loss fell by {_percent(falling)} in the last fifth, train longer"
            )
        else:
            parts.append("neither over- nor underfitting shows")
    if report.stopped_early:
        parts.append(f"stopped after {report.epochs_run} epochs")
    parts += _rise(report)
    return "; ".join(parts)


def _percent(value: float) -> str:
    return f"{value * 100:.1f}%"


def _last_fall(history: Sequence[EpochRecord]) -> float:
    """The share of the training loss that the last fifth of the epochs took away."""
    before = max(0, len(history) - 1 - max(1, len(history) // 5))
    if len(history) < 2 or history[before].train_loss <= 0:
        return 0.0
    return 1 - history[-1].train_loss / history[before].train_loss


def _rise(report: FitReport) -> list[str]:
    checked = [row for row in report.history if row.val_loss is not None]
    if not checked or report.best_epoch is None:
        return []
    lowest = min(row.val_loss for row in checked if row.val_loss is not None)
    last = checked[-1]
    if last.val_loss is None or last.val_loss <= RISEN * lowest:
        return []
    best = report.best_epoch + 1
    return [
        f"the validation loss rose from {lowest:.3f} (epoch {best}) to {last.val_loss:.3f} "
        f"(epoch {last.epoch + 1}); early stopping would have kept epoch {best}"
        if not report.stopped_early
        else f"the weights are those of epoch {best}"
    ]


def plot_curves(reports: Sequence[FitReport], path: Path | str) -> None:
    """Write a picture of loss and accuracy over epochs, a line a report; the suffix decides the format.

    Training curves are of the batches as trained on, augmented, mixed and smoothed, so that their loss
    may lie above that of validation and their accuracy below.
    """
    if not reports:
        raise TrainError("there is no report to plot")
    # Takes a second to import; only those who plot wait for it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    loss, accuracy = figure.subplots(1, 2)
    for number, report in enumerate(reports):
        first = number == 0
        epochs = [row.epoch + 1 for row in report.history]
        checked = [row for row in report.history if row.val_loss is not None]
        checks = [row.epoch + 1 for row in checked]
        for axes, train, val in (
            (loss, [r.train_loss for r in report.history], [r.val_loss for r in checked]),
            (accuracy, [r.train_accuracy for r in report.history], [r.val_accuracy for r in checked]),
        ):
            axes.plot(epochs, train, color="C0", alpha=0.7, label="training batches" if first else None)
            axes.plot(checks, val, color="C1", alpha=0.9, label="validation" if first else None)
    for axes in (loss, accuracy):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    loss.set(xlabel="epoch", ylabel="cross entropy")
    accuracy.set(xlabel="epoch", ylabel="accuracy")
    accuracy.legend()
    figure.savefig(path)
