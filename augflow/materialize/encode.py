"""One finished row to the bytes of an image file, in the worker."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from augflow.batching.rows import Columns
from augflow.errors import CollateError
from augflow.sample import Array

PNG_LEVEL = 1
"""zlib level. Photos after augmentation are noise to zlib: 1 takes a third of the time of 6 for 5% more."""


@dataclass(frozen=True)
class ImageEncoder:
    """PNG, lossless, or JPEG of a given quality (4:4:4, so that small images keep their color)."""

    field: str
    jpeg: int | None = None

    @property
    def suffix(self) -> str:
        """File name ending."""
        return ".png" if self.jpeg is None else ".jpg"

    def __call__(self, row: Columns) -> bytes:
        """The bytes of a file; raises `CollateError` for what no image file holds."""
        image = as_picture(row[self.field], str(row["id"]))
        stream = io.BytesIO()
        if self.jpeg is None:
            image.save(stream, "PNG", compress_level=PNG_LEVEL)
        else:
            image.save(stream, "JPEG", quality=self.jpeg, subsampling=0)
        return stream.getvalue()


def as_picture(array: Array, sample: str) -> Image.Image:
    """A Pillow image of uint8 (H, W, 1) or (H, W, 3)."""
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] not in (1, 3):
        raise CollateError(
            f"{sample!r} ends as {array.dtype} {array.shape}; an image file takes uint8 (H, W, 1) "
            "or (H, W, 3): set `output: {dtype: uint8}`"
        )
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)
