"""Rules of what follows an image: limits, types, mirrors, holes, warps, and where a point is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augflow.sample import FOLLOWERS, Boxes, Keypoints
from augflow.transforms.follow import MovedBoxes, MovedPoints, Mover, followed, moved_mask
from augflow.transforms.follow_warps import boxes_through_maps

from .squares import CORNERS, HEIGHT, LARGE, MOVING, NEEDED, OPS, WIDTH, boxed, built, carried, keyed, run


def still(corners: np.ndarray) -> Mover:
    """A mover that brings boxes to given places."""
    return Mover(
        lambda m: m, lambda m: m, lambda m: m, lambda _c: MovedBoxes.whole(corners), MovedPoints.all_shown
    )


@pytest.mark.parametrize(
    ("corner", "limits", "kept"),
    [
        ((0, 0, 10, 10), {}, True),
        ((-5, 0, 5, 10), {"min_visibility": 0.5}, True),
        ((-5.1, 0, 4.9, 10), {"min_visibility": 0.5}, False),
        ((-9, 0, 1, 10), {}, True),
        ((-10, 0, 0, 10), {}, False),
        ((-10, 0, 1e-6, 10), {}, False),
        ((40, 0, 50, 10), {}, False),
        ((0, 0, 5, 4), {"min_area": 20}, True),
        ((0, 0, 5, 4), {"min_area": 20.1}, False),
        ((35, 25, 45, 35), {"min_area": 25, "min_visibility": 0.25}, True),
    ],
)
def test_limits_of_boxes(corner: tuple[float, ...], limits: dict[str, float], kept: bool) -> None:
    """A box stays while it shows enough of itself and has area enough; labels and weights go with it."""
    start = np.array([[0, 0, 10, 10], [20, 20, 30, 28]], np.float32)
    boxes = Boxes(start, np.array([7, 3]), np.array([0.25, 1], np.float32), **limits)
    target = np.array([corner, start[1]], np.float64)
    moved = followed({"b": boxes}, still(target), (30, 40), (30, 40))["b"]
    assert list(moved.labels) == ([7, 3] if kept else [3])
    assert list(moved.weights) == ([0.25, 1] if kept else [1])
    assert moved.labels.dtype == np.int64
    assert moved.corners.dtype == np.float32
    assert moved.corners.min() >= 0
    assert (moved.corners[:, 2:] <= [40, 30]).all()


def test_an_image_without_objects_stays_without() -> None:
    """No boxes and no points are no special case."""
    none = Boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.int64), np.zeros(0, np.float32),
                 np.zeros((0, HEIGHT, WIDTH), np.uint8))  # fmt: skip
    points = Keypoints(np.zeros((0, 2), np.float32), np.zeros(0, np.int64), np.zeros(0, bool))
    for name in MOVING:
        params = NEEDED.get(name, {})
        followers = carried(name, {"mask": LARGE, "boxes": none, "keypoints": points})
        picture, moved = run(built(name, params), LARGE, followers, "a")
        if "boxes" in moved:
            assert moved["boxes"].corners.shape == (0, 4)
            assert moved["boxes"].masks.shape == (0, *picture.shape)
        assert len(moved["keypoints"].points) == 0


def test_a_mirrored_border_repeats_boxes_and_not_points() -> None:
    """An object that a reflecting border shows twice has two boxes of its label, a point stays one."""
    points = Keypoints(CORNERS[:, :2] + 10, np.arange(len(CORNERS)), np.ones(len(CORNERS), bool))
    followers = {"boxes": boxed(CORNERS, LARGE, 12), "keypoints": points}
    transform = built("pad", {"padding": [30, 30, 30, 30], "border_mode": "reflect"})
    picture, moved = run(transform, LARGE, followers, "a")
    assert (moved["boxes"].labels == 0).sum() == 4
    assert np.array_equal(moved["boxes"].masks[moved["boxes"].labels == 0].sum(axis=0), picture == 12)
    assert np.array_equal(moved["keypoints"].points, points.points + 30)


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.uint32, np.int64])
@pytest.mark.parametrize("name", ["rotate", "resize", "elastic_transform", "perspective", "pad"])
def test_masks_keep_type_and_values(name: str, dtype: Any) -> None:
    """Every integer type comes back as itself, with no value that was not there, the fill aside."""
    values = np.array([0, 1, 100, 0, 0], dtype)
    info = np.iinfo(dtype)
    values[3:] = min(info.max, 2**24), max(info.min, -(2**24))
    mask = values[np.arange(HEIGHT)[:, None] // 7 % 5 + np.zeros((1, WIDTH), int)]
    fields = {"image": np.zeros((HEIGHT, WIDTH, 3), np.uint8), FOLLOWERS: {"mask": mask}}
    moved = built(name, NEEDED.get(name, {}))(fields, keyed("a"))[0][FOLLOWERS]["mask"]
    assert moved.dtype == dtype
    assert set(np.unique(moved)) <= set(values)
    assert len(np.unique(moved)) == len(np.unique(values))


def test_masks_that_cannot_be_kept_are_refused() -> None:
    """Values beyond float32's whole numbers, a fill that the type cannot hold, and another size."""
    with pytest.raises(ValueError, match="within 16,777,216 of 0, got 0 to 20,000,000"):
        moved_mask(np.array([[0, 20_000_000]]), lambda mask: mask)
    with pytest.raises(ValueError, match="fill_mask must fit the mask, whose type uint8 holds 0 to 255"):
        run(built("rotate", {"fill_mask": -1}), LARGE, {"mask": LARGE}, "a")
    with pytest.raises(ValueError, match=r"the mask 'm' is \(3, 4\), and its image \(160, 200\)"):
        run(built("rotate", {}), LARGE, {"m": np.zeros((3, 4), np.uint8)}, "a")


