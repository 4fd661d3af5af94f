"""Boxes and points through warps and holes, where albumentations 2.0.8 moves them wrongly.

Its own rules for warps leave a box in its old place when it has left the image, pull points that have left
back to the edge, and lose others; its rule for holes cuts every box to whole pixels.
"""

from __future__ import annotations

import numpy as np

from augflow.sample import Array
from augflow.transforms.follow import Extent, MovedBoxes, MovedPoints, areas

LEAST_SLOPE = 1e-3
"""Where a warp is as flat as this, it cannot be followed linearly."""


def boxes_through_maps(corners: Array, map_x: Array, map_y: Array) -> MovedBoxes:
    """Boxes under a warp given by the place (map_x, map_y) that each pixel (H, W) shows.

    A box becomes the extent of the pixels that show it, in whole pixels. Where that reaches the edge of
    the image, its share is the area that those pixels show.
    """
    height, width = map_x.shape
    stretch = _area_shown(map_x, map_y)
    moved, share = np.zeros_like(corners), np.zeros(len(corners))
    for row, (x0, y0, x1, y1) in enumerate(corners - 0.5):
        shows = (map_x >= x0) & (map_x < x1) & (map_y >= y0) & (map_y < y1)
        columns, rows = np.flatnonzero(shows.any(axis=0)), np.flatnonzero(shows.any(axis=1))
        if not columns.size:
            continue
        moved[row] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        cut = columns[0] == 0 or rows[0] == 0 or columns[-1] == width - 1 or rows[-1] == height - 1
        share[row] = min(1.0, stretch[shows].sum() / ((x1 - x0) * (y1 - y0))) if cut else 1.0
    return MovedBoxes(moved, np.arange(len(corners)), share)


def _area_shown(map_x: Array, map_y: Array) -> Array:
    """The area (H, W) of the original, in square pixels, that each pixel shows."""
    if min(map_x.shape) < 2:
        return np.ones(map_x.shape)
    x_down, x_right = np.gradient(map_x.astype(np.float64))
    y_down, y_right = np.gradient(map_y.astype(np.float64))
    area: Array = np.abs(x_right * y_down - x_down * y_right)
    return area


def points_through_maps(points: Array, map_x: Array, map_y: Array) -> MovedPoints:
    """Points under a warp: where the pixel that shows the nearest place is, and linearly on from there.

    A point is shown where that place is no further off than the next pixel's.
    """
    moved, shown = np.empty_like(points), np.empty(len(points), bool)
    for row, (x, y) in enumerate(points):
        nearest = int(np.argmin((map_x - x) ** 2 + (map_y - y) ** 2))
        at = np.array(np.unravel_index(nearest, map_x.shape))
        slopes = _slopes(map_x, map_y, at)
        missing = np.array([x, y]) - [map_x[tuple(at)], map_y[tuple(at)]]
        shown[row] = bool(np.all(np.abs(missing) <= np.maximum(np.abs(slopes).max(axis=1), 1)))
        followable = abs(np.linalg.det(slopes)) > LEAST_SLOPE
        step = np.linalg.solve(slopes, missing) if followable else missing
        moved[row] = at[::-1] + (np.clip(step, -0.5, 0.5) if shown[row] else step)
    return MovedPoints(moved, shown)


def _slopes(map_x: Array, map_y: Array, at: Array) -> Array:
    """How the place shown changes around a pixel (row, column): x and y by column and row, (2, 2)."""
    height, width = map_x.shape
    row, column = at
    up, down = max(row - 1, 0), min(row + 1, height - 1)
    left, right = max(column - 1, 0), min(column + 1, width - 1)
    return np.array(
        [
            [
                (shown[row, right] - shown[row, left]) / max(right - left, 1),
                (shown[down, column] - shown[up, column]) / max(down - up, 1),
            ]
            for shown in (map_x, map_y)
        ],
        np.float64,
    )


def hidden_by_holes(holes: Array, size: Extent) -> Array:
    """Which pixels (H, W) lie in holes, rows of x0, y0, x1, y1."""
    hidden = np.zeros(size, bool)
    for x0, y0, x1, y1 in np.asarray(holes).astype(int).reshape(-1, 4):
        hidden[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = True
    return hidden


def boxes_beside_holes(corners: Array, hidden: Array) -> MovedBoxes:
    """Boxes cut to the rows and columns that still show something of them; their share is what shows."""
    height, width = hidden.shape
    moved, share = corners.copy(), np.ones(len(corners))
    for row, (x0, y0, x1, y1) in enumerate(corners):
        left, top = max(int(np.floor(x0)), 0), max(int(np.floor(y0)), 0)
        seen = ~hidden[top : min(int(np.ceil(y1)), height), left : min(int(np.ceil(x1)), width)]
        if seen.all():
            continue
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        if not rows.size:
            moved[row] = 0
            continue
        first, last = [left + columns[0], top + rows[0]], [left + columns[-1] + 1, top + rows[-1] + 1]
        moved[row] = [*np.maximum([x0, y0], first), *np.minimum([x1, y1], last)]
        share[row] = seen.mean()
    return MovedBoxes(moved, np.arange(len(corners)), share)


def points_beside_holes(points: Array, hidden: Array) -> MovedPoints:
    """Points stay; one in a hole is not shown."""
    height, width = hidden.shape
    columns, rows = np.rint(points).astype(int).T
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    shown = ~inside
    shown[inside] = ~hidden[rows[inside], columns[inside]]
    return MovedPoints(points, shown)


def tile_boxes(parts: Array, corners: Array) -> MovedBoxes:
    """Boxes (m, 5) that an op has cut in pieces: corners, and which box each comes from."""
    origin = parts[:, 4].astype(np.int64)
    return MovedBoxes(parts[:, :4], origin, np.minimum(areas(parts[:, :4]) / areas(corners)[origin], 1))
