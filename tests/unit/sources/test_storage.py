"""Bytes by path and by URL: the same answers from the operating system and from fsspec."""

from __future__ import annotations

import io
import multiprocessing
import zipfile
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from fsspec.registry import known_implementations

from augflow.errors import BadSampleError, SourceError
from augflow.sources import storage

SECRET = "hunter2"


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """An empty file system in memory."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    storage._file_system_of.cache_clear()
    yield system
    system.store.clear()


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("/a/b.tar", ("/a", "b.tar")),
        ("s3://bucket/a/b.tar", ("s3://bucket/a", "b.tar")),
        ("memory://b.tar", ("memory://", "b.tar")),
        ("http://host/a/b.tar?sign=x/y", ("http://host/a", "b.tar?sign=x/y")),
        ("zip://a/b.tar::s3://bucket/c.zip", ("zip://a::s3://bucket/c.zip", "b.tar")),
        ("zip://b.tar::file:///c.zip", ("zip://::file:///c.zip", "b.tar")),
        ("simplecache::http://host/a/b.tar", ("simplecache::http://host/a", "b.tar")),
    ],
)
def test_places_are_split_and_joined(place: str, parts: tuple[str, str]) -> None:
    """The name is that of the first link of a chain with a path, and joining gives the place again."""
    assert storage.split_place(place) == parts
    if "?" not in place:
        assert storage.join_place(*parts) == place


def test_names_are_quoted_for_the_web_alone() -> None:
    """A listing gives names as they are, and a URL needs them quoted."""
    name = "a b#é%.jpg"
    assert storage.join_place("http://host/x/", name) == "http://host/x/a%20b%23%C3%A9%25.jpg"
    assert storage.join_place("s3://x", name) == f"s3://x/{name}"


def test_file_urls_are_paths() -> None:
    """A `file://` URL is read as the path that it is; other URLs are no paths."""
    assert storage.local_path("file:///a/b") == "/a/b"
    assert storage.local_path("s3://a/b") is None
    assert storage.local_path("zip://a::file:///b.zip") is None
    assert storage.is_url("file:///a")
    assert not storage.is_url("/a:b/c::d")


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (f"ftp://me:{SECRET}@host/a@b", "ftp://***@host/a@b"),
        (f"ftp://me:p@{SECRET}@host/a", "ftp://***@host/a"),
        (f"https://host/a.tar?X-Signature={SECRET}", "https://host/a.tar?***"),
        (f"zip://x::https://u:{SECRET}@h/a.zip?t={SECRET}", "zip://x::https://***@h/a.zip?***"),
        ("/a?b/c@d\n", "/a?b/c@d\\n"),
    ],
)
def test_secrets_of_urls_are_not_shown(place: str, shown: str) -> None:
    """Neither password nor query stands in a message; paths stand as they are, on one line."""
    assert storage.shown(place) == shown


def test_a_failure_does_not_tell_the_secret_either(memory: object) -> None:
    """What a library says of a URL is masked, and an error that tells the secret is no cause."""
    with pytest.raises(SourceError) as caught:
        storage.read_file(f"nowhere://u:{SECRET}@host/a", 10)
    assert SECRET not in str(caught.value)

    def failing() -> None:
        raise ValueError(f"cannot open ftp://u:{SECRET}@host/a?token={SECRET}, sorry")

    with pytest.raises(SourceError, match=r"\*\*\*@host/a\?\*\*\*, sorry") as caught:
        storage._attempted(f"ftp://u:{SECRET}@host/a", failing)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_files_of_a_remote_folder_are_listed(memory: fsspec.AbstractFileSystem) -> None:
    """Paths relative to the folder with sizes, sorted; without those below where they are not wanted."""
    memory.pipe({"/d/b.txt": b"12", "/d/a/x y.txt": b"123", "/d/.h": b"", "/elsewhere": b"1"})
    files = [storage.StoredFile(".h", 0), storage.StoredFile("a/x y.txt", 3), storage.StoredFile("b.txt", 2)]
    assert storage.list_remote("memory://d") == storage.list_remote("memory://d/") == files
    assert storage.list_remote("memory://d", deep=False) == [files[0], files[2]]
    with pytest.raises(SourceError, match=r"memory://none: no such folder"):
        storage.list_remote("memory://none")


def test_reading_is_the_same_near_and_far(memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    """Whole files, ranges and sizes, by path, by file:// URL and from another file system."""
    data = bytes(range(200))
    (tmp_path / "a.bin").write_bytes(data)
    memory.pipe("/d/a.bin", data)
    for place in (str(tmp_path / "a.bin"), f"file://{tmp_path}/a.bin", "memory://d/a.bin"):
        assert storage.exists(place)
        assert storage.file_size(place) == 200
        assert storage.read_file(place, 200) == data
        assert storage.read_range(place, 5, 10) == data[5:15]
        assert storage.read_range(place, 200, 0) == b""
        assert not storage.is_folder(place)
        assert storage.is_folder(storage.split_place(place)[0])
        with pytest.raises(BadSampleError, match=r"200 bytes, above the limit of 199"):
            storage.read_file(place, 199)
        with pytest.raises(BadSampleError, match=r"ends at byte 200, before 205: it was cut off"):
            storage.read_range(place, 195, 10)


