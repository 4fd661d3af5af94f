"""Whatever the bytes, decoding gives an image or BadSampleError."""

from __future__ import annotations

import functools
import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from augflow.errors import BadSampleError
from augflow.sources import decode as decode_module
from augflow.sources.decode import decode_image

KINDS = ("JPEG", "PNG", "BMP", "WEBP", "TIFF", "GIF")
MAGICS = (
    b"",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"BM",
    b"RIFF\0\0\0\0WEBP",
    b"II*\0",
    b"MM\0*",
    b"GIF89a",
)

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's remarks on damaged TIFF

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def small_images_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps a lucky mutation of a size from decoding a hundred million pixels."""
    monkeypatch.setattr(decode_module, "MAX_PIXELS", 1_000_000)


@functools.cache
def valid(kind: str) -> bytes:
    rows, columns = np.mgrid[0:24, 0:31]
    image = Image.fromarray(np.stack((rows * 10, columns * 8, rows * columns % 256), axis=2).astype(np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image.save(buffer, kind, **({} if kind in ("BMP", "GIF") else {"exif": exif}))
    return buffer.getvalue()


def check(data: bytes) -> None:
    try:
        pixels = decode_image(data, "fuzzed")
    except BadSampleError:
        return
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3


@FUZZ
@given(magic=st.sampled_from(MAGICS), tail=st.binary(max_size=400))
def test_random_bytes(magic: bytes, tail: bytes) -> None:
    """Random bytes behind any format's magic number never raise anything else."""
    check(magic + tail)


@pytest.mark.parametrize("kind", KINDS)
@FUZZ
@given(data=st.data())
def test_mutated_files(kind: str, data: st.DataObject) -> None:
    """Valid files with bytes changed, removed or cut off never raise anything else."""
    body = bytearray(valid(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(0, min(len(body), 400) - 1)))
        body[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    check(bytes(body[: data.draw(st.integers(0, len(body)))] if data.draw(st.booleans()) else body))
