"""What is no file is never opened, what has no end is never read, and links lead round no ring."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from augflow.errors import BadSampleError
from augflow.regular import TooLargeError, read_regular
from augflow.sources import open_source
from augflow.sources.base import FieldRequest

from .reading import TEXT, read_all, refusal

Picture = Callable[..., Path]
SOURCES = ("x.csv", "x.tsv", "x.jsonl", "x.parquet", "x.tar")
FOLLOWERS = [("mask", "x.png"), ("boxes", "x.txt"), ("boxes", "x.xml"), ("boxes", "x.json")]


def trap(path: Path, kind: str) -> None:
    """A pipe that nobody writes to, or a link to a device that never ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("name", SOURCES)
def test_a_source_that_is_no_file_is_refused(name: str, kind: str, tmp_path: Path) -> None:
    """Neither waited for nor read for ever."""
    trap(tmp_path / name, kind)
    assert "no file" in refusal(tmp_path / name, TEXT)


@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(("field", "name"), FOLLOWERS)
def test_annotations_that_are_no_files_are_refused(
    field: str, name: str, kind: str, tmp_path: Path, picture: Picture
) -> None:
    """Masks, boxes of every format: a pipe among them stops nothing."""
    picture("i/x.png")
    trap(tmp_path / "notes" / name, kind)
    place = f"../notes/{name}" if name == "x.json" else "../notes"
    fields = (FieldRequest("image", "image"), FieldRequest("it", field, place))  # type: ignore[arg-type]
    message = refusal(f"{tmp_path}/i?links=follow", fields)
    assert "no file" in message or "read from" in message


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_file_that_becomes_a_trap_is_a_bad_sample(kind: str, tmp_path: Path, picture: Picture) -> None:
    """What was a file when the source was opened need not be one when it is read."""
    path = picture("a/x.png")
    source = open_source(tmp_path)
    path.unlink()
    trap(path, kind)
    with pytest.raises(BadSampleError, match="no file"):
        source.read(0)


def test_a_file_that_shrinks_or_goes_is_a_bad_sample(tmp_path: Path, picture: Picture) -> None:
    """By name and with the reason."""
    path = picture("a/x.png")
    source = open_source(tmp_path)
    os.truncate(path, 50)
    with pytest.raises(BadSampleError, match=r"a/x\.png: damaged or truncated"):
        source.read(0)
    path.unlink()
    with pytest.raises(BadSampleError, match=r"a/x\.png: cannot be read: No such file"):
        source.read(0)


def test_files_with_holes_are_not_read(tmp_path: Path, picture: Picture) -> None:
    """A terabyte that takes no room on the disk takes none in memory."""
    os.truncate(picture("i/x.png"), 2**40)
    assert "bytes, above the limit of" in refusal(tmp_path / "i")
    picture("m/x.png")
    fields = (FieldRequest("image", "image"), FieldRequest("mask", "mask", "../m"))
    assert "bytes, above the limit of" in refusal(tmp_path / "i", fields)
    os.truncate(picture("n/x.png"), 2**40)
    picture("i/x.png")
    fields = (FieldRequest("image", "image"), FieldRequest("mask", "mask", "../n"))
    assert "bytes, above the limit of" in refusal(tmp_path / "i", fields)
    (tmp_path / "x.tar").write_bytes(b"")
    os.truncate(tmp_path / "x.tar", 2**40)
    assert "bytes follow the end mark" in refusal(tmp_path / "x.tar")


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    """Also one that says that it is empty, as those of /proc do, and holds more than is wanted."""
    assert read_regular("/proc/self/status", 100_000).startswith(b"Name:")
    with pytest.raises(TooLargeError):
        read_regular("/proc/self/status", 10)
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    with pytest.raises(TooLargeError, match="5 bytes, above the limit of 4"):
        read_regular(path, 4)
    with pytest.raises(OSError, match="Is a directory"):
        read_regular(tmp_path, 5)
    with pytest.raises(OSError, match="no file can have this name"):
        read_regular("a\0b", 5)


def test_links_that_multiply_are_refused(tmp_path: Path, picture: Picture) -> None:
    """Two links in each of 24 folders would make 16 million of one picture."""
    folders = [tmp_path / "s" / "c" / str(depth) for depth in range(25)]
    picture("s/c/24/x.png")
    for folder, following in pairwise(folders):
        folder.mkdir(parents=True)
        for name in ("one", "other"):
            (folder / name).symlink_to(following)
    assert "so many links do that" in refusal(tmp_path / "s")
    assert "so many links do that" in refusal(f"{tmp_path}/s?links=follow")


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../../../etc/passwd", "a/../../x.png", "a\0b", "a" * 5000, ".", "/dev/zero"]
)
def test_tables_name_files_of_their_folder_alone(name: str, tmp_path: Path, picture: Picture) -> None:
    """Nothing outside, no device, no name that cannot be."""
    picture("s/a/x.png")
    (tmp_path / "s" / "labels.csv").write_text(f"filename,label\n{name},a\n")
    assert "labels.csv:2: " in refusal(tmp_path / "s")


@pytest.mark.parametrize("name", [b"line\nbreak.png", b"\xff\xfe.png", b"\x1b[2J.png", b"<script>.png"])
def test_names_of_any_bytes_are_samples(name: bytes, tmp_path: Path, picture: Picture) -> None:
    """Their ids can be printed and stored; damaged, they are told of on one line."""
    path = picture("s/a/x.png")
    odd = Path(str(path.parent) + "/" + os.fsdecode(name))
    path.rename(odd)
    assert read_all(tmp_path / "s") == 1
    open_source(tmp_path / "s").sample_id(0).encode()
    odd.write_bytes(b"damaged")
    refusal(tmp_path / "s")
