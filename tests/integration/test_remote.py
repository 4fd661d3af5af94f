"""Sources on a real server, and a materialization that is killed."""

from __future__ import annotations

import functools
import http.server
import io
import os
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import augflow
from augflow.errors import BadSampleError, SourceError
from augflow.sources import open_source, storage
from augflow.sources.base import FieldRequest
from augflow.sources.webdataset import open_webdataset

pytestmark = pytest.mark.timeout(120)
pytest.importorskip("aiohttp")

IMAGE = (FieldRequest("image", "image"),)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files; ranges of them unless told otherwise; the first requests are refused as told."""

    ranges = True
    refusals: list[int]

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        if self.refusals:
            self.send_error(self.refusals.pop())
            return
        asked = self.headers.get("Range")
        path = self.translate_path(self.path)
        if not (self.ranges and asked and os.path.isfile(path)):
            super().do_GET()
            return
        with open(path, "rb") as file:
            data = file.read()
        first, last = asked.removeprefix("bytes=").split("-")
        part = data[int(first) : int(last) + 1]
        self.send_response(206)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(part) - 1}/{len(data)}")
        self.end_headers()
        self.wfile.write(part)


Serve = Callable[..., str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves the test's folder on loopback: `serve(ranges=False, refusals=[503])` gives its URL."""
    servers = []

    def start(ranges: bool = True, refusals: list[int] | None = None) -> str:
        handler = type("Served", (Handler,), {"ranges": ranges, "refusals": refusals or []})
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(handler, directory=str(tmp_path))
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def shards(samples: Path, tmp_path: Path) -> Path:
    """The samples in two archives."""
    folder = tmp_path / "shards"
    folder.mkdir()
    files = sorted(samples.rglob("*.png"))
    for number in range(2):
        with tarfile.open(folder / f"s-{number}.tar", "w") as tar:
            for file in files[number::2]:
                tar.add(file, f"{file.parent.name}/{file.name}")
                label = tarfile.TarInfo(f"{file.parent.name}/{file.stem}.cls")
                label.size = 1
                tar.addfile(label, io.BytesIO(file.parent.name.encode()))
    return folder


def test_a_listing_of_the_web(serve: Serve, tmp_path: Path) -> None:
    """Names are unquoted, sizes asked for, sort links and parents passed over."""
    (tmp_path / "d" / "sub folder").mkdir(parents=True)
    (tmp_path / "d" / "sub folder" / "a#é%.txt").write_bytes(b"123")
    (tmp_path / "d" / "b.txt").write_bytes(b"12345")
    url = f"{serve()}/d/"
    assert storage.is_folder(url)
    files = storage.list_remote(url)
    assert files == [storage.StoredFile("b.txt", 5), storage.StoredFile("sub folder/a#é%.txt", 3)]
    assert [storage.read_file(storage.join_place(url, file.path), 9) for file in files] == [b"12345", b"123"]
    assert storage.file_size(url + "b.txt") == 5
    assert not storage.exists(url + "none")
    with pytest.raises(BadSampleError, match="no such file"):
        storage.read_file(url + "none", 9)
    with pytest.raises(SourceError, match="no such folder"):
        storage.list_remote(url + "none/")


def test_a_server_that_is_busy_is_asked_again(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errors that may pass are waited out; a refusal, or a server that is gone, ends it with the reason."""
    monkeypatch.setattr(storage, "RETRY_PAUSES_S", (0.01, 0.01))
    (tmp_path / "a.txt").write_bytes(b"data")
    assert storage.read_file(f"{serve(refusals=[503, 500])}/a.txt", 9) == b"data"
    with pytest.raises(SourceError, match="503"):
        storage.read_file(f"{serve(refusals=[503] * 9)}/a.txt", 9)
    refusals = [403] * 9
    with pytest.raises(SourceError, match="403"):
        storage.read_file(f"{serve(refusals=refusals)}/a.txt", 9)
    with pytest.raises(SourceError, match=r"http://\*\*\*@127\.0\.0\.1:1/a\.txt: cannot be read") as caught:
        storage.read_file("http://me:hunter2@127.0.0.1:1/a.txt", 9)
    assert "hunter2" not in str(caught.value)


def test_shards_on_a_server_are_the_local_ones(
    serve: Serve, shards: Path, pipeline: augflow.Pipeline, assert_same_stream: Callable[..., None]
) -> None:
    """The same samples, and the same stream from two workers as from local archives in this process."""
    url = f"{serve()}/shards/s-{{0..1}}.tar"
    remote = open_webdataset(url, {}, None, IMAGE)
    local = open_webdataset(str(shards), {}, None, IMAGE)
    assert remote.fingerprint() == local.fingerprint()
    for index in (0, 17, 39):
        assert np.array_equal(remote.read(index).fields["image"], local.read(index).fields["image"])
    with (
        pipeline.stream(open_source(str(shards / "s-{0..1}.tar"))) as one,
        pipeline.stream(remote, num_workers=2) as two,
    ):
        assert_same_stream(one, two)


def test_a_server_without_ranges_is_refused_with_the_remedy(serve: Serve, shards: Path) -> None:
    """Reading the whole archive for each member is not what was asked for; a local copy is."""
    url = f"{serve(ranges=False)}/shards/s-0.tar"
    source = open_webdataset(f"simplecache::{url}", {}, None, IMAGE)
    assert source.read(3).fields["image"].shape == (20, 22, 3)
    plain = open_webdataset(url, {}, None, IMAGE)  # small enough to come whole
    with pytest.raises(SourceError, match=r"ignores byte ranges.*simplecache::"):
        plain.read(3)


KILLED = """\
import os, signal, sys
import augflow
from augflow.materialize import MaterializeOptions, materialize

def stop(done, total):
    if done >= int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

options = MaterializeOptions(
    copies=2, format=sys.argv[5], samples_per_file=7, num_workers=int(sys.argv[6]), on_progress=stop
)
materialize(augflow.load(sys.argv[1]), sys.argv[2], sys.argv[3], options)
"""


@pytest.mark.parametrize("form", ["webdataset", "parquet"])
def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(
    form: str, spec: Path, samples: Path, tmp_path: Path
) -> None:
    """SIGKILL in the middle of a part, twice, then with workers: the folder of an undisturbed run."""

    def run(out: str, after: int, workers: int = 0) -> int:
        arguments = [spec, samples, tmp_path / out, after, form, workers]
        command = [sys.executable, "-c", KILLED, *map(str, arguments)]
        return subprocess.run(command, timeout=60).returncode

    assert run("whole", 1000) == 0
    for after in (12, 50):
        assert run("out", after) == -signal.SIGKILL
    assert run("out", 1000, workers=2) == 0
    trees = [
        {file.relative_to(tmp_path / out): file.read_bytes() for file in (tmp_path / out).rglob("*.*")}
        for out in ("whole", "out")
    ]
    assert len(trees[0]) == 12 + 2
    assert trees[0] == trees[1]
