"""Names of files: readable, inside the folder, and never one for two samples."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augflow.materialize.names import safe_name

PARTS = st.sampled_from(
    ["a", "b", "_", "__", "/", "//", ".", "..", "~", ":", "\\", "é", "\x00", " ", "A", "\ud800", "\udcff"]
)
IDS = st.lists(PARTS, max_size=8).map("".join) | st.text(max_size=300) | st.text("ab/_.", max_size=12)


@given(IDS)
@settings(max_examples=300, deadline=None)
def test_names_are_one_component_of_a_length_that_file_systems_take(text: str) -> None:
    """No separator, no way up, not hidden, no control character; with epoch and ending below 256 bytes."""
    name = safe_name(text)
    assert name not in ("", ".", "..")
    assert not set(name) & set('/\\\0<>:"|?*\n')
    assert not name.startswith(".")
    assert not name.endswith((".", " "))
    assert len(f"{name}.e1000000.png".encode()) <= 255


@given(st.lists(IDS, min_size=2, max_size=40, unique=True))
@settings(max_examples=300, deadline=None)
def test_different_ids_have_different_names(ids: list[str]) -> None:
    """Nothing that had to change, was cut or means a separator makes two names one."""
    assert len({safe_name(text) for text in ids}) == len(ids)


@pytest.mark.parametrize(
    ("text", "name"),
    [("a.png", "a.png"), ("dogs/sub/1.png", "dogs__sub__1.png"), ("é ü", "é ü"), ("a_b/c", "a_b__c")],
)
def test_ordinary_ids_stay_readable(text: str, name: str) -> None:
    """Folders become two underscores and nothing else changes."""
    assert safe_name(text) == name


def test_awkward_pairs_stay_apart() -> None:
    """Separators and what stands for them, what is cut off, and names that look like a hashed one."""
    hashed = safe_name("a:b")
    assert hashed.startswith("a_b~")
    long = "x" * 400
    pairs = [
        ("a/b", "a__b"),
        ("a:b", "a?b"),
        ("a:b", hashed),
        (long + "1", long + "2"),
        ("a.", "a"),
        (".a", "_a"),
    ]
    for one, other in pairs:
        assert safe_name(one) != safe_name(other), (one, other)


@pytest.mark.parametrize("name", ["augflow.json", "manifest.jsonl", "skipped.jsonl"])
def test_a_class_cannot_take_the_name_of_a_file_of_augflows(name: str) -> None:
    """Its folder would stand in the manifest's place."""
    assert safe_name(name) != name
