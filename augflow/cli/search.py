"""`augflow search`: which strengths of a spec do best."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from augflow.cli.options import Address, BatchSize, Epochs, Json, Seed, SourcePath, SpecName, default_workers
from augflow.cli.output import Report, reporting
from augflow.cli.progress import progress
from augflow.cli.trials import (
    AtOnce,
    Device,
    LearningRate,
    Optimizer,
    Out,
    Schedule,
    Val,
    fit_options,
    open_sources,
    print_table,
)
from augflow.pipeline import load

if TYPE_CHECKING:
    from augflow.study import Search
    from augflow.study.search import Point

SHOWN = 10
"""Trials in the table; all are in the JSON."""


def search(
    spec: SpecName,
    source: SourcePath = None,
    val: Val = None,
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over", metavar="NAME=LOW:HIGH[:log]|A,B,C", help="what to search over; again for more"
        ),
    ] = None,
    trials: Annotated[int, typer.Option("--trials", min=1)] = 20,
    seeds: Annotated[
        int, typer.Option("--seeds", min=1, help="how many fits of each, with seeds 0, 1, ...")
    ] = 3,
    test: Annotated[str | None, typer.Option("--test", help="a third source, to judge the best on")] = None,
    epochs: Epochs = 20,
    lr: LearningRate = None,
    optimizer: Optimizer = "adamw",
    schedule: Schedule = "cosine",
    batch_size: BatchSize = None,
    seed: Seed = None,
    workers: AtOnce = None,
    address: Address = None,
    device: Device = "cpu",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Try strengths of SPEC and say which do best.

    Quasi-random trials, the same ones each time for the spec's seed; the best has the highest median
    accuracy on --val. The NAME of --over is regularize.KEY, or the path of an op as `augflow explain` prints
    it, a point, and a parameter.

    Examples:

      augflow search spec.yaml data/train --val data/val --test data/test --trials 30
      --over regularize.dropout=0.0:0.6 --over augment/rotate.limit=5:45

      augflow search spec.yaml data/train --val data/val
      --over regularize.weight_decay=1e-5:1e-1:log --over regularize.norm=batch,group,layer
    """
    with reporting() as report:
        from augflow.study import Study, Workplace, plot_search
        from augflow.study import search as run_search
        from augflow.study.trials import write_json

        pipeline = load(spec).replace(seed=seed, batch_size=batch_size)
        trained, (judged, third) = open_sources(report, pipeline, source, val, test)
        study = Study(pipeline, trained, judged, seeds=range(seeds))
        options = replace(fit_options(epochs, lr, optimizer, schedule), device=device)
        with progress("fits", report) as advance:
            place = Workplace(default_workers() if workers is None else workers, address, out, advance)
            found = run_search(
                study,
                options,
                over or (),
                trials,
                test=third,
                place=place,
            )
        if out is not None:
            write_json(out / "search.json", found.to_dict())
            plot_search(found, out / "search.png")
            (out / "best.yaml").write_text(found.best.pipeline.to_yaml(), encoding="utf-8")
        if as_json:
            report.json(found.to_dict())
        else:
            _print(report, found)


def _print(report: Report, found: Search) -> None:
    knobs = [knob.name for knob in found.knobs]
    columns = ("", *knobs, "accuracy, %", "loss", "training accuracy, %")
    best = [point for point in found.points if point is not found.best][: SHOWN - 1]
    listed = [found.best, *best, *([] if found.best is found.written else [found.written])]
    print_table(report, columns, [_row(point, knobs) for point in listed])
    report.line(f"medians of {len(found.seeds)} seed(s); best: {found.best.name}")
    if not found.tested:
        report.line(
            "the best was chosen on --val, so its figure there is too good; judge it on a third source, "
            "with --test"
        )
    for point in found.tested:
        accuracy = 100 * point.median("test_accuracy")
        report.line(
            f"on --test, {point.name}: accuracy {accuracy:.2f}%, loss {point.median('test_loss'):.4f}"
        )


def _row(point: Point, knobs: list[str]) -> tuple[str, ...]:
    figures = (
        f"{100 * point.median('val_accuracy'):.2f}",
        f"{point.median('val_loss'):.4f}",
        f"{100 * point.median('train_accuracy'):.2f}",
    )
    return (point.name, *(str(point.values.get(name, "-")) for name in knobs), *figures)
