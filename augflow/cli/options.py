"""Options that several verbs take."""

from __future__ import annotations

import os
from typing import Annotated

import typer

SpecName = Annotated[str, typer.Argument(metavar="SPEC", help="a YAML file, or preset:NAME")]
SourcePath = Annotated[
    str | None,
    typer.Argument(
        metavar="SOURCE", help="class folders, a folder with labels.csv, a manifest; default: source.path"
    ),
]
Workers = Annotated[int | None, typer.Option("--workers", min=0, help="Ray workers; 0 works in this process")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="instead of the spec's seed")]
Address = Annotated[
    str | None, typer.Option("--address", help="a running Ray cluster instead of a local Ray")
]
BatchSize = Annotated[
    int | None, typer.Option("--batch-size", min=1, help="instead of the spec's batch.size")
]
Epochs = Annotated[int, typer.Option("--epochs", min=1)]
Json = Annotated[bool, typer.Option("--json", help="one JSON object on standard output")]


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_workers() -> int:
    """All cores but one, at least 1."""
    return max(1, cores() - 1)


def training_threads() -> int:
    """torch threads: half of the cores, since workers share them; the same however many workers there
    are, because the number of threads shows in the last digits of the weights."""
    return max(1, cores() // 2)
