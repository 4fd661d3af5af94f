"""Encoded images become uint8 (H, W, 3), or a BadSampleError that a person can read."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augflow.errors import BadSampleError, SourceError
from augflow.sources import decode as decode_module
from augflow.sources.decode import decode_image
from augflow.sources.decoding import read

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
        np.testing.assert_array_equal(read("image", str(file), PLACE), by_pillow(file.read_bytes()))


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


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF"])
def test_first_frame_of_an_animation(kind: str) -> None:
    """An animation is its first frame."""
    frames = [Image.new("RGB", (6, 4), color) for color in ("red", "lime", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
    pixels = decode_image(data, PLACE)
    assert np.abs(pixels.astype(int) - [255, 0, 0]).max() <= 8
    assert pixels.shape == (4, 6, 3)


def huge(data: bytes, kind: str) -> bytes:
    """A valid file whose header is changed to promise far more pixels than the limit."""
    body = bytearray(data)
    if kind == "JPEG":
        start = data.index(b"\xff\xc0") + 5
        body[start : start + 4] = struct.pack(">HH", WIDE, WIDE)
    elif kind == "PNG":
        body[16:24] = struct.pack(">II", WIDE, WIDE)
        body[29:33] = struct.pack(">I", zlib.crc32(body[12:29]))
    elif kind == "BMP":
        body[18:26] = struct.pack("<ii", WIDE, WIDE)
    elif kind == "GIF":
        body[6:10] = struct.pack("<HH", WIDE, WIDE)
    elif kind == "TIFF":  # the values of the first two tags
        body[18:22] = body[30:34] = struct.pack("<I", WIDE)
    else:
        body[21:25] = struct.pack("<I", 16_383 | 16_383 << 14)
    return bytes(body)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP"])
def test_a_bomb_is_refused_by_its_header(picture: Image.Image, kind: str) -> None:
    """A small file that promises gigabytes of pixels is refused before memory for them is taken."""
    data = huge(encoded(picture, kind, **({"lossless": True} if kind == "WEBP" else {})), kind)
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


def test_a_text_chunk_bomb_is_refused(picture: Image.Image) -> None:
    """A PNG whose comment unpacks to 200 MB takes no such memory."""
    body = b"zTXt" + b"x\0\0" + zlib.compress(bytes(200_000_000))
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    data = encoded(picture, "PNG")
    bomb = data[:33] + chunk + data[33:]
    assert peak_growth(lambda: reason(bomb)) < 8_000_000


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF"])
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
        assert read("image", str(file), name).shape == (13, 17, 3)


def test_unreadable_files_say_why(tmp_path: Path) -> None:
    """A vanished file and a folder are bad samples with the system's own words."""
    with pytest.raises(BadSampleError, match="gone: cannot be read: No such file"):
        read("image", str(tmp_path / "gone.png"), "gone")
    with pytest.raises(BadSampleError, match="cannot be read: Is a directory"):
        read("image", str(tmp_path), "folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_forbidden_files_say_why(tmp_path: Path) -> None:
    """A file without read permission is a bad sample."""
    file = tmp_path / "secret.png"
    file.write_bytes(b"x")
    file.chmod(0)
    with pytest.raises(BadSampleError, match="Permission denied"):
        read("image", str(file), "secret")


def test_huge_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size is checked before the content is read."""
    file = tmp_path / "huge.png"
    with file.open("wb") as stream:
        stream.truncate(decode_module.MAX_FILE_BYTES + 1)

    def refused() -> None:
        with pytest.raises(BadSampleError, match="268,435,457 bytes, above the limit"):
            read("image", str(file), "huge")

    assert peak_growth(refused) < 4_000_000


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
