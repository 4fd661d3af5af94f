"""Pascal VOC's files: what becomes of each object, and which are refused."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from augflow.errors import BadSampleError, SourceError

from .annotated_images import annotated, images

SIZE = "<size><width>40</width><height>30</height><depth>3</depth></size>"
BOX = "<bndbox><xmin>6</xmin><ymin>3</ymin><xmax>20</xmax><ymax>12</ymax></bndbox>"


def thing(name: str = "dog", box: str = BOX, more: str = "") -> str:
    """One object."""
    return f"<object><name>{name}</name>{more}{box}</object>"


def files(root: Path, **texts: str) -> str:
    """A folder of files by stem."""
    (root / "voc").mkdir(exist_ok=True)
    for stem, text in texts.items():
        whole = text if text.startswith("<?") else f"<annotation>{text}</annotation>"
        (root / "voc" / f"{stem}.xml").write_text(whole)
    return "../voc"


def test_pixels_count_from_1(tmp_path: Path) -> None:
    """The first pixel is 1 and the last one is inside; names are sorted; difficult objects are kept."""
    difficult = thing("ape", BOX.replace("6", "1"), "<difficult>1</difficult>")
    origin = files(tmp_path, a=SIZE + thing() + difficult, b=SIZE)
    source = pickle.loads(pickle.dumps(annotated(images(tmp_path, "a.png", "b.png"), "boxes", origin)))
    boxes = source.read(0).fields["boxes"]
    assert boxes.corners.tolist() == [[5, 2, 20, 12], [0, 2, 20, 12]]
    assert source.classes == ("ape", "dog")
    assert boxes.labels.tolist() == [1, 0]
    assert len(source.read(1).fields["boxes"].labels) == 0
    assert "1 object marked difficult among them" in source.description


def test_a_frozen_class_list_numbers_the_labels(tmp_path: Path) -> None:
    """A name that it lacks is an error at the object."""
    origin, source = files(tmp_path, a=thing()), images(tmp_path, "a.png")
    assert annotated(source, "boxes", origin, ["cat", "dog"]).read(0).fields["boxes"].labels.tolist() == [1]
    with pytest.raises(SourceError, match=r"voc/a.xml: object 1 \(dog\): class 'dog' is not one of"):
        annotated(source, "boxes", origin, ["cat"])


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (thing(name=""), "object 2: needs a name"),
        (thing(box=""), r"object 2 \(dog\): needs a bndbox"),
        (thing(box=BOX.replace("20", "x")), "needs a bndbox with the numbers xmin"),
        (thing(box=BOX.replace("20", "5")), "a box must be wider and higher than 0, got 0 x 10"),
        (thing(box=BOX.replace("6", "nan")), "finite numbers"),
        (thing(box=BOX.replace(">6<", ">60<").replace("20", "70")), "lies outside the image"),
    ],
)
def test_bad_objects_are_told_with_file_and_object(tmp_path: Path, bad: str, message: str) -> None:
    """Each is an error at its object."""
    origin = files(tmp_path, a=SIZE + thing() + bad)
    with pytest.raises(SourceError, match=f"voc/a.xml: .*{message}"):
        annotated(images(tmp_path, "a.png"), "boxes", origin)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><annotation/>", "document types and entities"),
        ("<?xml version='1.0'?>\n<annotation>", r"a.xml:2:13: not XML"),
        ("<?xml version='1.0'?><other/>", "its root is <other>"),
    ],
)
def test_what_is_no_voc_file(tmp_path: Path, text: str, message: str) -> None:
    """Entities are not expanded; broken files are told with line and column."""
    origin = files(tmp_path, a=text)
    with pytest.raises(SourceError, match=message):
        annotated(images(tmp_path, "a.png"), "boxes", origin)


def test_files_and_images_belong_together(tmp_path: Path) -> None:
    """A file without an image is an error, and so is an image without a file."""
    origin = files(tmp_path, a=thing(), z="")
    with pytest.raises(SourceError) as caught:
        annotated(images(tmp_path, "a.png", "b.png"), "boxes", origin)
    assert "voc/z.xml: there is no image" in str(caught.value)
    assert "b.png: there is no annotation" in str(caught.value)


def test_another_size_than_the_images_is_a_bad_sample(tmp_path: Path) -> None:
    """A size of 0, as some programs write, says nothing."""
    turned = SIZE.replace("40", "41")
    origin = files(tmp_path, a=turned + thing(), b=SIZE.replace("40", "0") + thing())
    source = annotated(images(tmp_path, "a.png", "b.png"), "boxes", origin)
    with pytest.raises(BadSampleError, match="its annotation is for 41 x 30 pixels"):
        source.read(0)
    assert len(source.read(1).fields["boxes"].labels) == 1


def test_a_box_outside_an_image_of_unknown_size_is_a_bad_sample(tmp_path: Path) -> None:
    """What opening cannot see, reading does."""
    outside = thing(box=BOX.replace(">6<", ">60<").replace("20", "70"))
    source = annotated(images(tmp_path, "a.png"), "boxes", files(tmp_path, a=outside))
    with pytest.raises(BadSampleError, match=r"a\.png: box 1 of its annotation lies outside the image"):
        source.read(0)


def test_voc_has_no_outlines(tmp_path: Path) -> None:
    """Masks cannot be asked of it."""
    with pytest.raises(SourceError, match="have no outlines; leave #masks out"):
        annotated(images(tmp_path, "a.png"), "boxes", f"{files(tmp_path, a=thing())}#masks")
