"""The value of a field from what a member, a `.json` or the cell of a table holds."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from tokenize import TokenError
from typing import Any

import numpy as np
from PIL import Image

from augflow.errors import BadSampleError
from augflow.sample import Array, Boxes, Fields, Keypoints
from augflow.sources.base import FieldRequest
from augflow.sources.decode import DAMAGED, check_pixels
from augflow.sources.decoding import checked_text, decode
from augflow.sources.items import field_value
from augflow.sources.masks import DTYPES
from augflow.sources.targets import FLOAT32_MAX
from augflow.wording import shown

IN_JSON = ("boxes", "keypoints")
"""Kinds of fields that are written as JSON."""

INSTANCES = "_instance"
"""What follows the name of boxes in the name of the masks of their instances."""

ARRAY_SUFFIX = ".npy"

_ARRAY_MAGIC = b"\x93NUMPY"


def with_instances(fields: Sequence[FieldRequest]) -> tuple[FieldRequest, ...]:
    """The fields, and for each that is boxes the masks of its instances, which may be absent."""
    boxes = [request.name for request in fields if request.kind == "boxes"]
    return (
        *fields,
        *(FieldRequest(name + INSTANCES, "mask", f"{name}{INSTANCES}{ARRAY_SUFFIX}") for name in boxes),
    )


def sample_fields(
    fields: Sequence[FieldRequest], held: Mapping[str, tuple[str, Any]], labels: Sequence[int], place: str
) -> Fields:
    """The fields of a sample from what `held` has of each, with the place of each for messages.

    `labels` are those of the numbers that boxes and keypoints hold. Raises `BadSampleError`.
    """
    found: Fields = {}
    for request in with_instances(fields):
        where, value = held.get(request.name, (place, None))
        if value is not None:
            found[request.name] = _value(request, value, labels, where)
        elif request in fields:
            raise BadSampleError(where, f"has no {request.kind} for the field {request.name!r}")
    for name in [request.name for request in fields if request.kind == "boxes"]:
        if (masks := found.pop(name + INSTANCES, None)) is not None:
            found[name] = replace(found[name], masks=masks)
    return found


def _value(request: FieldRequest, value: Any, labels: Sequence[int], place: str) -> Any:
    """Bytes are an encoded file or an array in numpy's format; boxes and keypoints are JSON or its text.

    Arrays are what augflow writes: frames or pixels, masks, token ids int64 (n,), spectrograms float32.
    """
    if request.kind in IN_JSON:
        return (boxes_of if request.kind == "boxes" else keypoints_of)(value, labels, place)
    if isinstance(value, bytes):
        if value.startswith(_ARRAY_MAGIC):
            return _array(request, decode_array(value, place), place)
        return decode_mask(value, place) if request.kind == "mask" else decode(request.kind, value, place)
    if isinstance(value, str) and request.kind == "text":
        return checked_text(value, place)
    if isinstance(value, np.ndarray):
        return _array(request, value, place)
    raise BadSampleError(place, f"must hold what is {request.kind}, got {shown(value)}")


def _array(request: FieldRequest, array: Array, place: str) -> Array:
    """The array, where it is what a field of its kind can be."""
    if request.name.endswith(INSTANCES) and request.kind == "mask":
        fits = array.ndim == 3 and array.dtype == np.uint8
    elif request.kind == "text":
        fits = array.ndim == 1 and array.dtype == np.int64
    elif request.kind == "audio":
        fits = array.ndim == 2 and array.dtype == np.float32 and bool(np.isfinite(array).all())
    else:
        return np.asarray(field_value(request, array, place))
    if not fits:
        raise BadSampleError(place, f"no {request.kind} is {array.dtype} {array.shape}, or holds NaN")
    return array


def decode_array(data: bytes, place: str) -> Array:
    """An array in numpy's format, objects refused; raises `BadSampleError` naming `place`."""
    try:
        array: Array = np.load(io.BytesIO(data), allow_pickle=False)
    except (*DAMAGED, TokenError) as error:
        raise BadSampleError(place, f"not an array of numpy: {error}") from error
    return array


def decode_mask(data: bytes, place: str) -> Array:
    """The numbers of a mask (H, W) as they stand, those of a palette too; raises `BadSampleError`."""
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "TIFF", "BMP")) as picture:
            check_pixels(picture.width, picture.height, place)
            if picture.mode not in DTYPES:
                rule = "a mask has one whole number a pixel: modes L, P or I;16"
                raise BadSampleError(place, f"{rule}; got mode {picture.mode}: turn its colors into numbers")
            return np.array(picture).astype(DTYPES[picture.mode])
    except (*DAMAGED, Image.DecompressionBombError) as error:
        raise BadSampleError(place, f"not a readable mask: {error}") from error


def boxes_of(value: Any, labels: Sequence[int], place: str) -> Boxes:
    """Boxes that augflow wrote: `corners`, `labels` (numbers of the class list) and `weights`."""
    corners, numbers, weights = _lists(value, ("corners", "labels", "weights"), place)
    return Boxes(
        _rows(corners, 4, f"{place}: corners"),
        _labels(numbers, labels, place),
        _rows(weights, 1, f"{place}: weights")[:, 0],
    )


def keypoints_of(value: Any, labels: Sequence[int], place: str) -> Keypoints:
    """Keypoints that augflow wrote: `points`, `labels` (numbers of the class list) and `visible`."""
    points, numbers, visible = _lists(value, ("points", "labels", "visible"), place)
    return Keypoints(
        _rows(points, 2, f"{place}: points"),
        _labels(numbers, labels, place),
        _rows(visible, 1, f"{place}: visible")[:, 0] != 0,
    )


def _lists(value: Any, names: Sequence[str], place: str) -> list[list[Any]]:
    try:
        held = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError) as error:
        raise BadSampleError(place, f"not JSON: {error}") from error
    lists: list[Any] = [held.get(name) for name in names] if isinstance(held, dict) else []
    if not lists or not all(isinstance(part, list) and len(part) == len(lists[0]) for part in lists):
        raise BadSampleError(
            place, f"must hold the lists {', '.join(names)} of equal length, got {shown(held)}"
        )
    return lists


def _rows(values: Sequence[Any], width: int, place: str) -> Array:
    try:
        rows = np.array(values, np.float64).reshape(len(values), width)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise BadSampleError(place, f"must be {width} numbers a row: {error}") from error
    if not (np.abs(rows) <= FLOAT32_MAX).all():
        raise BadSampleError(place, "must be finite numbers")
    return rows.astype(np.float32)


def _labels(numbers: Sequence[Any], labels: Sequence[int], place: str) -> Array:
    for number in numbers:
        if type(number) is not int or not 0 <= number < len(labels):
            raise BadSampleError(
                place,
                f"labels must be numbers in [0, {len(labels)}), the number of classes, got {shown(number)}",
            )
    return np.array([labels[number] for number in numbers], np.int64)
