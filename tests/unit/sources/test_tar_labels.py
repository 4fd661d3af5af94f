"""Labels and targets of WebDataset archives, and archives that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from augflow.errors import SourceError
from augflow.sample import UNLABELED
from augflow.sources.classes import ClassList

from .archives import TEXT, opened, write_shard

Shard = Callable[..., Path]


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    """Writes an archive: `shard("a.tar", {"0.txt": "hello"})`."""
    return partial(write_shard, tmp_path)


@pytest.mark.parametrize(
    ("labels", "classes", "expected"),
    [
        (["cat", "dog", "cat"], ("cat", "dog"), [0, 1, 0]),
        (["10", "9", "10"], ("9", "10"), [1, 0, 1]),
    ],
    ids=["names", "numbers"],
)
def test_labels_are_names_or_numbers(
    labels: list[str], classes: tuple[str, ...], expected: list[int], shard: Shard
) -> None:
    """In `.cls` and in `.json` alike; the classes met are sorted, numbers by value."""
    plain = {
        f"{n}.{end}": value for n, label in enumerate(labels) for end, value in (("txt", "x"), ("cls", label))
    }
    values = [int(label) if label.isdecimal() else label for label in labels]
    noted = {
        f"{n}.{end}": value
        for n, label in enumerate(values)
        for end, value in (("txt", "x"), ("json", {"label": label, "w": n}))
    }
    for source in (opened(shard("a.tar", plain), TEXT), opened(shard("b.tar", noted), TEXT)):
        assert source.classes == classes
        assert [source.read(index).label for index in range(3)] == expected


def test_a_class_list_decides_what_numbers_mean(shard: Shard, tmp_path: Path) -> None:
    """Frozen by the caller or in `classes.txt` beside the archives; one that is not in it is an error."""
    files = {"0.txt": "x", "0.cls": "1", "1.txt": "y", "1.cls": "0"}
    place = shard("a.tar", files)
    source = opened(place, TEXT, ClassList(["cat", "dog"]))
    assert (source.classes, [source.read(n).label for n in range(2)]) == (("cat", "dog"), [1, 0])
    (tmp_path / "classes.txt").write_text("cat\ndog\nemu\n")
    assert opened(place, TEXT).classes == ("cat", "dog", "emu")
    # Labels count in the caller's list, numbers mean what stands beside the archives.
    source = opened(place, TEXT, ClassList(["emu", "dog", "cat"]))
    assert [source.read(n).label for n in range(2)] == [1, 2]
    with pytest.raises(SourceError, match=r"'dog' is not one of the classes given \(cat\)"):
        opened(place, TEXT, ClassList(["cat"]))
    with pytest.raises(SourceError, match=r"a\.tar:0.*label 7 is not in \[0, 3\)"):
        opened(shard("a.tar", files | {"0.cls": "7"}), TEXT)


def test_soft_labels_several_labels_and_numbers(shard: Shard, tmp_path: Path) -> None:
    """`target` holds shares in the order of the classes; the other kinds of targets are dense."""
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    soft = {
        "0.txt": "x",
        "0.json": {"label": "dog", "target": [0.25, 0.75]},
        "1.txt": "y",
        "1.json": {"label": "cat"},
    }
    source = opened(shard("soft.tar", soft), TEXT)
    assert source.read(0).target.tolist() == [0.25, 0.75]
    assert source.read(1).target is None
    flipped = opened(tmp_path / "soft.tar", TEXT, ClassList(["dog", "cat"]))
    assert (flipped.read(0).label, flipped.read(0).target.tolist()) == (0, [0.75, 0.25])
    several = {"0.txt": "x", "0.json": {"label": ["dog", "cat"]}, "1.txt": "y", "1.json": {"label": []}}
    source = opened(shard("m.tar", several), TEXT, target="multi_label")
    assert [source.read(n).target.tolist() for n in range(2)] == [[1, 1], [0, 0]]
    assert source.read(0).label == UNLABELED
    (tmp_path / "classes.txt").unlink()
    numbers = {"0.txt": "x", "0.json": {"stars": 4.5}, "1.txt": "y", "1.json": {"stars": 0}}
    source = opened(shard("r.tar", numbers), TEXT, target="regression", columns={"label": "stars"})
    assert [source.read(n).target.tolist() for n in range(2)] == [[4.5], [0.0]]
    assert source.classes == ("stars",)
    for target, message in (
        ([0.5, 0.6], "add up to 1"),
        ([1.0], "null or 2 numbers"),
        ("x", "null or 2 numbers"),
    ):
        (tmp_path / "classes.txt").write_text("cat\ndog\n")
        bad = soft | {"0.json": {"label": "dog", "target": target}}
        with pytest.raises(SourceError, match=rf"bad\.tar:0: .*{message}"):
            opened(shard("bad.tar", bad), TEXT)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"0.txt": "x", "1.txt": "y", "0.cls": "1"}, "two samples have the key '0'"),
        ({"0.txt": "x", "0.TXT": "y"}, r"holds 0\.TXT twice"),
        ({"0.txt": "x", "0.cls": "a", "1.txt": "y"}, "a.tar:1: has no label, and others do"),
        ({"0.txt": "x", "0.cls": ""}, "label is empty"),
        ({"0.txt": "x", "0.json": "[1]"}, r"a\.tar:0\.json: must be a JSON object"),
        ({"0.txt": "x", "0.json": "{"}, r"a\.tar:0\.json: not JSON"),
        ({"0.txt": "x", "0.json": '{"label": 1.5}'}, "a label is a class name or an integer"),
        ({"0.txt": "x", "0.cls": "a", "1.txt": "y", "1.cls": "1"}, "names .* and integers .* at once"),
        ({}, "no samples in 1 archive"),
        ({"readme": "x"}, "no samples in 1 archive"),
    ],
)
def test_shards_that_cannot_be_used_are_refused(files: dict[str, Any], message: str, shard: Shard) -> None:
    """Before anything runs, with archive, key and rule."""
    with pytest.raises(SourceError, match=message):
        opened(shard("a.tar", files), TEXT)
