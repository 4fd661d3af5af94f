"""What follows an image through an operation of Pillow's that is a matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from augflow.sample import Array
from augflow.transforms.follow import MovedBoxes, MovedPoints, Mover


def matrix_mover(matrix: Array, draw: Callable[[Image.Image], Image.Image]) -> Mover:
    """How an operation moves what follows.

    `matrix` (3, 3) sends places of the image to where they are afterwards, counted from its upper left
    corner; `draw` does the same to a picture, nearest pixels, with 0 outside.
    """

    def mask(mask: Array) -> Array:
        # Pillow has 8-bit pictures and float32 ones, which hold every whole number that may come here.
        picture = Image.fromarray(mask if mask.dtype == np.uint8 else mask.astype(np.float32))
        return np.array(draw(picture))

    def boxes(corners: Array) -> MovedBoxes:
        x0, y0, x1, y1 = corners.T
        outline = np.stack([np.stack([x0, x1, x1, x0], axis=1), np.stack([y0, y0, y1, y1], axis=1)], axis=2)
        moved = sent(outline.reshape(-1, 2), matrix).reshape(-1, 4, 2)
        return MovedBoxes.whole(np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1))

    def points(points: Array) -> MovedPoints:
        return MovedPoints.all_shown(sent(points + 0.5, matrix) - 0.5)

    return Mover(mask, mask, mask, boxes, points)


def sent(places: Array, matrix: Array) -> Array:
    """Places (n, 2) after a projective matrix (3, 3)."""
    result: Array = np.column_stack([places, np.ones(len(places))]) @ matrix.T
    return result[:, :2] / result[:, 2:]
