"""One finished row to the bytes of files, in the worker."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from augflow.batching.ragged import SAMPLE_RATE
from augflow.batching.rows import Columns
from augflow.errors import CollateError
from augflow.materialize.sounds import encode_wav
from augflow.sample import Array
from augflow.sources.base import FieldKind
from augflow.sources.tar_fields import INSTANCES

PNG_LEVEL = 1
"""zlib level. Photos after augmentation are noise to zlib: 1 takes a third of the time of 6 for 5% more."""


@dataclass(frozen=True, slots=True)
class EncodedField:
    """One field of one sample as the bytes of a file."""

    name: str
    suffix: str
    """`.png`, `.jpg`, `.wav`, `.txt`, `.npy` for other arrays, `.json` for boxes and keypoints."""
    data: bytes

    def value(self) -> Any:
        """What a `.json` says."""
        return json.loads(self.data)


EncodedRow = tuple[EncodedField, ...]


@dataclass(frozen=True)
class FieldEncoder:
    """Every field of a row without loss, but for images as JPEG of the quality `jpeg` (4:4:4, so that
    small ones keep their color)."""

    fields: tuple[tuple[str, FieldKind], ...]
    """Names and kinds, each view by its own name."""
    jpeg: int | None = None

    def __call__(self, row: Columns) -> EncodedRow:
        """The fields in their order; raises `CollateError` for what no file holds."""
        return tuple(part for name, kind in self.fields for part in self._parts(name, kind, row))

    def _parts(self, name: str, kind: FieldKind, row: Columns) -> Iterator[EncodedField]:
        value = row[name]
        if kind == "boxes":
            yield _listed(
                name, {"corners": value, "labels": row[f"{name}_label"], "weights": row[f"{name}_weight"]}
            )
            if name + INSTANCES in row:
                yield EncodedField(name + INSTANCES, ".npy", array_bytes(row[name + INSTANCES]))
        elif kind == "keypoints":
            yield _listed(
                name, {"points": value, "labels": row[f"{name}_label"], "visible": row[f"{name}_visible"]}
            )
        elif kind == "image" and value.ndim == 3:
            yield self._image(name, value, str(row["id"]))
        elif kind == "mask" and value.ndim == 2 and value.dtype in (np.uint8, np.uint16):
            yield EncodedField(name, ".png", _png(Image.fromarray(value)))
        elif kind == "audio" and name + SAMPLE_RATE in row:
            yield EncodedField(name, ".wav", _wav(value, int(row[name + SAMPLE_RATE]), str(row["id"])))
        elif isinstance(value, str):
            yield EncodedField(name, ".txt", value.encode())
        else:
            yield EncodedField(name, ".npy", array_bytes(value))

    def _image(self, name: str, array: Array, sample: str) -> EncodedField:
        image = as_picture(array, sample)
        if self.jpeg is None:
            return EncodedField(name, ".png", _png(image))
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=self.jpeg, subsampling=0)
        return EncodedField(name, ".jpg", stream.getvalue())


def as_picture(array: Array, sample: str) -> Image.Image:
    """A Pillow image of uint8 (H, W, 1) or (H, W, 3)."""
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] not in (1, 3):
        raise CollateError(
            f"{sample!r} ends as {array.dtype} {array.shape}; an image file takes uint8 (H, W, 1) "
            "or (H, W, 3): set `output: {dtype: uint8}`"
        )
    return Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)


def array_bytes(array: Array) -> bytes:
    """Any array in numpy's own format."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=PNG_LEVEL)
    return stream.getvalue()


def _wav(samples: Array, sample_rate: int, sample: str) -> bytes:
    try:
        return encode_wav(samples, sample_rate)
    except ValueError as error:
        raise CollateError(f"{sample!r} cannot be written as a sound: {error}") from error


def _listed(name: str, values: Mapping[str, Array]) -> EncodedField:
    """Short arrays as JSON; a float32 reads back as the same, since float64 holds it."""
    text = json.dumps({key: np.asarray(value).tolist() for key, value in values.items()})
    return EncodedField(name, ".json", text.encode())
