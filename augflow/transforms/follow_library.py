"""What follows an image through an op of albumentations 2.0.8, from the parameters that the image had."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np

from augflow.sample import Array, Boxes, Keypoints
from augflow.transforms.catalog import Params
from augflow.transforms.follow import Extent, MovedBoxes, MovedPoints, Mover, within
from augflow.transforms.follow_warps import (
    boxes_beside_holes,
    boxes_through_maps,
    hidden_by_holes,
    points_beside_holes,
    points_through_maps,
    tile_boxes,
)

MIRRORING = (2, 4)
"""OpenCV's border modes under which the library repeats boxes and points: reflect and reflect_101."""

SCALING = frozenset(
    {
        "CropAndPad",
        "LongestMaxSize",
        "RandomResizedCrop",
        "RandomScale",
        "RandomSizedBBoxSafeCrop",
        "RandomSizedCrop",
        "Resize",
        "SmallestMaxSize",
    }
)
"""Classes that scale points about the corner of the first pixel, though they take its middle for 0."""

SAME_PLACE = 1e-2
"""In pixels: corners that have come two ways."""

PROCESSORS = {"bboxes": SimpleNamespace(params=SimpleNamespace(min_area=0.0, min_visibility=0.0))}
"""Without one, some ops take it that there are no boxes to move."""


def library_mover(op: Any, unmirrored: Any, params: Params, before: Extent, after: Extent) -> Mover:
    """How the op moves what follows an image of the size `before`, which it has made `after`.

    `unmirrored` is the op with a border that repeats nothing: of points, each must stay one.
    """
    mask = partial(_mask, op, params)
    if type(op).__name__ == "PixelDropout":
        return _pixel_dropout(op, params)
    if "map_x" in params or "generated_mesh" in params:
        maps = _maps(mask, params, before)
        boxes, points = partial(boxes_through_maps, **maps), partial(points_through_maps, **maps)
    elif "holes" in params or "dropout_mask" in params:
        hidden = _hidden(params, before)
        boxes = partial(boxes_beside_holes, hidden=hidden)
        points = partial(points_beside_holes, hidden=hidden)
    else:
        boxes = partial(_boxes, op, params, before, after)
        if unmirrored is not op:
            boxes = partial(_mirrored_boxes, boxes, partial(_boxes, unmirrored, params, before, after))
        points = partial(_points, unmirrored, params, before, after)
    fill = getattr(op, "fill_mask", None)
    alone = partial(_instance, partial(_mask, unmirrored, params), fill)
    return Mover(mask, partial(_instance, mask, fill), alone, boxes, points)


def _mask(op: Any, params: Params, mask: Array) -> Array:
    fill = getattr(op, "fill_mask", None)
    if fill is not None and mask.dtype != np.float32:
        limits = np.iinfo(mask.dtype)
        if np.min(fill) < limits.min or np.max(fill) > limits.max:
            rule = f"fill_mask must fit the mask, whose type {mask.dtype} holds {limits.min} to {limits.max}"
            raise ValueError(f"{rule}; got {fill}")
    moved: Array = op.apply_to_mask(mask, **params)
    return moved


def _instance(move: Callable[[Array], Array], fill: Any, mask: Array) -> Array:
    """What the op fills in is none of the object, whatever number stands for it."""
    number = 2 if fill is not None and 1 in np.atleast_1d(fill) else 1
    shown: Array = (move(mask * np.uint8(number)) == number).astype(np.uint8)
    return shown


def _maps(move: Callable[[Array], Array], params: Params, size: Extent) -> dict[str, Array]:
    """The place that each pixel shows; a mesh says it by what becomes of places that serve as a mask."""
    if "map_x" in params:
        return {"map_x": params["map_x"], "map_y": params["map_y"]}
    rows, columns = np.mgrid[: size[0], : size[1]].astype(np.float32)
    # What the mesh does not reach is 0 afterwards, which is no place then.
    return {"map_x": move(columns + 1) - 1, "map_y": move(rows + 1) - 1}


def _hidden(params: Params, size: Extent) -> Array:
    if "holes" in params:
        return hidden_by_holes(params["holes"], size)
    dropped = params["dropout_mask"]
    return np.zeros(size, bool) if dropped is None else dropped


def _pixel_dropout(op: Any, params: Params) -> Mover:
    """The mask loses the pixels that the image loses; the library would draw others. Nothing else changes."""
    drop = params["drop_mask"].any(axis=2)

    def mask(mask: Array) -> Array:
        if op.mask_drop_value is None:
            return mask
        return np.where(drop, np.array(op.mask_drop_value, mask.dtype), mask)

    instance = partial(_instance, mask, op.mask_drop_value)
    return Mover(mask, instance, instance, MovedBoxes.whole, MovedPoints.all_shown)


def _boxes(op: Any, params: Params, before: Extent, after: Extent, corners: Array) -> MovedBoxes:
    """By the library's rule, which counts in shares of the sides."""
    height, width = before
    shares = corners / [width, height, width, height]
    rows = op.apply_to_bboxes(np.column_stack([shares, np.arange(len(corners))]), **params)
    rows = np.asarray(rows, np.float64).reshape(-1, 5)
    height, width = after
    rows[:, :4] *= [width, height, width, height]
    if "tiles" in params:
        return tile_boxes(rows, corners)
    return MovedBoxes(rows[:, :4], rows[:, 4].astype(np.int64), np.ones(len(rows)))


def _mirrored_boxes(
    repeat: Callable[[Array], MovedBoxes], move: Callable[[Array], MovedBoxes], corners: Array
) -> MovedBoxes:
    """Boxes and their mirror images, told apart by where the boxes themselves go."""
    moved, own = repeat(corners), move(corners)
    places = np.full_like(corners, np.inf)
    places[own.origin] = own.corners
    apart = np.abs(moved.corners - places[moved.origin]).max(axis=1)
    return replace(moved, mirrored=apart > SAME_PLACE)


def _points(op: Any, params: Params, before: Extent, after: Extent, points: Array) -> MovedPoints:
    """By the library's rule, which takes a depth, an angle and a scale beside each point."""
    if type(op).__name__ in SCALING:
        middles = np.column_stack([points, points]) + 0.5
        return MovedPoints.all_shown(_boxes(op, params, before, after, middles).corners[:, :2] - 0.5)
    moved = points.copy()
    known = within(points, before) if "tiles" in params else np.ones(len(points), bool)
    if known.any():
        rows = np.column_stack([points[known], np.zeros((known.sum(), 3))])
        moved[known] = op.apply_to_keypoints(rows, **params)[:, :2]
    return MovedPoints.all_shown(moved)


def seen_by(needs: frozenset[str], followers: Mapping[str, Any], image: Array) -> dict[str, Any]:
    """What an op looks at to draw its parameters, as the library calls it: the first mask, the first boxes.

    Raises ValueError where nothing of the kind follows the image.
    """
    data: dict[str, Any] = {}
    for kind in sorted(needs):
        value = next((value for value in followers.values() if _kind(value) == kind), None)
        if value is None:
            raise ValueError(f"looks at the {kind} of the image, and none follow it; add a field that does")
        if isinstance(value, Boxes):
            height, width = image.shape[:2]
            shares = value.corners.astype(np.float64) / [width, height, width, height]
            data["bboxes"] = np.column_stack([shares, value.labels])
        else:
            data["mask"] = value
    return data


def _kind(value: Any) -> str:
    if isinstance(value, Boxes):
        return "boxes"
    return "keypoints" if isinstance(value, Keypoints) else "mask"
