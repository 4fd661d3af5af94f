"""What `augflow ablate` and `augflow search` share: sources, the place of the trials, tables."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer
from rich.console import Console
from rich.table import Table

from augflow.cli.output import Report
from augflow.errors import SourceError
from augflow.pipeline import Pipeline
from augflow.sources import Source, open_source

if TYPE_CHECKING:
    from augflow.train import FitOptions

WIDTH = 1_000
"""Columns that a table may take: its lines are never broken, so that they can be searched and cut."""

Val = Annotated[str | None, typer.Option("--val", help="a source to judge on")]
AtOnce = Annotated[
    int | None,
    typer.Option("--workers", min=0, help="fits at once, each in a Ray worker; 0: in this process"),
]
Out = Annotated[
    Path | None, typer.Option("--out", help="results go here as they come; run again, it goes on")
]
LearningRate = Annotated[float | None, typer.Option("--lr", help="peak learning rate")]
Optimizer = Annotated[str, typer.Option("--optimizer", help="adamw or sgd (Nesterov)")]
Schedule = Annotated[str, typer.Option("--schedule", help="cosine, step or constant")]
Device = Annotated[str, typer.Option("--device", help="cpu; or cuda, with --workers 0")]


def open_sources(
    report: Report, pipeline: Pipeline, source: str | None, *others: str | None
) -> tuple[Source, tuple[Source | None, ...]]:
    """The training source, and the others with its classes; each is told of."""
    spec, fields = pipeline.plan.spec.source, pipeline.plan.requests()
    if source is None and spec.path is None:
        raise SourceError("no source is named; give SOURCE, or `source: {path: ...}` in the spec")
    whole = open_source(spec.path if source is None else source, spec, fields=fields)
    opened = tuple(
        None if other is None else open_source(other, spec, classes=whole.classes or None, fields=fields)
        for other in others
    )
    for found in (whole, *opened):
        if found is not None:
            report.say(f"source: {found.description}")
    return whole, opened


def fit_options(epochs: int, lr: float | None, optimizer: str, schedule: str) -> FitOptions:
    """How fits go; what is no optimizer or schedule is refused there."""
    from augflow.train import FitOptions

    return FitOptions(
        epochs=epochs,
        lr=lr,
        optimizer=cast("Literal['adamw', 'sgd']", optimizer),
        schedule=cast("Literal['cosine', 'step', 'constant']", schedule),
    )


def print_table(report: Report, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on standard output; the first column is words, the others are figures."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    text = io.StringIO()
    Console(file=text, width=WIDTH, force_terminal=False).print(table)
    for line in text.getvalue().splitlines():
        report.line(line.rstrip())


def interval(bounds: tuple[float, float] | None, form: str, factor: float = 1) -> str:
    """`+0.1 to +0.9`; a dash for one seed."""
    return "-" if bounds is None else " to ".join(format(factor * end, form) for end in bounds)
