"""`augflow train`: a model trained on the stream, judged over seeds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from augflow.cli.options import (
    Address,
    BatchSize,
    Json,
    Seed,
    SourcePath,
    SpecName,
    Workers,
    default_workers,
    training_threads,
)
from augflow.cli.output import FOUND_BEFORE, Report, reporting
from augflow.errors import SourceError
from augflow.pipeline import Pipeline, load
from augflow.sources import Source, open_source, split_source

if TYPE_CHECKING:
    from augflow.train import EpochRecord, FitReport


def train(
    spec: SpecName,
    source: SourcePath = None,
    val: Annotated[str | None, typer.Option("--val", help="a source to judge on")] = None,
    val_split: Annotated[float | None, typer.Option("--val-split", help="or a share of SOURCE")] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1)] = 20,
    seeds: Annotated[int, typer.Option("--seeds", min=1, help="how many fits, with seeds 0, 1, ...")] = 1,
    no_augment: Annotated[bool, typer.Option("--no-augment", help="prepare, evaluate, finish only")] = False,
    no_regularize: Annotated[bool, typer.Option("--no-regularize", help="without `regularize`")] = False,
    lr: Annotated[float | None, typer.Option("--lr", help="peak learning rate")] = None,
    batch_size: BatchSize = None,
    seed: Seed = None,
    workers: Workers = None,
    address: Address = None,
    out: Annotated[Path | None, typer.Option("--out", help="models, curves and checkpoints go here")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on from the checkpoint in --out")] = False,
    as_json: Json = False,
) -> None:
    """Train the reference model on the augmented stream and say how it went."""
    with reporting() as report:
        from augflow.train import FitOptions, diagnose
        from augflow.train.study import Study, summary

        if val is not None and val_split is not None:
            report.say("--val and --val-split exclude each other; keep one")
            raise typer.Exit(FOUND_BEFORE)
        pipeline = load(spec).replace(seed=seed, batch_size=batch_size)
        trained, judged = _sources(source, val, val_split, pipeline)
        for opened in (trained, judged):
            if opened is not None:
                report.say(f"source: {opened.description}")
        study = Study(
            pipeline,
            trained,
            judged,
            seeds=range(seeds),
            augment=not no_augment,
            regularize=not no_regularize,
            num_workers=default_workers() if workers is None else workers,
            address=address,
        )
        options = FitOptions(epochs=epochs, lr=lr, out=out, resume=resume, threads=training_threads())
        reports = study.run(replace(options, on_epoch=_teller(report, epochs)))
        if out is not None:
            _save(reports, out)
        if as_json:
            report.json({**summary(reports), "diagnosis": diagnose(reports).to_dict()})
        else:
            _print(report, reports)


def _teller(report: Report, epochs: int) -> Callable[[EpochRecord], None]:
    """Tells each epoch on a terminal, each tenth of the work otherwise."""
    step = 1 if sys.stderr.isatty() else max(1, epochs // 10)

    def tell(record: EpochRecord) -> None:
        report.delivered = True
        number = record.epoch + 1
        if number % step == 0 or number == epochs:
            judged = "" if record.val_accuracy is None else f", validation {record.val_accuracy:.3f}"
            report.say(f"epoch {number} of {epochs}: loss {record.train_loss:.3f}{judged}")

    return tell


def _save(reports: Sequence[FitReport], out: Path) -> None:
    from augflow.train import plot_curves, save_model

    for fitted in reports:
        save_model(fitted, out / f"model-{fitted.seed}.pt")
    plot_curves(reports, out / "curves.png")


def _print(report: Report, reports: Sequence[FitReport]) -> None:
    from augflow.train import diagnose, verdict
    from augflow.train.study import summary

    for fitted in reports:
        report.line(f"seed {fitted.seed}: {verdict(fitted)}")
    found = summary(reports)
    if found["std"] is not None:
        spread = f"standard deviation {found['std']:.4f} over {len(reports)} seeds"
        report.line(f"mean accuracy {found['mean']:.4f}, {spread}")
    for line in diagnose(reports).lines():
        report.line(line)


def _sources(
    source: str | None, val: str | None, val_split: float | None, pipeline: Pipeline
) -> tuple[Source, Source | None]:
    spec, fields = pipeline.plan.spec.source, pipeline.plan.requests()
    if source is None and spec.path is None:
        raise SourceError("no source is named; give SOURCE, or `source: {path: ...}` in the spec")
    whole = open_source(spec.path if source is None else source, spec, fields=fields)
    if val is not None:
        return whole, open_source(val, spec, classes=whole.classes or None, fields=fields)
    if val_split is not None:
        return split_source(whole, val_split)
    return whole, None
