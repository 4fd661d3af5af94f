"""COCO files: what becomes of each entry, and which are refused."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augflow.errors import BadSampleError, SourceError

from .annotated_images import annotated, images

CATEGORIES = [{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}]


def entry(box: Any, image: int = 1, category: int = 7, **more: Any) -> dict[str, Any]:
    """An annotation."""
    return {"image_id": image, "category_id": category, "bbox": box, **more}


def written(root: Path, *annotations: dict[str, Any], **more: Any) -> str:
    """A file about a.png and b.png."""
    listed = [{"id": 1, "file_name": "a.png", "width": 40, "height": 30}, {"id": 2, "file_name": "b.png"}]
    numbered = [{"id": 100 + number, **one} for number, one in enumerate(annotations)]
    content = {"images": listed, "annotations": numbered, "categories": CATEGORIES, **more}
    (root / "boxes.json").write_text(json.dumps(content))
    return "../boxes.json"


def test_boxes_are_corners_and_classes_go_by_id(tmp_path: Path) -> None:
    """x, y, width and height become corners; categories are numbered in the order of their ids; an image
    without annotations shows nothing; the source pickles."""
    origin = written(tmp_path, entry([5, 6, 10.5, 12]), entry([0, 0, 40, 30], category=3))
    source = pickle.loads(pickle.dumps(annotated(images(tmp_path, "a.png", "b.png"), "boxes", origin)))
    assert source.classes == ("cat", "dog")
    boxes = source.read(0).fields["boxes"]
    assert boxes.corners.tolist() == [[5, 6, 15.5, 18], [0, 0, 40, 30]]
    assert boxes.corners.dtype == np.float32
    assert boxes.labels.tolist() == [1, 0]
    assert boxes.labels.dtype == np.int64
    assert boxes.weights.tolist() == [1, 1]
    assert boxes.masks is None
    assert source.read(1).fields["boxes"].corners.shape == (0, 4)
    assert "2 boxes from the COCO file" in source.description


def test_a_frozen_class_list_numbers_the_labels(tmp_path: Path) -> None:
    """Labels are places in the list that is given; a category that it lacks is an error."""
    source, origin = images(tmp_path, "a.png", "b.png"), written(tmp_path, entry([5, 6, 10, 12]))
    found = annotated(source, "boxes", origin, ["cat", "cow", "dog"])
    assert found.classes == ("cat", "cow", "dog")
    assert found.read(0).fields["boxes"].labels.tolist() == [2]
    with pytest.raises(SourceError, match=r"boxes\.json: category 7: class 'dog' is not one of"):
        annotated(source, "boxes", origin, ["cat"])


def test_crowds_are_left_out_and_counted(tmp_path: Path) -> None:
    """A region of many objects is no box, and the description says so."""
    origin = written(tmp_path, entry([5, 6, 10, 12]), entry([1, 1, 30, 20], iscrowd=1))
    source = annotated(images(tmp_path, "a.png", "b.png"), "boxes", origin)
    assert len(source.read(0).fields["boxes"].corners) == 1
    assert "1 crowd region left out" in source.description


def test_boxes_are_cut_at_the_edge(tmp_path: Path) -> None:
    """A box that reaches beyond its image ends there, and is counted; rounding is not."""
    origin = written(tmp_path, entry([-4, 6, 10, 12]), entry([30, 20, 10.01, 10.01]), entry([35, 1, 50, 5]))
    source = annotated(images(tmp_path, "a.png", "b.png"), "boxes", origin)
    corners = source.read(0).fields["boxes"].corners
    assert corners.tolist() == [[0, 6, 6, 18], [30, 20, 40, 30], [35, 1, 40, 6]]
    assert "2 boxes cut at the image's edge" in source.description


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (entry([5, 6, 0, 12]), r"annotations\[1\] \(id 101\): bbox: a box must be wider .* got 0 x 12"),
        (entry([5, 6, 3, -2]), "got 3 x -2"),
        (entry([50, 6, 3, 2]), "lies outside the image: x 50 to 53"),
        (entry([5, 6, 3]), "bbox must be .x, y, width, height., got .5, 6, 3."),
        (entry([5, 6, 3, None]), "bbox must be"),
        (entry([5, 6, float("nan"), 3]), "bbox must be"),
        (entry(None), "bbox must be"),
        (entry([5, 6, 3, 3], category=4), "category_id 4 is no category"),
        (entry([5, 6, 3, 3], image=9), "image_id 9 is no image"),
    ],
)
def test_bad_boxes_are_told_with_their_entry(tmp_path: Path, bad: dict[str, Any], message: str) -> None:
    """Each is an error that names the file and the entry."""
    origin = written(tmp_path, entry([5, 6, 3, 3]), bad)
    with pytest.raises(SourceError, match=f"boxes.json: .*{message}"):
        annotated(images(tmp_path, "a.png", "b.png"), "boxes", origin)


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    """A line each for the first eight, and how many more there are."""
    origin = written(tmp_path, *[entry([5, 6, 0, number]) for number in range(11)])
    with pytest.raises(SourceError) as caught:
        annotated(images(tmp_path, "a.png", "b.png"), "boxes", origin)
    lines = str(caught.value).splitlines()
    assert len(lines) == 9
    assert lines[-1] == "and 3 problems more"


def test_an_annotation_for_an_absent_file(tmp_path: Path) -> None:
    """An image that is nowhere is an error; one that is there and not part of the source is none."""
    listed = [{"id": n, "file_name": f"{name}.png"} for n, name in enumerate("abc")]
    source = images(tmp_path, "a.png", "b.png")
    origin = written(tmp_path, entry([1, 1, 5, 5], image=2), images=listed)
    with pytest.raises(SourceError, match=r"images\[2\] \(id 2\): there is no image 'c.png' in .*images"):
        annotated(source, "boxes", origin)
    images(tmp_path, "c.png")
    assert len(annotated(source, "boxes", origin)) == 2


def test_an_image_that_the_file_does_not_list(tmp_path: Path) -> None:
    """Unlisted is not the same as without objects."""
    origin = written(tmp_path)
    with pytest.raises(SourceError, match=r"c\.png: .*boxes\.json does not list this image"):
        annotated(images(tmp_path, "a.png", "b.png", "c.png"), "boxes", origin)


def test_images_are_found_by_path_or_by_name(tmp_path: Path) -> None:
    """A path below the source goes before the bare name, which must be the only one."""
    listed = [{"id": 1, "file_name": "x/a.png"}, {"id": 2, "file_name": "somewhere/b.png"}]
    origin = written(tmp_path, entry([1, 1, 5, 5], image=2), images=listed)
    source = images(tmp_path, "x/a.png", "x/b.png")
    # Class folders would give the images classes of their own.
    source = type(source)(source.root, source.index, (), "")
    assert len(annotated(source, "boxes", origin).read(1).fields["boxes"].labels) == 1
    twice = images(tmp_path, "y/b.png")
    with pytest.raises(SourceError, match="could be any of 2 images"):
        annotated(type(source)(twice.root, twice.index, (), ""), "boxes", origin)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"boxes.json:1:2: not JSON"),
        ("[]", "no COCO file: it needs a list of objects `images`"),
        ('{"images": [], "annotations": [3], "categories": []}', "list of objects `annotations`"),
        ('{"images": [{"id": 1}], "annotations": [], "categories": []}', "needs `id` and `file_name`"),
    ],
)
def test_what_is_no_coco_file(tmp_path: Path, text: str, message: str) -> None:
    """Each is refused with what it lacks."""
    (tmp_path / "boxes.json").write_text(text)
    with pytest.raises(SourceError, match=message):
        annotated(images(tmp_path, "a.png"), "boxes", "../boxes.json")


def test_another_size_than_the_images_is_a_bad_sample(tmp_path: Path) -> None:
    """The file says 30 x 40, the image has 40 x 30: turned, or another image."""
    origin = written(tmp_path, images=[{"id": 1, "file_name": "a.png", "width": 30, "height": 40}])
    source = annotated(images(tmp_path, "a.png"), "boxes", origin)
    with pytest.raises(BadSampleError, match=r"a.png: its annotation is for 30 x 40 .*the image has 40 x 30"):
        source.read(0)


def test_instance_masks(tmp_path: Path) -> None:
    """Polygons, plain and compressed run lengths give the same mask; several polygons are one object."""
    square = [[10, 5, 20, 5, 20, 25, 10, 25]]
    runs = [10 * 30 + 5, *[20, 10] * 9, 20, 5 + 20 * 30]
    text = "".join(_compressed(runs))
    origin = written(
        tmp_path,
        entry([10, 5, 10, 20], segmentation=square),
        entry([10, 5, 10, 20], segmentation={"size": [30, 40], "counts": runs}),
        entry([10, 5, 10, 20], segmentation={"size": [30, 40], "counts": text}),
        entry([0, 0, 40, 30], segmentation=[[0, 0, 5, 0, 5, 5, 0, 5], [30, 20, 40, 20, 40, 30, 30, 30]]),
    )
    source = annotated(images(tmp_path, "a.png", "b.png"), "boxes", f"{origin}#masks")
    masks = source.read(0).fields["boxes"].masks
    assert masks.dtype == np.uint8
    expected = np.zeros((30, 40), np.uint8)
    expected[5:25, 10:20] = 1
    assert np.array_equal(masks[1], expected)
    assert np.array_equal(masks[2], expected)
    assert np.array_equal(masks[0], expected)
    assert masks[3][2, 2] == 1
    assert masks[3][25, 35] == 1
    assert masks[3][15, 15] == 0
    assert source.read(1).fields["boxes"].masks.shape == (0, 30, 40)


def _compressed(runs: list[int]) -> list[str]:
    """COCO's text for run lengths, as its own encoder writes it."""
    text = []
    for at, run in enumerate(runs):
        value = run - runs[at - 2] if at > 2 else run
        more = True
        while more:
            bits = value & 31
            value >>= 5
            more = value != -1 if bits & 16 else value != 0
            text.append(chr((bits | 32 if more else bits) + 48))
    return text


