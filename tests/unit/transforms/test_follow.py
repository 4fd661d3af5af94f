"""What follows an image goes where its pixels go, through every op of the catalog that lets it."""

from __future__ import annotations

import pickle
import re
from typing import Any

import numpy as np
import pytest

from augflow.sample import FOLLOWERS, Boxes, Keypoints
from augflow.transforms.catalog import EVERY_FOLLOWER

from .squares import (
    CORNERS,
    DOTS,
    LARGE,
    MOVING,
    NEEDED,
    OPS,
    SMALL,
    boxed,
    built,
    carried,
    extent,
    keyed,
    run,
)

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("affine", {"rotate": [-30, 30], "scale": [0.7, 1.3], "shear": [-5, 5], "translate_percent": 0.1}),
    ("affine", {"rotate": [-30, 30], "fit_output": True}),
    ("crop_and_pad", {"px": [1, 2, 3, 4], "keep_size": False}),
    ("elastic_transform", {"alpha": 60, "sigma": 6}),
    ("longest_max_size", {"max_size_hw": [90, 100]}),
    ("pad", {"padding": [10, 20, 30, 40]}),
    ("perspective", {"keep_size": False, "fit_output": True}),
    ("perspective", {"scale": [0.1, 0.2]}),
    ("random_scale", {"scale_limit": [-0.5, 1.0]}),
    ("rotate", {"limit": 45}),
    ("rotate", {"limit": 45, "crop_border": True}),
    ("rotate", {"limit": 45, "border_mode": "replicate"}),
    ("optical_distortion", {"distort_limit": [-0.5, 0.5], "mode": "fisheye"}),
    ("center_crop", {"height": 200, "width": 220, "pad_if_needed": True}),
]
MIRRORED: list[tuple[str, dict[str, Any]]] = [
    ("affine", {"scale": [0.5, 0.6], "border_mode": "reflect"}),
    ("pad", {"padding": [10, 20, 30, 40], "border_mode": "reflect"}),
    ("rotate", {"limit": 45, "border_mode": "reflect_101"}),
    ("random_crop", {"height": 200, "width": 220, "pad_if_needed": True, "border_mode": "reflect"}),
]
ERASING: list[tuple[str, dict[str, Any]]] = [
    ("coarse_dropout", {"num_holes_range": [4, 8], "hole_height_range": [0.1, 0.3], "fill_mask": 0}),
    ("constrained_coarse_dropout", {"bbox_labels": [1, 2], "hole_height_range": [0.3, 0.6], "fill_mask": 0}),
    ("erasing", {"fill_mask": 0}),
    ("grid_dropout", {"fill_mask": 0}),
    ("mask_dropout", {"max_objects": [3, 5]}),
    ("xy_masking", {"num_masks_x": [1, 3], "num_masks_y": 2, "mask_x_length": 30, "mask_y_length": 30,
                    "fill_mask": 0}),
]  # fmt: skip
ERASERS = {name for name, _ in ERASING} | {"frequency_masking", "time_masking", "pixel_dropout"}
CASES = [(name, NEEDED.get(name, {})) for name in MOVING if name not in ERASERS] + VARIANTS
WARPED = {"grid_elastic_deform", "piecewise_affine", "thin_plate_spline"}


@pytest.mark.parametrize(("name", "params"), CASES + MIRRORED)
def test_masks_and_boxes_follow_the_picture(name: str, params: dict[str, Any]) -> None:
    """With nearest pixels a mask stays the picture of itself; a box that is whole is where its object is,
    and none outlives its object."""
    transform = built(name, params)
    followers = {"mask": LARGE, "boxes": boxed(CORNERS, LARGE, 12)}
    for key in "abcdef":
        picture, moved = run(transform, LARGE, carried(name, followers), key)
        if "mask" not in moved:
            continue
        assert np.array_equal(moved["mask"], picture)
        boxes = moved["boxes"]
        numbers = list(boxes.labels)
        assert {n for n in range(len(CORNERS)) if (picture == 12 * (n + 1)).sum() > 4} <= set(numbers)
        for box, number, mask, weight in zip(boxes.corners, numbers, boxes.masks, boxes.weights, strict=True):
            shown = picture == 12 * (number + 1)
            assert shown.any()
            assert weight == followers["boxes"].weights[number]
            assert not (mask.astype(bool) & ~shown).any()
            if numbers.count(number) > 1:
                continue
            assert np.array_equal(mask.astype(bool), shown)
            x0, y0, x1, y1 = whole = extent(shown)
            if min(x0, y0) > 1 and x1 < shown.shape[1] - 1 and y1 < shown.shape[0] - 1:
                assert np.abs(box - whole).max() < 2.01


@pytest.mark.parametrize(("name", "params"), CASES + MIRRORED)
def test_keypoints_follow_the_picture(name: str, params: dict[str, Any]) -> None:
    """A point that is visible stands on its dot, within a pixel; a dot whose point is gone is cut off."""
    transform = built(name, params)
    points = (DOTS[:, :2] + DOTS[:, 2:] - 1) / 2
    count = len(points)
    followers = {
        "mask": LARGE,
        "boxes": boxed(CORNERS, LARGE, 12),
        "keypoints": Keypoints(points, np.arange(count), np.ones(count, bool)),
    }
    astray = 0
    for key in "abcd":
        picture, moved = run(transform, SMALL, carried(name, followers), key)
        found: Keypoints = moved["keypoints"]
        assert np.array_equal(found.labels, np.arange(count))
        for number, ((x, y), visible) in enumerate(zip(found.points, found.visible, strict=True)):
            rows, columns = np.nonzero(picture == 2 * (number + 1))
            if not rows.size:
                astray += visible
            elif visible:
                assert np.hypot(rows - y, columns - x).min() <= 1.01
            else:
                edges = [*rows, *(picture.shape[0] - 1 - rows), *columns, *(picture.shape[1] - 1 - columns)]
                astray += min(edges) > 1
    # Where a warp folds, a dot can be gone though its surroundings are there.
    assert astray <= (4 if name in WARPED else 0)


