"""Encoded images become uint8 (H, W, 3): every format and mode, and nothing but BadSampleError."""

from __future__ import annotations

import io
import os
import struct
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from augflow.errors import BadSampleError, SourceError
from augflow.sources import decode as decode_module
from augflow.sources.decode import decode_image, read_image

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


def peak_growth(work: Callable[[], object]) -> int:
    """Bytes by which the memory of the process, C libraries included, rose at most during `work`."""

    def status(field: str) -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(field)).split()[1]) * 1024

    work()
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew from what is in use
    before = status("VmRSS")
    work()
    return status("VmHWM") - before


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


JPEG_OPTIONS = {
    "4:2:0": {"subsampling": "4:2:0"},
    "4:2:2": {"subsampling": "4:2:2"},
    "4:4:4": {"subsampling": "4:4:4"},
    "progressive": {"progressive": True},
    "restart markers": {"restart_marker_blocks": 4},
    "low quality": {"quality": 5},
}


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (8, 8), (17, 33), (237, 311)])
@pytest.mark.parametrize("option", JPEG_OPTIONS)
def test_color_jpeg_equals_pillow(photo: Image.Image, option: str, size: tuple[int, int]) -> None:
    """The fast decoder gives the pixels that Pillow gives, at any subsampling and odd size."""
    data = encoded(photo.crop((0, 0, *size)), "JPEG", **JPEG_OPTIONS[option])
    pixels = decode_image(data, PLACE)
    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(pixels, by_pillow(data))


@pytest.mark.parametrize("progressive", [True, False])
def test_grey_jpeg_equals_pillow(photo: Image.Image, progressive: bool) -> None:
    """A grey JPEG becomes three equal channels."""
    data = encoded(photo.convert("L"), "JPEG", progressive=progressive)
    np.testing.assert_array_equal(decode_image(data, PLACE), by_pillow(data))


@pytest.mark.parametrize("adobe", ["inverted", "unmarked", "YCCK"])
def test_cmyk_jpeg_is_within_a_level_of_pillow(photo: Image.Image, adobe: str) -> None:
    """Four-channel JPEG, Adobe's inverted kinds too, is converted as Pillow converts it."""
    data = encoded(photo.convert("CMYK"), "JPEG")
    marker = data.index(b"\xff\xee\x00\x0eAdobe")
    if adobe == "unmarked":
        data = data[:marker] + data[marker + 16 :]
    elif adobe == "YCCK":
        data = data[: marker + 15] + b"\x02" + data[marker + 16 :]
    difference = decode_image(data, PLACE).astype(int) - by_pillow(data)
    assert np.abs(difference).max() <= 1


def test_real_photos_equal_pillow(test_data: Path) -> None:
    """Files as cameras wrote them decode to Pillow's pixels."""
    for file in sorted((test_data / "photos" / "test").rglob("*.jpg"))[:10]:
        np.testing.assert_array_equal(read_image(str(file), PLACE), by_pillow(file.read_bytes()))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP", "GIF"])
