"""The format `jsonl`: one file with a line a sample, for texts and tokens."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from augflow.materialize.encode import EncodedField
from augflow.materialize.folder import PARTIAL, OutputFolder
from augflow.materialize.parts import PartPlan, PartWriter
from augflow.materialize.samples import FinishedSample, LeftOut

LINES = "samples.jsonl"
PIECES = f"{PARTIAL}/lines/"


class LineWriter:
    """Lines are gathered in pieces, which an interrupted run keeps, and joined at the end."""

    def __init__(self, folder: OutputFolder, plan: PartPlan) -> None:
        self._folder = folder
        self._pieces = PartWriter(folder, LinePart, plan)

    def put(self, samples: Sequence[FinishedSample | LeftOut]) -> None:
        """See `SampleWriter.put`."""
        self._pieces.put(samples)

    def finish(self) -> None:
        """See `SampleWriter.finish`."""
        self._folder.finish(self._joined())

    def _joined(self) -> Iterator[bytes]:
        for piece in sorted((self._folder.path / PIECES).glob("*.jsonl")):
            with piece.open("rb") as stream:
                yield from stream

    def close(self) -> None:
        """See `SampleWriter.close`."""
        self._pieces.close()


class LinePart:
    """Some of the lines."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("wb")

    def add(self, sample: FinishedSample) -> None:
        """One line: id, the fields, then label, target and provenance."""
        row = {
            "id": sample.name,
            **{part.name: plain_value(part) for part in sample.fields},
            **sample.about(),
        }
        self._stream.write(json.dumps(row, ensure_ascii=True).encode() + b"\n")

    def close(self, whole: bool) -> None:
        """See `Part.close`."""
        self._stream.close()


def plain_value(part: EncodedField) -> Any:
    """A text, or the numbers of an array."""
    if part.suffix == ".txt":
        return part.data.decode()
    return np.load(io.BytesIO(part.data), allow_pickle=False).tolist()
