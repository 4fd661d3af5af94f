"""A materialized dataset is a source again: hard and soft labels, and nothing hostile."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augflow.errors import SourceError
from augflow.sample import UNLABELED
from augflow.sources import FieldRequest, jsonlines, open_source

Tree = Callable[..., Path]
Manifest = Callable[..., Path]


def entry(output: str = "images/1.png", **changes: Any) -> dict[str, Any]:
    plain = {"output": output, "source": "x", "label": None, "target": None, "epoch": 0, "position": 0}
    return plain | changes


def refusal(source: object, classes: list[str] | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(source, classes=classes)
    return str(caught.value)


@pytest.fixture
def manifest(tree: Tree) -> Manifest:
    """Makes a folder of images/1.png to 3.png, augflow.json and the given manifest lines."""

    def make(*lines: dict[str, Any] | bytes, about: Any = None) -> Path:
        root = tree("images/1.png", "images/2.png", "images/3.png")
        body = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        (root / "manifest.jsonl").write_bytes(b"\n".join(body) + b"\n")
        (root / "augflow.json").write_text(json.dumps(about or {"classes": ["a", "b", "c"], "seed": 1}))
        return root

    return make


def test_lines_are_samples(manifest: Manifest) -> None:
    """Outputs are ids, labels count in the manifest's class list, soft labels are the target."""
    root = manifest(
        entry("images/2.png", label="c"),
        entry("images/1.png", label="a", target=[0.25, 0.75, 0]),
        entry("images/3.png"),
    )
    source = open_source(root)
    assert source.classes == ("a", "b", "c")
    first, second, third = (source.read(index) for index in range(3))
    assert (first.id, first.label) == ("images/1.png", 0)
    assert first.target is not None
    assert first.target.dtype == np.float32
    assert first.target.tolist() == [0.25, 0.75, 0]
    assert (second.id, second.label, second.target) == ("images/2.png", 2, None)
    assert (third.label, third.target) == (UNLABELED, None)
    assert "3 images of 3 classes (a, b, c)" in source.description


def test_the_manifest_itself_may_be_named(manifest: Manifest) -> None:
    """The path of the file and of its folder open the same source."""
    root = manifest(entry(label="a"))
    assert open_source(root / "manifest.jsonl").fingerprint() == open_source(root).fingerprint()


def test_frozen_classes_move_labels_and_targets(manifest: Manifest) -> None:
    """Labels and soft labels follow their class names into another list."""
    root = manifest(entry(label="a", target=[0.25, 0.75, 0]))
    sample = open_source(root, classes=["x", "b", "a"]).read(0)
    assert sample.label == 2
    assert sample.target is not None
    assert sample.target.tolist() == [0, 0.75, 0.25]
    assert "class 'b' is not one of the classes given" in refusal(root, classes=["a", "c"])


def test_without_labels_there_are_no_classes(manifest: Manifest) -> None:
    """A manifest of unlabeled images is an unlabeled source."""
    assert open_source(manifest(entry())).classes == ()


def test_soft_labels_are_kept_sparse(manifest: Manifest) -> None:
    """A thousand classes do not make a thousand numbers a sample, and pickling keeps the values."""
    names = [f"class {number}" for number in range(1_000)]
    target = [0.0] * 1_000
    target[3], target[999] = 0.5, 0.5
    source = open_source(manifest(entry(target=target), about={"classes": names}))
    bare = open_source(manifest(entry(label="class 3"), about={"classes": names}))
    assert len(pickle.dumps(source)) < len(pickle.dumps(bare)) + 600
    again = pickle.loads(pickle.dumps(source)).read(0)
    assert again.target.tolist() == target


