"""The format `parquet`: tables with a row a sample, files as their bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from augflow.errors import MaterializeError
from augflow.materialize.encode import EncodedField
from augflow.materialize.samples import FinishedSample
from augflow.sample import Array
from augflow.sources.arrow import pyarrow
from augflow.sources.written_rows import SHAPE

ROW_GROUP = 64
"""Rows that a reader at random has to load for one of them."""

COMPRESSION = ("zstd", 3)


class ParquetPart:
    """One table, held in memory until it is whole.

    Texts are strings, token ids and spectrograms lists of numbers, boxes and keypoints JSON, all else
    the bytes of the file that the format `folder` would hold.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: list[FinishedSample] = []

    def add(self, sample: FinishedSample) -> None:
        """See `Part.add`."""
        self._rows.append(sample)

    def close(self, whole: bool) -> None:
        """See `Part.close`."""
        if whole:
            codec, level = COMPRESSION
            pyarrow("pyarrow.parquet").write_table(
                _table(self._rows),
                self._path,
                row_group_size=ROW_GROUP,
                compression=codec,
                compression_level=level,
            )
        self._rows = []


def _table(rows: Sequence[FinishedSample]) -> Any:
    arrow = pyarrow()
    columns = {"id": arrow.array([row.name for row in rows], arrow.string())}
    for parts in zip(*(row.fields for row in rows), strict=True):
        columns |= _field(parts)
    types = {
        "source": arrow.string(),
        "label": arrow.string(),
        "target": arrow.list_(arrow.float32()),
        "epoch": arrow.int32(),
        "position": arrow.int64(),
    }
    for name, kind in types.items():
        columns[name] = arrow.array([getattr(row, name) for row in rows], kind)
    columns["drawn"] = arrow.array([json.dumps(row.drawn) for row in rows], arrow.string())
    return arrow.table(columns)


def _field(parts: Sequence[EncodedField]) -> dict[str, Any]:
    """The column of a field, and that of its shapes where its rows are arrays of several axes."""
    arrow = pyarrow()
    name, suffix = parts[0].name, parts[0].suffix
    if suffix in (".txt", ".json"):
        return {name: arrow.array([part.data.decode() for part in parts], arrow.string())}
    arrays = [_listed(part) for part in parts]
    first = arrays[0]
    if first is None:
        return {name: arrow.array([part.data for part in parts], arrow.binary())}
    values = [array for array in arrays if array is not None and array.dtype == first.dtype]
    if len(values) < len(parts):
        raise MaterializeError(
            f"the rows of {name!r} differ in dtype, and a column has one; use another format"
        )
    kind = arrow.list_(arrow.from_numpy_dtype(first.dtype))
    columns = {name: arrow.array([array.ravel() for array in values], kind)}
    if any(array.ndim != 1 for array in values):
        columns[name + SHAPE] = arrow.array([array.shape for array in values], arrow.list_(arrow.int64()))
    return columns


def _listed(part: EncodedField) -> Array | None:
    """The array of token ids or of a spectrogram, which stands in a table as numbers; None for files."""
    if part.suffix != ".npy":
        return None
    array: Array = np.load(io.BytesIO(part.data), allow_pickle=False)
    return array if array.dtype in (np.int64, np.float32) else None


def check_installed() -> None:
    """Raise `SourceError` where pyarrow is missing."""
    pyarrow("pyarrow.parquet")
