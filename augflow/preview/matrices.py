"""What a drawn matrix does to a picture, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

TURN_DEGREES, SHARE = 0.05, 0.002
"""Smaller turns, and smaller deviations of a scale from 1, are not worth a word."""


def matrix_words(value: Any) -> str | None:
    """Turn, scale, shear and mirroring of an affine matrix (2, 3) or (3, 3) that moves pixels (x, y), y
    downwards; its shift where it does nothing else. None for what is no such matrix."""
    if not _is_matrix(value):
        return None
    matrix = np.array(value, np.float64)
    if len(matrix) == 3 and not np.allclose(matrix[2], (0, 0, 1)):
        return "changes the perspective"
    # The columns are where the two axes go.
    (a, b), (c, d) = matrix[:2, :2]
    is_mirrored = a * d < b * c
    if is_mirrored:
        a, c = -a, -c
    across, area = math.hypot(a, c), a * d - b * c
    if area == 0:
        return None
    turn = math.degrees(math.atan2(c, a))
    down = area / across
    shear = math.degrees(math.atan2(a * b + c * d, area))
    told = ["mirrored left to right"] if is_mirrored else []
    if abs(turn) >= TURN_DEGREES:
        told.append(f"turned {abs(turn):.1f}° {'clockwise' if turn > 0 else 'counterclockwise'}")
    if abs(across - down) > SHARE:
        told.append(f"scaled {across:.3g} across, {down:.3g} down")
    elif abs(across - 1) > SHARE:
        told.append(f"scaled {across:.3g}")
    if abs(shear) >= TURN_DEGREES:
        told.append(f"sheared {abs(shear):.1f}°")
    return ", ".join(told) or f"moved {matrix[0, 2]:.1f} right, {matrix[1, 2]:.1f} down"


def _is_matrix(value: Any) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) not in (2, 3):
        return False
    return all(
        isinstance(row, list | tuple) and len(row) == 3 and all(isinstance(cell, int | float) for cell in row)
        for row in value
    )
