"""Every mode and depth of an image becomes 8-bit RGB."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from augflow.errors import BadSampleError
from augflow.sources.decode import decode_image

PLACE = "somewhere/a.jpg"
WIDE = 50_000


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def reason(data: bytes) -> str:
    with pytest.raises(BadSampleError) as caught:
        decode_image(data, PLACE)
    assert caught.value.sample == PLACE
    assert len(caught.value.reason) > 10
    return caught.value.reason


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(size: tuple[int, int], depth: int, color: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG written by hand: `rows` are filter bytes and samples, `extra` chunks before them."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, color, 0, 0, 0))
    body = png_chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + header + extra + body + png_chunk(b"IEND", b"")


def tiff(values: np.ndarray, sample_format: int, size: tuple[int, int] | None = None) -> bytes:
    """A grey TIFF written by hand, in the byte order of `values` (H, W)."""
    order = ">" if values.dtype.byteorder == ">" else "<"
    width, height = size or (values.shape[1], values.shape[0])
    tags = ((256, width), (257, height), (258, values.dtype.itemsize * 8), (259, 1), (262, 1), (273, 0))
    tags += ((277, 1), (278, height), (279, values.nbytes), (339, sample_format))
    start = 8 + 2 + 12 * len(tags) + 4
    entries = [struct.pack(f"{order}HHII", tag, 4, 1, start if tag == 273 else value) for tag, value in tags]
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}IH", 8, len(tags))
    return head + b"".join(entries) + bytes(4) + values.tobytes()


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits"])
def test_compressed_tiff_keeps_every_pixel(picture: Image.Image, compression: str) -> None:
    """The usual compressions of TIFF are read."""
    data = encoded(picture, "TIFF", compression=compression)
    np.testing.assert_array_equal(decode_image(data, PLACE), np.asarray(picture))


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_other_color_spaces_of_tiff_are_converted(picture: Image.Image, mode: str) -> None:
    """CMYK and YCbCr files become RGB as Pillow converts them."""
    data = encoded(picture.convert(mode), "TIFF")
    np.testing.assert_array_equal(decode_image(data, PLACE), by_pillow(data))


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGBA", "PNG"), ("LA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "TIFF")]
)
def test_alpha_is_laid_over_white(picture: Image.Image, mode: str, kind: str) -> None:
    """Each pixel is color * alpha + white * (1 - alpha), to a level."""
    alpha = np.linspace(0, 255, 13 * 17).reshape(13, 17).astype(np.uint8)
    image = picture.convert(mode)
    image.putalpha(Image.fromarray(alpha))
    data = encoded(image, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    color = np.asarray(image.convert("RGBA"))[:, :, :3].astype(float)
    share = alpha[:, :, np.newaxis] / 255
    expected = color * share + 255 * (1 - share)
    assert np.abs(decode_image(data, PLACE) - expected).max() <= 1
    assert decode_image(data, PLACE)[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_transparent_palette_entry_is_white(picture: Image.Image, kind: str) -> None:
    """The color that a palette image declares transparent becomes white, the others stay."""
    image = picture.quantize(16)
    numbers = np.asarray(image)
    expected = np.array(image.convert("RGB"))
    expected[numbers == 3] = 255
    np.testing.assert_array_equal(decode_image(encoded(image, kind, transparency=3), PLACE), expected)


def test_palette_with_alpha_a_color_is_laid_over_white() -> None:
    """A PNG palette may give every color its own alpha."""
    palette = png_chunk(b"PLTE", bytes([0, 0, 0, 200, 100, 0])) + png_chunk(b"tRNS", bytes([128, 0]))
    pixels = decode_image(png((2, 1), 8, 3, b"\0\0\1", palette), PLACE)
    assert pixels.tolist() == [[[127, 127, 127], [255, 255, 255]]]


@pytest.mark.parametrize(
    ("depth", "rows", "transparent"),
    [(8, b"\0\x10\xaa", 0xAA), (16, b"\0\x10\x10\xaa\xaa", 0xAAAA), (1, b"\0\x40", 1)],
)
def test_transparent_grey_is_white(depth: int, rows: bytes, transparent: int) -> None:
    """The one grey value that a PNG declares transparent becomes white, at every depth."""
    data = png((2, 1), depth, 0, rows, png_chunk(b"tRNS", struct.pack(">H", transparent)))
    first, second = decode_image(data, PLACE)[0].tolist()
    assert second == [255, 255, 255]
    assert first == ([0, 0, 0] if depth == 1 else [16, 16, 16])


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "TIFF big-endian"])
def test_sixteen_bit_grey_is_scaled_and_rounded(kind: str) -> None:
    """v becomes round(v / 257): white stays white, and nothing saturates."""
    values = np.array(
        [[0, 1, 128, 129, 256, 257, 385, 386, 32_767, 32_768, 65_406, 65_407, 65_535]], np.uint16
    )
    if kind == "PNG":
        data = png((values.size, 1), 16, 0, b"\0" + values.astype(">u2").tobytes())
    else:
        data = tiff(values.astype(">u2" if "big" in kind else "<u2"), 1)
    expected = np.rint(values / 257)
    np.testing.assert_array_equal(decode_image(data, PLACE)[:, :, 0], expected)


def test_sixteen_bit_color_keeps_its_high_byte() -> None:
    """Pillow drops the low byte of 16-bit color: v becomes v >> 8, at most a level from v / 257."""
    values = np.array([0, 255, 256, 0x80FF, 0xFF00, 0xFFFF], ">u2")
    pixels = decode_image(png((2, 1), 16, 2, b"\0" + values.tobytes()), PLACE)
    assert pixels.ravel().tolist() == (values >> 8).tolist()
    assert np.abs(pixels.ravel() - values / 257).max() <= 1


def test_thirty_two_bit_grey_is_scaled() -> None:
    """Unsigned 32-bit values are scaled from their whole range, not read as signed."""
    values = np.array([[0, 2**31 - 1, 2**31, 2**32 - 1, 16_843_009, 8_421_505]], "<u4")
    pixels = decode_image(tiff(values, 1), PLACE)
    assert pixels[0, :, 0].tolist() == [0, 127, 128, 255, 1, 1]


@pytest.mark.parametrize("dtype", ["<i4", "<i2"])
def test_signed_grey_is_refused(dtype: str) -> None:
    """Nothing says which signed value is white, so augflow does not guess."""
    assert "signed" in reason(tiff(np.arange(6).reshape(2, 3).astype(dtype), 2))


def test_float_grey_in_unit_range_is_scaled() -> None:
    """Float files in [0, 1] follow augflow's own convention for float images."""
    values = np.array([[0, 0.5, 1, 0.002]], "<f4")
    assert decode_image(tiff(values, 3), PLACE)[0, :, 0].tolist() == [0, 128, 255, 1]


@pytest.mark.parametrize("worst", [1.5, -0.1, 255.0, float("nan"), float("inf")])
def test_other_floats_are_refused(worst: float) -> None:
    """A float file of another range says so, instead of being clipped."""
    assert "[0, 1]" in reason(tiff(np.array([[0, worst]], "<f4"), 3))
