"""Augmentation policies on 8-bit images, as Pillow draws them.

- RandAugment: Cubuk et al. 2019, arXiv:1909.13719
- TrivialAugment (wide): Mueller & Hutter 2021, arXiv:2103.10158

Names, ranges and signs of the operations are torchvision's (`RandAugment`, `TrivialAugmentWide` on
PIL images, nearest interpolation); the draws are augflow's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Annotated, Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps
from pydantic import Field

from augflow.rng import KeyedRandom
from augflow.sample import FOLLOWERS, Array, Drawn, Fields
from augflow.transforms.catalog import EVERY_FOLLOWER, Op, Param, ParamProblem, Params, Size, Transform
from augflow.transforms.follow import Extent, followed
from augflow.transforms.follow_pictures import matrix_mover
from augflow.transforms.pictures import Fill, FillColor, fill_color, from_picture, to_picture
from augflow.transforms.signatures import SignatureParams

Count = Annotated[int, Field(ge=1, le=100)]
Bins = Annotated[int, Field(ge=2, le=1000)]
Level = Annotated[int, Field(ge=0)]
Choice = tuple[str, float]
"""An operation and its magnitude."""

IMAGENET_SHIFT = 150 / 331
"""RandAugment's largest shift as a share of the side: 150 pixels of 331."""


def shear(image: Image.Image, x: float, y: float, fill: FillColor) -> Image.Image:
    """Shear about the upper left corner; `x` and `y` are slopes."""
    matrix = (1.0, x, 0.0, y, 1.0, 0.0)
    return image.transform(image.size, Image.Transform.AFFINE, matrix, fillcolor=fill)


def translate(image: Image.Image, x: int, y: int, fill: FillColor) -> Image.Image:
    """Shift by whole pixels, right and down."""
    matrix = (1.0, 0.0, float(-x), 0.0, 1.0, float(-y))
    return image.transform(image.size, Image.Transform.AFFINE, matrix, fillcolor=fill)


APPLY: Mapping[str, Callable[[Image.Image, float, FillColor], Image.Image]] = {
    "Identity": lambda image, _m, _fill: image,
    "ShearX": lambda image, m, fill: shear(image, m, 0.0, fill),
    "ShearY": lambda image, m, fill: shear(image, 0.0, m, fill),
    "TranslateX": lambda image, m, fill: translate(image, int(m), 0, fill),
    "TranslateY": lambda image, m, fill: translate(image, 0, int(m), fill),
    "Rotate": lambda image, m, fill: image.rotate(m, fillcolor=fill),
    "Brightness": lambda image, m, _fill: ImageEnhance.Brightness(image).enhance(1 + m),
    "Color": lambda image, m, _fill: ImageEnhance.Color(image).enhance(1 + m),
    "Contrast": lambda image, m, _fill: ImageEnhance.Contrast(image).enhance(1 + m),
    "Sharpness": lambda image, m, _fill: ImageEnhance.Sharpness(image).enhance(1 + m),
    "Posterize": lambda image, m, _fill: ImageOps.posterize(image, int(m)),
    "Solarize": lambda image, m, _fill: ImageOps.solarize(image, ceil(m)),
    "AutoContrast": lambda image, _m, _fill: ImageOps.autocontrast(image),
    "Equalize": lambda image, _m, _fill: ImageOps.equalize(image),
}
"""How an operation with a magnitude is carried out; its order is the order that draws refer to."""


def _sheared(x: float, y: float) -> Array:
    return np.linalg.inv(np.array([[1, x, 0], [y, 1, 0], [0, 0, 1]]))


def _shifted(x: float, y: float) -> Array:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def _rotated(degrees: float, size: Extent) -> Array:
    """Counter-clockwise about the middle."""
    x, y = size[1] / 2, size[0] / 2
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    matrix: Array = _shifted(x, y) @ turn @ _shifted(-x, -y)
    return matrix


MOVES: Mapping[str, Callable[[float, Extent], Array]] = {
    "ShearX": lambda m, _size: _sheared(m, 0.0),
    "ShearY": lambda m, _size: _sheared(0.0, m),
    "TranslateX": lambda m, _size: _shifted(int(m), 0),
    "TranslateY": lambda m, _size: _shifted(0, int(m)),
    "Rotate": _rotated,
}
"""The operations that move pixels: where they send places, as a matrix, for a magnitude and a size."""

OPERATIONS = tuple(APPLY)
SIGNED = frozenset(
    {"ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate", "Brightness", "Color", "Contrast", "Sharpness"}
)
UNSCALED = frozenset({"Identity", "AutoContrast", "Equalize"})
"""Operations without a magnitude."""


ENHANCEMENTS = ("Brightness", "Color", "Contrast", "Sharpness")
RAND_AUGMENT: Mapping[str, float] = {
    "ShearX": 0.3,
    "ShearY": 0.3,
    "Rotate": 30.0,
    "Posterize": 4.0,
} | dict.fromkeys(ENHANCEMENTS, 0.9)
"""Largest magnitudes of RandAugment; its shifts depend on the size of the image."""

TRIVIAL_AUGMENT: Mapping[str, float] = {
    "ShearX": 0.99,
    "ShearY": 0.99,
    "TranslateX": 32.0,
    "TranslateY": 32.0,
    "Rotate": 135.0,
    "Posterize": 6.0,
} | dict.fromkeys(ENHANCEMENTS, 0.99)
"""Largest magnitudes of TrivialAugment: slopes, pixels, degrees, bits, factors."""


