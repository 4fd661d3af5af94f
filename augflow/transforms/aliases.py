"""Other names for ops: what people type, and what torchvision and Keras call theirs.

A typed name is another spelling: it takes the op's own parameters and default `p`. A foreign name takes
the parameters of its library, is translated to an op of the catalog, and fires always unless its
library gives it a `p` of its own. Where torchvision and Keras share a name, torchvision's meaning holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from augflow.transforms.catalog import Param, ParamProblem, Params
from augflow.transforms.signatures import SignatureParams

TYPED: Mapping[str, str] = {
    "brightness": "random_brightness_contrast",
    "brightness_contrast": "random_brightness_contrast",
    "channel_drop": "channel_dropout",
    "compression": "image_compression",
    "contrast": "random_brightness_contrast",
    "cutout": "coarse_dropout",
    "elastic": "elastic_transform",
    "fisheye": "optical_distortion",
    "flip": "horizontal_flip",
    "flip_horizontal": "horizontal_flip",
    "flip_left_right": "horizontal_flip",
    "flip_lr": "horizontal_flip",
    "flip_ud": "vertical_flip",
    "flip_up_down": "vertical_flip",
    "flip_vertical": "vertical_flip",
    "fog": "random_fog",
    "gamma": "random_gamma",
    "gray": "to_gray",
    "grayscale": "to_gray",
    "hflip": "horizontal_flip",
    "histogram_equalization": "equalize",
    "hsv": "hue_saturation_value",
    "hue": "hue_saturation_value",
    "hue_saturation": "hue_saturation_value",
    "identity": "no_op",
    "invert": "invert_img",
    "jitter": "color_jitter",
    "jpeg_compression": "image_compression",
    "mirror": "horizontal_flip",
    "noise": "gauss_noise",
    "noop": "no_op",
    "padding": "pad",
    "pixelate": "downscale",
    "rain": "random_rain",
    "randaugment": "rand_augment",
    "random_erase": "erasing",
    "rotate90": "random_rotate90",
    "rotation": "rotate",
    "saturation": "hue_saturation_value",
    "scale": "random_scale",
    "sepia": "to_sepia",
    "shadow": "random_shadow",
    "sharpness": "sharpen",
    "snow": "random_snow",
    "speckle_noise": "multiplicative_noise",
    "trivialaugment": "trivial_augment",
    "vflip": "vertical_flip",
}
"""Spellings that people type: the same op, the same parameters."""

TYPED_DEFAULTS: Mapping[str, Params] = {
    "brightness": {"contrast_limit": 0},
    "contrast": {"brightness_limit": 0},
    "hue": {"sat_shift_limit": 0, "val_shift_limit": 0},
    "saturation": {"hue_shift_limit": 0, "val_shift_limit": 0},
}
"""Spellings that name one strength of several: the others are off unless they are given."""

Translation = tuple[str, Params]
"""The canonical op and its parameters."""


@dataclass(frozen=True)
class Foreign:
    """An op under another library's name; `translate` raises `ValueError` for what has no equal here."""

    name: str
    library: str
    translate: Callable[..., Translation]
    default_p: float = 1.0

    @property
    def summary(self) -> str:
        """What it becomes, and what differs."""
        return " ".join((self.translate.__doc__ or "").split())

    @cached_property
    def _signature(self) -> SignatureParams:
        return SignatureParams(self.translate)

    @property
    def params(self) -> Mapping[str, Param]:
        """The foreign library's parameters by name, `p` not among them."""
        return self._signature.described

    def translated(self, params: Params) -> tuple[Translation | None, list[ParamProblem]]:
        """The op with its parameters, or what is wrong with the foreign parameters."""
        values, problems = self._signature.check(params)
        if problems:
            return None, problems
        try:
            return self.translate(**values), []
        except ValueError as error:
            return None, [ParamProblem("", str(error))]


def symmetric(value: float | Sequence[float]) -> list[float]:
    """`d` as `[-d, d]`; a range as it is."""
    return list(value) if isinstance(value, Sequence) else [-value, value]