@pytest.mark.parametrize(
    ("outline", "message"),
    [
        (None, "must be polygons or run lengths"),
        ([], "must be polygons"),
        ([[1, 2, 3, 4]], "even number of at least 6"),
        ([[1, 2, 3, 4, 5, 6, 7]], "even number"),
        ([[1, 2, 3, "a", 5, 6]], "finite numbers"),
        ({"counts": [1]}, "size: .height, width."),
        ({"size": [30, 40], "counts": [5, 5]}, "sum up to 30 x 40, got 10"),
        ({"size": [30, 40], "counts": [-5, 1205]}, "at least 0"),
        ({"size": [30, 40], "counts": "~"}, "damaged"),
        ({"size": [30, 40], "counts": "o"}, "damaged"),
    ],
)
def test_bad_outlines_are_told(tmp_path: Path, outline: Any, message: str) -> None:
    """They matter where masks are asked for, and nowhere else."""
    origin = written(tmp_path, entry([5, 6, 3, 3], segmentation=outline))
    source = images(tmp_path, "a.png", "b.png")
    assert len(annotated(source, "boxes", origin)) == 2
    with pytest.raises(SourceError, match=rf"annotations\[0\] .*segmentation: .*{message}"):
        annotated(source, "boxes", f"{origin}#masks")


