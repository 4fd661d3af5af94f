"""Archives, arrays and encoded files of any claim: told by name, without the memory that they ask for."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from augflow.errors import BadSampleError
from augflow.sources import arrow, open_source
from augflow.sources.decode import decode_image
from augflow.sources.sounds import decode_audio

from .reading import IMAGE, TEXT, read_all, refusal


def encoded(kind: str, side: int = 16, **options: Any) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (side, side)).save(stream, kind, **options)
    return stream.getvalue()


def png(width: int, height: int, *chunks: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + b"".join(chunks)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def changed(data: bytes, at: int, value: bytes) -> bytes:
    return data[:at] + value + data[at + len(value) :]


def many_scans() -> bytes:
    """A progressive JPEG whose last scan comes 400 times more."""
    whole = encoded("JPEG", 64, progressive=True)
    return whole[:-2] + whole[whole.rindex(b"\xff\xda") : -2] * 400 + whole[-2:]


BOMB = zlib.compress(bytes(300_000_000))
GIF = encoded("GIF")
PICTURES: dict[str, Callable[[], bytes]] = {
    "png of 2.5 billion pixels": lambda: png(50_000, 50_000),
    "png with a text of 300 MB": lambda: png(16, 16, chunk(b"zTXt", b"k\0\0" + BOMB)),
    "png with a profile of 300 MB": lambda: png(16, 16, chunk(b"iCCP", b"k\0\0" + BOMB)),
    "gif with a large canvas": lambda: changed(GIF, 6, b"\xff" * 4),
    "gif with a large frame": lambda: changed(GIF, GIF.index(b"\x2c") + 5, b"\xff" * 4),
    "webp with a large canvas": lambda: (
        b"RIFF"
        + struct.pack("<I", 22)
        + b"WEBPVP8X"
        + struct.pack("<I", 10)
        + b"\x02\0\0\0"
        + b"\xff\x3f\0" * 2
    ),
    "bmp of 2**60 pixels": lambda: (
        b"BM"
        + bytes(8)
        + struct.pack("<IIiiHHIIiiII", 54, 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0)
        + bytes(100)
    ),
    "jpeg of 401 scans": many_scans,
    "jpeg of 4 billion pixels": lambda: (
        lambda whole: changed(whole, whole.index(b"\xff\xc0") + 5, b"\xff" * 4)
    )(encoded("JPEG")),
}


@pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES)
def test_pictures(make: Callable[[], bytes]) -> None:
    """Bombs of every format are refused by their headers, or while they are unpacked."""
    with pytest.raises(BadSampleError):
        decode_image(make(), "x")


def wav(channels: int = 1, rate: int = 8000, size: int | None = None, data: bytes = bytes(4000)) -> bytes:
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate, 0, channels * 2 & 0xFFFF, 16)
    length = struct.pack("<I", len(data) if size is None else size)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + form + b"data" + length + data


SOUNDS = {
    "65,535 channels": wav(65_535, data=bytes(131_070)),
    "1,024 channels": wav(1024, data=bytes(20_480)),
    "no rate": wav(rate=0),
    "a rate of 2**31": wav(rate=2**31),
    "hours": wav(size=2**31),
    "a 64-bit size": b"RF64\xff\xff\xff\xffWAVEds64"
    + struct.pack("<IQQQI", 28, 2**63, 2**63, 2**63, 0)
    + wav()[12:],
    "chunks without end": b"RIFF\xff\xff\xff\xffWAVE" + b"junk\0\0\0\0" * 100_000,
    "pages without end": b"OggS" * 100_000,
}


@pytest.mark.parametrize("data", SOUNDS.values(), ids=SOUNDS)
def test_sounds(data: bytes) -> None:
    """Headers that claim what nobody has."""
    if data[:4] == b"RF64":
        data = data.replace(b"data" + struct.pack("<I", 4000), b"data" + b"\xff" * 4)
    with pytest.raises(BadSampleError):
        decode_audio(data, "x")


def tar(path: Path, *members: tuple[str, bytes], **attributes: Any) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            for key, value in attributes.items():
                setattr(member, key, value)
            archive.addfile(member, io.BytesIO(data))
    return path


PNG = encoded("PNG")
MEMBERS: dict[str, tuple[list[tuple[str, bytes]], dict[str, Any]]] = {
    "symbolic link": ([("a.png", b"")], {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}),
    "hard link": ([("a.png", b"")], {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"}),
    "device": ([("a.png", b"")], {"type": tarfile.CHRTYPE}),
    "pipe": ([("a.png", b"")], {"type": tarfile.FIFOTYPE}),
    "..": ([("../a.png", PNG)], {}),
    ".. inside": ([("a/../../b.png", PNG)], {}),
    "absolute": ([("/a.png", PNG)], {}),
    "twice": ([("a.png", PNG), ("a.png", PNG)], {}),
    "huge shares": ([("a.png", PNG), ("a.json", b'{"label":0,"target":[' + b"9" * 400 + b"]}")], {}),
    "deep": ([("a.png", PNG), ("a.json", b"[" * 100_000)], {}),
    "key twice in 500,000": (
        [("a.png", PNG), ("a.json", b"{" + b",".join(b'"k%d":0' % n for n in range(500_000)) + b',"k7":0}')],
        {},
    ),
}


@pytest.mark.parametrize(("members", "attributes"), MEMBERS.values(), ids=MEMBERS)
def test_archives(members: list[tuple[str, bytes]], attributes: dict[str, Any], tmp_path: Path) -> None:
    """What leads out, is no file, or claims too much is refused by the name of the member."""
    assert "x.tar" in refusal(tar(tmp_path / "x.tar", *members, **attributes))


RECORDS = (b"9" * 5000 + b" path=x\n", b"5010 size=" + b"9" * 4999 + b"\n", b"5 a=\n" * 200_000)


@pytest.mark.parametrize("records", RECORDS, ids=["length", "size", "many"])
def test_extended_headers(records: bytes, tmp_path: Path) -> None:
    """Numbers without end and a megabyte of records: an error or the file, within a moment."""
    header, member = tarfile.TarInfo("pax"), tarfile.TarInfo("a.txt")
    header.type, header.size, member.size = tarfile.XHDTYPE, len(records), 3
    blocks = (header.tobuf(tarfile.USTAR_FORMAT), records, bytes(-len(records) % 512))
    path = tmp_path / "x.tar"
    path.write_bytes(b"".join((*blocks, member.tobuf(tarfile.USTAR_FORMAT), b"abc", bytes(509 + 1024))))
    if b"size" in records:
        assert "cut off inside" in refusal(path, TEXT)
    else:
        assert read_all(path, TEXT) == 1


def array_header(text: str) -> bytes:
    padded = text.encode().ljust(200) + b"\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(padded)) + padded


class Armed:
    """Makes a folder where it is unpickled."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.folder,)


