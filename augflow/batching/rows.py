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
    """Bytes that the arrays of the columns take."""
    return sum(column.nbytes for column in columns.values())


class FieldRows:
    """One array a field, made when the first row shows its shape, its memory used again for the next task."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self._rows = 0
        self._memory: dict[str, Array] = {}
        self._first: dict[str, str] = {}

    def start(self, rows: int) -> None:
        """Begin a task of `rows` rows; arrays given out before are overwritten."""
        self.arrays = {}
        self._rows = rows

    def put(self, row: int, fields: Fields, sample: str) -> None:
        """Copy the fields of one sample to `row`; `sample` names it in messages."""
        for name, value in fields.items():
            if name not in self.arrays:
                self.arrays[name] = self._array(name, value)
                self._first[name] = sample
            array = self.arrays[name]
            if value.shape != array.shape[1:] or value.dtype != array.dtype:
                raise CollateError(
                    f"samples of a batch must agree in shape and dtype: {name} of {self._first[name]!r} is "
                    f"{array.shape[1:]} {array.dtype}, of {sample!r} {value.shape} {value.dtype}; "
                    "add resize or a crop"
                )
            array[row] = value

    def _array(self, name: str, like: Array) -> Array:
        held = self._memory.get(name)
        fits = held is not None and held.shape[1:] == like.shape and held.dtype == like.dtype
        if held is None or not fits or len(held) < self._rows:
            held = np.empty((self._rows, *like.shape), like.dtype)
            self._memory[name] = held
        return held[: self._rows]
