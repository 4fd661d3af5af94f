"""Which archives a source names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from augflow.errors import SourceError
from augflow.sources.tar_shards import expand_braces

from .archives import TEXT, opened, write_shard

Shard = Callable[..., Path]


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    """Writes an archive: `shard("a.tar", {"0.txt": "hello"})`."""
    return partial(write_shard, tmp_path)


def test_archives_that_share_keys_name_them(shard: Shard, tmp_path: Path) -> None:
    """Keys count from 0 in each: the archive's name goes before them, so that ids differ."""
    for number in range(2):
        shard(f"s-{number}.tar", {"0.txt": f"text {number}"})
    source = opened(tmp_path, TEXT)
    assert [source.sample_id(n) for n in range(2)] == ["s-0.tar/0", "s-1.tar/0"]
    assert [source.read(n).fields["text"] for n in range(2)] == ["text 0", "text 1"]


def test_a_folder_of_shards(shard: Shard, tmp_path: Path) -> None:
    """Other files are told; without any archive, or with a compressed one, it is refused."""
    shard("d/a.tar", {"0.txt": "x"})
    (tmp_path / "d" / "notes.md").write_text("x")
    source = opened(tmp_path / "d", TEXT)
    assert "passed over: 1 file beside them (notes.md)" in source.description
    (tmp_path / "d" / "b.tar.gz").write_bytes(b"\x1f\x8b\x08")
    with pytest.raises(SourceError, match=r"b\.tar\.gz: a compressed archive"):
        opened(tmp_path / "d", TEXT)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"no \.tar files in the folder"):
        opened(tmp_path / "empty", TEXT)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("a-{08..11}.tar", ["a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"]),
        ("{x,y}/{0..1}", ["x/0", "x/1", "y/0", "y/1"]),
        ("s3://b/{a,}.tar", ["s3://b/a.tar", "s3://b/.tar"]),
    ],
)
def test_braces_stand_for_names(pattern: str, names: list[str]) -> None:
    """Ranges keep their zeros, lists their order, several multiply."""
    assert expand_braces(pattern) == names


@pytest.mark.parametrize(
    "pattern", ["{3..1}", "{a}", "{0..9999999}", "{0..1", "{{0..1}}", "{0..999}{0..999}{0..9}"]
)
def test_braces_that_mean_nothing_are_refused(pattern: str) -> None:
    """Rather than taken as they stand."""
    with pytest.raises(SourceError):
        expand_braces(pattern)


def test_a_missing_shard_is_named(shard: Shard, tmp_path: Path) -> None:
    """One of a range that is not there is an error, not a smaller dataset."""
    shard("a-0.tar", {"0.txt": "x"})
    with pytest.raises(SourceError, match=r"a-1\.tar: cannot be read: No such file"):
        opened(tmp_path / "a-{0..1}.tar", TEXT)
