"""The values of one sample as columns of one row, in the dtypes on the wire."""

from __future__ import annotations

from typing import Any

import numpy as np

from augflow.batching.ragged import LENGTH, SAMPLE_RATE
from augflow.errors import CollateError
from augflow.sample import Array, Audio, Boxes, Keypoints, Padded

Row = dict[str, Any]
"""Columns of one row: arrays, numbers, texts."""


def wired(name: str, modality: str, value: Any) -> Row:
    """The columns of one field. What may differ in length gets its length beside it."""
    if isinstance(value, Padded):
        return {**wired(name, modality, value.values), name + LENGTH: np.int64(value.length)}
    if isinstance(value, Audio):
        return _ragged(name, value.samples, -1) | {name + SAMPLE_RATE: np.int64(value.sample_rate)}
    if isinstance(value, Boxes):
        row = _ragged(name, value.corners, 0)
        row |= {f"{name}_label": value.labels, f"{name}_weight": value.weights}
        return row if value.masks is None else {**row, f"{name}_instance": value.masks}
    if isinstance(value, Keypoints):
        row = _ragged(name, value.points, 0)
        return row | {f"{name}_label": value.labels, f"{name}_visible": value.visible}
    if modality == "image" or isinstance(value, str):
        return {name: value}
    return _ragged(name, value, -1 if modality == "audio" else 0)


def _ragged(name: str, array: Array, axis: int) -> Row:
    return {name: array, name + LENGTH: np.int64(array.shape[axis])}


def to_wire(value: Any, modality: str, dtype: str, place: str) -> Any:
    """An image in the dtype on the wire: uint8, or float32 in [0, 1]; samples of a sound cut to [-1, 1]."""
    if isinstance(value, Audio):
        return Audio(np.clip(value.samples, -1, 1), value.sample_rate) if _is_loud(value.samples) else value
    if modality != "image" or value.dtype == dtype:
        return value
    if value.dtype == np.uint8:
        return value.astype(np.float32) * np.float32(1 / 255)
    remedy = "set `output: {dtype: float32}` or remove the op that makes it"
    raise CollateError(f"{place!r} ends as {value.dtype} where output.dtype is {dtype}; {remedy}")


def _is_loud(samples: Array) -> bool:
    return bool(samples.size) and bool(np.abs(samples).max() > 1)
