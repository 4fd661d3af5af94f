"""Rows that differ in length: texts as tokens, sounds, boxes, keypoints.

A ragged field `text` arrives in one of two forms. Padded: `text` (N, L), with `text_length` int64 (N,) and
`text_mask` bool (N, L), true where a row is real. Or as values and offsets: `text` (total,), all rows end
to end, row i at `text_offsets[i]:text_offsets[i + 1]`, int64 (N + 1,).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from augflow.errors import CollateError
from augflow.sample import UNLABELED, Array

Form = Literal["pad", "offsets", "refuse"]

LENGTH, MASK, OFFSETS, SAMPLE_RATE = "_length", "_mask", "_offsets", "_sample_rate"

PARTS: Mapping[str, Mapping[str, int]] = {
    "boxes": {"": 0, "_label": UNLABELED, "_weight": 0, "_instance": 0},
    "keypoints": {"": 0, "_label": UNLABELED, "_visible": 0},
    "text": {"": 0},
    "audio": {"": 0},
}
"""The columns of a field of each ragged kind, by what follows its name, and what pads them."""


@dataclass
class Padding:
    """Cells along the ragged axes of a batch, and how many of them are padding."""

    cells: int = 0
    empty: int = 0


@dataclass(frozen=True)
class RaggedColumn:
    """One column whose rows may differ in length along `axis` of a row."""

    field: str
    axis: int
    fill: int


def view_name(field: str, view: int) -> str:
    """The name of a field's view: `image`, `image_view1`, ..."""
    return field if view == 0 else f"{field}_view{view}"


def ragged_columns(kinds: Mapping[str, str], views: int) -> dict[str, RaggedColumn]:
    """The ragged columns of fields, given by name and kind."""
    found = {}
    for name, kind in kinds.items():
        for view in range(views):
            field = view_name(name, view)
            for part, fill in PARTS.get(kind, {}).items():
                found[field + part] = RaggedColumn(field, -1 if kind == "audio" else 0, fill)
    return found


def columns_of(name: str, kind: str, views: int) -> Iterator[str]:
    """Every column that a field may have in a batch, in any form."""
    for view in range(views):
        field = view_name(name, view)
        parts = PARTS.get(kind)
        yield from (field + part for part in parts or {"": 0})
        if parts is not None:
            yield from (field + part for part in (LENGTH, MASK, OFFSETS))
        if kind == "audio":
            yield field + SAMPLE_RATE


def row_length(column: RaggedColumn, row: Array) -> int:
    """How long a row is."""
    return int(row.shape[column.axis])


def padded(column: RaggedColumn, rows: Array, quietest: bool) -> Array:
    """Rows (an array, or a sequence of arrays) as one array, shorter ones filled up at the end.

    `quietest` fills with the least value of each row: in decibels zero is loud.
    """
    longest = max((row_length(column, row) for row in rows), default=0)
    first = rows[0]
    shape = list(first.shape)
    shape[column.axis] = longest
    out = np.full((len(rows), *shape), column.fill, first.dtype)
    for number, row in enumerate(rows):
        if quietest and row.size:
            out[number] = row.min()
        _along(out[number], column.axis, slice(0, row_length(column, row)))[...] = row
    return out


def joined(column: RaggedColumn, rows: Array, lengths: Array) -> Array:
    """Rows end to end along their ragged axis, each as long as `lengths` says: without its padding."""
    real = [
        _along(row, column.axis, slice(0, int(length))) for row, length in zip(rows, lengths, strict=True)
    ]
    return np.concatenate(real, axis=column.axis)


def check_alike(column: RaggedColumn, name: str, rows: Array, ids: Array) -> None:
    """Raise `CollateError` where rows differ in more than their length."""
    first = _but_length(column, rows[0])
    for row, sample in zip(rows, ids, strict=True):
        found = _but_length(column, row)
        if found != first:
            raise CollateError(
                f"samples of a batch must agree in all but length: {name} of {ids[0]!r} is {rows[0].shape} "
                f"{rows[0].dtype}, of {sample!r} {row.shape} {row.dtype}; {REMEDY}"
            )


REMEDY = "add mono or resample for sounds, resize or a crop for images"


def _but_length(column: RaggedColumn, row: Array) -> tuple[Any, ...]:
    shape = list(row.shape)
    shape[column.axis] = -1
    return (row.dtype, *shape)


def cut_row(name: str, columns: Mapping[str, Any], row: int, ragged: Mapping[str, RaggedColumn]) -> Any:
    """One row of a batch's column without padding, whatever form the batch has."""
    column = ragged.get(name)
    if column is None or columns[name].dtype == object:
        return columns[name][row]
    offsets = columns.get(column.field + OFFSETS)
    if offsets is not None:
        span = slice(int(offsets[row]), int(offsets[row + 1]))
        return _along(columns[name], column.axis, span)
    lengths = columns.get(column.field + LENGTH)
    whole = columns[name][row]
    return whole if lengths is None else _along(whole, column.axis, slice(0, int(lengths[row])))


def _along(array: Array, axis: int, span: slice) -> Array:
    """The part of an array that a span along an axis takes, as a view."""
    part: Array = np.moveaxis(np.moveaxis(array, axis, 0)[span], 0, axis)
    return part