POINTS = [{"id": 1, "name": "person", "keypoints": ["nose", "tail"]}]


def test_keypoints(tmp_path: Path) -> None:
    """Points of all objects in order, labeled by their place among the names; v = 0 is not visible and
    keeps its place."""
    origin = written(
        tmp_path,
        entry([1, 1, 5, 5], keypoints=[3, 4, 2, 0, 0, 0]),
        entry([1, 1, 5, 5], keypoints=[39, 29, 1, 7.5, 8, 2]),
        entry([1, 1, 5, 5]),
        categories=[{**POINTS[0], "id": 7}],
    )
    source = pickle.loads(pickle.dumps(annotated(images(tmp_path, "a.png", "b.png"), "keypoints", origin)))
    found = source.read(0).fields["keypoints"]
    assert found.points.tolist() == [[3, 4], [0, 0], [39, 29], [7.5, 8]]
    assert found.labels.tolist() == [0, 1, 0, 1]
    assert found.visible.tolist() == [True, False, True, True]
    assert source.classes == ("nose", "tail")
    assert len(source.read(1).fields["keypoints"].points) == 0


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([3, 4, 2], "x, y, v for each of the 2 points of its category, got 3 numbers"),
        ([3, 4, 2, None, 0, 0], "finite numbers"),
        (None, "no annotation has `keypoints`"),
    ],
)
def test_bad_keypoints_are_told(tmp_path: Path, values: Any, message: str) -> None:
    """Each is an error that names the file."""
    origin = written(tmp_path, entry([1, 1, 5, 5], keypoints=values), categories=[{**POINTS[0], "id": 7}])
    with pytest.raises(SourceError, match=f"boxes.json: .*{message}"):
        annotated(images(tmp_path, "a.png", "b.png"), "keypoints", origin)


def test_a_point_outside_its_image_is_a_bad_sample(tmp_path: Path) -> None:
    """Only where the point is said to be there."""
    origin = written(
        tmp_path,
        entry([1, 1, 5, 5], keypoints=[50, 4, 2, 0, 0, 0]),
        entry([1, 1, 5, 5], image=2, keypoints=[50, 4, 0, 0, 0, 0]),
        categories=[{**POINTS[0], "id": 7}],
    )
    source = annotated(images(tmp_path, "a.png", "b.png"), "keypoints", origin)
    with pytest.raises(BadSampleError, match=r"a\.png: keypoint 1 lies outside the image: x 50, y 4"):
        source.read(0)
    assert not source.read(1).fields["keypoints"].visible.any()


def test_the_fingerprint_is_that_of_the_content(tmp_path: Path) -> None:
    """A box moved is another dataset; the same file again is not."""
    source = images(tmp_path, "a.png", "b.png")
    first = annotated(source, "boxes", written(tmp_path, entry([5, 6, 3, 3]))).fingerprint()
    assert annotated(source, "boxes", written(tmp_path, entry([5, 6, 3, 3]))).fingerprint() == first
    assert annotated(source, "boxes", written(tmp_path, entry([5, 6, 3, 4]))).fingerprint() != first
    assert (
        annotated(source, "boxes", written(tmp_path, entry([5, 6, 3, 3], category=3))).fingerprint() != first
    )
    assert source.fingerprint() != first
