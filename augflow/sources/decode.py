"""Image files as arrays: content decides the decoder, never the name of the file.

JPEG goes through simplejpeg (libjpeg-turbo), strictly: what it refuses is refused, and no second
decoder tries. PNG, BMP, WebP, TIFF and GIF go through Pillow. One deviation is Pillow's: 16-bit
color loses its low byte, where 16-bit grey is rounded.
"""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from types import ModuleType

from PIL import Image, UnidentifiedImageError

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array
from augflow.sources.orient import image_orientation, jpeg_orientation, turned
from augflow.sources.pixels import to_rgb

MAX_PIXELS = 100_000_000
"""Images of more pixels are refused, by their header, before memory for them is taken."""

MAX_FILE_BYTES = 256 * 2**20
"""Larger files are refused before they are read."""

JPEG_MAGIC = b"\xff\xd8\xff"

START_OF_SCAN = b"\xff\xda"
MAX_SCANS = 100
"""A progressive JPEG has about ten. Each goes over the whole image, however few its own bytes are."""

SAVE_AGAIN = "save it again with fewer, or as a baseline JPEG"

PILLOW_FORMATS = ("PNG", "BMP", "WEBP", "TIFF", "GIF")

DAMAGED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    Warning,
    struct.error,
    zlib.error,
)
"""What Pillow's parsers let through on damaged files; warnings where the user made them errors."""


def decode_image(data: bytes, place: str) -> Array:
    """The pixels of an encoded image, uint8 (H, W, 3), upright as its EXIF orientation says.

    Grey becomes three equal channels, transparency white, an animation its first frame. Raises
    `BadSampleError` naming `place` where the bytes are damaged, of another kind, or too large.
    """
    if data.startswith(JPEG_MAGIC):
        return _decode_jpeg(data, place)
    if not data:
        raise BadSampleError(place, "the file is empty (0 bytes)")
    try:
        return _decode_with_pillow(data, place)
    except UnidentifiedImageError as error:
        raise BadSampleError(place, _unknown(data)) from error
    except Image.DecompressionBombError as error:
        raise BadSampleError(place, f"too many pixels: {error}") from error
    except DAMAGED as error:
        raise BadSampleError(place, f"damaged or truncated image: {_reason(error)}") from error


def _decode_jpeg(data: bytes, place: str) -> Array:
    simplejpeg = _simplejpeg()
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(data)
        check_pixels(width, height, place)
        if (scans := data.count(START_OF_SCAN)) > MAX_SCANS:
            raise BadSampleError(
                place, f"a JPEG of {scans:,} scans, above the limit of {MAX_SCANS}; {SAVE_AGAIN}"
            )
        pixels: Array = simplejpeg.decode_jpeg(data, "RGB")
    except KeyError as error:
        raise BadSampleError(place, f"a JPEG with unknown chroma subsampling (number {error})") from error
    except (ValueError, MemoryError) as error:
        raise BadSampleError(place, f"damaged or truncated JPEG: {_reason(error)}") from error
    return turned(pixels, jpeg_orientation(data))


def _decode_with_pillow(data: bytes, place: str) -> Array:
    with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as image:
        check_pixels(image.width, image.height, place)
        pixels = to_rgb(image)
        return turned(pixels, image_orientation(image))


def check_pixels(width: int, height: int, place: str) -> None:
    """Raise `BadSampleError` for an image that would take too much memory."""
    if width * height > MAX_PIXELS:
        raise BadSampleError(
            place,
            f"too many pixels: {width:,} x {height:,}, above the limit of {MAX_PIXELS:,} in all; "
            "make it smaller, or cut it into pieces",
        )


def _unknown(data: bytes) -> str:
    known = "JPEG, PNG, BMP, WebP, TIFF or GIF"
    return f"not a readable {known} image: the file has {len(data):,} bytes and begins with {data[:12]!r}"


def _reason(error: BaseException) -> str:
    return f"{error}" or type(error).__name__


@cache
def _simplejpeg() -> ModuleType:
    try:
        import simplejpeg
    except ImportError as error:
        raise SourceError(
            "decoding JPEG needs simplejpeg, which is not installed; install augflow-service[image]"
        ) from error
    module: ModuleType = simplejpeg
    return module
