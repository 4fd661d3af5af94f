"""Ops that are Python functions of an image: parameters come from the signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from augflow.rng import KeyedRandom
from augflow.sample import Array, Drawn, Fields, frozen
from augflow.transforms.catalog import Param, ParamProblem, Params, Size, Transform
from augflow.transforms.signatures import SignatureParams

GIVEN_BY_US = ("image", "rng")
"""Arguments that are no parameters of the op."""


@dataclass(frozen=True)
class FunctionTransform:
    """A function with its parameters fixed."""

    name: str
    function: Callable[..., Array]
    params: Params
    draws: bool

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """The function sees a read-only image, so that it cannot change what others hold."""
        image = frozen(fields["image"])
        arguments = {**self.params, "rng": rng.generator} if self.draws else self.params
        result = self.function(image, **arguments)
        if not isinstance(result, np.ndarray) or result.ndim not in (2, 3) or result.dtype != image.dtype:
            raise TypeError(
                f"{self.name} must return an array (H, W, C) of {image.dtype}, got {_shown(result)}; "
                "convert it at the end of the function"
            )
        result = result[:, :, None] if result.ndim == 2 else result
        return {**fields, "image": np.ascontiguousarray(result)}, {}


def _shown(value: Any) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


@dataclass(frozen=True)
class FunctionOp:
    """A catalog entry for a function `(image, [rng,] parameters...) -> image`."""

    name: str
    function: Callable[..., Array]
    modality: str = "image"
    library: str = "registered"
    version: int = 1
    default_p: float = 1.0
    keeps_size: bool = False

    @cached_property
    def _signature(self) -> SignatureParams:
        return SignatureParams(self.function, GIVEN_BY_US)

    @cached_property
    def _draws(self) -> bool:
        return "rng" in inspect.signature(self.function).parameters

    @property
    def summary(self) -> str:
        """The first line of the function's description."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    @property
    def params(self) -> Mapping[str, Param]:
        """Parameters by name, `p` not among them."""
        return self._signature.described

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters and everything wrong with those given."""
        return self._signature.check(params)

    def build(self, params: Params) -> Transform:
        """The transform for canonical parameters."""
        return FunctionTransform(self.name, self.function, params, self._draws)

    def is_random(self, _params: Params) -> bool:
        """Whether the function asks for a generator."""
        return self._draws

    def output_size(self, _params: Params, size: Size) -> Size:
        """The size that came in where the function is known to keep it."""
        return size if self.keeps_size else None
