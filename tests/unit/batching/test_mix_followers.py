"""What mixing does to masks, boxes and keypoints, with their image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augflow.batching.mix import Cutmix, Cutout, Mixed
from augflow.batching.mix_values import mix_follower
from augflow.sample import Boxes, Keypoints

from ..memory import Memory, boxed, stream

N = 32


def memory(fields: Any) -> Memory:
    return Memory(fields, [n % 4 for n in range(N)], ("a", "b", "c", "d"))


def followed(mix: Any, **changes: Any) -> dict[str, Any]:
    fields = {name: {"follows": "image", **changes.get(name, {})} for name in ("mask", "boxes", "keypoints")}
    return {"fields": {"image": {"modality": "image"}, **fields}, "batch": {"size": 16, "mix": mix}}


def test_masks_are_pasted_and_never_blended() -> None:
    """cutmix pastes class ids with the pixels; mixup leaves the own mask."""
    data = memory(boxed(N))
    for batch in stream(followed({"cutmix": {}}), data):
        for row in range(16):
            own, other = (data.fields[batch["index"][at]] for at in (row, batch["partner"][row]))
            y0, x0, y1, x1 = batch["box"][row]
            for name in ("image", "mask"):
                expected = own[name].copy()
                expected[y0:y1, x0:x1] = other[name][y0:y1, x0:x1]
                assert np.array_equal(batch[name][row], expected)
            x, y = own["keypoints"].points.T
            covered = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
            assert batch["keypoints_visible"][row].tolist() == (~covered).tolist()
    for batch in stream(followed({"mixup": {"alpha": 1.0}}), data):
        for row in range(16):
            own = data.fields[batch["index"][row]]
            assert np.array_equal(batch["mask"][row], own["mask"])
            assert np.array_equal(batch["keypoints"][row], own["keypoints"].points)


def test_blended_images_have_the_boxes_of_both() -> None:
    """mixup: own boxes weigh lam, the partner's 1 - lam, labels stay integers."""
    data = memory(boxed(N))
    for batch in stream(followed({"mixup": {"alpha": 1.0}}), data):
        for row in range(16):
            own, other = (data.fields[batch["index"][at]]["boxes"] for at in (row, batch["partner"][row]))
            count, lam = int(batch["boxes_length"][row]), batch["lam"][row]
            assert count == len(own.corners) + len(other.corners)
            assert np.array_equal(batch["boxes"][row, :count], np.concatenate([own.corners, other.corners]))
            assert batch["boxes_label"][row, :count].tolist() == [*own.labels, *other.labels]
            weights = [lam] * len(own.corners) + [np.float32(1) - lam] * len(other.corners)
            assert batch["boxes_weight"][row, :count].tolist() == weights


PASTE = Mixed(Cutmix(), 1, 0.75, (0, 0, 10, 10))
"""The upper left 10x10 pixels are the partner's."""


def made(*corners: Any, masks: bool = False, **limits: float) -> Boxes:
    array = np.array(corners, np.float32).reshape(-1, 4)
    instance = np.zeros((len(array), 20, 20), np.uint8)
    for one, (x0, y0, x1, y1) in zip(instance, array.astype(int), strict=True):
        one[y0:y1, x0:x1] = 1
    count = len(array)
    return Boxes(array, np.arange(count), np.ones(count, np.float32), instance if masks else None, **limits)


@pytest.mark.parametrize(
    ("own", "limits", "kept"),
    [
        ((0, 0, 10, 10), {}, False),  # covered
        ((2, 2, 8, 8), {}, False),
        ((0, 0, 10, 11), {}, True),  # a row of pixels can be seen
        ((12, 12, 18, 18), {}, True),
        ((0, 0, 10, 20), {"min_visibility": 0.5}, True),
        ((0, 0, 10, 19), {"min_visibility": 0.5}, False),
        ((0, 0, 10, 20), {"min_area": 100}, True),
        ((0, 0, 10, 19), {"min_area": 100}, False),
    ],
)
def test_own_boxes_go_where_too_little_is_seen_of_them(own: Any, limits: Any, kept: bool) -> None:
    """Under the paste: what is covered or falls under the limits goes; the others keep their corners."""
    found = mix_follower(PASTE, made(own, **limits), made(**limits))
    assert found.corners.tolist() == ([list(map(float, own))] if kept else [])


@pytest.mark.parametrize(
    ("other", "limits", "expected"),
    [
        ((2, 2, 8, 8), {}, [2, 2, 8, 8]),
        ((5, 5, 15, 15), {}, [5, 5, 10, 10]),
        ((10, 10, 15, 15), {}, None),
        ((5, 5, 15, 15), {"min_visibility": 0.25}, [5, 5, 10, 10]),
        ((5, 5, 15, 15), {"min_visibility": 0.3}, None),
        ((5, 5, 15, 15), {"min_area": 25}, [5, 5, 10, 10]),
        ((5, 5, 15, 15), {"min_area": 26}, None),
    ],
)
def test_pasted_boxes_are_cut_to_the_paste(other: Any, limits: Any, expected: Any) -> None:
    """Only what was pasted of the partner's boxes comes along, if the limits allow."""
    found = mix_follower(PASTE, made(**limits), made(other, **limits))
    assert found.corners.tolist() == ([expected] if expected else [])
    assert found.weights.tolist() == [1.0] * len(found.corners)


def test_masks_of_boxes_are_cut_with_the_image() -> None:
    """Own instance masks lose the paste, pasted ones all else; one of which nothing is left goes."""
    own, other = made((0, 0, 12, 12), (12, 12, 15, 15), masks=True), made((5, 5, 15, 15), masks=True)
    hidden = made((0, 0, 10, 12), masks=True)
    hidden.masks[0, 10:] = 0  # a box that is larger than its mask, all of which is covered
    found = mix_follower(PASTE, own, other)
    assert found.masks.sum(axis=(1, 2)).tolist() == [144 - 100, 9, 25]
    assert found.masks.dtype == np.uint8
    assert len(mix_follower(PASTE, hidden, made(masks=True)).corners) == 0
    assert own.masks.sum() == 144 + 9


def test_cutout_leaves_what_follows() -> None:
    """The label stays, and with it boxes, masks and keypoints."""
    erased = Mixed(Cutout(), 0, 1.0, (0, 0, 10, 10))
    points = Keypoints(np.ones((1, 2), np.float32), np.zeros(1, np.int64), np.ones(1, bool))
    for value in (made((0, 0, 5, 5)), np.ones((20, 20), np.uint8), points):
        assert mix_follower(erased, value, value) is value
