"""The arrays that rows are written to: in a worker for a task, in the client for a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from augflow.batching.wire import Row
from augflow.errors import CollateError
from augflow.sample import Array

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
    """Columns of `rows` rows with everything but the fields: unlabeled, unmixed, without ids."""
    columns: Columns = {
        name: np.zeros((rows, *shape), dtype) for name, (dtype, shape) in FIXED_COLUMNS.items()
    }
    columns["lam"][:] = 1
    columns["target"] = np.zeros((rows, classes), np.float32)
    columns["id"] = np.empty(rows, object)
    return columns


def column_bytes(columns: Columns) -> int:
    """Bytes that the rows of the columns take."""
    loose = (row.nbytes for column in columns.values() if is_loose(column) for row in column)
    return int(sum(column.nbytes for column in columns.values()) + sum(loose))


def is_loose(column: Array) -> bool:
    """Whether the rows are arrays that are held one by one, since their shapes differ."""
    return bool(column.dtype == object) and len(column) > 0 and not isinstance(column[0], str)


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


def tightened(name: str, column: Array, ids: Array, remedy: str = "add resize or a crop") -> Array:
    """The rows of a loose field as one array; raises `CollateError` naming two ids that differ."""
    first = column[0]
    for row, value in enumerate(column):
        if (value.shape, value.dtype) != (first.shape, first.dtype):
            raise CollateError(
                f"samples of a batch must agree in shape and dtype: {name} of {ids[0]!r} is {first.shape} "
                f"{first.dtype}, of {ids[row]!r} {value.shape} {value.dtype}; {remedy}"
            )
    return np.stack(list(column))


def columns_differ(first: Iterable[str], other: Iterable[str]) -> str:
    """What to say where samples have different columns."""
    differing = ", ".join(sorted({*first} ^ {*other}))
    return (
        f"samples of a batch must have the same columns, and some are without {differing}; an op that makes "
        "tokens or spectrograms must always fire (p 1, no `when`), and instance masks be of all or none"
    )


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

    def put(self, row: int, fields: Row, place: str = "") -> None:
        """Copy the fields of one sample to `row`; rows come in order. Rows of several batches may differ
        in shape; whether those of one batch do is seen where the batch is put together."""
        if self.arrays and self.arrays.keys() != fields.keys():
            raise CollateError(f"{place!r}: {columns_differ(self.arrays, fields)}")
        for name, value in fields.items():
            if name not in self.arrays:
                self.arrays[name] = self._array(name, value)
            if isinstance(value, str):
                self.arrays[name][row] = value  # texts alone have no length beside them
            else:
                self.arrays[name] = put_rows(self.arrays[name], row, value[None])

    def _array(self, name: str, like: Array | str) -> Array:
        if isinstance(like, str):
            return np.empty(self._rows, object)
        held = self._memory.get(name)
        fits = held is not None and held.shape[1:] == like.shape and held.dtype == like.dtype
        if held is None or not fits or len(held) < self._rows:
            held = np.empty((self._rows, *like.shape), like.dtype)
            self._memory[name] = held
        return held[: self._rows]
