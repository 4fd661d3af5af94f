"""What people really feed: empty folders, damaged files, bombs; told by path, nothing half done."""

from __future__ import annotations

import json
import resource
import struct
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(60)

Cli = Callable[..., Any]

CROP = """\
version: 1
modality: image
augment:
  - random_crop: {height: 300, width: 300}
batch: {size: 8}
"""


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture
def data(samples: Path, tmp_path: Path) -> Path:
    """A copy of the samples, to be damaged."""
    for file in samples.rglob("*.png"):
        copy = tmp_path / "data" / file.relative_to(samples)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    return tmp_path / "data"


def damage(name: str, whole: bytes) -> bytes:
    """The bytes of a damaged file, by the name of the damage."""
    return {
        "truncated": whole[: len(whole) // 2],
        "zero bytes": b"",
        "text": b"this is no picture at all",
        "huge": png_header(50_000, 50_000),
    }[name]


@pytest.mark.parametrize("name", ["truncated", "zero bytes", "text", "huge"])
def test_damaged_file_is_named(cli: Cli, spec: Path, data: Path, tmp_path: Path, name: str) -> None:
    """Its path is in the message, memory stays small, `materialize` leaves no manifest."""
    bad = data / "a" / "04.png"
    bad.write_bytes(damage(name, bad.read_bytes()))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ran = cli("digest", spec, data)
    assert ran.status in (1, 2)
    assert ran.out == ""
    assert str(bad) in ran.err
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000, "KiB"

    out = tmp_path / "out"
    failed = cli("materialize", spec, data, "-o", out, "--workers", 0, "--no-mix")
    assert failed.status in (1, 2)
    assert str(bad) in failed.err
    assert not (out / "manifest.jsonl").exists()
    assert not list(out.rglob("04.*"))

    skipping = ["--workers", 0, "--on-error", "skip", "--json"]
    ran = cli("materialize", spec, data, "-o", tmp_path / "skipping", *skipping)
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["skipped"] == 1


def test_skip_leaves_out_and_lists(cli: Cli, spec: Path, data: Path, tmp_path: Path) -> None:
    """`--on-error skip` within `max_bad` writes all the others and says which one is missing and why."""
    lenient = tmp_path / "lenient.yaml"
    lenient.write_text(spec.read_text() + "source: {max_bad: 3}\n")
    bad = data / "b" / "05.png"
    bad.write_bytes(b"")
    out = tmp_path / "out"
    ran = cli("materialize", lenient, data, "-o", out, "--workers", 0, "--on-error", "skip", "--json")
    assert ran.status == 0, ran.err
    found = json.loads(ran.out)
    assert (found["written"], found["skipped"]) == (39, 1)
    assert len(list(out.rglob("*.png"))) == 39
    [entry] = [json.loads(line) for line in (out / "skipped.jsonl").read_text().splitlines()]
    assert entry["source"] == str(bad)
    again = json.loads(
        cli("materialize", lenient, data, "-o", out, "--workers", 0, "--on-error", "skip", "--json").out
    )
    assert (again["written"], again["skipped"], again["complete_before"]) == (39, 1, True)
    for number in ("07", "09", "11"):
        (data / "b" / f"{number}.png").write_bytes(b"")
    over = cli("materialize", lenient, data, "-o", tmp_path / "over", "--workers", 0, "--on-error", "skip")
    assert over.status in (1, 2)
    assert "4 bad samples, max_bad" in over.err
    assert over.err.count(str(bad)) == 1


def test_empty_folder_and_wrong_endings_are_refused(cli: Cli, spec: Path, tmp_path: Path) -> None:
    """A folder without pictures is refused by name, with what was found; nothing is written."""
    source = tmp_path / "source"
    source.mkdir()
    out = tmp_path / "out"
    for verb, options in (("digest", []), ("materialize", ["-o", out]), ("train", [])):
        ran = cli(verb, spec, source, *options, "--workers", 0)
        assert (ran.status, ran.out) == (2, "")
        assert str(source) in ran.err
    (source / "notes.txt").write_text("x")
    assert ".txt" in cli("digest", spec, source).err
    assert not out.exists()


def test_crop_larger_than_the_picture_says_so(cli: Cli, samples: Path, tmp_path: Path) -> None:
    """The message names op, sample and parameters; no folder with a manifest remains."""
    file = tmp_path / "crop.yaml"
    file.write_text(CROP)
    ran = cli("digest", file, samples)
    assert (ran.status, ran.out) == (2, "")
    assert "image/augment/random_crop" in ran.err
    assert str(samples) in ran.err
    assert "300" in ran.err
    out = tmp_path / "out"
    assert cli("materialize", file, samples, "-o", out, "--workers", 0).status == 2
    assert not (out / "manifest.jsonl").exists()


def test_materialize_touches_nothing_that_is_not_its_own(
    cli: Cli, spec: Path, data: Path, tmp_path: Path
) -> None:
    """A folder with other files, the source itself, or another spec's dataset is refused untouched."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious.txt").write_text("keep")
    for out in (other, data, data / "inside", tmp_path):
        ran = cli("materialize", spec, data, "-o", out, "--workers", 0)
        assert (ran.status, ran.out) == (2, ""), out
        assert str(out) in ran.err
    assert [file.name for file in other.iterdir()] == ["precious.txt"]
    assert len(list(data.rglob("*"))) == 42
    mine = tmp_path / "mine"
    assert cli("materialize", spec, data, "-o", mine, "--workers", 0).status == 0
    before = {file: file.read_bytes() for file in mine.rglob("*") if file.is_file()}
    assert cli("materialize", spec, data, "-o", mine, "--workers", 0, "--seed", 99).status == 2
    assert {file: file.read_bytes() for file in mine.rglob("*") if file.is_file()} == before


@pytest.mark.skipif(sys.platform != "linux", reason="file modes as on Linux")
def test_names_from_hostile_folders_stay_inside(cli: Cli, spec: Path, data: Path, tmp_path: Path) -> None:
    """Newlines, quotes and bytes that are no UTF-8 in names end neither the verb nor the output folder."""
    whole = (data / "a" / "00.png").read_bytes()
    for name in (b"line\nbreak.png", b"quote'\".png", b"\xff\xfe.png", b"sp ace.png", b"dots..png"):
        Path(str(data / "a") + "/" + name.decode("utf-8", "surrogateescape")).write_bytes(whole)
    out = tmp_path / "out"
    ran = cli("materialize", spec, data, "-o", out, "--workers", 0, "--no-mix")
    assert ran.status == 0, ran.err
    assert len(list(out.rglob("*.png"))) == 45
    assert set(out.iterdir()) >= {out / "a", out / "b", out / "manifest.jsonl"}
