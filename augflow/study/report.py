"""One fit in one line, and the curves of several as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from augflow.errors import TrainError
from augflow.study.diagnosis import binomial_error, diagnose
from augflow.train.curves import loss_rose, lowest_check
from augflow.train.options import FitReport

FEW = 10
"""Up to so many epochs each is marked, so that one alone can be seen."""


def verdict(report: FitReport) -> str:
    """One line on one fit, with the numbers that its verdict is drawn from; epochs count from 1."""
    parts = []
    if report.val_accuracy is not None:
        error = binomial_error(report.val_accuracy, report.val_samples)
        parts.append(f"validation accuracy {report.val_accuracy:.1%} (standard error {error:.1%})")
    if report.train_accuracy is not None:
        gap = "" if report.gap is None else f", gap {report.gap * 100:.1f} points"
        parts.append(f"training {report.train_accuracy:.1%}{gap}")
    parts.append(diagnose([report]).headline)
    if report.stopped_early:
        parts.append(f"stopped after {report.epochs_run} epochs")
    if report.regularize.proximal_l1:
        parts.append(f"{report.sparsity:.1%} of the weights are 0")
    return "; ".join([*parts, *_rise(report)])


def _rise(report: FitReport) -> list[str]:
    found = lowest_check(report.history)
    if found is None:
        return []
    lowest, last = found
    best = lowest.epoch + 1
    if report.weights_epoch == lowest.epoch != last.epoch:
        return [f"the weights are those of epoch {best}"]
    if not loss_rose(report):
        return []
    rise = f"from {lowest.val_loss:.3f} (epoch {best}) to {report.val_loss:.3f} (epoch {last.epoch + 1})"
    return [f"the validation loss rose {rise}; early stopping would have kept epoch {best}"]


def plot_curves(reports: Sequence[FitReport], path: Path | str) -> None:
    """Write a picture of loss and accuracy over epochs, a line a seed; the suffix decides the format.

    Training curves are of the batches as trained on, augmented, mixed and smoothed, so that their loss
    may lie above that of validation and their accuracy below. What is judged stands apart, right of the
    curves: the weights that were kept, without augmentation, on both sets, and the gap between them.
    """
    if not reports:
        raise TrainError("there is no report to plot")
    # Takes a second to import; only those who plot wait for it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    found, longest = diagnose(reports), max(report.epochs_run for report in reports)
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"{found.headline} ({found.reading})")
    for name, axes in zip(("loss", "accuracy"), figure.subplots(1, 2), strict=True):
        for number, report in enumerate(reports):
            _curves(axes, report, name, labeled=number == 0)
            _best(axes, report, name, labeled=number == 0)
        _ends(axes, reports, name)
        ticks = MaxNLocator(nbins=8, integer=True).tick_values(1, longest)
        axes.set_xticks([tick for tick in ticks if 1 <= tick <= longest])
        axes.set(xlabel="epoch", ylabel="cross entropy" if name == "loss" else "accuracy")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    figure.savefig(path, dpi=110)


def _curves(axes: Any, report: FitReport, name: str, *, labeled: bool) -> None:
    for curve, color, label in (("train", "C0", "training batches"), ("val", "C1", "validation")):
        points = [(row.epoch + 1, getattr(row, f"{curve}_{name}")) for row in report.history]
        checked = [point for point in points if point[1] is not None]
        if checked:
            marker = "." if len(checked) <= FEW else None
            axes.plot(
                *zip(*checked, strict=True),
                color=color,
                marker=marker,
                alpha=0.8,
                label=label if labeled else None,
            )


def _best(axes: Any, report: FitReport, name: str, *, labeled: bool) -> None:
    found = lowest_check(report.history)
    if found is not None:
        value, label = getattr(found[0], f"val_{name}"), "lowest validation loss" if labeled else None
        axes.plot(found[0].epoch + 1, value, "v", color="C3", markersize=8, label=label)


def _ends(axes: Any, reports: Sequence[FitReport], name: str) -> None:
    """What is judged, right of the curves, with a bar between the means over the seeds."""
    last = max(report.epochs_run for report in reports)
    at, means = last + max(0.5, 0.06 * last), []
    for side, color, label in (
        ("train", "C2", "training, not augmented"),
        ("val", "C1", "validation, kept weights"),
    ):
        known = [getattr(r, f"{side}_{name}") for r in reports if getattr(r, f"{side}_{name}") is not None]
        axes.plot([at] * len(known), known, "s", color=color, markersize=6, alpha=0.8, label=label)
        means += [sum(known) / len(known)] if known else []
    axes.set_xlim(1 - 0.05 * last, at + 0.3 * last)
    if len(means) == 2:
        gap = abs(means[1] - means[0])
        axes.plot([at, at], means, color="black", linewidth=1)
        words = f"{gap * 100:.1f} points" if name == "accuracy" else f"{gap:.2f} nats"
        axes.text(at + 0.03 * last, sum(means) / 2, words, va="center")
