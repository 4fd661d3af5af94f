"""What verbs share: where results go, how errors end the program."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from augflow.errors import AugflowError
from augflow.stream import BatchStream

FOUND_BEFORE = 2
FOUND_AFTER = 1
INTERRUPTED = 130


class Report:
    """The program's own standard output. Everything else that prints to it, Ray's processes among
    them, is led to standard error while a verb runs."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._streams: list[BatchStream] = []
        self.delivered = False

    def line(self, text: str = "") -> None:
        """One line of the result."""
        os.write(self._descriptor, f"{text}\n".encode("utf-8", "surrogateescape"))

    def json(self, value: Any) -> None:
        """The result as one JSON object."""
        self.line(json.dumps(value, indent=2))

    def say(self, text: str) -> None:
        """One line about the work, on standard error."""
        sys.stderr.write(f"{text}\n")

    def watch(self, *streams: BatchStream) -> None:
        """Streams whose first batch decides the exit status of an error."""
        self._streams.extend(streams)

    def close(self) -> None:
        """Close the watched streams, remembering whether any has given a batch."""
        for stream in self._streams:
            self.delivered = self.delivered or bool(stream.stats()["batches"])
            stream.close()


@contextmanager
def reporting() -> Iterator[Report]:
    """Run a verb: its streams are closed, augflow's errors become a message and an exit status."""
    sys.stdout.flush()
    own = os.dup(1)
    os.dup2(2, 1)
    report = Report(own)
    try:
        yield report
    except BrokenPipeError:
        raise  # whoever read the output has left, which is no failure to tell of
    except (AugflowError, OSError) as error:
        report.close()
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(FOUND_AFTER if report.delivered else FOUND_BEFORE) from error
    except KeyboardInterrupt as error:
        sys.stderr.write("interrupted\n")
        raise typer.Exit(INTERRUPTED) from error
    finally:
        report.close()
        sys.stdout.flush()
        os.dup2(own, 1)
        os.close(own)