def magnitude_at(name: str, share: float, largest: Mapping[str, float]) -> float:
    """The magnitude at a share (0..1) of the way to the largest."""
    if name == "Posterize":
        return 8.0 - round(share * largest[name])
    return 255.0 * (1 - share) if name == "Solarize" else share * largest[name]


class PolicyTransform:
    """Draws operations, then applies them to a uint8 image of 1 or 3 channels."""

    __slots__ = ("op", "params")

    def __init__(self, op: PolicyOp, params: Params) -> None:
        self.op = op
        self.params = params

    def __reduce__(self) -> tuple[Any, ...]:
        return _built, (self.op.name, self.params)

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """New fields, and `ops`: the names and magnitudes drawn, in order."""
        image: Array = fields["image"]
        choices = self.op.draw(self.params, image.shape[:2], rng.generator)
        shown = {"ops": [[name, magnitude] for name, magnitude in choices]}
        made = {**fields, "image": applied(image, choices, self.params["fill"])}
        if FOLLOWERS in fields:
            made[FOLLOWERS] = moved(fields[FOLLOWERS], choices, image.shape[:2])
        return made, shown


def moved(followers: Mapping[str, Any], choices: list[Choice], size: Extent) -> Mapping[str, Any]:
    """What follows the image after the operations, each of which keeps the size."""
    for name, magnitude in choices:
        if name in MOVES:
            mover = matrix_mover(MOVES[name](magnitude, size), partial(_drawn, name, magnitude))
            followers = followed(followers, mover, size, size)
    return followers


def _drawn(name: str, magnitude: float, picture: Image.Image) -> Image.Image:
    return APPLY[name](picture, magnitude, 0)


def applied(image: Array, choices: list[Choice], fill: float | list[float]) -> Array:
    """The image after the operations."""
    color = fill_color(fill, image.shape[2])
    picture = to_picture(image)
    for name, magnitude in choices:
        picture = APPLY[name](picture, magnitude, color)
    return from_picture(picture)


Draw = Callable[[Params, tuple[int, ...], np.random.Generator], list[Choice]]
"""Parameters, (height, width) and a generator to the operations for one image."""


@dataclass(frozen=True)
class PolicyOp:
    """A catalog entry for a policy."""

    name: str
    summary: str
    draw: Draw
    signature: SignatureParams
    modality: str = "image"
    library: str = "augflow"
    version: int = 1
    default_p: float = 1.0
    carries: frozenset[str] = EVERY_FOLLOWER

    @property
    def params(self) -> Mapping[str, Param]:
        """Parameters by name, `p` not among them."""
        return self.signature.described

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters and everything wrong with those given."""
        canonical, problems = self.signature.check(params)
        if not problems and "magnitude" in canonical:
            last, magnitude = canonical["num_magnitude_bins"] - 1, canonical["magnitude"]
            if magnitude > last:
                rule = f"must be at most num_magnitude_bins - 1 = {last}, got {magnitude}"
                problems = [ParamProblem("magnitude", rule)]
        return canonical, problems

    def build(self, params: Params) -> Transform:
        """The transform for canonical parameters."""
        return PolicyTransform(self, params)

    def is_random(self, _params: Params) -> bool:
        """Always: a policy draws its operations."""
        return True

    def output_size(self, _params: Params, size: Size) -> Size:
        """Policies keep the size."""
        return size


def _operation(rng: np.random.Generator) -> str:
    return OPERATIONS[int(rng.integers(len(OPERATIONS)))]


def _signed(name: str, magnitude: float, rng: np.random.Generator) -> float:
    return -magnitude if name in SIGNED and rng.integers(2) else magnitude


def _rand_augment(params: Params, size: tuple[int, ...], rng: np.random.Generator) -> list[Choice]:
    """`num_ops` operations, each at the magnitude of the parameters, their signs drawn."""
    share = params["magnitude"] / (params["num_magnitude_bins"] - 1)
    height, width = size
    shifts = {"TranslateX": IMAGENET_SHIFT * width, "TranslateY": IMAGENET_SHIFT * height}
    choices = []
    for _ in range(params["num_ops"]):
        name = _operation(rng)
        magnitude = 0.0 if name in UNSCALED else magnitude_at(name, share, {**RAND_AUGMENT, **shifts})
        choices.append((name, _signed(name, magnitude, rng)))
    return choices


def _trivial_augment(params: Params, _size: tuple[int, ...], rng: np.random.Generator) -> list[Choice]:
    """One operation, its magnitude drawn from all bins, its sign drawn."""
    name = _operation(rng)
    if name in UNSCALED:
        return [(name, 0.0)]
    bins = params["num_magnitude_bins"]
    share = int(rng.integers(bins)) / (bins - 1)
    return [(name, _signed(name, magnitude_at(name, share, TRIVIAL_AUGMENT), rng))]


def _rand_augment_params(
    num_ops: Count = 2, magnitude: Level = 9, num_magnitude_bins: Bins = 31, fill: Fill = 0
) -> None: ...


def _trivial_augment_params(num_magnitude_bins: Bins = 31, fill: Fill = 0) -> None: ...


POLICIES: Mapping[str, Op] = {
    "rand_augment": PolicyOp(
        name="rand_augment",
        summary="RandAugment (arXiv:1909.13719): operations at one magnitude, as torchvision's.",
        draw=_rand_augment,
        signature=SignatureParams(_rand_augment_params),
    ),
    "trivial_augment": PolicyOp(
        name="trivial_augment",
        summary="TrivialAugment, wide (arXiv:2103.10158): one operation at any magnitude, as torchvision's.",
        draw=_trivial_augment,
        signature=SignatureParams(_trivial_augment_params),
    ),
}


def _built(name: str, params: Params) -> Transform:
    return POLICIES[name].build(params)
