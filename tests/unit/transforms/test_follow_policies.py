"""What follows an image through Pillow's operations: the policies and torchvision's perspective."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from augflow.rng import KeyedRandom, sample_key
from augflow.sample import FOLLOWERS, Boxes, Keypoints
from augflow.transforms.catalog import EVERY_FOLLOWER
from augflow.transforms.pillow_ops import PILLOW_OPS
from augflow.transforms.policies import MOVES, OPERATIONS, POLICIES, applied, moved

SIZE = (120, 150)
OPS = {**POLICIES, "random_perspective": PILLOW_OPS["random_perspective"]}


def scene() -> tuple[np.ndarray, dict[str, Any]]:
    """A picture of squares of values 10, 20, ... and all that follows it."""
    mask, corners = np.zeros(SIZE, np.uint8), []
    for y in range(4, 100, 30):
        for x in range(5, 130, 28):
            corners.append((x, y, x + 15, y + 13))
            mask[y : y + 13, x : x + 15] = 10 * len(corners)
    places = np.array(corners, np.float32)
    count = len(corners)
    masks = np.stack([mask == 10 * (i + 1) for i in range(count)]).astype(np.uint8)
    boxes = Boxes(places, np.arange(count), np.ones(count, np.float32), masks)
    points = Keypoints((places[:, :2] + places[:, 2:] - 1) / 2, np.arange(count), np.ones(count, bool))
    return mask, {"mask": mask, "wide": mask.astype(np.int32) * 1000, "boxes": boxes, "points": points}


def assert_followed(picture: np.ndarray, followers: dict[str, Any], within: float = 2.01) -> None:
    """Masks are the picture, whole boxes lie around their squares and points on them."""
    assert np.array_equal(followers["mask"], picture)
    assert np.array_equal(followers["wide"], picture.astype(np.int32) * 1000)
    boxes, points = followers["boxes"], followers["points"]
    there = {n for n in range(len(points.points)) if (picture == 10 * (n + 1)).sum() > 2}
    assert there <= set(boxes.labels)
    for box, number, mask in zip(boxes.corners, boxes.labels, boxes.masks, strict=True):
        shown = picture == 10 * (number + 1)
        assert np.array_equal(mask.astype(bool), shown)
        rows, columns = np.nonzero(shown)
        whole = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        if whole[:2].min() > 0 and whole[2] < SIZE[1] and whole[3] < SIZE[0]:
            assert np.abs(box - whole).max() < within
            assert ((whole - box) * [1, 1, -1, -1] > -1.01).all()
            assert points.visible[number]
            assert np.hypot(*(points.points[number] - [columns.mean(), rows.mean()])) < 1.01
    assert not (points.visible & [n not in there for n in range(len(points.points))]).any()


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("share", [-1.0, -0.4, 0.3, 1.0])
def test_operations_move_what_follows(name: str, share: float) -> None:
    """Each operation moves masks, boxes and points as it moves the pixels; the others leave them alone."""
    largest = {"Rotate": 45.0, "TranslateX": 40.9, "TranslateY": 31.2, "ShearX": 0.5, "ShearY": 0.4}
    mask, followers = scene()
    choices = [(name, share * largest.get(name, 0.0))]
    result = moved(followers, choices, SIZE)
    if name in MOVES:
        assert_followed(applied(mask[:, :, None], choices, 0)[:, :, 0], dict(result))
    else:
        assert result is followers


def test_operations_one_after_another() -> None:
    """A rotation after a shift turns what the shift has moved; a box around a turned box is larger."""
    mask, followers = scene()
    choices = [("TranslateX", 6.0), ("Rotate", 4.0), ("ShearY", -0.05)]
    result = dict(moved(followers, choices, SIZE))
    assert_followed(applied(mask[:, :, None], choices, 0)[:, :, 0], result, within=4)


def test_points_are_middles_of_pixels() -> None:
    """Turned by 180 degrees, the middle of the first pixel is that of the last, exactly."""
    points = Keypoints(np.array([[0, 0]], np.float32), np.arange(1), np.ones(1, bool))
    result = moved({"points": points}, [("Rotate", 180.0)], SIZE)["points"]
    assert result.points[0] == pytest.approx([SIZE[1] - 1, SIZE[0] - 1])


def test_perspective_moves_what_follows() -> None:
    """With nearest pixels the picture is its own mask."""
    mask, followers = scene()
    canonical, problems = OPS["random_perspective"].check({"interpolation": "nearest"})
    assert not problems
    transform = pickle.loads(pickle.dumps(OPS["random_perspective"].build(canonical)))
    for key in "abcdefgh":
        rng = KeyedRandom()
        rng.rekey(sample_key(0, 0, key).at(b"op"))
        fields, drawn = transform({"image": mask[:, :, None], FOLLOWERS: followers}, rng)
        assert_followed(fields["image"][:, :, 0], fields[FOLLOWERS])
        assert len(drawn["coefficients"]) == 8


@pytest.mark.parametrize("name", sorted(OPS))
def test_followers_change_no_byte_of_the_image(name: str) -> None:
    """The image is the same with and without followers, and all may follow."""
    assert OPS[name].carries == EVERY_FOLLOWER
    transform = OPS[name].build(OPS[name].check({})[0])
    mask, followers = scene()
    for key in "abcdef":
        results = []
        for fields in ({"image": mask[:, :, None]}, {"image": mask[:, :, None], FOLLOWERS: followers}):
            rng = KeyedRandom()
            rng.rekey(sample_key(0, 0, key).at(b"op"))
            results.append(transform(fields, rng)[0]["image"])
        assert np.array_equal(*results)
