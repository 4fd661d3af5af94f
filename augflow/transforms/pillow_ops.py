"""torchvision's ops that albumentations has no equal for, done with Pillow on 8-bit images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Literal

import numpy as np
from PIL import Image, ImageEnhance
from pydantic import Field

from augflow.rng import KeyedRandom
from augflow.sample import FOLLOWERS, Array, Drawn, Fields
from augflow.transforms.catalog import EVERY_FOLLOWER, Op, Params, Transform
from augflow.transforms.follow import Extent, followed
from augflow.transforms.follow_pictures import matrix_mover
from augflow.transforms.functions import FunctionOp
from augflow.transforms.pictures import Fill, FillColor, fill_color, from_picture, to_picture

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


def random_adjust_sharpness(image: Array, sharpness_factor: Annotated[float, Field(ge=0)]) -> Array:
    """torchvision's RandomAdjustSharpness: 0 blurs, 1 leaves as it is, 2 doubles the sharpness."""
    return from_picture(ImageEnhance.Sharpness(to_picture(image)).enhance(sharpness_factor))


Interpolation = Literal["nearest", "bilinear", "bicubic"]


def random_perspective(
    image: Array,
    rng: np.random.Generator,
    distortion_scale: Annotated[float, Field(ge=0, le=1)] = 0.5,
    interpolation: Interpolation = "bilinear",
    fill: Fill = 0,
) -> Array:
    """torchvision's RandomPerspective: each corner moves inward by up to a share of half the side."""
    coefficients = drawn_perspective(image.shape[:2], rng, distortion_scale)
    return warped(image, coefficients, interpolation, fill)


def drawn_perspective(size: Extent, rng: np.random.Generator, distortion_scale: float) -> tuple[float, ...]:
    """Coefficients that send places of the result to places of the image."""
    height, width = size
    most = np.array([distortion_scale * (width // 2), distortion_scale * (height // 2)]).astype(int)
    start = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
    inward = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    end = start + inward * rng.integers(0, most + 1, size=(4, 2))
    return perspective_coefficients(end, start)


def warped(
    image: Array, coefficients: tuple[float, ...], interpolation: Interpolation, fill: float | Sequence[float]
) -> Array:
    """The image, of the same size, after the map."""
    color = fill_color(fill, image.shape[2])
    return from_picture(in_perspective(to_picture(image), coefficients, interpolation, color))


def in_perspective(
    picture: Image.Image, coefficients: tuple[float, ...], interpolation: Interpolation, fill: FillColor
) -> Image.Image:
    """The picture, of the same size, after the map."""
    kind = Image.Transform.PERSPECTIVE
    return picture.transform(picture.size, kind, coefficients, RESAMPLING[interpolation], fillcolor=fill)


@dataclass(frozen=True)
class PerspectiveTransform:
    """random_perspective on an image and on what follows it."""

    op: FunctionOp
    params: Params

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """See `Transform`; drawn are the eight coefficients."""
        image: Array = fields["image"]
        params, size = self.params, image.shape[:2]
        coefficients = drawn_perspective(size, rng.generator, params["distortion_scale"])
        made = {**fields, "image": warped(image, coefficients, params["interpolation"], params["fill"])}
        if FOLLOWERS in fields:
            back = np.array([*coefficients, 1.0]).reshape(3, 3)
            draw = partial(in_perspective, coefficients=coefficients, interpolation="nearest", fill=0)
            mover = matrix_mover(np.linalg.inv(back), draw)
            made[FOLLOWERS] = followed(fields[FOLLOWERS], mover, size, size)
        return made, {"coefficients": list(coefficients)}


class PerspectiveOp(FunctionOp):
    """The catalog entry of random_perspective."""

    def build(self, params: Params) -> Transform:
        """The transform for canonical parameters."""
        return PerspectiveTransform(self, params)


def perspective_coefficients(corners: Array, images: Array) -> tuple[float, ...]:
    """The eight coefficients (a..h) of the map that sends four corners (x, y) to their images.

    x' = (ax + by + c) / (gx + hy + 1), y' = (dx + ey + f) / (gx + hy + 1)
    """
    rows = []
    for (x, y), (u, v) in zip(corners, images, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solution = np.linalg.lstsq(np.array(rows, float), images.reshape(8).astype(float), rcond=None)[0]
    return tuple(float(value) for value in solution)


PILLOW_OPS: Mapping[str, Op] = {
    op.name: op
    for op in (
        FunctionOp(
            "random_adjust_sharpness",
            random_adjust_sharpness,
            library="pillow",
            default_p=0.5,
            keeps_size=True,
            carries=EVERY_FOLLOWER,
        ),
        PerspectiveOp(
            "random_perspective",
            random_perspective,
            library="pillow",
            default_p=0.5,
            keeps_size=True,
            carries=EVERY_FOLLOWER,
        ),
    )
}
"""By name; torchvision fires both for half of the images."""
