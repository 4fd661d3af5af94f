"""`augflow validate`: every problem of one or more specs."""

from __future__ import annotations

from typing import Annotated

import typer

from augflow.cli.output import FOUND_BEFORE, reporting
from augflow.errors import SpecError
from augflow.pipeline import load


def validate(
    specs: Annotated[list[str], typer.Argument(metavar="SPEC...", help="YAML files, or preset:NAME")],
) -> None:
    """Check specs; every problem is a line `file:line:column: $.path: rule, value, remedy`."""
    wrong = 0
    with reporting() as report:
        for spec in specs:
            try:
                pipeline = load(spec)
            except SpecError as error:
                wrong += 1
                report.line(str(error))
            else:
                report.line(f"{spec}: valid, fingerprint {pipeline.fingerprint}")
    if wrong:
        raise typer.Exit(FOUND_BEFORE)
