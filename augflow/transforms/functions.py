"""Ops that are Python functions of an image, a text or a sound: parameters come from the signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from functools import cached_property
from typing import Any

import numpy as np

from augflow.rng import KeyedRandom
from augflow.sample import Array, Audio, Drawn, Fields, frozen
from augflow.transforms.catalog import Param, ParamProblem, Params, Size, Transform
from augflow.transforms.signatures import SignatureParams

GIVEN_BY_US = ("image", "text", "audio", "sample_rate", "rng")
"""Arguments that are no parameters of the op."""


@dataclass(frozen=True)
class FunctionTransform:
    """A function with its parameters fixed. An array that it is given is read-only, so that it cannot
    change what others hold."""

    op: FunctionOp
    params: Params

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """See `Transform`."""
        op, name = self.op, self.op.modality
        value = fields[name]
        given = dict(self.params)
        if op.draws:
            given["rng"] = rng.generator
        if name == "text":
            return {**fields, name: op.checked_text(op.function(value, **given))}, {}
        if name == "image":
            return {**fields, name: op.checked_image(value, op.function(frozen(value), **given))}, {}
        if op.asks_for_rate:
            given["sample_rate"] = value.sample_rate
        samples = op.checked_audio(value, op.function(frozen(value.samples), **given))
        return {**fields, name: Audio(samples, value.sample_rate)}, {}


def _shown(value: Any) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


@dataclass(frozen=True)
class FunctionOp:
    """A catalog entry for a function `(image, [rng,] parameters...) -> image`, and the like for `text`
    (str) and `audio` (float32 (channels, time), with the argument `sample_rate` where it asks for it)."""

    name: str
    function: Callable[..., Any]
    modality: str = "image"
    library: str = "registered"
    version: int = 1
    default_p: float = 1.0
    keeps_size: bool = False
    carries: frozenset[str] = frozenset()
    """What may follow an image: everything where pixels stay in their places, else nothing."""

    def __getstate__(self) -> dict[str, Any]:
        """Without what was worked out from the function, some of which cannot travel."""
        return {field.name: getattr(self, field.name) for field in dataclass_fields(self)}

    @cached_property
    def _signature(self) -> SignatureParams:
        return SignatureParams(self.function, GIVEN_BY_US)

    @cached_property
    def draws(self) -> bool:
        """Whether the function asks for a generator."""
        return "rng" in inspect.signature(self.function).parameters

    @cached_property
    def asks_for_rate(self) -> bool:
        """Whether the function asks for the sample rate."""
        return "sample_rate" in inspect.signature(self.function).parameters

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
        return FunctionTransform(self, params)

    def is_random(self, _params: Params) -> bool:
        """Whether the function asks for a generator."""
        return self.draws

    def output_size(self, _params: Params, size: Size) -> Size:
        """The size that came in where the function is known to keep it."""
        return size if self.keeps_size else None

    def checked_image(self, image: Array, result: Any) -> Array:
        """The result as an image (H, W, C) of the dtype that came in."""
        if not isinstance(result, np.ndarray) or result.ndim not in (2, 3) or result.dtype != image.dtype:
            raise TypeError(
                f"{self.name} must return an array (H, W, C) of {image.dtype}, got {_shown(result)}; "
                "convert it at the end of the function"
            )
        return np.ascontiguousarray(result[:, :, None] if result.ndim == 2 else result)

    def checked_text(self, result: Any) -> str:
        """The result, which must be a text."""
        if not isinstance(result, str):
            raise TypeError(f"{self.name} must return a str, got {_shown(result)}")
        return result

    def checked_audio(self, audio: Audio, result: Any) -> Array:
        """The result as float32 (channels, time)."""
        if not isinstance(result, np.ndarray) or result.ndim != 2 or result.dtype != np.float32:
            raise TypeError(
                f"{self.name} must return float32 (channels, time), got {_shown(result)} for "
                f"{_shown(audio.samples)}; convert it at the end of the function"
            )
        return np.ascontiguousarray(result)
