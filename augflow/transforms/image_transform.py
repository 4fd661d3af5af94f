"""Runs one albumentations op on one image, from keyed generators."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from augflow.rng import KeyedRandom
from augflow.sample import Array, Drawn, Fields
from augflow.transforms.catalog import Params
from augflow.transforms.library import albumentations

NOT_DRAWN = frozenset(
    {"shape", "interpolation", "mask_interpolation", "fill", "fill_mask", "bbox_matrix", "cols", "rows"}
)
"""What albumentations passes along with the drawn parameters: constants, and what images do not use."""

WRITES_IN_PLACE = frozenset({"Equalize"})
"""Classes that, with some parameters, change the image that they are given."""

SHOWN_NUMBERS = 16
SCALARS = frozenset({int, float, str, bool, type(None)})


def construct(class_name: str, params: Params) -> Any:
    """The albumentations op; `p` is 1 because the engine decides whether an op fires."""
    library_class = getattr(albumentations(), class_name)
    arguments = {**params, "p": 1.0}
    if "InitSchema" in vars(library_class):
        # Not strict, the library answers an error in its own checks with its defaults.
        arguments["strict"] = True
    with warnings.catch_warnings():
        # Advice to use another class, repeated in every worker.
        warnings.simplefilter("ignore", UserWarning)
        return library_class(**arguments)


class ImageTransform:
    """One albumentations op with its parameters fixed; pickles as class name and parameters.

    Holds the generators of the last call, so it must not be shared between threads.
    """

    __slots__ = ("_copies", "_op", "class_name", "draws", "params")

    def __init__(self, class_name: str, params: Params, draws: bool) -> None:
        self.class_name = class_name
        self.params = params
        self.draws = draws
        self._op = construct(class_name, params)
        self._copies = class_name in WRITES_IN_PLACE

    def __reduce__(self) -> tuple[Any, ...]:
        return ImageTransform, (self.class_name, self.params, self.draws)

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """Draw, then apply: the halves of `BasicTransform.__call__` without its own gate."""
        op = self._op
        image: Array = fields["image"]
        op.set_random_state(rng.generator, rng.python)
        if self._copies:
            image = image.copy()
        data = {"image": image}
        params = op.update_transform_params(op.get_params(), data)
        params.update(op.get_params_dependent_on_data(params, data))
        result = fitted(op.apply(image, **params), image.dtype)
        return {**fields, "image": result}, drawn(params) if self.draws else {}


def fitted(result: Array, dtype: np.dtype[Any]) -> Array:
    """The result as an image: three axes, contiguous, of the input's dtype, float32 within [0, 1]."""
    if result.ndim == 2:
        result = result[:, :, None]
    if result.dtype != dtype:
        raise TypeError(f"the op returned {result.dtype} for an image of {dtype}")
    if dtype == np.float32 and result.size and (result.min() < 0 or result.max() > 1):
        # Cubic and Lanczos interpolation overshoot.
        result = np.clip(result, 0, 1)
    return result if result.flags.c_contiguous else np.ascontiguousarray(result)


def drawn(params: Params) -> Drawn:
    """What was drawn, short enough to keep for every sample."""
    return {
        name: value if type(value) in SCALARS else _shown(value)
        for name, value in params.items()
        if name not in NOT_DRAWN
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
