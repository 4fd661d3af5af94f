"""Rows of tasks to one batch: copied to arrays that the user owns, positions made rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from augflow.batching.positions import Positions
from augflow.batching.ragged import (
    LENGTH,
    MASK,
    OFFSETS,
    SAMPLE_RATE,
    Form,
    Padding,
    RaggedColumn,
    check_alike,
    joined,
    padded,
)
from augflow.batching.rows import Columns, columns_differ, is_loose, put_rows, tightened
from augflow.errors import CollateError
from augflow.sample import Array

REFUSED = "add pad or duration, or let `batch: {ragged: pad}` fill them up"
"""What to do about rows of different lengths where `ragged` is `refuse`."""


@dataclass(frozen=True)
class Collate:
    """How the rows of one rank become batches."""

    positions: Positions
    ragged: Mapping[str, RaggedColumn] = field(default_factory=dict)
    form: Form = "pad"


class Assembler:
    """One batch of one rank on its way."""

    def __init__(self, collate: Collate, step: int) -> None:
        self._start, self._stop = collate.positions.span(step)
        self._length = collate.positions.length
        self._ragged = collate.ragged
        self._form = collate.form
        self._columns: Columns = {}
        self.filled = 0
        self.padding = Padding()

    @property
    def missing(self) -> int:
        """Rows that are still to come."""
        return self._stop - self._start - self.filled

    def take(self, columns: Columns, offset: int) -> int:
        """Copy rows from `offset` on until the batch is full; returns how many."""
        count = min(self.missing, len(columns["index"]) - offset)
        rows = self._stop - self._start
        if self._columns and self._columns.keys() != columns.keys():
            raise CollateError(columns_differ(self._columns, columns))
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
        ids = self._columns["id"]
        for name, column in list(self._columns.items()):
            place = self._ragged.get(name)
            if place is not None and place.field + LENGTH in self._columns:
                self._columns[name] = self._collated(name, place, column, ids)
            elif is_loose(column):
                self._columns[name] = tightened(name, column, ids)
        for name in dict.fromkeys(place.field for place in self._ragged.values()):
            self._add_shape(name)
        positions = np.arange(self._start, self._stop)
        partner = self._columns["partner"] + positions // self._length * self._length
        inside = (partner >= self._start) & (partner < self._stop)
        self._columns["partner"] = np.where(inside, partner - self._start, -1)
        self._columns["valid"] = positions < self._length
        return self._columns

    def _collated(self, name: str, place: RaggedColumn, column: Array, ids: Array) -> Array:
        rates = self._columns.get(name + SAMPLE_RATE)
        if rates is not None and (rates != rates[0]).any():
            raise CollateError(_rates_differ(name, rates, ids))
        if is_loose(column):
            check_alike(place, name, column, ids)
        if self._form == "offsets":
            lengths = self._columns[place.field + LENGTH]
            self._columns[place.field + OFFSETS] = np.cumsum([0, *lengths], dtype=np.int64)
            return joined(place, column, lengths)
        if self._form == "refuse":
            return tightened(name, column, ids, REFUSED) if is_loose(column) else column
        in_decibels = place.axis == -1 and place.field + SAMPLE_RATE not in self._columns
        return padded(place, column, in_decibels) if is_loose(column) else column

    def _add_shape(self, field: str) -> None:
        """The mask of a padded field, and what padding it cost."""
        lengths = self._columns.get(field + LENGTH)
        if lengths is None or self._form == "offsets":
            return
        longest = self._columns[field].shape[self._ragged[field].axis if self._ragged[field].axis < 0 else 1]
        self._columns[field + MASK] = np.arange(longest) < lengths[:, None]
        self.padding.cells += longest * len(lengths)
        self.padding.empty += longest * len(lengths) - int(lengths.sum())


def _rates_differ(name: str, rates: Array, ids: Array) -> str:
    other = int(np.flatnonzero(rates != rates[0])[0])
    return (
        f"sounds of a batch must have one sample rate: {name} of {ids[0]!r} has {rates[0]} Hz, of "
        f"{ids[other]!r} {rates[other]} Hz; add `resample: {{sample_rate: ...}}` to prepare"
    )
