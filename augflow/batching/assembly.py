"""Rows of tasks to one batch: copied to arrays that the user owns, positions made rows."""

from __future__ import annotations

import numpy as np

from augflow.batching.positions import Positions
from augflow.batching.rows import Columns, is_loose, put_rows, tightened


class Assembler:
    """One batch of one rank on its way."""

    def __init__(self, positions: Positions, step: int) -> None:
        self._start, self._stop = positions.span(step)
        self._length = positions.length
        self._columns: Columns = {}
        self.filled = 0

    @property
    def missing(self) -> int:
        """Rows that are still to come."""
        return self._stop - self._start - self.filled

    def take(self, columns: Columns, offset: int) -> int:
        """Copy rows from `offset` on until the batch is full; returns how many."""
        count = min(self.missing, len(columns["index"]) - offset)
        rows = self._stop - self._start
        for name, column in columns.items():
            if name not in self._columns:
                self._columns[name] = np.empty((rows, *column.shape[1:]), column.dtype)
            taken = column[offset : offset + count]
            self._columns[name] = put_rows(self._columns[name], self.filled, taken)
        self.filled += count
        return count

    def columns(self) -> Columns:
        """All columns, with `partner` as rows of this batch and `valid` false on padding.

        Raises `CollateError` where samples differ in shape.
        """
        for name, column in self._columns.items():
            if is_loose(name, column):
                self._columns[name] = tightened(name, column, self._columns["id"])
        positions = np.arange(self._start, self._stop)
        partner = self._columns["partner"] + positions // self._length * self._length
        inside = (partner >= self._start) & (partner < self._stop)
        self._columns["partner"] = np.where(inside, partner - self._start, -1)
        self._columns["valid"] = positions < self._length
        return self._columns
