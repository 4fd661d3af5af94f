"""The command line, one file a verb.

Exit status: 0 done, 2 what was found wrong before the first batch, 1 after it, 130 on Ctrl-C.
"""

from __future__ import annotations

import signal
from types import FrameType

import typer

from augflow.cli import (
    ablate,
    demo,
    digest,
    explain,
    materialize,
    ops,
    preview,
    schema,
    search,
    train,
    validate,
)

TERMINATED = 143

app = typer.Typer(
    name="augflow",
    help="One YAML spec, one reproducible stream of augmented batches.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(validate.validate)
app.command()(explain.explain)
app.command()(ops.ops)
app.command()(schema.schema)
app.command()(digest.digest)
app.command()(materialize.materialize)
app.command()(train.train)
app.command()(ablate.ablate)
app.command()(search.search)
app.command()(preview.preview)
app.command()(demo.demo)


def main() -> None:
    """Run the command line and exit with its status."""
    signal.signal(signal.SIGTERM, _terminate)
    app()


def _terminate(number: int, frame: FrameType | None) -> None:
    """Leave through the `finally` blocks, so that workers are stopped."""
    raise SystemExit(TERMINATED)
