"""What is written stays where it was asked for, what is shown is text, whatever the samples are called."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import augflow
from augflow.errors import AugflowError, MaterializeError
from augflow.materialize import MaterializeOptions, materialize
from augflow.materialize.names import safe_name
from augflow.preview import write_preview
from augflow.preview.texts import difference_words

from .settings import EXAMPLES

Picture = Callable[..., Path]
HERE = MaterializeOptions(num_workers=0)
NAMES = (
    "../../up",
    "/etc/passwd",
    "..",
    ".",
    "a\\..\\b",
    "C:\\x",
    "CON",
    "line\nbreak",
    "\x1b[2J",
    "long" * 200,
    "Case",
    "case",
    ".augflow-journal.jsonl",
    ".augflow-partial",
    "augflow.json",
    "manifest.jsonl",
    "<script>alert(1)</script>",
    "\" onload='x",
    "\u202egnp.exe",
    "trailing. ",
)


def texts(folder: Path) -> Path:
    """A table in which labels, ids and texts are hostile names."""
    rows = [{"text": f"{name} {name}", "label": name, "id": name} for name in NAMES]
    path = folder / "x.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def tree(folder: Path) -> dict[str, bytes | None]:
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("form", ["folder", "webdataset", "parquet", "jsonl"])
def test_hostile_names_stay_inside(form: str, tmp_path: Path) -> None:
    """Labels and ids that are paths, reserved or of any characters: each sample lies in the folder."""
    source = texts(tmp_path)
    before = tree(tmp_path)
    out = tmp_path / "deep" / "out"
    options = MaterializeOptions(format=form, num_workers=0)  # type: ignore[arg-type]
    report = materialize(augflow.Pipeline(modality="text", batch={"size": 2}), str(source), out, options)
    assert report.written == len(NAMES)
    after = {
        path: data for path, data in tree(tmp_path).items() if not path.startswith(str(tmp_path / "deep"))
    }
    assert after == before
    assert list((tmp_path / "deep").iterdir()) == [out]
    if form == "folder":
        assert len(list(out.rglob("*.txt"))) == len(NAMES)
        assert all(len(path.relative_to(out).parts) == 2 for path in out.rglob("*.txt"))


@given(st.text(min_size=1), st.text(min_size=1))
@settings(max_examples=20 * EXAMPLES, deadline=None)
def test_a_safe_name_is_one_file(one: str, other: str) -> None:
    """Any text becomes one component that every file system takes, and different texts different ones."""
    name = safe_name(one)
    assert "/" not in name
    assert "\\" not in name
    assert name not in ("", ".", "..")
    assert not name.startswith(".")
    assert name.isprintable() or not any(ord(character) < 32 for character in name)
    assert len(os.fsencode(name)) < 220
    assert (safe_name(other) == name) == (one == other)


LINKS = [
    "a",
    ".augflow-journal.jsonl",
    ".augflow-partial",
    ".augflow-partial/x",
    "manifest.jsonl",
    "skipped.jsonl",
]


@pytest.mark.parametrize("link", LINKS)
def test_links_in_the_output_are_refused(link: str, tmp_path: Path, picture: Picture) -> None:
    """A folder that somebody prepared leads no file elsewhere, neither written, appended to nor removed."""
    for name in ("a/1.png", "b/2.png"):
        picture(f"data/{name}")
    pipeline, out = augflow.Pipeline(modality="image", batch={"size": 2}), tmp_path / "out"
    materialize(pipeline, str(tmp_path / "data"), out, HERE)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("keep")
    place = out / link
    if place.is_dir():
        for file in place.iterdir():
            file.unlink()
        place.rmdir()
    place.unlink(missing_ok=True)
    (out / "manifest.jsonl").unlink(missing_ok=True)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(outside if "." not in link.rpartition("/")[2][1:] else outside / "precious")
    with pytest.raises(MaterializeError, match="is a link"):
        materialize(pipeline, str(tmp_path / "data"), out, HERE)
    assert tree(outside) == {str(outside / "precious"): b"keep"}


@pytest.mark.parametrize("line", ["{", "[]", '{"reason": 1}', "9" * 5000, "[" * 100_000, '{"skipped": [1]}'])
@pytest.mark.parametrize("name", [".augflow-journal.jsonl", "augflow.json"])
def test_a_folder_that_others_began(name: str, line: str, tmp_path: Path, picture: Picture) -> None:
    """A journal or a description that augflow did not write is refused by name."""
    picture("data/a/1.png")
    picture("data/b/2.png")
    pipeline, out = augflow.Pipeline(modality="image", batch={"size": 2}), tmp_path / "out"
    materialize(pipeline, str(tmp_path / "data"), out, HERE)
    (out / "manifest.jsonl").unlink()
    (out / name).write_text(line + "\n")
    with pytest.raises(MaterializeError, match=r"out"):
        materialize(pipeline, str(tmp_path / "data"), out, HERE)


@pytest.mark.parametrize("out", ["ring", "a\0b", "pipe", "data/a/1.png"])
def test_outputs_that_cannot_be(out: str, tmp_path: Path, picture: Picture) -> None:
    """Rings of links, names that no file has, pipes: refused at once, by folder and by page."""
    picture("data/a/1.png")
    (tmp_path / "ring").symlink_to("ring")
    os.mkfifo(tmp_path / "pipe")
    pipeline = augflow.Pipeline(modality="image", batch={"size": 1})
    with pytest.raises((AugflowError, OSError)):
        materialize(pipeline, str(tmp_path / "data"), tmp_path / out, HERE)
    if out != "ring":  # a link to nothing is replaced by the page
        with pytest.raises((AugflowError, OSError)):
            write_preview(pipeline, str(tmp_path / "data"), tmp_path / out)


class Elements(HTMLParser):
    """The elements of a page and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_a_page_runs_nothing(tmp_path: Path) -> None:
    """Names, labels and texts that are markup are shown as text."""
    pipeline = augflow.Pipeline(modality="text", name="</title><script>x</script>", batch={"size": 2})
    page = tmp_path / "page.html"
    write_preview(pipeline, str(texts(tmp_path)), page)
    text = page.read_text()
    elements = Elements()
    elements.feed(text)
    assert "script" not in elements.found
    assert not {name for name in elements.attributes if name.startswith("on")}
    assert "&lt;script&gt;" in text
    assert "\x1b" not in text


@pytest.mark.timeout(10)
def test_long_texts_are_not_compared_word_by_word() -> None:
    """Two texts of the same word a hundred thousand times would take an hour."""
    assert difference_words("a " * 100_000, "a " * 99_000 + "b") == "changed"
