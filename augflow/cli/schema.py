"""`augflow schema`: JSON Schema of the spec."""

from __future__ import annotations

from augflow.cli.output import reporting
from augflow.schema import spec_schema


def schema() -> None:
    """Print the JSON Schema of the spec, for editors."""
    with reporting() as report:
        report.json(spec_schema())
