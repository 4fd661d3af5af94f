"""The masks of single objects, from how annotation formats write them: polygons and run lengths."""

from __future__ import annotations

import json
import sys
from typing import Any, TypeGuard

import numpy as np
from PIL import Image, ImageDraw

from augflow.sample import Array
from augflow.wording import shown

LEAST_NUMBERS = 6
"""Of a polygon: three corners."""

PARTS = 4
"""How finely polygons are measured, a side of a pixel."""

HALF = 128

MAX_SIDE = 2**31 - 1

MAX_RUN_BITS = 60
"""Of a compressed run length; longer ones are no lengths, and would take for ever to put together."""


def outline_problem(outline: Any) -> str | None:
    """What is wrong with an outline as COCO has it; None for nothing.

    That is a list of polygons [x, y, x, y, ...], or {"size": [height, width], "counts": runs}, where runs
    are numbers or COCO's compressed text.
    """
    if isinstance(outline, dict):
        return _runs_problem(outline)
    if not isinstance(outline, list) or not outline:
        return "must be polygons or run lengths"
    for polygon in outline:
        if not isinstance(polygon, list) or len(polygon) < LEAST_NUMBERS or len(polygon) % 2:
            return "a polygon is an even number of at least 6 coordinates"
        if not all(is_number(value) for value in polygon):
            return "coordinates must be finite numbers"
    return None


def _runs_problem(runs: dict[str, Any]) -> str | None:
    size, counts = runs.get("size"), runs.get("counts")
    if not isinstance(size, list) or len(size) != 2 or not all(type(side) is int for side in size):
        return "run lengths need `size: [height, width]`"
    try:
        lengths = decoded_runs(counts) if isinstance(counts, str) else counts
    except (IndexError, ValueError):
        return "the compressed run lengths are damaged"
    if not isinstance(lengths, list) or not all(type(length) is int and length >= 0 for length in lengths):
        return "run lengths must be whole numbers of at least 0"
    if sum(lengths) != size[0] * size[1]:
        return f"run lengths must sum up to {size[0]} x {size[1]}, got {shown(sum(lengths))}"
    return None


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a JSON value is a finite number, as float64 holds it."""
    return type(value) in (int, float) and abs(value) <= sys.float_info.max


def is_side(value: Any) -> TypeGuard[int | float]:
    """Whether a value is the height or width of an image: a whole number of at least 1."""
    return is_number(value) and 1 <= value <= MAX_SIDE and value == int(value)


def packed(outline: Any) -> bytes:
    """An outline as bytes, to be kept among many."""
    return json.dumps(outline, separators=(",", ":")).encode()


def painted(outline: bytes, size: tuple[int, ...], unit: tuple[float, float]) -> Array:
    """The mask uint8 (H, W) of 0 and 1 of a packed outline, whose coordinates count in `unit` (x, y) pixels.

    Run lengths have the size of their image: ValueError where that is another.
    """
    shape = json.loads(outline)
    if isinstance(shape, dict):
        return _unrolled(shape, size)
    mask = np.zeros(size, np.uint8)
    for polygon in shape:
        _paint(mask, np.array(polygon, np.float64).reshape(-1, 2) * unit)
    return mask


def _paint(mask: Array, corners: Array) -> None:
    """Set the pixels of which a polygon covers at least half, measured in parts of a pixel: by itself, Pillow
    draws its outline too, which makes every object wider by one."""
    height, width = mask.shape
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, [width, height]).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)), 0, [width, height]).astype(int)
    if right <= left or bottom <= top:
        return
    picture = Image.new("L", (int(right - left) * PARTS, int(bottom - top) * PARTS))
    # Corners lie between pixels, Pillow's in the middle of one.
    places = (corners - [left, top]) * PARTS - 0.5
    ImageDraw.Draw(picture).polygon([(float(x), float(y)) for x, y in places], fill=255)
    mask[top:bottom, left:right] |= np.asarray(picture.reduce(PARTS)) >= HALF


def _unrolled(runs: dict[str, Any], size: tuple[int, ...]) -> Array:
    """Runs go down the columns, zeros first."""
    if tuple(runs["size"]) != size:
        raise ValueError(f"run lengths are for {tuple(runs['size'])} (height, width), the image is {size}")
    lengths = decoded_runs(runs["counts"]) if isinstance(runs["counts"], str) else runs["counts"]
    values = np.arange(len(lengths)) % 2
    mask: Array = np.repeat(values.astype(np.uint8), lengths).reshape(size[1], size[0]).T
    return np.ascontiguousarray(mask)


def decoded_runs(text: str) -> list[int]:
    """COCO's compressed run lengths: 6 bits a character, the lowest first, the sixth says that more follow;
    from the third run on, the difference to the run before the last."""
    lengths: list[int] = []
    at = 0
    while at < len(text):
        value, shift, more = 0, 0, True
        while more:
            if shift > MAX_RUN_BITS:
                raise ValueError("a run length of too many digits")
            bits = ord(text[at]) - 48
            if not 0 <= bits < 64:
                raise ValueError(f"no such character: {text[at]!r}")
            value |= (bits & 31) << shift
            shift += 5
            more = bool(bits & 32)
            at += 1
            if not more and bits & 16:
                value -= 1 << shift
        lengths.append(value + (lengths[-2] if len(lengths) > 2 else 0))
    return lengths