def test_the_fingerprint_sees_soft_labels(manifest: Manifest) -> None:
    """The same files with other shares are another dataset."""
    prints = {
        open_source(manifest(entry(target=target))).fingerprint()
        for target in ([0.5, 0.5, 0], [0.5, 0, 0.5], [0.25, 0.75, 0], None)
    }
    assert len(prints) == 4


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b"not json", "jsonl:2: not JSON"),
        (b"\xff\xfe{}", "jsonl:2: not JSON"),
        (b"[" * 100_000, "jsonl:2: not JSON"),
        (b'{"epoch": ' + b"9" * 10_000 + b"}", "jsonl:2: not JSON"),
        (b"[1, 2]", "jsonl:2: must be a JSON object, got [1, 2]"),
        (b"null", "jsonl:2: must be a JSON object"),
        (b"{}", "jsonl:2: `output` must be a path, got None"),
        (entry(output=3), "`output` must be a path, got 3"),
        (entry(output=""), "`output` must be a path"),
        (entry(output="../1.png"), "leads out of the source"),
        (entry(output="images/../../1.png"), "leads out of the source"),
        (entry(output="/etc/passwd"), "leads out of the source"),
        (entry(output="images/gone.png"), "jsonl:2: 'images/gone.png' is not in"),
        (entry(output="images"), "is not a file"),
        (entry(output="a\0b"), "jsonl:2"),
        (entry(output="\ud800.png"), "jsonl:2"),
        (entry(output="x" * 5_000), "jsonl:2"),
        (entry(), "two samples have the id 'images/1.png'"),
        (entry("images/2.png", source=None), "`source` must be an id, got None"),
        (entry("images/2.png", label=1), "`label` must be a class name or null, got 1"),
        (entry("images/2.png", label="d"), "label 'd' is not among the classes"),
        (entry("images/2.png", epoch=-1), "`epoch` must be an integer of at least 0, got -1"),
        (entry("images/2.png", epoch=True), "`epoch` must be an integer"),
        (entry("images/2.png", position="1"), "`position` must be an integer"),
        (entry("images/2.png", target=[1, 0]), "`target` must be null or 3 numbers in [0, 1]"),
        (entry("images/2.png", target="abc"), "`target` must be"),
        (entry("images/2.png", target=[1, 0, "0"]), "`target` must be"),
        (entry("images/2.png", target=[2, -1, 0]), "`target` must be"),
        (entry("images/2.png", target=[float("nan"), 1, 0]), "`target` must be"),
        (entry("images/2.png", target=[0.5, 0.1, 0]), "must add up to 1, got 0.6"),
    ],
)
def test_hostile_lines_name_file_and_line(
    manifest: Manifest, line: dict[str, Any] | bytes, says: str
) -> None:
    """A line that augflow would not write is a SourceError that names it, shortly."""
    said = refusal(manifest(entry(), line))
    assert says in said
    assert len(said) < 6_000


def test_huge_lines_are_refused_unparsed(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line without end is cut at the limit, not read into memory."""
    monkeypatch.setattr(jsonlines, "MAX_LINE_BYTES", 1_000)
    assert "jsonl:2: longer than 1,000 bytes" in refusal(manifest(entry(), b'{"output": "' + b"x" * 100_000))


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ({"classes": "abc"}, "`classes` must be a list of names, got 'abc'"),
        ({"classes": [1]}, "`classes` must be a list of names"),
        ({"seed": 1}, "`classes` must be a list of names, got None"),
        ({"classes": ["a", "a"]}, "'a' more than once"),
        ([1], "must be a JSON object"),
    ],
)
def test_the_class_list_is_checked(manifest: Manifest, about: Any, says: str) -> None:
    """augflow.json must hold class names."""
    assert says in refusal(manifest(entry(), about=about))


def test_an_incomplete_dataset_is_refused(manifest: Manifest) -> None:
    """An empty manifest, and one without augflow.json, say so."""
    root = manifest(b"")
    assert "the manifest has no lines" in refusal(root)
    (root / "augflow.json").unlink()
    assert "augflow.json: cannot be read: No such file" in refusal(root / "manifest.jsonl")


def test_texts_and_sounds_have_manifests_too(manifest: Manifest) -> None:
    """What a line names must be of the kind that is asked for."""
    root = manifest(entry("images/1.txt", label="a"))
    (root / "images" / "1.txt").write_text("one")
    source = open_source(root, fields=(FieldRequest("text", "text"),))
    assert (source.read(0).fields["text"], source.read(0).label) == ("one", 0)
    assert "1 text of 3 classes" in source.description
    assert "jsonl:1: no image files: found .txt" in refusal(root)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    key=st.sampled_from(sorted(entry())),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=5,
    ),
)
def test_any_value_of_any_key(manifest: Manifest, key: str, value: Any) -> None:
    """Whatever JSON stands in a line, opening gives a source or a SourceError."""
    root = manifest(entry(**{key: value}))
    try:
        open_source(root)
    except SourceError:
        return
