"""Every mode of a Pillow image as 8-bit RGB."""

from __future__ import annotations

import numpy as np
from PIL import Image

from augflow.sample import Array

_WHITE = (255, 255, 255)

_SIXTEEN_TO_EIGHT = ((np.arange(65_536) + 128) // 257).astype(np.uint8)
"""Rounds v / 257, so that 0 and 65,535 become 0 and 255."""

_THIRTY_TWO_TO_EIGHT = (2**32 - 1) // 255

_SAMPLE_FORMAT = 339
_UNSIGNED = 1


def to_rgb(image: Image.Image) -> Array:
    """The first frame of an image, uint8 (H, W, 3), as it lies: its EXIF orientation is left to the caller.

    Palettes are resolved, transparency is laid over white, 16- and 32-bit unsigned grey and float
    grey in [0, 1] are scaled. Raises ValueError for signed and for other float values: which of them is
    white the file does not say; and what Pillow raises on damaged data.
    """
    image.load()
    return _grey(image) if image.mode[0] in "IF" else _color(image)


def _color(image: Image.Image) -> Array:
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        image = Image.new("RGB", layer.size, _WHITE)
        image.paste(layer, mask=layer)
    return np.array(image if image.mode == "RGB" else image.convert("RGB"))


def _grey(image: Image.Image) -> Array:
    """Modes I;16, I;16B, I;16L, I and F as three equal channels."""
    values = np.asarray(image)
    if image.mode == "F":
        narrow = _from_float(values)
    elif image.mode == "I" and image.format == "TIFF":
        narrow = _from_32_bit(values, image)
    else:
        narrow = _from_16_bit(values)
        if isinstance(transparent := image.info.get("transparency"), int):
            narrow[values == transparent] = 255
    return np.repeat(narrow[:, :, np.newaxis], 3, axis=2)


def _from_float(values: Array) -> Array:
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise ValueError(
            f"float pixels must be in [0, 1], got {low:g} to {high:g}; scale them, or save 8 or 16 bits"
        )
    return np.rint(values * np.float32(255)).astype(np.uint8)


def _from_16_bit(values: Array) -> Array:
    low, high = int(values.min()), int(values.max())
    if low < 0 or high > 65_535:
        raise ValueError(f"16-bit pixels must be in [0, 65535], got {low} to {high}; scale them")
    return _SIXTEEN_TO_EIGHT[values]


def _from_32_bit(values: Array, image: Image.Image) -> Array:
    sample_format = image.getexif().get(_SAMPLE_FORMAT, _UNSIGNED)
    if sample_format != _UNSIGNED:
        raise ValueError("signed integer pixels have no agreed black and white; save 8 or 16 unsigned bits")
    wide = values.view(np.uint32).astype(np.int64)
    return ((wide + _THIRTY_TWO_TO_EIGHT // 2) // _THIRTY_TWO_TO_EIGHT).astype(np.uint8)
