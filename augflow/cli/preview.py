"""`augflow preview`: one page that shows what a pipeline does to real samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from augflow.cli.options import Json, Seed, SourcePath, SpecName
from augflow.cli.output import reporting
from augflow.cli.progress import progress
from augflow.pipeline import load
from augflow.preview import PreviewOptions, write_preview


def preview(
    spec: SpecName,
    source: SourcePath = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", help="the page, such as page.html")],
    samples: Annotated[int, typer.Option("--samples", min=1, help="how many samples to show")] = 12,
    copies: Annotated[
        int, typer.Option("--copies", min=1, help="augmented copies of each, those of epochs 0, 1, ...")
    ] = 3,
    seed: Seed = None,
    as_json: Json = False,
) -> None:
    """Write one page that opens anywhere: samples before and after, with what each op drew."""
    with reporting() as report, progress("previewing", report) as advance:
        pipeline = load(spec).replace(seed=seed)
        options = PreviewOptions(samples=samples, copies=copies, on_progress=advance)
        result = write_preview(pipeline, source, out, options)
        report.say(f"source: {result.source}")
        if as_json:
            report.json(vars(result))
        else:
            bad = f", {result.bad} of them with a problem" if result.bad else ""
            left = f", {result.left_out} left out for want of room" if result.left_out else ""
            report.line(f"{result.page}: {result.samples} samples{bad}{left}, {result.bytes / 1e6:.1f} MB")
