"""torchvision's ops that albumentations has no equal for, done with Pillow on 8-bit images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
from PIL import Image, ImageEnhance
from pydantic import Field

from augflow.sample import Array
from augflow.transforms.catalog import EVERY_FOLLOWER, Op
from augflow.transforms.functions import FunctionOp
from augflow.transforms.pictures import Fill, fill_color, from_picture, to_picture

RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}


def random_adjust_sharpness(image: Array, sharpness_factor: Annotated[float, Field(ge=0)]) -> Array:
    """torchvision's RandomAdjustSharpness: 0 blurs, 1 leaves as it is, 2 doubles the sharpness."""
    return from_picture(ImageEnhance.Sharpness(to_picture(image)).enhance(sharpness_factor))


def random_perspective(
    image: Array,
    rng: np.random.Generator,
    distortion_scale: Annotated[float, Field(ge=0, le=1)] = 0.5,
    interpolation: Literal["nearest", "bilinear", "bicubic"] = "bilinear",
    fill: Fill = 0,
) -> Array:
    """torchvision's RandomPerspective: each corner moves inward by up to a share of half the side."""
    height, width = image.shape[:2]
    most = np.array([distortion_scale * (width // 2), distortion_scale * (height // 2)]).astype(int)
    start = np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]])
    inward = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    end = start + inward * rng.integers(0, most + 1, size=(4, 2))
    picture = to_picture(image).transform(
        (width, height),
        Image.Transform.PERSPECTIVE,
        perspective_coefficients(end, start),
        RESAMPLING[interpolation],
        fillcolor=fill_color(fill, image.shape[2]),
    )
    return from_picture(picture)


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
    function.__name__: FunctionOp(
        function.__name__,
        function,
        library="pillow",
        default_p=0.5,
        keeps_size=True,
        carries=EVERY_FOLLOWER if function is random_adjust_sharpness else frozenset(),
    )
    for function in (random_adjust_sharpness, random_perspective)
}
"""By name; torchvision fires both for half of the images."""
