"""Progress of long work: a bar on a terminal, plain lines otherwise."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from augflow.cli.output import Report

LINES = 10
"""How many plain lines a whole piece of work gets."""


@contextmanager
def progress(title: str, report: Report) -> Iterator[Callable[[int, int], None]]:
    """A function that takes what is done and what there is in all; it writes to standard error.

    Its first call tells the report that work has begun, which decides the exit status of an error.
    """
    if not sys.stderr.isatty():
        yield _PlainLines(title, report).advance
        return
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)

        def advance(done: int, total: int) -> None:
            report.delivered = True
            bar.update(task, completed=done, total=total)

        yield advance


class _PlainLines:
    def __init__(self, title: str, report: Report) -> None:
        self._title = title
        self._report = report
        self._told = 0

    def advance(self, done: int, total: int) -> None:
        """Tell each tenth of the work once."""
        self._report.delivered = True
        tenth = done * LINES // total
        if tenth > self._told:
            self._told = tenth
            sys.stderr.write(f"{self._title}: {done} of {total}\n")
