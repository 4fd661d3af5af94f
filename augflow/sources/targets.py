"""From the label cells of a table to labels and targets."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from augflow.errors import SourceError
from augflow.sample import UNLABELED
from augflow.sources.base import TargetKind
from augflow.sources.classes import ClassList, counted, listed
from augflow.sources.index import SparseRow
from augflow.sources.table import Table
from augflow.wording import shown

SEPARATOR = "|"
"""Between the classes of one cell, where samples may have several."""

FLOAT32_MAX = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Targets:
    """The labels of some rows."""

    names: tuple[str, ...]
    """Classes in the order of their labels, or the numbers of a regression; () without labels."""
    labels: list[int]
    rows: list[SparseRow]
    """[] where every row has a plain label or none."""


def targets_of(
    table: Table, columns: tuple[int, ...], chosen: Sequence[int], kind: TargetKind, frozen: ClassList | None
) -> Targets:
    """The labels of the chosen rows; classes are those of all rows, so that each split has the same.

    Raises SourceError with file:line for an empty cell, a class that `frozen` lacks, or a number that is
    none.
    """
    if not columns:
        return Targets((), [UNLABELED] * len(chosen), [])
    if kind == "regression":
        return _numbers(table, columns, chosen, frozen)
    if kind == "multi_label":
        return _several(table, columns[0], chosen, frozen)
    cells = [as_written(table, columns[0], row, "label") for row in range(len(table))]
    classes = frozen or ClassList.met(cells)
    labels = {name: classes.label(name, table.origin(row)) for name, row in _first(cells, chosen).items()}
    return Targets(classes.names, [labels[cells[row]] for row in chosen], [])


def as_written(table: Table, column: int, row: int, meaning: str) -> str:
    """A cell as a name: a string as it stands, a number as JSON writes it."""
    value = table.columns[column][row]
    if isinstance(value, str):
        if value.strip():
            return value
    elif value is not None and value == value:  # NaN, which is not itself, is how Parquet writes a gap
        if not isinstance(value, int | float):
            raise SourceError(
                f"{table.origin(row)}: the {meaning} must be a name or a number, got {shown(value)}"
            )
        return json.dumps(value)
    raise SourceError(f"{table.origin(row)}: the {meaning} is empty; fill it in or remove the row")


def _first(cells: Sequence[str], chosen: Sequence[int]) -> dict[str, int]:
    """The first of the chosen rows that has each cell."""
    first: dict[str, int] = {}
    for row in chosen:
        first.setdefault(cells[row], row)
    return first


def _several(table: Table, column: int, chosen: Sequence[int], frozen: ClassList | None) -> Targets:
    cells = [_names(table.columns[column][row], table.origin(row)) for row in range(len(table))]
    classes = frozen or ClassList.met(name for cell in cells for name in cell)
    rows: list[SparseRow] = []
    for row in chosen:
        labels = sorted(classes.label(name, table.origin(row)) for name in cells[row])
        if len(set(labels)) != len(labels):
            raise SourceError(f"{table.origin(row)}: a class stands there twice: {listed(cells[row])}")
        rows.append(tuple((label, 1.0) for label in labels))
    return Targets(classes.names, [UNLABELED] * len(chosen), rows)


def _names(value: Any, origin: str) -> tuple[str, ...]:
    """The classes of one cell; none where it is empty."""
    if value is None or value == "":
        return ()
    names = value.split(SEPARATOR) if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise SourceError(
            f"{origin}: several labels are names with {SEPARATOR} between them, or a JSON list of names, got "
            f"{shown(value)}"
        )
    return tuple(names)


def _numbers(
    table: Table, columns: tuple[int, ...], chosen: Sequence[int], frozen: ClassList | None
) -> Targets:
    names = tuple(table.names[column] for column in columns)
    if len(set(names)) != len(names):
        raise SourceError(f"{table.place}: columns.label names a column twice: {listed(names)}")
    if frozen is not None and frozen.names != names:
        raise SourceError(
            f"{table.place}: classes ({listed(frozen.names)}) must be the columns to predict "
            f"({listed(names)})"
        )
    rows = [
        tuple(
            (place, _number(table.columns[column][row], table, column, row))
            for place, column in enumerate(columns)
        )
        for row in chosen
    ]
    return Targets(names, [UNLABELED] * len(chosen), rows)


def _number(value: Any, table: Table, column: int, row: int) -> float:
    plain = isinstance(value, int | float) or (isinstance(value, str) and "_" not in value)
    try:
        number = float(value) if plain and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not abs(number) <= FLOAT32_MAX:
        raise SourceError(
            f"{table.origin(row)}: {table.names[column]!r} must be a finite number, got {shown(value)}"
        )
    return number


def described(names: Sequence[str], kind: TargetKind) -> str:
    """What there is to predict, for a description."""
    if not names:
        return "unlabeled"
    if kind == "regression":
        return f"{counted(len(names), 'number')} to predict ({listed(names)})"
    several = "any number of " if kind == "multi_label" else ""
    return f"{several}{counted(len(names), 'class')} ({listed(names)})"
