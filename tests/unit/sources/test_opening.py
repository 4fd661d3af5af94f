"""What a SOURCE may be, and what its options are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from augflow.errors import SourceError
from augflow.sources import open_source
from augflow.spec.model import SourceSpec

Tree = Callable[..., Path]


def refusal(source: object, spec: SourceSpec | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(source, spec)
    return str(caught.value)


@pytest.mark.parametrize("url", ["s3://bucket/train", "https://host/data", "gs://b", "file:///data"])
def test_remote_sources_are_refused(url: str) -> None:
    """A URL says that it cannot be opened yet, not that a file is missing."""
    assert "remote sources cannot be opened yet" in refusal(url)


def test_options_behind_the_path(tree: Tree) -> None:
    """`PATH?split=train` selects, and goes before what the spec says."""
    root = tree("1.png", "2.png", labels_dot_csv="path,label,split\n1.png,a,train\n2.png,b,test\n")
    assert open_source(f"{root}?split=train").sample_id(0) == "1.png"
    assert open_source(f"{root}?split=test", SourceSpec(split="train")).sample_id(0) == "2.png"
    assert open_source(f"{root}?kind=folder").classes == ()
    assert len(open_source(f"{root}?kind=labels&split=test")) == 1


@pytest.mark.parametrize("query", ["", "split", "split=", "color=red", "split=a&color=red", "Split=a"])
def test_unknown_options_are_refused(tree: Tree, query: str) -> None:
    """A misspelled option is an error that lists the options."""
    assert "one of kind, split" in refusal(f"{tree('a/1.png')}?{query}")


def test_unknown_kinds_are_refused(tree: Tree) -> None:
    """A kind that does not exist lists those that do."""
    assert "kind must be one of folder, labels, manifest, got 'tar'" in refusal(f"{tree('a/1.png')}?kind=tar")


def test_a_question_mark_in_a_real_name(tree: Tree) -> None:
    """A folder whose name holds a question mark opens as it stands."""
    root = tree("a/1.png").rename(tree().with_name("what?split=x"))
    assert len(open_source(str(root))) == 1


def test_split_of_class_folders_is_refused(tree: Tree) -> None:
    """Class folders have no split column; where a folder of that name exists, it is the remedy."""
    root = tree("train/a/1.png", "test/a/1.png")
    assert f"open {root}/train instead" in refusal(f"{root}?split=train")
    assert "leave it out" in refusal(f"{root}?split=dev")
    assert "leave them out" in refusal(root, SourceSpec(columns={"label": "breed"}))


@pytest.mark.parametrize(
    "spec", [SourceSpec(split="a"), SourceSpec(kind="folder"), SourceSpec(columns={"id": "key"})]
)
def test_path_options_are_refused_for_objects(spec: SourceSpec) -> None:
    """Options that would be ignored are an error."""
    assert "is for paths" in refusal(np.zeros((1, 2, 2), np.uint8), spec)
