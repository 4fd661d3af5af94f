"""What the curves say, in a few words and as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from augflow.errors import TrainError
from augflow.train.options import FitReport

CLEAR_GAP = 0.05
"""A gap below this is not called overfitting, however many samples show it."""
LEARNED = 0.9
"""A training accuracy below this is called underfitting."""
RISEN = 1.1
"""How far above its lowest the validation loss must end to be worth a word."""


def verdict(report: FitReport) -> str:
    """One line on over- and underfitting, with the numbers that it is drawn from; epochs count from 1.

    Overfitting is a gap between training and validation accuracy, both without augmentation, of more
    than 5 points and of more than two standard errors of the validation accuracy; underfitting is a
    training accuracy below 90%.
    """
    if report.val_accuracy is None:
        return f"no validation: {report.epochs_run} epochs trained, nothing to judge by"
    error = math.sqrt(report.val_accuracy * (1 - report.val_accuracy) / max(1, report.val_samples))
    parts = [f"validation accuracy {_percent(report.val_accuracy)} (standard error {_percent(error)})"]
    if report.gap is not None and report.train_accuracy is not None:
        parts.append(f"training {_percent(report.train_accuracy)}, gap {report.gap * 100:.1f} points")
        parts.append(_judge(report.train_accuracy < LEARNED, report.gap > max(CLEAR_GAP, 2 * error)))
    if report.stopped_early:
        parts.append(f"stopped after {report.epochs_run} epochs")
    return "; ".join([*parts, *_rise(report)])


def _judge(underfits: bool, overfits: bool) -> str:
    if underfits and overfits:
        return "the training samples are not learned yet, and the gap is there already: train longer first"
    if underfits:
        return "underfits: train longer, regularize less, or take a larger model"
    if overfits:
        return "overfits: more augmentation, dropout, decay or data would help"
    return "neither over- nor underfitting shows"


def _percent(value: float) -> str:
    return f"{value * 100:.1f}%"


def _rise(report: FitReport) -> list[str]:
    checks = [(row.val_loss, row.epoch) for row in report.history if row.val_loss is not None]
    if not checks:
        return []
    lowest, best = min(checks)
    loss, epoch = checks[-1]
    if report.weights_epoch == best != epoch:
        return [f"the weights are those of epoch {best + 1}"]
    if loss <= RISEN * lowest:
        return []
    rise = f"the validation loss rose from {lowest:.3f} (epoch {best + 1}) to {loss:.3f} (epoch {epoch + 1})"
    return [f"{rise}; early stopping would have kept epoch {best + 1}"]


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
