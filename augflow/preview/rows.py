"""A row as the stream has it, back to the values of a sample."""

from __future__ import annotations

from typing import Any

import numpy as np

from augflow.batching.ragged import LENGTH, SAMPLE_RATE, view_name
from augflow.batching.rows import Columns
from augflow.plan import FieldPlan, Plan
from augflow.sample import Audio, Boxes, Fields, Keypoints, Padded
from augflow.sources.base import FieldKind


def row_values(plan: Plan, columns: Columns, row: int, view: int = 0) -> Fields:
    """Every field of one row and view; copies, since a worker uses its memory again."""
    return {
        name: _value(kind, view_name(name, view), columns, row)
        for field in plan.fields
        for name, kind in kinds_of(field)
    }


def kinds_of(field: FieldPlan) -> list[tuple[str, FieldKind]]:
    """A field and what follows it, by name and kind."""
    return [(field.name, field.modality), *((follower.name, follower.kind) for follower in field.followers)]


def _value(kind: FieldKind, name: str, columns: Columns, row: int) -> Any:
    def part(end: str = "") -> Any:
        return np.array(columns[name + end][row])

    if kind == "boxes":
        masks = part("_instance") if f"{name}_instance" in columns else None
        return Boxes(part(), part("_label"), part("_weight"), masks)
    if kind == "keypoints":
        return Keypoints(part(), part("_label"), part("_visible"))
    value = columns[name][row]
    if isinstance(value, str):
        return value
    if kind == "audio" and name + SAMPLE_RATE in columns:
        return Audio(part(), int(columns[name + SAMPLE_RATE][row]))
    values = part()
    if name + LENGTH not in columns:
        return values
    length = int(columns[name + LENGTH][row])
    is_full = length == values.shape[-1 if kind == "audio" else 0]
    return values if is_full else Padded(values, length)
