"""YOLO's text files: what becomes of each line, and which are refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from augflow.errors import SourceError

from .annotated_images import annotated, images


def labels(root: Path, **texts: str) -> str:
    """A folder of files by stem."""
    (root / "labels").mkdir(exist_ok=True)
    for stem, text in texts.items():
        (root / "labels" / f"{stem}.txt").write_text(text)
    return "../labels"


def test_boxes_are_shares_about_a_middle(tmp_path: Path) -> None:
    """Shares of 40 x 30 pixels become corners; an empty file and no file show nothing."""
    origin = labels(tmp_path, a="1 0.5 0.5 0.25 0.2\n\n0 0.1 0.9 0.1 0.1\n", b="")
    source = annotated(images(tmp_path, "a.png", "b.png", "c.png"), "boxes", origin)
    source = pickle.loads(pickle.dumps(source))
    boxes = source.read(0).fields["boxes"]
    assert np.allclose(boxes.corners, [[15, 12, 25, 18], [2, 25.5, 6, 28.5]])
    assert boxes.labels.tolist() == [1, 0]
    assert len(source.read(1).fields["boxes"].labels) == 0
    assert len(source.read(2).fields["boxes"].labels) == 0
    assert source.classes == ("0", "1")
    assert "1 image without a file, taken to show nothing" in source.description
    assert "classes named by number (names: `classes`" in source.description


@pytest.mark.parametrize("name", ["classes.txt", "coco.names.txt", "names.txt"])
def test_names_beside_the_files(tmp_path: Path, name: str) -> None:
    """A file of names in the folder names the classes; a list that is given goes before it."""
    origin = labels(tmp_path, a="1 0.5 0.5 0.25 0.2")
    (tmp_path / "labels" / name).write_text("cat\ndog\ncow\n")
    source = images(tmp_path, "a.png")
    assert annotated(source, "boxes", origin).classes == ("cat", "dog", "cow")
    assert annotated(source, "boxes", origin, ["x", "y"]).classes == ("x", "y")


def test_outlines(tmp_path: Path) -> None:
    """More numbers are an outline: its extent is the box, its inside the mask."""
    origin = labels(tmp_path, a="0 0.25 0.2 0.75 0.2 0.75 0.8 0.25 0.8")
    source = images(tmp_path, "a.png", "b.png")
    plain = annotated(source, "boxes", origin).read(0).fields["boxes"]
    assert np.allclose(plain.corners, [[10, 6, 30, 24]])
    assert plain.masks is None
    with_masks = annotated(source, "boxes", f"{origin}#masks")
    mask = with_masks.read(0).fields["boxes"].masks[0]
    assert mask[6:24, 10:30].all()
    assert mask.sum() == 18 * 20
    assert with_masks.read(1).fields["boxes"].masks.shape == (0, 30, 40)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0 0.5 0.5 0.2", "got 4 fields"),
        ("0 0.5 0.5 0.2 0.2 0.3", "got 6 fields"),
        ("0 0.5 0.5 0.2 0.2 0.3 0.4 0.5", "got 8 fields"),
        ("0 0.5 0.5 0 0.2", "a box must be wider and higher than 0"),
        ("0 1.5 0.5 0.2 0.2", r"in \[0, 1\], got 1.5"),
        ("0 nan 0.5 0.2 0.2", r"in \[0, 1\], got nan"),
        ("0 -0.1 0.5 0.2 0.2", r"in \[0, 1\], got -0.1"),
        ("-1 0.5 0.5 0.2 0.2", "at least 0, got -1"),
        ("dog 0.5 0.5 0.2 0.2", "a whole number and decimal numbers"),
        ("0.0 0.5 0.5 0.2 0.2", "a whole number"),
        ("2 0.5 0.5 0.2 0.2", "below 2, the number of names in the class list; got 2"),
        ("0 0.5,0.5,0.2,0.2", "got 2 fields"),
        ("0 0.3 0.3 0.3 0.3 0.3 0.3", "wider and higher than 0"),
    ],
)
def test_bad_lines_are_told_with_file_and_line(tmp_path: Path, line: str, message: str) -> None:
    """Each is an error at its line."""
    origin = labels(tmp_path, a=f"0 0.5 0.5 0.2 0.2\n{line}\n")
    with pytest.raises(SourceError, match=rf"labels/a.txt:2: .*{message}"):
        annotated(images(tmp_path, "a.png"), "boxes", origin, ["x", "y"])


def test_masks_need_outlines(tmp_path: Path) -> None:
    """A box has no mask to give."""
    origin = labels(tmp_path, a="0 0.5 0.5 0.2 0.2")
    with pytest.raises(SourceError, match=r"a.txt:1: masks are asked for, and this line has a box"):
        annotated(images(tmp_path, "a.png"), "boxes", f"{origin}#masks")


def test_a_file_without_an_image(tmp_path: Path) -> None:
    """Is an error, unless the image is there and not part of the source."""
    origin, source = labels(tmp_path, a="", z=""), images(tmp_path, "a.png")
    with pytest.raises(SourceError, match=r"labels/z.txt: there is no image .*images/z"):
        annotated(source, "boxes", origin)
    images(tmp_path, "z.png")
    assert len(annotated(source, "boxes", origin)) == 1


def test_folders_are_mirrored(tmp_path: Path) -> None:
    """A file belongs to the image of the same relative path."""
    labels(tmp_path, a="")
    (tmp_path / "labels" / "x").mkdir()
    (tmp_path / "labels" / "x" / "b.txt").write_text("0 0.5 0.5 0.2 0.2")
    source = images(tmp_path, "x/b.png", "y/b.png")
    (tmp_path / "labels" / "a.txt").unlink()
    source = type(source)(source.root, source.index, (), "")
    found = annotated(source, "boxes", "../labels")
    assert [len(found.read(index).fields["boxes"].labels) for index in range(2)] == [1, 0]


def test_names_that_cannot_be_used(tmp_path: Path) -> None:
    """Two files of names, and an empty name."""
    origin, source = labels(tmp_path, classes="cat\n\ndog"), images(tmp_path, "a.png")
    with pytest.raises(SourceError, match="class names stand one a line, and none may be empty"):
        annotated(source, "boxes", origin)
    labels(tmp_path, names="cat")
    with pytest.raises(SourceError, match="several files of class names"):
        annotated(source, "boxes", origin)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    """The file is named."""
    origin = labels(tmp_path, a="")
    (tmp_path / "labels" / "a.txt").write_bytes(b"\xff\xfe0")
    with pytest.raises(SourceError, match=r"a\.txt: not UTF-8"):
        annotated(images(tmp_path, "a.png"), "boxes", origin)