@pytest.mark.parametrize(("name", "params"), ERASING)
def test_what_is_erased_is_gone_from_all(name: str, params: dict[str, Any]) -> None:
    """Holes cut the mask as the picture, boxes end at the last row and column that shows, and an object
    wholly erased drops; a point in a hole is no longer visible."""
    transform = built(name, params)
    points = (CORNERS[:, :2] + CORNERS[:, 2:] - 1) / 2
    followers = {
        "mask": LARGE,
        "boxes": boxed(CORNERS, LARGE, 12),
        "keypoints": Keypoints(points, np.arange(len(points)), np.ones(len(points), bool)),
    }
    erased = 0
    for key in "abcdefgh":
        picture, moved = run(transform, LARGE, followers, key)
        assert np.array_equal(moved["mask"], picture)
        there = {n for n in range(len(CORNERS)) if (picture == 12 * (n + 1)).any()}
        assert set(moved["boxes"].labels) == there
        for box, number in zip(moved["boxes"].corners, moved["boxes"].labels, strict=True):
            assert np.array_equal(box, extent(picture == 12 * (number + 1)))
        for (x, y), visible in zip(points.astype(int), moved["keypoints"].visible, strict=True):
            assert visible == (picture[y, x] != 0)
        erased += (picture != LARGE).sum()
    assert erased


@pytest.mark.parametrize("name", sorted(OPS))
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_followers_change_no_byte_of_the_image(name: str) -> None:
    """The image is the same with and without followers, unless the op looks at them to draw; nothing that
    came in is changed, and the transform pickles."""
    op = OPS[name]
    canonical, problems = op.check({**SETTINGS.get(name, {}), **NEEDED.get(name, {})})
    assert not problems
    transform = pickle.loads(pickle.dumps(op.build(canonical)))
    image = np.repeat(LARGE[:, :, None], 3, axis=2)
    boxes = boxed(CORNERS, LARGE, 12)
    points = Keypoints(CORNERS[:, :2], np.arange(len(CORNERS)), np.ones(len(CORNERS), bool))
    followers = carried(name, {"mask": LARGE, "boxes": boxes, "keypoints": points})
    before = [LARGE.copy(), boxes.corners.copy(), boxes.masks.copy(), points.points.copy()]
    with_them = transform({"image": image, FOLLOWERS: followers}, keyed("a"))[0]["image"]
    for now, then in zip([LARGE, boxes.corners, boxes.masks, points.points], before, strict=True):
        assert np.array_equal(now, then)
    if op.needs(canonical):
        with pytest.raises(ValueError, match="none follow it"):
            transform({"image": image}, keyed("a"))
    else:
        assert np.array_equal(transform({"image": image}, keyed("a"))[0]["image"], with_them)


SETTINGS: dict[str, dict[str, Any]] = {"superpixels": {"n_segments": 20, "max_size": 32}}


def test_what_each_op_carries() -> None:
    """Ops that leave pixels in place carry all, and so do the others but the one that would mislabel."""
    assert {name for name, op in OPS.items() if op.carries != EVERY_FOLLOWER} == {"morphological"}
    assert OPS["morphological"].carries == {"keypoints"}
    assert OPS["gauss_noise"].carries == EVERY_FOLLOWER


def test_pixel_ops_hand_followers_on() -> None:
    """What an op on values leaves in place is the same object."""
    mask = LARGE.copy()
    _, moved = run(built("gauss_noise", {}), LARGE, {"mask": mask}, "a")
    assert moved["mask"] is mask


def test_which_ops_need_something_to_follow() -> None:
    """Six ops draw from masks or boxes; holes in objects need what tells the objects apart."""
    needing = {name for name in OPS if OPS[name].needs({"mask_indices": None, "bbox_labels": [1]})}
    assert needing == {
        "at_least_one_bbox_random_crop",
        "bbox_safe_random_crop",
        "constrained_coarse_dropout",
        "crop_non_empty_mask_if_exists",
        "mask_dropout",
        "random_sized_bbox_safe_crop",
    }
    holes = OPS["constrained_coarse_dropout"]
    assert holes.needs({"mask_indices": [1], "bbox_labels": None}) == {"mask"}
    assert holes.needs({"mask_indices": None, "bbox_labels": [1]}) == {"boxes"}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "give mask_indices"),
        ({"mask_indices": [1], "bbox_labels": [2]}, "one of them"),
        ({"bbox_labels": ["dog"]}, "takes the numbers of classes.*got 'dog'"),
    ],
)
def test_holes_in_objects_need_to_know_which(params: dict[str, Any], message: str) -> None:
    """The library would quietly make no holes; here it is a problem of the parameters."""
    _, (problem,) = OPS["constrained_coarse_dropout"].check(params)
    assert re.search(message, problem.message)


@pytest.mark.parametrize("name", ["bbox_safe_random_crop", "random_sized_bbox_safe_crop"])
def test_safe_crops_keep_every_box(name: str) -> None:
    """Every box survives with its area, up to the library's cut to whole pixels."""
    transform = built(name, NEEDED.get(name, {}))
    chosen = CORNERS[[6, 7, 11]]
    for key in "abcdefgh":
        _, moved = run(transform, LARGE, {"boxes": Boxes(chosen, np.arange(3), np.ones(3, np.float32))}, key)
        assert list(moved["boxes"].labels) == [0, 1, 2]
