"""Images and videos as HTML: thumbnails with what follows them drawn over them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from augflow.preview.markup import Content, Html, data_uri, tag
from augflow.preview.overlays import Mark, layers
from augflow.sample import Array

SIDE_PX = 256
"""The longest side that an image is shown with, about; larger ones are downscaled."""

SMALL_PX = 128
"""Images up to this are enlarged a whole number of times, so that pixels stay pixels."""

FRAMES = 8
"""So many frames of a video are shown, evenly apart."""


@dataclass(frozen=True)
class Picture:
    """An image (H, W, C) or a video (T, H, W, C), and what follows it by field name."""

    pixels: Array
    followers: Mapping[str, Any]
    about: str
    """What it shows, for those who cannot see it."""
    marks: Sequence[Mark] = ()
    """Places that mixing has pasted or erased."""


def picture(shown: Picture, classes: Sequence[str]) -> Html:
    """One image with its overlays, or a strip of frames."""
    pixels = shown.pixels
    if pixels.ndim == 4:
        return _strip(shown)
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or not pixels.size:
        return tag("p", f"{pixels.dtype} {pixels.shape}: not a picture", class_="idle")
    height, width = pixels.shape[:2]
    wide = display_size(height, width)[1]
    over = layers(shown, (height, width), wide, classes)
    return tag("div", _image(pixels, shown.about), over, class_="pic", style=f"width:{wide}px")


def size_words(pixels: Array) -> str:
    """Height, width and what else is worth knowing of an image."""
    if pixels.ndim < 3:
        return f"{pixels.dtype} {pixels.shape}"
    frames = f"{pixels.shape[0]} frames, " if pixels.ndim == 4 else ""
    height, width, channels = pixels.shape[-3:]
    told = [f"{frames}{width}\u00d7{height}"]
    if channels == 1:
        told.append("gray")
    if pixels.dtype != np.uint8:
        told.append(str(pixels.dtype))
        low, high = (float(np.nanmin(pixels)), float(np.nanmax(pixels))) if pixels.size else (0.0, 1.0)
        if low < 0 or high > 1:
            told.append(f"values {low:.2f} to {high:.2f}, shown cut to 0 to 1")
    return ", ".join(told)


def display_size(height: int, width: int) -> tuple[int, int]:
    """The height and width in CSS pixels of an image's thumbnail."""
    longest = max(height, width)
    factor = SIDE_PX // longest if longest <= SMALL_PX else SIDE_PX / longest
    return max(1, round(height * factor)), max(1, round(width * factor))


def png(image: Image.Image) -> str:
    """The address of an image as PNG."""
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return data_uri("image/png", stream.getvalue())


def as_bytes(pixels: Array) -> Array:
    """uint8 of the same shape; floats in [0, 1] are scaled, others cut."""
    if pixels.dtype == np.uint8:
        return pixels
    if not np.issubdtype(pixels.dtype, np.floating):
        return np.clip(pixels, 0, 255).astype(np.uint8)
    scaled: Array = np.rint(np.clip(np.nan_to_num(pixels), 0, 1) * 255).astype(np.uint8)
    return scaled


def _image(pixels: Array, about: str) -> Html:
    height, width = pixels.shape[:2]
    data = as_bytes(pixels)
    image = Image.fromarray(data[:, :, 0] if data.shape[2] == 1 else data)
    shown = display_size(height, width)
    small = max(height, width) <= SMALL_PX
    if max(height, width) > SIDE_PX:
        image = image.resize((shown[1], shown[0]), Image.Resampling.LANCZOS)
    return tag(
        "img",
        src=png(image),
        width=shown[1],
        height=shown[0],
        alt=about,
        class_="small" if small else None,
    )


def _strip(shown: Picture) -> Html:
    count = len(shown.pixels)
    numbers = sorted({round(number) for number in np.linspace(0, count - 1, min(FRAMES, count))})
    frames: list[Content] = [
        tag("li", _image(shown.pixels[number], f"{shown.about}, frame {number}"), tag("span", str(number)))
        for number in numbers
    ]
    return tag("ol", frames, class_="strip", aria_label="frames")
