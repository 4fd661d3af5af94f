"""Images with what follows them, as one source: places, class lists, orientation; and real data."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augflow.errors import BadSampleError, SourceError
from augflow.sources.annotations import open_annotated
from augflow.sources.base import FieldRequest, Source
from augflow.sources.classes import ClassList
from augflow.sources.folder import open_folder

from .annotated_images import HEIGHT, WIDTH, annotated, images


def masks(root: Path, *names: str) -> str:
    """Empty masks."""
    (root / "masks").mkdir(exist_ok=True)
    for name in names:
        Image.new("L", (WIDTH, HEIGHT)).save(root / "masks" / name)
    return "../masks"


def boxes(root: Path, **texts: str) -> str:
    """YOLO files by stem."""
    (root / "labels").mkdir(exist_ok=True)
    for stem, text in texts.items():
        (root / "labels" / f"{stem}.txt").write_text(text)
    return "../labels"


def test_it_is_a_source(tmp_path: Path) -> None:
    """The whole protocol is there, and ids, places and lengths are those of the images."""
    plain = images(tmp_path, "a.png", "b.png")
    source = annotated(plain, "mask", masks(tmp_path, "a.png", "b.png"))
    assert isinstance(source, Source)
    assert len(source) == 2
    assert source.sample_id(1) == "b.png"
    assert source.place(1) == plain.place(1)
    assert source.target_kind == "class"
    assert source.columns == ()
    assert np.array_equal(source.lengths(), plain.lengths())
    sample = source.read(1)
    assert (sample.id, sample.index, sample.label) == ("b.png", 1, -1)
    assert set(sample.fields) == {"image", "mask"}


@pytest.mark.parametrize("origin", ["../{name}_masks", "../images_masks", "sub/../../images_masks/", None])
def test_places_are_relative_to_the_source(tmp_path: Path, origin: str | None) -> None:
    """`{name}` stands for the folder of the source; an absolute place is taken as it is."""
    source = images(tmp_path, "a.png")
    masks(tmp_path, "a.png")
    (tmp_path / "masks").rename(tmp_path / "images_masks")
    place = origin or str(tmp_path / "images_masks")
    assert len(annotated(source, "mask", place)) == 1


@pytest.mark.parametrize(
    ("kind", "origin", "message"),
    [
        ("mask", None, "mask: say where the mask of .*images lie"),
        ("mask", "../nowhere", "nowhere: no such file or folder; places are relative to the source"),
        ("mask", "../x.json", "mask are read from a folder of pictures"),
        ("boxes", "../masks", "holds pictures; masks are another kind of field"),
        ("boxes", "../empty", "holds neither .txt nor .xml files"),
        ("boxes", "../mixed", "holds .txt and .xml files both"),
        ("boxes", "../x.yaml", "boxes are read from a COCO .json, or a folder"),
        ("keypoints", "../masks", "keypoints are read from a COCO .json"),
    ],
)
def test_places_that_cannot_be_read(tmp_path: Path, kind: str, origin: str | None, message: str) -> None:
    """Each is an error that says what is read from where."""
    source = images(tmp_path, "a.png")
    masks(tmp_path, "a.png")
    for name in ("empty", "mixed"):
        (tmp_path / name).mkdir()
    for name in ("mixed/a.txt", "mixed/a.xml", "x.json", "x.yaml"):
        (tmp_path / name).write_text("")
    with pytest.raises(SourceError, match=message):
        annotated(source, kind, origin)


def test_several_fields_at_once(tmp_path: Path) -> None:
    """Masks and boxes under names of their own; the fingerprint knows which is which."""
    source = images(tmp_path, "a.png")
    where = masks(tmp_path, "a.png"), boxes(tmp_path, a="0 0.5 0.5 0.2 0.2")
    image = FieldRequest("photo", "image")
    source = type(source)(source.root, source.index, (), "", image)
    requests = (image, FieldRequest("m", "mask", where[0]), FieldRequest("b", "boxes", where[1]))
    both = open_annotated(source, requests, None)
    assert set(both.read(0).fields) == {"photo", "m", "b"}
    only = open_annotated(source, requests[:2], None)
    assert both.fingerprint() != only.fingerprint()
    assert "; m: 1 mask in" in both.description
    assert "; b: 1 box from YOLO files" in both.description


def test_one_class_list_for_images_and_boxes(tmp_path: Path) -> None:
    """Images in class folders cannot have boxes with classes of their own; with masks they keep theirs."""
    source = images(tmp_path, "x/a.png", "y/b.png")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "x").mkdir()
    (tmp_path / "labels" / "x" / "a.txt").write_text("0 0.5 0.5 0.2 0.2")
    with pytest.raises(SourceError, match=r"the images have classes \(x, y\) and so have their boxes \(0\)"):
        annotated(source, "boxes", "../labels")
    for name in ("x/a.png", "y/b.png"):
        (tmp_path / "masks" / name).parent.mkdir(parents=True)
        Image.new("L", (WIDTH, HEIGHT)).save(tmp_path / "masks" / name)
    assert annotated(source, "mask", "../masks").classes == ("x", "y")
    with pytest.raises(SourceError, match=r"the images have the classes \(x, y\), and given are \(q\)"):
        annotated(source, "mask", "../masks", ["q"])


def test_class_names_of_masks_can_be_given(tmp_path: Path) -> None:
    """The class list is the caller's where nothing else has one."""
    source = images(tmp_path, "a.png")
    assert annotated(source, "mask", masks(tmp_path, "a.png"), ["sky", "road"]).classes == ("sky", "road")


