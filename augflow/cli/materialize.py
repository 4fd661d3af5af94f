"""`augflow materialize`: an augmented dataset on disk."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from augflow.cli.options import Address, Json, Seed, SourcePath, SpecName, Workers, default_workers
from augflow.cli.output import reporting
from augflow.cli.progress import progress
from augflow.materialize import MaterializeOptions
from augflow.materialize import materialize as write
from augflow.pipeline import load


class Format(StrEnum):
    """What can be written."""

    folder = "folder"
    webdataset = "webdataset"
    parquet = "parquet"
    jsonl = "jsonl"


class OnError(StrEnum):
    """What happens to a sample that cannot be used."""

    fail = "raise"
    skip = "skip"


def materialize(
    spec: SpecName,
    source: SourcePath = None,
    *,
    out: Annotated[str, typer.Option("--out", "-o", help="a new or empty folder, or one to go on with")],
    copies: Annotated[int, typer.Option("--copies", min=1, help="epochs to write")] = 1,
    no_mix: Annotated[bool, typer.Option("--no-mix", help="leave samples apart, in class folders")] = False,
    no_finish: Annotated[
        bool,
        typer.Option("--no-finish", help="leave `finish` out: words, not tokens; sounds, not spectrograms"),
    ] = False,
    workers: Workers = None,
    seed: Seed = None,
    address: Address = None,
    on_error: Annotated[
        OnError | None, typer.Option("--on-error", help="default: what the spec says")
    ] = None,
    jpeg: Annotated[
        int | None, typer.Option("--jpeg", min=1, max=100, help="JPEG of this quality, not PNG")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="first samples of each epoch")] = None,
    file_format: Annotated[
        Format, typer.Option("--format", help="one file a field, tar shards, tables, or lines of JSON")
    ] = Format.folder,
    as_json: Json = False,
) -> None:
    """Write augmented samples with manifest and provenance; run again after an interruption to go on."""
    with reporting() as report, progress("writing", report) as advance:
        options = MaterializeOptions(
            copies=copies,
            mix=not no_mix,
            finish=not no_finish,
            num_workers=default_workers() if workers is None else workers,
            address=address,
            on_error=None if on_error is None else on_error.value,
            format=file_format.value,
            jpeg=jpeg,
            limit=limit,
            on_progress=advance,
        )
        if jpeg is not None:
            report.say(
                "JPEG loses detail: the files are not byte-equal to the stream; leave --jpeg out for PNG"
            )
        pipeline = load(spec).replace(seed=seed)
        result = write(pipeline, source, out, options)
        if as_json:
            report.json(vars(result))
        elif result.complete_before:
            report.line(f"{result.out}: complete already, {result.resumed} samples")
        else:
            skipped = f", {result.skipped} bad samples left out (skipped.jsonl)" if result.skipped else ""
            report.line(f"{result.out}: {result.written} samples{skipped}")
