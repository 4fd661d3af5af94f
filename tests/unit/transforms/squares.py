"""Pictures of squares whose values tell which is which, what follows them, and a way through an op."""

from __future__ import annotations

from typing import Any

import numpy as np

from augflow.rng import KeyedRandom, sample_key
from augflow.sample import FOLLOWERS, Boxes
from augflow.transforms.image import image_ops
from augflow.transforms.library import albumentations

HEIGHT, WIDTH = 160, 200
OPS = image_ops()
MOVING = {
    name: op for name, op in OPS.items() if not issubclass(op._class, albumentations().ImageOnlyTransform)
}
NEEDED: dict[str, dict[str, Any]] = {
    "at_least_one_bbox_random_crop": {"height": 100, "width": 120},
    "center_crop": {"height": 100, "width": 120},
    "constrained_coarse_dropout": {"mask_indices": [12, 24, 36, 48]},
    "crop": {"x_min": 5, "y_min": 7, "x_max": 150, "y_max": 120},
    "crop_and_pad": {"percent": [-0.1, 0.1]},
    "crop_non_empty_mask_if_exists": {"height": 100, "width": 120},
    "grid_elastic_deform": {"num_grid_xy": [5, 4], "magnitude": 6},
    "longest_max_size": {"max_size": 300},
    "pad_if_needed": {"min_height": 220, "min_width": 260},
    "random_crop": {"height": 100, "width": 120},
    "random_resized_crop": {"size": [140, 180]},
    "random_sized_bbox_safe_crop": {"height": 100, "width": 120},
    "random_sized_crop": {"min_max_height": [80, 150], "size": [200, 220]},
    "resize": {"height": 320, "width": 150},
    "smallest_max_size": {"max_size": 300},
}


def keyed(name: str) -> KeyedRandom:
    """Generators set to a key."""
    rng = KeyedRandom()
    rng.rekey(sample_key(0, 0, name).at(b"op"))
    return rng


def squares(side: int, steps: tuple[int, int], factor: int) -> tuple[np.ndarray, np.ndarray]:
    """A mask of squares, number i of value factor * (i + 1), and their corners."""
    mask, corners = np.zeros((HEIGHT, WIDTH), np.uint8), []
    for y in range(4, HEIGHT - side, steps[0]):
        for x in range(3, WIDTH - side, steps[1]):
            corners.append((x, y, x + side, y + side))
            mask[y : y + side, x : x + side] = factor * len(corners)
    return mask, np.array(corners, np.float32)


LARGE, CORNERS = squares(21, (42, 43), 12)
SMALL, DOTS = squares(3, (21, 23), 2)


def boxed(corners: np.ndarray, mask: np.ndarray, factor: int, **limits: float) -> Boxes:
    """Boxes with the masks of their instances, labeled by their number."""
    count = len(corners)
    masks = np.stack([mask == factor * (i + 1) for i in range(count)]).astype(np.uint8)
    return Boxes(corners, np.arange(count), np.linspace(0.5, 1, count, dtype=np.float32), masks, **limits)


def built(name: str, params: dict[str, Any]) -> Any:
    """The transform with nearest pixels, so that values of the image tell what is where."""
    op = OPS[name]
    nearest = {"interpolation": "nearest"} if "interpolation" in op.params else {}
    canonical, problems = op.check({**nearest, **params})
    assert not problems, problems
    return op.build(canonical)


def run(transform: Any, mask: np.ndarray, followers: dict[str, Any], key: str) -> tuple[np.ndarray, dict]:
    """The first channel of a picture of the mask, and its followers, after the op."""
    image = np.repeat(mask[:, :, None], 3, axis=2)
    image.flags.writeable = False
    fields, _ = transform({"image": image, FOLLOWERS: followers}, keyed(key))
    return fields["image"][:, :, 0], fields[FOLLOWERS]


def carried(name: str, followers: dict[str, Any]) -> dict[str, Any]:
    """Those that the op takes along."""
    return {kind: value for kind, value in followers.items() if kind in OPS[name].carries}


def extent(shown: np.ndarray) -> np.ndarray:
    """Corners of what is not 0."""
    rows, columns = np.nonzero(shown)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
