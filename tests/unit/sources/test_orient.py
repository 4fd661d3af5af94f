"""Pictures come out upright, whatever their header holds."""

from __future__ import annotations

import io
import struct
import warnings

import numpy as np
import pytest
from PIL import Image, ImageOps

from augflow.sources.decode import decode_image

PLACE = "somewhere/a.jpg"
WIDE = 50_000


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honored(picture: Image.Image, kind: str, orientation: int) -> None:
    """The picture comes out upright for all eight orientations, as Pillow turns it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"WEBP": {"lossless": True}, "JPEG": {"subsampling": "4:4:4"}}.get(kind, {})
    data = encoded(picture, kind, exif=exif.tobytes() if kind != "TIFF" else exif, **options)
    with Image.open(io.BytesIO(data)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    pixels = decode_image(data, PLACE)
    assert pixels.flags.c_contiguous
    assert pixels.shape[:2] == ((17, 13) if orientation > 4 else (13, 17))
    np.testing.assert_array_equal(pixels, expected)


@pytest.mark.parametrize("value", [0, 9, 77])
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_impossible_orientation_changes_nothing(picture: Image.Image, kind: str, value: int) -> None:
    """An orientation that EXIF does not define is no orientation."""
    exif = Image.Exif()
    exif[0x0112] = value
    with_exif, without = encoded(picture, kind, exif=exif.tobytes()), encoded(picture, kind)
    np.testing.assert_array_equal(decode_image(with_exif, PLACE), decode_image(without, PLACE))


def jpeg_with(segment: bytes, picture: Image.Image, padding: bytes = b"") -> bytes:
    data = encoded(picture, "JPEG")
    return data[:2] + padding + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + data[2:]


def test_broken_exif_does_not_cost_the_picture(picture: Image.Image) -> None:
    """Rubbish in an EXIF block counts as an upright picture."""
    plain = decode_image(encoded(picture, "JPEG"), PLACE)
    for body in (b"", b"nonsense", b"II*\0\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\xff\xff\1\x12"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_array_equal(decode_image(jpeg_with(b"Exif\0\0" + body, picture), PLACE), plain)


def test_xmp_orientation_counts_where_exif_is_silent(picture: Image.Image) -> None:
    """A JPEG turned by XMP alone is turned, as Pillow does, also behind other segments."""
    segment = b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>'
    comment = b"\xff\xfe\x00\x06\xff\xda\xff\xff"
    assert decode_image(jpeg_with(segment, picture, comment), PLACE).shape == (17, 13, 3)
