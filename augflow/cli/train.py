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
from augflow.cli.trials import LearningRate, Optimizer, Schedule, fit_options, open_sources
from augflow.pipeline import load
from augflow.sources import split_source

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
    unmixed_epochs: Annotated[
        int, typer.Option("--unmixed-epochs", min=0, help="the last N epochs come without mixing")
    ] = 0,
    lr: LearningRate = None,
    optimizer: Optimizer = "adamw",
    schedule: Schedule = "cosine",
    init: Annotated[
        Path | None, typer.Option("--init", help="start from the weights in this safetensors or torch file")
    ] = None,
    backbone_lr: Annotated[
        float | None, typer.Option("--backbone-lr", help="times the rate for all but the head; 0 freezes it")
    ] = None,
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
        from augflow.study import Study, diagnose, summary

        if val is not None and val_split is not None:
            report.say("--val and --val-split exclude each other; keep one")
            raise typer.Exit(FOUND_BEFORE)
        pipeline = load(spec).replace(seed=seed, batch_size=batch_size)
        trained, (judged,) = open_sources(report, pipeline, source, val)
        if val_split is not None:
            trained, judged = split_source(trained, val_split)
        study = Study(
            pipeline,
            trained,
            judged,
            seeds=range(seeds),
            augment=not no_augment,
            regularize=not no_regularize,
            unmixed_epochs=unmixed_epochs,
            num_workers=default_workers() if workers is None else workers,
            address=address,
        )
        options = replace(
            fit_options(epochs, lr, optimizer, schedule),
            pretrained=init,
            backbone_lr=backbone_lr,
            threads=training_threads(),
            out=out,
            resume=resume,
        )
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
    from augflow.study import plot_curves
    from augflow.train import save_model

    for fitted in reports:
        save_model(fitted, out / f"model-{fitted.seed}.pt")
    plot_curves(reports, out / "curves.png")


def _print(report: Report, reports: Sequence[FitReport]) -> None:
    from augflow.study import diagnose, summary, verdict

    if reports[0].pretrained is not None:
        report.line(reports[0].pretrained.summary())
    for fitted in reports:
        report.line(f"seed {fitted.seed}: {verdict(fitted)}")
    found = summary(reports)
    if found["std"] is not None:
        spread = f"standard deviation {found['std']:.4f} over {len(reports)} seeds"
        report.line(f"mean accuracy {found['mean']:.4f}, {spread}")
    for line in diagnose(reports).lines():
        report.line(line)
