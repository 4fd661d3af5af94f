"""What follows an image through an op: masks, boxes and keypoints, moved as the pixels were.

Boxes are edges: the pixel in column 3 lies between x = 3 and x = 4. Keypoints are places in pixels: x = 3
is the middle of the pixel in column 3, as albumentations and COCO have it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from augflow.sample import Array, Boxes, Keypoints

Extent = tuple[int, ...]
"""Height and width in pixels."""

SLACK = 1e-4
"""What a share may lack, and the side in pixels below which a box is nothing: corners come as float32."""

CARRIERS: tuple[Any, ...] = (np.uint8, np.uint16, np.int16)
"""The integer types that OpenCV works on; others pass through float32."""

EXACT_IN_FLOAT32 = 2**24
"""Whole numbers up to this are kept exactly."""


@dataclass(frozen=True)
class MovedBoxes:
    """m boxes after an op, not yet cut at the image's edges.

    `corners` float64 (m, 4); `origin` int64 (m,): which box each comes from, several of one where the op
    shows an object more than once; `share` float64 (m,): how much of the box the corners still cover;
    `mirrored` bool (m,), where the op's border mirrors: whether it is the object itself or its image.
    """

    corners: Array
    origin: Array
    share: Array
    mirrored: Array | None = None

    @classmethod
    def whole(cls, corners: Array) -> MovedBoxes:
        """Every box moved, in its place of the list."""
        return cls(corners, np.arange(len(corners)), np.ones(len(corners)))


@dataclass(frozen=True)
class MovedPoints:
    """n points after an op: `points` float64 (n, 2); `shown` bool (n,), False where it hides the place."""

    points: Array
    shown: Array

    @classmethod
    def all_shown(cls, points: Array) -> MovedPoints:
        """Points that the op moves and does not hide."""
        return cls(points, np.ones(len(points), bool))


@dataclass(frozen=True)
class Mover:
    """How one op moves things, its parameters drawn. What it is given holds at least one box or point."""

    mask: Callable[[Array], Array]
    """A mask (H, W) of uint8, uint16, int16 or float32 to the mask after the op."""
    instance: Callable[[Array], Array]
    """The same for one object, uint8 of 0 and 1: nothing is filled in but 0."""
    alone: Callable[[Array], Array]
    """The same again, without its mirror images in the border."""
    boxes: Callable[[Array], MovedBoxes]
    """Corners, float64 (n, 4)."""
    points: Callable[[Array], MovedPoints]
    """Points, float64 (n, 2)."""


def followed(followers: Mapping[str, Any], mover: Mover, before: Extent, after: Extent) -> dict[str, Any]:
    """All that follows an image of the size `before`, which is `after` by now.

    Raises ValueError for a mask of another size than its image, and for mask values that cannot be kept.
    """
    return {name: _moved(name, value, mover, before, after) for name, value in followers.items()}


def _moved(name: str, value: Any, mover: Mover, before: Extent, after: Extent) -> Any:
    if isinstance(value, Boxes):
        return moved_boxes(value, mover, after)
    if isinstance(value, Keypoints):
        return moved_keypoints(value, mover, after)
    if value.shape != before:
        raise ValueError(f"the mask {name!r} is {value.shape}, and its image {before}")
    return moved_mask(value, mover.mask)


def moved_mask(mask: Array, move: Callable[[Array], Array]) -> Array:
    """A mask of any integer type after the op: the same type, every value kept."""
    result = move(mask if mask.dtype in CARRIERS else _as_float32(mask))
    result = result.reshape(result.shape[:2])
    if result.dtype == np.float32:
        result = np.rint(result)
    return np.ascontiguousarray(result.astype(mask.dtype, copy=False))


def _as_float32(mask: Array) -> Array:
    low, high = (int(mask.min()), int(mask.max())) if mask.size else (0, 0)
    if max(-low, high) > EXACT_IN_FLOAT32:
        rule = f"mask values must lie within {EXACT_IN_FLOAT32:,} of 0"
        raise ValueError(f"{rule}, got {low:,} to {high:,}; number the regions")
    return mask.astype(np.float32)


def moved_boxes(boxes: Boxes, mover: Mover, after: Extent) -> Boxes:
    """The boxes that the image still shows, cut at its edges, with their labels, weights and masks."""
    if not len(boxes.corners):
        return replace(boxes, masks=None if boxes.masks is None else np.zeros((0, *after), np.uint8))
    moved = mover.boxes(boxes.corners.astype(np.float64))
    corners = clipped(moved.corners, after)
    kept = _visible(moved, corners, boxes)
    origin, corners = moved.origin[kept], corners[kept]
    masks = None
    if boxes.masks is not None:
        mirrored = None if moved.mirrored is None else moved.mirrored[kept]
        parts = Parts(origin, corners, mirrored)
        masks = _moved_instances(boxes.masks, mover, parts, after)
        shown = masks.any(axis=(1, 2)) | ~boxes.masks[origin].any(axis=(1, 2))
        origin, corners, masks = origin[shown], corners[shown], masks[shown]
    return replace(
        boxes,
        corners=corners.astype(np.float32),
        labels=boxes.labels[origin],
        weights=boxes.weights[origin],
        masks=masks,
    )


def clipped(corners: Array, size: Extent) -> Array:
    """Corners (n, 4) cut at the edges of an image."""
    height, width = size
    inside: Array = np.clip(corners, 0, [width, height, width, height])
    return inside


def areas(corners: Array) -> Array:
    """Areas (n,) of boxes in square pixels."""
    area: Array = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    return area


def _visible(moved: MovedBoxes, corners: Array, boxes: Boxes) -> Array:
    sides = np.minimum(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    area = areas(corners)
    share = moved.share * area / np.maximum(areas(moved.corners), SLACK * SLACK)
    kept: Array = (sides > SLACK) & (area >= boxes.min_area) & (share >= boxes.min_visibility - SLACK)
    return kept


@dataclass(frozen=True)
class Parts:
    """The boxes that are kept; see `MovedBoxes`."""

    origin: Array
    corners: Array
    mirrored: Array | None

    def within(self, row: int, mask: Array) -> Array:
        """What of a mask lies in a box."""
        x0, y0 = np.floor(self.corners[row, :2]).astype(int)
        x1, y1 = np.ceil(self.corners[row, 2:]).astype(int)
        cut = np.zeros_like(mask)
        cut[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
        return cut


def _moved_instances(masks: Array, mover: Mover, parts: Parts, after: Extent) -> Array:
    """The masks of the boxes that are kept; where an object is shown several times, each box has its part."""
    result = np.zeros((len(parts.origin), *after), np.uint8)
    for index in np.unique(parts.origin):
        rows = [int(row) for row in np.flatnonzero(parts.origin == index)]
        whole = mover.instance(masks[index]).reshape(after)
        if parts.mirrored is not None:
            own = mover.alone(masks[index]).reshape(after)
            for row in rows:
                result[row] = parts.within(row, whole & ~own) if parts.mirrored[row] else own
        elif len(rows) == 1:
            result[rows[0]] = whole
        else:
            for row in rows:
                result[row] = parts.within(row, whole)
    return result


def moved_keypoints(keypoints: Keypoints, mover: Mover, after: Extent) -> Keypoints:
    """The points at their new places; those outside the image, or hidden, are no longer visible."""
    if not len(keypoints.points):
        return keypoints
    moved = mover.points(keypoints.points.astype(np.float64))
    inside = within(moved.points, after)
    return replace(
        keypoints,
        points=moved.points.astype(np.float32),
        visible=keypoints.visible & moved.shown & inside,
    )


def within(points: Array, size: Extent) -> Array:
    """Which points (n, 2) lie in an image, whose edges are half a pixel beyond its last pixels' middles."""
    height, width = size
    shown: Array = np.all((points >= -0.5) & (points <= [width - 0.5, height - 0.5]), axis=1)
    return shown