def saved(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


ARRAYS = {
    "float64": saved(np.zeros((4, 4, 3))),
    "not finite": saved(np.full((4, 4, 3), np.nan, np.float32)),
    "texts": saved(np.array(["a"])),
    "empty": saved(np.zeros((0, 4, 3), np.uint8)),
    "27 GiB": array_header("{'descr': '|u1', 'fortran_order': False, 'shape': (100000, 100000, 3)}"),
    "10**30": array_header(f"{{'descr': '|u1', 'fortran_order': False, 'shape': ({10**30},)}}"),
    "code": array_header("{'descr': '|u1', 'fortran_order': False, 'shape': print(1)}"),
    "brackets": array_header("{" + "(" * 190),
}


@pytest.mark.parametrize("data", ARRAYS.values(), ids=ARRAYS)
def test_arrays(data: bytes, tmp_path: Path) -> None:
    """An array in an archive is what a picture can be, or a bad sample."""
    assert "x.tar:a.npy: " in refusal(tar(tmp_path / "x.tar", ("a.npy", data)))


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    """Neither arrays of objects nor types of Arrow run what they hold."""
    armed = Armed(tmp_path / "ran")
    data = saved(np.array([armed], object))
    assert "allow_pickle=False" in refusal(tar(tmp_path / "x.tar", ("a.npy", data)))
    name = {b"ARROW:extension:name": b"arrow.py_extension_type"}
    field = pa.field("text", pa.string(), metadata={**name, b"ARROW:extension:metadata": pickle.dumps(armed)})
    pq.write_table(pa.table({"text": ["a"]}).cast(pa.schema([field])), tmp_path / "x.parquet")
    assert read_all(tmp_path / "x.parquet", TEXT) == 1
    assert not (tmp_path / "ran").exists()
    pickle.loads(pickle.dumps(armed))
    assert (tmp_path / "ran").exists(), "it would have run"


def test_rows_that_take_no_bytes(tmp_path: Path) -> None:
    """A table of 50 million rows in a few kilobytes is refused by its number of rows."""
    pq.write_table(pa.table({"text": pa.nulls(50_000_000, pa.string())}), tmp_path / "x.parquet")
    assert (tmp_path / "x.parquet").stat().st_size < 100_000
    assert "50,000,000 rows, above the limit" in refusal(tmp_path / "x.parquet", TEXT)


def test_row_groups_that_unfold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a row group takes is looked at while it is unpacked, and not taken from what the file says."""
    monkeypatch.setattr(arrow, "MAX_GROUP_BYTES", 3_000_000)
    data = pa.array([bytes(1_000_000)] * 40)
    pq.write_table(
        pa.table({"image": data}), tmp_path / "x.parquet", compression="zstd", use_dictionary=False
    )
    assert (tmp_path / "x.parquet").stat().st_size < 1_000_000
    source = open_source(tmp_path / "x.parquet", fields=IMAGE)
    with pytest.raises(
        BadSampleError, match="more than 3,000,000 bytes; write the file with smaller row groups"
    ):
        source.read(0)


def test_texts_that_repeat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One text, named a million times, counts a million times."""
    monkeypatch.setattr(arrow, "MAX_TABLE_BYTES", 50_000_000)
    numbers = pa.array(np.zeros(1_000_000, np.int8))
    words = pa.DictionaryArray.from_arrays(numbers, pa.array(["a" * 1000]))
    pq.write_table(pa.table({"text": words.cast(pa.string())}), tmp_path / "x.parquet")
    assert (tmp_path / "x.parquet").stat().st_size < 1_000_000
    assert "takes more than 50,000,000 bytes" in refusal(tmp_path / "x.parquet", TEXT)
