"""What ops drew, for people and manifests: made only where somebody asks for it."""

from __future__ import annotations

from typing import Any

import numpy as np

from augflow.sample import Drawn

NOT_DRAWN = frozenset(
    {"shape", "interpolation", "mask_interpolation", "fill", "fill_mask", "bbox_matrix", "cols", "rows"}
)
"""What albumentations passes along with the drawn parameters: constants, and what images do not use."""

CROP = frozenset({"x_min", "x_max", "y_min", "y_max"})
NO_CROP = -1
"""What albumentations says of a crop that it does not make."""

SHOWN_NUMBERS = 64
SCALARS = frozenset({int, float, str, bool, type(None)})


def readable(drawn: Drawn) -> dict[str, Any]:
    """What an op drew as JSON values, short enough to keep for every sample."""
    return {
        name: value if type(value) in SCALARS else _shown(value)
        for name, value in drawn.items()
        if name not in NOT_DRAWN and not (name in CROP and value == NO_CROP)
    }


def _shown(value: Any) -> Any:
    if type(value) in SCALARS:
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist() if value.size <= SHOWN_NUMBERS else f"{value.dtype} {value.shape}"
    if isinstance(value, dict):
        return {str(key): _shown(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(item) for item in value] if _count(value) <= SHOWN_NUMBERS else f"list of {len(value)}"
    return type(value).__name__


def _count(value: Any) -> int:
    if isinstance(value, list | tuple):
        return sum(_count(item) for item in value)
    return int(value.size) if isinstance(value, np.ndarray) else 1
