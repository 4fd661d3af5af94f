"""`augflow train`: a model trained on the stream, judged over seeds."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

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
from augflow.cli.output import FOUND_BEFORE, reporting
from augflow.errors import SourceError
from augflow.pipeline import load
from augflow.sources import Source, open_source, split_source
from augflow.spec.model import SourceSpec


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
        from augflow.train import EpochRecord, FitOptions, plot_curves, save_model, verdict
        from augflow.train.study import Study, summary

        if val is not None and val_split is not None:
            report.say("--val and --val-split exclude each other; keep one")
            raise typer.Exit(FOUND_BEFORE)
        pipeline = load(spec).replace(seed=seed, batch_size=batch_size)
        trained, judged = _sources(source, val, val_split, pipeline.plan.spec.source)
        step = 1 if sys.stderr.isatty() else max(1, epochs // 10)
        for opened in (trained, judged):
            if opened is not None:
                report.say(f"source: {opened.description}")

        def told(record: EpochRecord) -> None:
            report.delivered = True
            number = record.epoch + 1
            if number % step == 0 or number == epochs:
                judged_by = "" if record.val_accuracy is None else f", validation {record.val_accuracy:.3f}"
                report.say(f"epoch {number} of {epochs}: loss {record.train_loss:.3f}{judged_by}")

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
        reports = study.run(
            FitOptions(
                epochs=epochs, lr=lr, out=out, resume=resume, threads=training_threads(), on_epoch=told
            )
        )
        if out is not None:
            for fitted in reports:
                save_model(fitted, out / f"model-{fitted.seed}.pt")
            plot_curves(reports, out / "curves.png")
        if as_json:
            report.json(summary(reports))
            return
        for fitted in reports:
            report.line(f"seed {fitted.seed}: {verdict(fitted)}")
        if seeds > 1 and judged is not None:
            found = summary(reports)
            report.line(
                f"mean accuracy {found['mean']:.4f}, standard deviation {found['std']:.4f} over {seeds} seeds"
            )


def _sources(
    source: str | None, val: str | None, val_split: float | None, spec: SourceSpec
) -> tuple[Source, Source | None]:
    if source is None and spec.path is None:
        raise SourceError("no source is named; give SOURCE, or `source: {path: ...}` in the spec")
    whole = open_source(spec.path if source is None else source, spec)
    if val is not None:
        return whole, open_source(val, spec, classes=whole.classes or None)
    if val_split is not None:
        return split_source(whole, val_split)
    return whole, None
