"""What the tests of ops share: a settled way to call one, and parameters for every op of the catalog."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from augflow.rng import KeyedRandom, sample_key
from augflow.sample import FOLLOWERS, Boxes
from augflow.transforms.catalog import Op, Transform
from augflow.transforms.image_facts import LOOKS_AT

REQUIRED: dict[str, dict[str, Any]] = {
    "at_least_one_bbox_random_crop": {"height": 24, "width": 20},
    "center_crop": {"height": 24, "width": 20},
    "constrained_coarse_dropout": {"mask_indices": [1, 2]},
    "crop": {"x_max": 20, "y_max": 24},
    "crop_and_pad": {"px": [-4, 4]},
    "crop_non_empty_mask_if_exists": {"height": 24, "width": 20},
    "grid_elastic_deform": {"num_grid_xy": [4, 4], "magnitude": 3},
    "longest_max_size": {"max_size": 30},
    "pad_if_needed": {"min_height": 60, "min_width": 50},
    "random_adjust_sharpness": {"sharpness_factor": 2},
    "random_crop": {"height": 24, "width": 20},
    "random_resized_crop": {"size": [24, 20]},
    "random_sized_bbox_safe_crop": {"height": 24, "width": 20},
    "random_sized_crop": {"min_max_height": [10, 30], "size": [24, 20]},
    "resize": {"height": 24, "width": 20},
    "smallest_max_size": {"max_size": 30},
    "superpixels": {"n_segments": 20, "max_size": 32},
}
"""Parameters for ops whose own do not suffice, or do not fit a small image."""

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("affine", {"rotate": [-30, 30], "scale": [0.7, 1.3], "shear": [-5, 5], "translate_percent": 0.1}),
    ("affine", {"rotate": [-30, 30], "fit_output": True}),
    ("affine", {"rotate": [-30, 30], "interpolation": "cubic", "border_mode": "reflect_101"}),
    ("additive_noise", {"noise_type": "gaussian", "spatial_mode": "per_pixel"}),
    ("center_crop", {"height": 60, "width": 60, "pad_if_needed": True}),
    ("center_crop", {"height": 60, "width": 60, "pad_if_needed": True, "pad_position": "random"}),
    ("coarse_dropout", {"fill": "random", "hole_height_range": [3, 9], "hole_width_range": [2, 8]}),
    ("coarse_dropout", {"fill": "inpaint_telea"}),
    ("crop", {"x_max": 60, "y_max": 60, "pad_if_needed": True}),
    ("crop", {"x_max": 60, "y_max": 60, "pad_if_needed": True, "pad_position": "random"}),
    ("crop_and_pad", {"px": 3}),
    ("crop_and_pad", {"px": [1, 2, 3, 4], "keep_size": False}),
    ("crop_and_pad", {"percent": [-0.1, 0.1], "keep_size": False}),
    ("elastic_transform", {"alpha": 30, "sigma": 4, "same_dxdy": True}),
    ("equalize", {"mode": "pil", "by_channels": False}),
    ("frequency_masking", {"freq_mask_param": 10}),
    ("gauss_noise", {"std_range": [0.02, 0.08], "per_channel": False}),
    ("he_stain", {"method": "preset", "preset": "standard"}),
    ("image_compression", {"quality_range": [20, 60], "compression_type": "webp"}),
    ("longest_max_size", {"max_size": [30, 36]}),
    ("longest_max_size", {"max_size_hw": [30, 20]}),
    ("longest_max_size", {"max_size_hw": [None, 20]}),
    ("motion_blur", {"blur_limit": [3, 9]}),
    ("pad", {"padding": 3}),
    ("pad", {"padding": [2, 5]}),
    ("pad", {"padding": [1, 2, 3, 4], "border_mode": "reflect"}),
    ("pad_if_needed", {"min_height": 60, "min_width": 50, "position": "random"}),
    (
        "pad_if_needed",
        {"min_height": None, "min_width": None, "pad_height_divisor": 32, "pad_width_divisor": 32},
    ),
    ("perspective", {"keep_size": False, "fit_output": True}),
    ("pixel_dropout", {"dropout_prob": 0.1, "per_channel": True, "drop_value": None}),
    ("posterize", {"num_bits": [[2, 3], [3, 4], [4, 5]]}),
    ("posterize", {"num_bits": [2, 4]}),
    ("random_crop", {"height": 60, "width": 60, "pad_if_needed": True, "pad_position": "random"}),
    ("random_resized_crop", {"size": [40, 44], "interpolation": "lanczos4"}),
    ("resize", {"height": 80, "width": 70, "interpolation": "cubic"}),
    ("rotate", {"limit": 45, "crop_border": True}),
    ("rotate", {"limit": [5, 45], "border_mode": "replicate", "interpolation": "nearest"}),
    ("smallest_max_size", {"max_size_hw": [30, 20]}),
    ("spatter", {"mode": "mud"}),
    ("to_gray", {"num_output_channels": 1, "method": "average"}),
    ("xy_masking", {"num_masks_x": [1, 3], "mask_x_length": [2, 8], "fill": "random"}),
]
"""Parameters beside the defaults, above all those that change sizes or draws."""

COLOR_ONLY = frozenset(
    {
        "channel_dropout",
        "chromatic_aberration",
        "he_stain",
        "iso_noise",
        "planckian_jitter",
        "random_fog",
        "random_gravel",
        "random_rain",
        "random_snow",
        "random_sun_flare",
        "spatter",
    }
)
"""Ops that refuse an image of one channel."""


def picture(height: int = 48, width: int = 40, channels: int = 3, dtype: str = "uint8") -> np.ndarray:
    """A read-only image with edges, gradients and a little noise."""
    rows, columns = np.mgrid[0:height, 0:width]
    layers = [(rows * (3 + c) + columns * (5 - c)) % 256 for c in range(channels)]
    image = np.stack(layers, axis=2).astype(np.uint8)
    image[height // 4 : height // 2, width // 3 : width // 2] = 250
    image ^= np.random.default_rng(0).integers(0, 8, image.shape, dtype=np.uint8)
    if dtype == "float32":
        image = (image / np.float32(255)).astype(np.float32)
    image.flags.writeable = False
    return image


def keyed(name: str = "a") -> KeyedRandom:
    """Generators set to a key."""
    rng = KeyedRandom()
    rng.rekey(sample_key(0, 0, name).at(b"op"))
    return rng


def fields_for(transform: Transform, image: np.ndarray) -> dict[str, Any]:
    """The image, and what follows it where the op draws from that."""
    if getattr(transform, "class_name", None) not in LOOKS_AT:
        return {"image": image}
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[5:16, 4:18], mask[20:26, 25:33] = 1, 2
    corners = np.array([[4, 5, 18, 16], [25, 20, 33, 26]], np.float32)
    boxes = Boxes(corners, np.arange(2), np.ones(2, np.float32))
    return {"image": image, FOLLOWERS: {"mask": mask, "boxes": boxes}}


def run(transform: Transform, image: np.ndarray, name: str = "a") -> np.ndarray:
    """The image after the op with the draws of one key."""
    result: np.ndarray = transform(fields_for(transform, image), keyed(name))[0]["image"]
    return result


def built(op: Op, params: dict[str, Any]) -> tuple[Transform, dict[str, Any]]:
    """The transform and the canonical parameters; fails on any problem."""
    canonical, problems = op.check(params)
    assert not problems, (op.name, problems)
    return op.build(canonical), canonical


@pytest.fixture
def image() -> np.ndarray:
    """A small color image."""
    return picture()
