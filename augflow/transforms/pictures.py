"""Between arrays and Pillow's pictures: uint8 (H, W, C) of 1 or 3 channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from PIL import Image
from pydantic import Field

from augflow.sample import Array

Channel = Annotated[float, Field(ge=0, le=255)]
Fill = Channel | tuple[Channel, ...]
"""What fills the area outside the image, in 0..255: one number, or one a channel."""

FillColor = int | tuple[int, ...]


def to_picture(image: Array) -> Image.Image:
    """The array as a picture, gray or RGB."""
    if image.dtype != np.uint8 or image.shape[2] not in (1, 3):
        raise TypeError(f"works on uint8 images of 1 or 3 channels, got {image.dtype} {image.shape}")
    return Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)


def from_picture(picture: Image.Image) -> Array:
    """The picture as an array of its own, with the channel axis."""
    array = np.array(picture)
    return array[:, :, None] if array.ndim == 2 else array


def fill_color(fill: float | Sequence[float], channels: int) -> FillColor:
    """Pillow's color for a fill of one number, or one a channel."""
    values = list(fill) if isinstance(fill, Sequence) else [fill]
    if len(values) not in (1, channels):
        raise ValueError(f"fill has {len(values)} values for an image of {channels} channels")
    return (
        int(values[0]) if channels == 1 else tuple(int(value) for value in values * (channels // len(values)))
    )