@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P"])
def test_lossless_formats_keep_every_pixel(picture: Image.Image, kind: str, mode: str) -> None:
    """Each format gives back exactly what was stored, whatever its mode."""
    image = picture.convert(mode) if mode != "P" else picture.quantize(32)
    if kind == "GIF":
        image = image.quantize(256) if mode == "RGB" else image
    if kind == "WEBP":
        image = image.convert("RGB")
    data = encoded(image, kind, **({"lossless": True} if kind == "WEBP" else {}))
    pixels = decode_image(data, PLACE)
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    np.testing.assert_array_equal(pixels, np.asarray(image.convert("RGB")))


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


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_first_frame_of_an_animation(kind: str) -> None:
    """An animation is its first frame."""
    frames = [Image.new("RGB", (6, 4), color) for color in ("red", "lime", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    pixels = decode_image(data, PLACE)
    assert np.abs(pixels.astype(int) - [255, 0, 0]).max() <= 8
    assert pixels.shape == (4, 6, 3)


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


BOMBS = {
    "JPEG": lambda data: (
        data[: data.index(b"\xff\xc0") + 5] + b"\xc3\x50\xc3\x50" + data[data.index(b"\xff\xc0") + 9 :]
    ),
    "PNG": lambda data: png((WIDE, WIDE), 8, 2, bytes(1_000)),
    "BMP": lambda data: data[:18] + struct.pack("<ii", WIDE, WIDE) + data[26:],
    "GIF": lambda data: data[:6] + struct.pack("<HH", WIDE, WIDE) + data[10:],
    "TIFF": lambda data: tiff(np.zeros((2, 2), np.uint8), 1, (WIDE, WIDE)),
    "WEBP": lambda data: data[:21] + struct.pack("<I", 16_383 | 16_383 << 14) + data[25:],
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_by_its_header(picture: Image.Image, kind: str) -> None:
    """A small file that promises gigabytes of pixels is refused before memory for them is taken."""
    data = BOMBS[kind](encoded(picture, kind, **({"lossless": True} if kind == "WEBP" else {})))
    reason(data)
    assert peak_growth(lambda: "too many pixels" in reason(data)) < 4_000_000
    assert "too many pixels" in reason(data)


def test_the_limit_holds_below_pillows_own(monkeypatch: pytest.MonkeyPatch, picture: Image.Image) -> None:
    """The limit counts pixels of every format, and an image of exactly that many passes."""
    for kind in ("JPEG", "PNG"):
        data = encoded(picture, kind)
        monkeypatch.setattr(decode_module, "MAX_PIXELS", 13 * 17)
        assert decode_image(data, PLACE).shape == (13, 17, 3)
        monkeypatch.setattr(decode_module, "MAX_PIXELS", 13 * 17 - 1)
        assert "17 x 13, above the limit of 220" in reason(data)


def test_a_text_chunk_bomb_is_refused() -> None:
    """A PNG whose comment unpacks to 200 MB takes no such memory."""
    data = png((1, 1), 8, 2, bytes(4), png_chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(200_000_000))))
    assert peak_growth(lambda: reason(data)) < 8_000_000


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_truncated_files_are_refused(photo: Image.Image, kind: str, share: float) -> None:
    """A file that ends early is bad, and never padded with grey."""
    data = encoded(photo, kind)
    reason(data[: int(len(data) * share)])


def test_a_jpeg_without_its_end_marker_is_refused(photo: Image.Image) -> None:
    """The last two bytes count: a download cut short at the very end is seen."""
    assert "Premature end" in reason(encoded(photo, "JPEG")[:-2])


def test_a_zeroed_middle_is_refused(photo: Image.Image) -> None:
    """Damage that Pillow would show as grey is refused, and no second decoder is asked."""
    data = encoded(photo, "JPEG", quality=90)
    middle = len(data) // 2
    assert "JPEG" in reason(data[:middle] + bytes(2_000) + data[middle + 2_000 :])


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"This is a text that somebody named .jpg\n", "begins with b'This is a te'"),
        (b"\xff\xd8\xff", "JPEG"),
        (b"\xff\xd8\xff" + b"not really" * 50, "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"%PDF-1.7\n" + bytes(100), "begins with b'%PDF-1.7"),
        (bytes(1_000), "begins with"),
    ],
)
def test_what_is_no_image_says_so(data: bytes, says: str) -> None:
    """The reason tells a person what the file is instead."""
    assert says in reason(data)


@pytest.mark.parametrize("kind", ["ICO", "PPM", "TGA", "JPEG2000", "EPS", "PCX"])
def test_formats_outside_the_list_are_refused(picture: Image.Image, kind: str) -> None:
    """Pillow's other parsers are never reached: fewer parsers, fewer holes."""
    assert "not a readable JPEG, PNG" in reason(encoded(picture, kind))


def test_content_decides_not_the_name(tmp_path: Path, picture: Image.Image) -> None:
    """A PNG named .jpg and a JPEG named .png are read for what they are."""
    for kind, name in (("PNG", "a.jpg"), ("JPEG", "b.png")):
        file = tmp_path / name
        file.write_bytes(encoded(picture, kind))
        assert read_image(str(file), name).shape == (13, 17, 3)


def test_unreadable_files_say_why(tmp_path: Path) -> None:
    """A vanished file and a folder are bad samples with the system's own words."""
    with pytest.raises(BadSampleError, match="gone: cannot be read: No such file"):
        read_image(str(tmp_path / "gone.png"), "gone")
    with pytest.raises(BadSampleError, match="cannot be read: Is a directory"):
        read_image(str(tmp_path), "folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_forbidden_files_say_why(tmp_path: Path) -> None:
    """A file without read permission is a bad sample."""
    file = tmp_path / "secret.png"
    file.write_bytes(b"x")
    file.chmod(0)
    with pytest.raises(BadSampleError, match="Permission denied"):
        read_image(str(file), "secret")


def test_huge_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size is checked before the content is read."""
    file = tmp_path / "huge.png"
    with file.open("wb") as stream:
        stream.truncate(decode_module.MAX_FILE_BYTES + 1)

    def read() -> None:
        with pytest.raises(BadSampleError, match="268,435,457 bytes, above the limit"):
            read_image(str(file), "huge")

    assert peak_growth(read) < 4_000_000


def test_missing_simplejpeg_names_the_extra(
    picture: Image.Image, without_simplejpeg: Callable[[], None]
) -> None:
    """Without the extra, PNG still works and JPEG names what to install."""
    without_simplejpeg()
    assert decode_image(encoded(picture, "PNG"), PLACE).shape == (13, 17, 3)
    with pytest.raises(SourceError, match=r"augflow-service\[image\]"):
        decode_image(encoded(picture, "JPEG"), PLACE)


@pytest.fixture
def without_simplejpeg(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes importing simplejpeg fail for the rest of the test."""

    def hide() -> None:
        monkeypatch.setitem(__import__("sys").modules, "simplejpeg", None)
        monkeypatch.setattr(decode_module, "_simplejpeg", decode_module._simplejpeg.__wrapped__)

    return hide