@pytest.mark.parametrize("fill", [0, 1, 255])
def test_fill_is_no_part_of_an_object(fill: int) -> None:
    """The mask takes the fill of the op outside the image, an instance's mask takes none."""
    followers = {"mask": LARGE, "boxes": boxed(CORNERS, LARGE, 12)}
    transform = built("pad", {"padding": 4, "fill": 0, "fill_mask": fill})
    _, moved = run(transform, LARGE, followers, "a")
    assert (moved["mask"][:4] == fill).all()
    assert (moved["boxes"].masks[:, :4] == 0).all()
    assert moved["boxes"].masks.sum() == (LARGE > 0).sum()


def test_mask_interpolation_is_the_ops_own() -> None:
    """Linear interpolation of a mask, where it is asked for, makes values between."""
    transform = built("resize", {"height": 320, "width": 400, "mask_interpolation": "linear"})
    _, moved = run(transform, LARGE, {"mask": LARGE}, "a")
    assert len(np.unique(moved["mask"])) > len(np.unique(LARGE))


def test_a_warp_drops_the_box_that_leaves_the_image() -> None:
    """The library leaves such a box in its old place, and pulls points back to the edge."""
    transform = built("optical_distortion", {"distort_limit": [-0.9, -0.9]})
    corner = np.array([[0, 0, 6, 6], [90, 70, 110, 90]], np.float32)
    points = Keypoints(np.array([[2, 2], [100, 80]], np.float32), np.arange(2), np.ones(2, bool))
    followers = {"boxes": Boxes(corner, np.arange(2), np.ones(2, np.float32)), "keypoints": points}
    _, moved = run(transform, LARGE, followers, "a")
    assert list(moved["boxes"].labels) == [1]
    assert list(moved["keypoints"].visible) == [False, True]
    assert moved["keypoints"].points[0].max() < 0


def test_how_much_of_a_box_a_warp_shows() -> None:
    """Half a box beyond the edge is half of it, to a few hundredths."""
    rows, columns = np.mgrid[:100, :100].astype(np.float32)
    box = np.array([[0, 20, 20, 60]], float)
    moved = boxes_through_maps(box, 10 + columns * 0.8, rows)
    assert moved.share[0] == pytest.approx(0.5, abs=0.03)
    assert boxes_through_maps(box, columns - 10, rows).share[0] == 1