def test_annotations_of_a_part_of_the_images(tmp_path: Path) -> None:
    """Masks of images that the source leaves out do not disturb."""
    images(tmp_path, "a.png", "b.png")
    (tmp_path / "images" / "b.png").rename(tmp_path / "b.png")
    part = open_folder(str(tmp_path / "images"), None)
    (tmp_path / "b.png").rename(tmp_path / "images" / "b.png")
    assert len(annotated(part, "mask", masks(tmp_path, "a.png", "b.png"))) == 1


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_turned_images_are_refused(tmp_path: Path, suffix: str, orientation: int) -> None:
    """An orientation in EXIF turns the image and not its annotation, so the sample is bad."""
    (tmp_path / "images").mkdir()
    exif = Image.Exif()
    exif[274] = orientation
    Image.new("RGB", (WIDTH, HEIGHT)).save(tmp_path / "images" / f"a.{suffix}", exif=exif)
    source = annotated(open_folder(str(tmp_path / "images"), None), "mask", masks(tmp_path, "a.png"))
    if orientation == 1:
        assert source.read(0).fields["mask"].shape == (HEIGHT, WIDTH)
    else:
        with pytest.raises(BadSampleError, match=rf"a.{suffix}: its EXIF data .*orientation {orientation}"):
            source.read(0)


def test_two_images_of_one_stem(tmp_path: Path) -> None:
    """An annotation could belong to either."""
    with pytest.raises(SourceError, match=r"a.jpg and .*a.png differ in the suffix alone"):
        annotated(images(tmp_path, "a.jpg", "a.png"), "mask", masks(tmp_path, "a.png"))


def detseg(test_data: Path, split: str, *requests: FieldRequest, classes: ClassList | None = None) -> Any:
    """The photos of a split with what is asked for."""
    source = open_folder(str(test_data / "detseg" / "images" / split), None)
    return open_annotated(source, (FieldRequest("image", "image"), *requests), classes)


COCO = FieldRequest("boxes", "boxes", "../../annotations/boxes_{name}.json")
YOLO = FieldRequest("boxes", "boxes", "../../labels_yolo/{name}")
OUTLINES = FieldRequest("boxes", "boxes", "../../labels_polygons/{name}#masks")
MASKS = FieldRequest("mask", "mask", "../../masks_semantic/{name}")


@pytest.mark.parametrize(("split", "count", "crowds"), [("train", 180, 1), ("val", 119, 1)])
def test_real_coco_boxes(test_data: Path, split: str, count: int, crowds: int) -> None:
    """Every box of the photos but the crowds, of 80 classes in the order of COCO's ids, none of it empty."""
    source = detseg(test_data, split, COCO)
    assert len(source.classes) == 80
    assert source.classes[:2] == ("person", "bicycle")
    assert f"{crowds} crowd region left out" in source.description
    found = [source.read(index).fields["boxes"] for index in range(len(source))]
    assert sum(len(one.labels) for one in found) == count
    assert all((one.corners[:, 2:] > one.corners[:, :2]).all() for one in found)


def test_real_yolo_boxes_are_the_coco_boxes(test_data: Path) -> None:
    """Two annotation sets of the same photos agree on nine in ten boxes, and on their classes; the photo
    without a file shows nothing."""
    names = (test_data / "detseg" / "annotations" / "yolo80_names.txt").read_text().split("\n")
    classes = ClassList([name for name in names if name])
    coco, yolo = detseg(test_data, "train", COCO), detseg(test_data, "train", YOLO, classes=classes)
    assert coco.classes == yolo.classes
    assert "1 image without a file, taken to show nothing" in yolo.description
    same = total = 0
    for index in range(len(coco)):
        one, other = coco.read(index).fields["boxes"], yolo.read(index).fields["boxes"]
        for corners, label in zip(one.corners, one.labels, strict=True):
            near = np.abs(other.corners - corners).max(axis=1) < 10
            same += bool((other.labels[near] == label).any())
            total += 1
    assert same / total > 0.9


def test_real_outlines_lie_on_the_real_masks(test_data: Path) -> None:
    """Polygons (numbered as COCO's categories) cover the pixels that the semantic masks give that number."""
    source = pickle.loads(pickle.dumps(detseg(test_data, "train", OUTLINES, MASKS)))
    both = either = 0
    for index in range(len(source)):
        fields = source.read(index).fields
        for number in np.unique(fields["boxes"].labels):
            drawn = fields["boxes"].masks[fields["boxes"].labels == number].any(axis=0)
            known = fields["mask"] == number
            both, either = both + (drawn & known).sum(), either + (drawn | known).sum()
        assert fields["mask"].shape == fields["image"].shape[:2]
    assert both / either > 0.85
