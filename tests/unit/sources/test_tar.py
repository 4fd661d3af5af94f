"""The walk over the headers of an archive: what Python's reader finds, and an error where that ends early."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augflow.errors import SourceError
from augflow.sources.tar import Member, members

LONG = "d" * 90 + "/" + "n" * 160 + ".jpg"


def archive(files: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """An archive as Python writes it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def found(data: bytes) -> list[Member]:
    return list(members(lambda start, size: data[start : start + size], len(data), "x.tar"))


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "gnu"])
def test_members_lie_where_pythons_reader_finds_them(form: int) -> None:
    """Names of any length and script, empty files and sizes around the block."""
    files = {LONG: b"1", "é/ü.txt": b"", "b.bin": bytes(512), "c": bytes(513), "./d.e": b"22"}
    data = archive(files, form)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        expected = [(m.name.removeprefix("./"), m.offset_data, m.size) for m in tar]
    assert [(m.name, m.offset, m.size) for m in found(data)] == expected
    assert [data[m.offset : m.offset + m.size] for m in found(data)] == list(files.values())


@pytest.mark.parametrize("form", ["gnu", "ustar", "pax", "v7", "oldgnu"])
def test_archives_of_the_tar_program_are_read(form: str, tmp_path: Path) -> None:
    """Every form that GNU tar writes, folders among the members."""
    if shutil.which("tar") is None:
        pytest.skip("no tar program")
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for name in ("a.jpg", "a.cls", "sub/b.jpg"):
        (tmp_path / "in" / name).write_bytes(name.encode() * 100)
    command = ["tar", f"--format={form}", "-C", tmp_path / "in", "-cf", tmp_path / "x.tar", "."]
    subprocess.run(command, check=True)
    data = (tmp_path / "x.tar").read_bytes()
    by_name = {m.name: data[m.offset : m.offset + m.size] for m in found(data)}
    assert by_name == {name: name.encode() * 100 for name in ("a.jpg", "a.cls", "sub/b.jpg")}


def test_an_archive_that_was_cut_off_is_refused_wherever() -> None:
    """At every block and in between: nothing that stood behind the cut is missing in silence."""
    data = archive({"a": b"1", "b": bytes(600), "c": b"3"})
    end = max(m.offset + 512 for m in found(data))
    for cut in (0, 1, 511, 512, 513, 1000, 1024, 1536, 2048, 2500, end - 1, end):
        with pytest.raises(SourceError, match=r"x\.tar: (cut off inside|the archive ends without|not a tar)"):
            found(data[:cut])
    with pytest.raises(SourceError, match=r"cut off inside b: 1,600 bytes of at least 2,560"):
        found(data[:1600])
    assert len(found(data[: end + 512])) == 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:1024] + b"X" + data[1025:], r"damaged at byte 1,024 \(bad checksum\)"),
        (lambda data: data + data, "more follows the end mark .* tar --concatenate"),
        (lambda data: b"\x1f\x8b" + data, "compressed archive.*gunzip it first"),
        (lambda data: b"\x28\xb5\x2f\xfd" + data, "compressed archive.*unzstd it first"),
        (lambda _: b"no archive at all" * 100, "not a tar archive"),
        (lambda _: b"short", "not a tar archive"),
    ],
    ids=["damaged", "two", "gzip", "zstd", "text", "short"],
)
def test_what_is_no_whole_archive_is_refused(change: Callable[[bytes], bytes], message: str) -> None:
    """With the reason and, where there is one, the remedy."""
    with pytest.raises(SourceError, match=message):
        found(change(archive({"a": b"1", "b": b"2", "c": b"3"})))


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        (tarfile.SYMTYPE, "l.jpg", r"x\.tar:l\.jpg is a link"),
        (tarfile.LNKTYPE, "l.jpg", r"x\.tar:l\.jpg is a link"),
        (tarfile.CHRTYPE, "c", "device or a sparse file"),
        (tarfile.REGTYPE, "/etc/a.jpg", "leads out of the archive"),
        (tarfile.REGTYPE, "a/../../b.jpg", "leads out of the archive"),
    ],
)
def test_members_that_are_no_plain_files_below_are_refused(kind: bytes, name: str, message: str) -> None:
    """Links, devices, absolute names and names with .. are named."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.type = kind
        member.linkname = "elsewhere"
        tar.addfile(member)
    with pytest.raises(SourceError, match=message):
        found(stream.getvalue())


@given(st.integers(0, 3000), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_a_byte_that_changed_is_an_error_or_changes_no_place(place: int, value: int) -> None:
    """Damage never raises anything but SourceError, and never loses a member in silence."""
    data = bytearray(archive({"a": b"1" * 40, "b": b"2", "c": b"3"}))
    expected = found(bytes(data))
    data[place] = value
    try:
        after = found(bytes(data))
    except SourceError:
        return
    assert [(m.offset, m.size) for m in after] == [(m.offset, m.size) for m in expected]