def test_what_is_absent_is_said(memory: fsspec.AbstractFileSystem, tmp_path: Path) -> None:
    """A missing file is a bad sample where it is read, and a wrong source where it is opened."""
    memory.pipe("/d/a", b"1")
    for place in (str(tmp_path / "no"), "memory://d/no"):
        assert not storage.exists(place)
        with pytest.raises(BadSampleError, match=r"no: (cannot be read: No|no) such file"):
            storage.read_file(place, 10)
        with pytest.raises(SourceError, match=r"No such file|no such file"):
            storage.file_size(place)
        with pytest.raises(SourceError, match="no such file or folder"):
            storage.is_folder(place)


def test_chains_reach_into_archives(memory: fsspec.AbstractFileSystem) -> None:
    """The files of a zip that lies on another file system are listed and read."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a/1.txt", "one")
        archive.writestr("2.txt", "two")
    memory.pipe("/x.zip", stream.getvalue())
    files = storage.list_remote("zip://::memory://x.zip")
    assert [file.path for file in files] == ["2.txt", "a/1.txt"]
    places = [storage.join_place("zip://::memory://x.zip", file.path) for file in files]
    assert [storage.read_file(place, 9) for place in places] == [b"two", b"one"]
    assert storage.read_range("zip://a/1.txt::memory://x.zip", 1, 2) == b"ne"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("lacking://bucket/a", r"lacking://bucket/a.*needs another package: Install it"),
        ("nowhere://a/b", r"nowhere://a.*Protocol not known"),
        ("zip://::memory://d/a", r"zip://::memory://d/a.*not a zip file"),
    ],
)
def test_what_cannot_be_reached_is_no_bad_sample(
    url: str, message: str, memory: fsspec.AbstractFileSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What concerns every file behind a URL ends a run; it does not count as one bad sample."""
    absent = {"class": "no_such_package.FileSystem", "err": "Install it"}
    monkeypatch.setitem(known_implementations, "lacking", absent)
    memory.pipe("/d/a", b"no zip")
    with pytest.raises(SourceError, match=message):
        storage.list_remote(url)


def test_a_failure_that_may_pass_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as there are pauses; what stays as it is fails at once."""
    pauses: list[float] = []
    monkeypatch.setattr(storage.time, "sleep", pauses.append)
    left = [TimeoutError(), ConnectionResetError(), None]

    def shaky() -> str:
        error = left.pop(0)
        if error is not None:
            raise error
        return "done"

    assert storage._attempted("s3://a", shaky) == "done"
    assert pauses == list(storage.RETRY_PAUSES_S[:2])

    class Refused(Exception):
        status = 403

    class Busy(Exception):
        status = 503

    for error, waits in ((Refused(), 0), (Busy(), 3), (PermissionError(), 0), (FileNotFoundError(), 0)):
        pauses.clear()
        left[:] = [error] * 9
        with pytest.raises((SourceError, BadSampleError)):
            storage._attempted("s3://a", shaky)
        assert len(pauses) == waits


def test_a_server_that_ignores_ranges_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole file in answer to a range would be taken for the member of an archive."""

    class Whole:
        def cat_file(self, *_: object, **__: object) -> bytes:
            return bytes(100)

    monkeypatch.setattr(storage, "_file_system", lambda _: (Whole(), "http://host"))
    with pytest.raises(SourceError, match=r"ignores byte ranges and sends 100 bytes for 10; .*simplecache::"):
        storage.read_range("http://host/a.tar", 0, 10)


def _reads_in_child(place: str, queue: multiprocessing.Queue) -> None:
    queue.put(storage.read_file(place, 99))


def test_a_forked_process_opens_its_own(memory: fsspec.AbstractFileSystem) -> None:
    """File systems are kept by process, so that a fork uses none of its parent's connections."""
    memory.pipe("/a", b"data")
    assert storage.read_file("memory://a", 99) == b"data"
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_reads_in_child, args=("memory://a", queue))
    child.start()
    assert queue.get(timeout=30) == b"data"
    child.join(30)
