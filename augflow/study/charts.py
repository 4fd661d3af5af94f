"""Pictures of what elements are worth, and of what a search found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from augflow.study.ablation import Ablation, Worth
from augflow.study.knobs import Knob, Value
from augflow.study.search import Point, Search

COLORS = {"helps": "C2", "hurts": "C3", "cannot tell": "0.6"}
ROW_INCHES = 0.34
COLUMNS = 3
FOOT = "{seeds} seeds; lines are 95% intervals, dots are seeds; {samples} validation samples"


def plot_worths(ablation: Ablation, path: Path | str) -> None:
    """Write a picture: a bar an element, in accuracy and in loss, with its interval and its seeds.

    The suffix of `path` decides the format.
    """
    worths = [ablation.everything, *reversed(ablation.worths)]
    names = [f"all of {', '.join(ablation.over)}", *(worth.name for worth in reversed(ablation.worths))]
    figure = _figure(11, 1.6 + ROW_INCHES * len(worths))
    left, right = figure.subplots(1, 2, sharey=True)
    for row, worth in enumerate(worths):
        accuracy, loss = worth.accuracy, worth.loss
        _bar(
            left, row, [100 * value for value in accuracy.differences], _scaled(accuracy.interval, 100), worth
        )
        _bar(right, row, list(loss.differences), loss.interval, worth)
    left.set_yticks(range(len(names)), names)
    left.axhline(0.5, color="0.8", linewidth=0.8)
    right.axhline(0.5, color="0.8", linewidth=0.8)
    left.set(xlabel="validation accuracy, points (right of 0: helps)", title="with it less without it")
    right.set(xlabel="validation cross entropy, nats (left of 0: helps)", title="with it less without it")
    foot = FOOT.format(seeds=len(ablation.seeds), samples=ablation.whole[0]["val_samples"])
    figure.supxlabel(foot, fontsize=8)
    figure.savefig(path, dpi=110)


def plot_search(search: Search, path: Path | str) -> None:
    """Write a picture: for each knob the accuracy of every trial over its value, the best marked.

    The suffix of `path` decides the format.
    """
    rows = -(-len(search.knobs) // COLUMNS)
    columns = min(COLUMNS, len(search.knobs))
    figure = _figure(max(5.0, 3.8 * columns), 0.6 + 3 * rows)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for panel in list(panels.flat)[len(search.knobs) :]:
        panel.axis("off")
    for knob, axes in zip(search.knobs, panels.flat, strict=False):
        _dots(axes, knob, search)
    figure.suptitle("each dot is a trial, the cross is the best, the line the spec as written", fontsize=9)
    figure.savefig(path, dpi=110)


def _figure(width: float, height: float) -> Any:
    # Takes a second to import; only those who plot wait for it.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _scaled(interval: tuple[float, float] | None, factor: float) -> tuple[float, float] | None:
    return None if interval is None else (interval[0] * factor, interval[1] * factor)


def _bar(
    axes: Any, row: int, values: list[float], interval: tuple[float, float] | None, worth: Worth
) -> None:
    axes.barh(row, sum(values) / len(values), color=COLORS[worth.verdict], alpha=0.6, height=0.6)
    axes.axvline(0, color="0.3", linewidth=0.8)
    axes.plot(values, [row] * len(values), ".", color="0.2", markersize=4)
    if interval is not None:
        axes.plot(interval, [row, row], color="0.1", linewidth=1.2)


def _dots(axes: Any, knob: Knob, search: Search) -> None:
    def height(point: Point) -> float:
        return 100 * point.median("val_accuracy")

    def across(value: Value) -> Value:
        return str(value) if knob.choices else value

    axes.plot([across(p.values[knob.name]) for p in search.points], [height(p) for p in search.points], "o")
    axes.axhline(height(search.written), color="0.5", linewidth=1)
    best = search.best
    if knob.name in best.values:
        axes.plot([across(best.values[knob.name])], [height(best)], "x", color="C3", markersize=11)
    if knob.log:
        axes.set_xscale("log")
    axes.set(xlabel=knob.name, ylabel="validation accuracy, %")
