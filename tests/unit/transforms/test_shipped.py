"""The shipped image specs: every op resolves, sizes agree, and keras.yaml does what Keras does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML
from scipy import ndimage

from augflow.plan import load_plan
from augflow.rng import KeyedRandom, sample_key
from augflow.transforms.catalog import Size
from augflow.transforms.chain import Step
from augflow.transforms.lookup import resolve_op

from .conftest import built, picture, run

FOLDER = Path(__file__).parents[3] / "pipelines" / "image"
SPECS = {path.stem: YAML(typ="safe").load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))}


def items(spec: dict[str, Any], *sections: str) -> list[tuple[str, dict[str, Any]]]:
    """Names and parameters of the ops in some sections, `p` left out."""
    listed = [next(iter(item.items())) for section in sections for item in spec.get(section) or []]
    return [(name, {k: v for k, v in params.items() if k != "p"}) for name, params in listed]


def size_after(steps: Sequence[Step], size: Size) -> Size:
    for step in steps:
        size = step.output_size(size)
    return size


@pytest.mark.parametrize("name", SPECS)
def test_every_spec_compiles_to_one_known_size(name: str) -> None:
    """No shipped spec has a problem, and what the model trains on and is judged on has one size."""
    field = load_plan(FOLDER / f"{name}.yaml").fields[0]
    training = size_after(field.before_mixing(train=True), (64, 64))
    assert training is not None
    assert training == size_after(field.before_mixing(train=False), (64, 64))


@pytest.mark.parametrize("name", ["photos", "strong", "clothing"])
def test_specs_for_photos_run_on_a_photo(name: str) -> None:
    """Each op takes what the one before it gives."""
    image = picture(300, 280)
    for op_name, params in items(SPECS[name], "prepare", "augment", "evaluate"):
        op, given, _ = resolve_op(op_name, params, "image")
        image = run(built(op, given)[0], image)
    assert image.shape in ((224, 224, 3), (64, 64, 3))


@pytest.mark.parametrize("channels", [1, 3])
def test_small_works_on_gray_and_color(channels: int) -> None:
    """The spec for small images fits Fashion-MNIST and CIFAR alike."""
    image = picture(28, 28, channels)
    for name, params in items(SPECS["small"], "augment"):
        op, given, _ = resolve_op(name, params, "image")
        image = run(built(op, given)[0], image)
    assert image.shape == (28, 28, channels)


def keras_affine(image: np.ndarray, theta: float, tx: float, ty: float) -> np.ndarray:
    """Keras' `apply_affine_transform(x, theta, tx, ty, fill_mode="nearest", order=1)`; tx shifts rows."""
    angle = np.deg2rad(theta)
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    shift = np.array([[1, 0, tx], [0, 1, ty], [0, 0, 1.0]])
    center_x, center_y = image.shape[0] / 2 - 0.5, image.shape[1] / 2 - 0.5
    there = np.array([[1, 0, center_x], [0, 1, center_y], [0, 0, 1]])
    back = np.array([[1, 0, -center_x], [0, 1, -center_y], [0, 0, 1]])
    matrix = there @ turn @ shift @ back
    layers = [
        ndimage.affine_transform(
            image[:, :, c].astype(np.float32), matrix[:2, :2], matrix[:2, 2], order=1, mode="nearest"
        )
        for c in range(image.shape[2])
    ]
    return np.stack(layers, axis=2)


@pytest.mark.parametrize(
    ("theta", "tx", "ty"), [(0, 0, 0), (25, 0, 0), (0, 7, -5), (-30, 9, 8), (12.5, -4, 3)]
)
def test_keras_maps_pixels_as_keras(theta: float, tx: int, ty: int) -> None:
    """One affine map, same center, order and border: within OpenCV's 1/32 pixel of Keras' result."""
    rows, columns = np.mgrid[0:48, 0:40]
    waves = [127 + 120 * np.sin(rows / 9 + c) * np.cos(columns / 7) for c in range(3)]
    image = np.stack(waves, axis=2).astype(np.uint8)
    _, params = items(SPECS["keras"], "augment")[0]
    op, _, _ = resolve_op("affine", {}, "image")
    # albumentations maps input to output and counts degrees the other way round.
    fixed = {**params, "rotate": [-theta, -theta], "translate_percent": None}
    fixed["translate_px"] = {"x": [-ty, -ty], "y": [-tx, -tx]}
    ours = run(built(op, fixed)[0], image).astype(np.float32)
    assert np.abs(ours - keras_affine(image, theta, tx, ty)).max() <= 1.5


def test_keras_draws_as_keras() -> None:
    """Angles even in -30..30, shifts even in -20%..20% but whole; half of the samples are flipped."""
    (name, params), (flip, _) = items(SPECS["keras"], "augment")
    transform, _ = built(resolve_op(name, params, "image")[0], params)
    image, rng = picture(200, 150, 1), KeyedRandom()
    angles, down, right = [], [], []
    for i in range(2000):
        rng.rekey(sample_key(0, 0, str(i)).at(b"op"))
        matrix = np.array(transform({"image": image}, rng)[1]["matrix"])
        angles.append(np.degrees(np.arctan2(matrix[0, 1], matrix[0, 0])))
        center = np.array([74.5, 99.5, 1])
        x, y, _ = matrix @ center - center
        right.append(round(x, 6))
        down.append(round(y, 6))
    for values, limit in ((angles, 30), (down, 40), (right, 30)):
        assert max(np.abs(values)) <= limit
        assert abs(np.mean(values)) < limit * 0.05
        assert np.std(values) == pytest.approx(limit / np.sqrt(3), rel=0.06)
    assert set(down) == set(range(-39, 40))
    assert Counter(down)[0.0] > 1.5 * len(down) / 80  # cut towards zero, so 0 comes up twice as often
    assert np.abs(np.corrcoef([angles, down, right])[np.triu_indices(3, 1)]).max() < 0.08
    assert flip == "horizontal_flip"
    assert SPECS["keras"]["augment"][1][flip]["p"] == 0.5
    assert SPECS["keras"]["augment"][0][name]["p"] == 1.0
