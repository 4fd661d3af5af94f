"""The arrays that rows are written to: in a worker for a task, in the client for a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from augflow.errors import CollateError
from augflow.sample import Array, Fields

Columns = dict[str, Any]

FIXED_COLUMNS: Mapping[str, tuple[Any, tuple[int, ...]]] = {
    "label": (np.int64, ()),
    "index": (np.int64, ()),
    "partner": (np.int64, ()),
    "lam": (np.float32, ()),
    "box": (np.int32, (4,)),
    "replaced": (np.bool_, ()),
}
"""Columns that every batch has, beside its fields, `target` and `id`: dtype and shape of a row."""


def empty_columns(rows: int, classes: int) -> Columns:
    """Columns of `rows` rows with everything but the fields, not yet filled."""
    columns: Columns = {
        name: np.zeros((rows, *shape), dtype) for name, (dtype, shape) in FIXED_COLUMNS.items()
    }
    columns["target"] = np.zeros((rows, classes), np.float32)
    columns["id"] = np.empty(rows, object)
    return columns


def column_bytes(columns: Columns) -> int:
    """Bytes that the rows of the columns take."""
    loose = (row.nbytes for name in columns if is_loose(name, columns[name]) for row in columns[name])
    return int(sum(column.nbytes for column in columns.values()) + sum(loose))


def is_loose(name: str, column: Array) -> bool:
    """Whether a field's rows are held one by one, since their shapes differ. Ids are words, not fields."""
    return bool(column.dtype == object) and name != "id"


def put_rows(column: Array, start: int, rows: Array) -> Array:
    """Copy rows into a column from `start` on; returns the column, or a loose one where shapes differ."""
    if column.dtype != object and (column.shape[1:], column.dtype) != (rows.shape[1:], rows.dtype):
        loose = np.empty(len(column), object)
        for row in range(start):
            loose[row] = column[row].copy()
        column = loose
    if column.dtype != object or rows.dtype == object:
        column[start : start + len(rows)] = rows
        return column
    for offset, row in enumerate(rows):
        column[start + offset] = row.copy()
    return column


def tightened(name: str, column: Array, ids: Array) -> Array:
    """The rows of a loose field as one array; raises `CollateError` naming two ids that differ."""
    first = column[0]
    for row, value in enumerate(column):
        if (value.shape, value.dtype) != (first.shape, first.dtype):
            raise CollateError(
                f"samples of a batch must agree in shape and dtype: {name} of {ids[0]!r} is {first.shape} "
                f"{first.dtype}, of {ids[row]!r} {value.shape} {value.dtype}; add resize or a crop"
            )
    return np.stack(list(column))


class FieldRows:
    """One array a field, made when the first row shows its shape, its memory used again for the next task."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self._rows = 0
        self._memory: dict[str, Array] = {}

    def start(self, rows: int) -> None:
        """Begin a task of `rows` rows; arrays given out before are overwritten."""
        self.arrays = {}
        self._rows = rows

    def put(self, row: int, fields: Fields) -> None:
        """Copy the fields of one sample to `row`; rows come in order. Rows of several batches may differ
        in shape; whether those of one batch do is seen where the batch is put together."""
        for name, value in fields.items():
            if name not in self.arrays:
                self.arrays[name] = self._array(name, value)
            self.arrays[name] = put_rows(self.arrays[name], row, value[None])

    def _array(self, name: str, like: Array) -> Array:
        held = self._memory.get(name)
        fits = held is not None and held.shape[1:] == like.shape and held.dtype == like.dtype
        if held is None or not fits or len(held) < self._rows:
            held = np.empty((self._rows, *like.shape), like.dtype)
            self._memory[name] = held
        return held[: self._rows]