@pytest.mark.parametrize(
    ("name", "params", "expected"),
    [
        ("resize", {"height": 640, "width": 400}, (2 * 20.5 - 0.5, 4 * 30.5 - 0.5)),
        ("longest_max_size", {"max_size": 800}, (4 * 20.5 - 0.5, 4 * 30.5 - 0.5)),
        ("random_scale", {"scale_limit": [1, 1]}, (2 * 20.5 - 0.5, 2 * 30.5 - 0.5)),
        ("horizontal_flip", {}, (WIDTH - 21, 30)),
        ("rotate", {"limit": [180, 180]}, (WIDTH - 21, HEIGHT - 31)),
        ("transpose", {}, (30, 20)),
        ("crop", {"x_min": 5, "y_min": 7, "x_max": 90, "y_max": 80}, (15, 23)),
    ],
)
def test_points_are_middles_of_pixels(name: str, params: dict[str, Any], expected: tuple[float, ...]) -> None:
    """Scaled by k, the middle of pixel x comes to k (x + 1/2) - 1/2; the library leaves out the halves."""
    points = Keypoints(np.array([[20, 30]], np.float32), np.arange(1), np.ones(1, bool))
    _, moved = run(built(name, params), LARGE, {"keypoints": points}, "a")
    assert moved["keypoints"].points[0] == pytest.approx(expected, abs=1e-3)


def test_a_mirror_image_has_the_mask_that_the_object_leaves() -> None:
    """Of an object and its mirror image each has its own pixels, though the boxes overlap."""
    triangle = np.tril(np.ones((60, 60), np.uint8))
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[100:160, 140:200] = triangle[:, ::-1]
    corners = np.array([[140, 100, 200, 160]], np.float32)
    boxes = Boxes(corners, np.arange(1), np.ones(1, np.float32), mask[None])
    transform = built("rotate", {"limit": [30, 30], "border_mode": "reflect"})
    picture, moved = run(transform, mask, {"boxes": boxes}, "a")
    alone, _ = run(built("rotate", {"limit": [30, 30]}), mask, {}, "a")
    masks = moved["boxes"].masks
    assert len(masks) > 1
    assert sum(np.array_equal(one, alone) for one in masks) == 1
    others = [one for one in masks if not np.array_equal(one, alone)]
    assert not any((one & alone).any() for one in others)
    assert np.array_equal(np.max(masks, axis=0), picture)


@pytest.mark.parametrize(("min_visibility", "kept"), [(0.74, True), (0.76, False)])
def test_a_hole_counts_against_visibility(min_visibility: float, kept: bool) -> None:
    """A quarter of a box behind holes leaves three, also where its corners are in sight."""
    op = OPS["grid_dropout"]
    canonical, problems = op.check({"ratio": 0.5, "unit_size_range": [20, 21], "random_offset": False})
    assert not problems
    box = Boxes(np.array([[20, 20, 60, 60]], np.float32), np.arange(1), np.ones(1, np.float32))
    picture, free = run(op.build(canonical), np.full((HEIGHT, WIDTH), 9, np.uint8), {"boxes": box}, "a")
    share = (picture[20:60, 20:60] > 0).mean()
    assert share == 0.75
    limited = Boxes(box.corners, box.labels, box.weights, min_visibility=min_visibility)
    _, moved = run(op.build(canonical), LARGE, {"boxes": limited}, "a")
    assert len(free["boxes"].labels) == 1
    assert len(moved["boxes"].labels) == kept


def test_a_point_once_hidden_stays_hidden() -> None:
    """Visibility is not given back by a later op."""
    points = Keypoints(np.array([[50, 50]], np.float32), np.arange(1), np.array([False]))
    _, moved = run(built("horizontal_flip", {}), LARGE, {"keypoints": points}, "a")
    assert not moved["keypoints"].visible[0]
    assert moved["keypoints"].points[0, 0] == WIDTH - 1 - 50
