"""The EXIF orientation of an image: found in the header, applied to the pixels."""

from __future__ import annotations

import re
import struct

import numpy as np
from PIL import ExifTags, Image

from augflow.sample import Array

_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_XMP_ORIENTATION = re.compile(rb'tiff:Orientation(?:="|>)([1-8])')

_MARKER_START = 0xFF
_APP1 = 0xE1
_START_OF_SCAN = 0xDA

_BROKEN_EXIF = (
    ArithmeticError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
)
"""What Pillow's EXIF reader lets through on damaged blocks; warnings where the user made them errors."""


def turned(pixels: Array, orientation: int) -> Array:
    """Pixels (H, W, C) as stored, put upright for an EXIF orientation; values but 2 to 8 change nothing."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def exif_orientation(exif: Image.Exif) -> int | None:
    """What an EXIF block says; None where it says nothing that is an orientation."""
    value = exif.get(ExifTags.Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else None


def image_orientation(image: Image.Image) -> int:
    """The orientation, 1 to 8, of an image that Pillow has loaded; 1 where it does not say.

    A broken EXIF block is no reason to refuse the picture, so it counts as silent.
    """
    try:
        return exif_orientation(image.getexif()) or 1
    except _BROKEN_EXIF:
        return 1


def jpeg_orientation(data: bytes) -> int:
    """The orientation, 1 to 8, that the header of a JPEG asks for; 1 where it does not say.

    XMP counts where EXIF is silent, as in Pillow.
    """
    by_xmp = None
    for segment in _app1_segments(data):
        if segment.startswith(_EXIF):
            exif = Image.Exif()
            try:
                exif.load(segment)
                by_exif = exif_orientation(exif)
            except _BROKEN_EXIF:
                continue
            if by_exif is not None:
                return by_exif
        elif segment.startswith(_XMP) and (match := _XMP_ORIENTATION.search(segment)):
            by_xmp = int(match[1])
    return by_xmp or 1


def _app1_segments(data: bytes) -> list[bytes]:
    """The contents of the APP1 segments before the first scan; this runs for every JPEG, so it is short."""
    segments = []
    at, end = 2, len(data) - 4
    while at < end and data[at] == _MARKER_START:
        marker = data[at + 1]
        if marker == _START_OF_SCAN:
            break
        if marker == _MARKER_START:
            at += 1
            continue
        size = data[at + 2] << 8 | data[at + 3]
        if marker == _APP1:
            segments.append(data[at + 4 : at + 2 + size])
        at += 2 + size
    return segments
