"""Runs one albumentations op on one image, from keyed generators."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from augflow.rng import KeyedRandom
from augflow.sample import FOLLOWERS, Array, Drawn, Fields
from augflow.transforms.catalog import Params
from augflow.transforms.follow import followed
from augflow.transforms.follow_library import MIRRORING, PROCESSORS, library_mover, seen_by
from augflow.transforms.image_facts import LOOKS_AT
from augflow.transforms.library import albumentations

WRITES_IN_PLACE = frozenset({"Equalize"})
"""Classes that, with some parameters, change the image that they are given."""

CONSTANT_BORDER = 0
"""OpenCV's number."""


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

    __slots__ = ("_copies", "_op", "_stays", "_unmirrored", "class_name", "draws", "params")

    def __init__(self, class_name: str, params: Params, draws: bool) -> None:
        self.class_name = class_name
        self.params = params
        self.draws = draws
        self._op = construct(class_name, params)
        self._op.set_processors(PROCESSORS)
        self._unmirrored = self._op
        if params.get("border_mode") in MIRRORING:
            self._unmirrored = construct(class_name, {**params, "border_mode": CONSTANT_BORDER})
        self._stays = isinstance(self._op, albumentations().ImageOnlyTransform)
        self._copies = class_name in WRITES_IN_PLACE

    def __reduce__(self) -> tuple[Any, ...]:
        return ImageTransform, (self.class_name, self.params, self.draws)

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """Draw, then apply: the halves of `BasicTransform.__call__` without its own gate.

        What follows the image is moved last, by the same parameters, and cannot change the image's bytes.
        """
        op = self._op
        image: Array = fields["image"]
        followers: Mapping[str, Any] = fields.get(FOLLOWERS, {})
        op.set_random_state(rng.generator, rng.python)
        if self._copies:
            image = image.copy()
        data = {"image": image}
        if self.class_name in LOOKS_AT:
            data |= seen_by(LOOKS_AT[self.class_name](self.params), followers, image)
        params = op.update_transform_params(op.get_params(), data)
        params.update(op.get_params_dependent_on_data(params, data))
        result = fitted(op.apply(image, **params), image.dtype)
        made = {**fields, "image": result}
        if followers and not self._stays:
            before, after = image.shape[:2], result.shape[:2]
            mover = library_mover(op, self._unmirrored, params, before, after)
            made[FOLLOWERS] = followed(followers, mover, before, after)
        return made, params if self.draws else {}


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
