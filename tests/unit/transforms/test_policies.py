"""RandAugment and TrivialAugment against torchvision's definitions, restated on Pillow."""

from __future__ import annotations

import math
import pickle
from collections import Counter
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from augflow.rng import KeyedRandom, sample_key
from augflow.transforms.policies import OPERATIONS, POLICIES, SIGNED, applied

from .conftest import built, keyed, picture, run

RAND = POLICIES["rand_augment"]
TRIVIAL = POLICIES["trivial_augment"]


def reference(image: Image.Image, name: str, magnitude: float) -> Image.Image:
    """torchvision's `_apply_op` on a Pillow image, black outside."""

    def affine(shear: tuple[float, float] = (0, 0), shift: tuple[int, int] = (0, 0)) -> Image.Image:
        sx, sy = (math.radians(angle) for angle in shear)
        d, b, c, a = 1 + math.tan(sx) * math.tan(sy), -math.tan(sx), -math.tan(sy), 1.0
        matrix = (d, -b, -d * shift[0] + b * shift[1], -c, a, c * shift[0] - a * shift[1])
        return image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.NEAREST)

    degrees = math.degrees(math.atan(magnitude))
    enhancers = {"Brightness": ImageEnhance.Brightness, "Color": ImageEnhance.Color}
    enhancers |= {"Contrast": ImageEnhance.Contrast, "Sharpness": ImageEnhance.Sharpness}
    if name in enhancers:
        return enhancers[name](image).enhance(1.0 + magnitude)
    return {
        "Identity": lambda: image,
        "ShearX": lambda: affine(shear=(degrees, 0.0)),
        "ShearY": lambda: affine(shear=(0.0, degrees)),
        "TranslateX": lambda: affine(shift=(int(magnitude), 0)),
        "TranslateY": lambda: affine(shift=(0, int(magnitude))),
        "Rotate": lambda: image.rotate(magnitude, Image.Resampling.NEAREST),
        "Posterize": lambda: ImageOps.posterize(image, int(magnitude)),
        "Solarize": lambda: ImageOps.solarize(image, magnitude),
        "AutoContrast": lambda: ImageOps.autocontrast(image),
        "Equalize": lambda: ImageOps.equalize(image),
    }[name]()


def spaces(bins: int, height: int, width: int) -> dict[str, dict[str, np.ndarray]]:
    """torchvision's `_augmentation_space` of both policies: all magnitudes by operation."""
    colors = ("Brightness", "Color", "Contrast", "Sharpness")
    steps = np.arange(bins)
    wide = {"ShearX": 0.99, "ShearY": 0.99, "TranslateX": 32.0, "TranslateY": 32.0, "Rotate": 135.0}
    wide |= dict.fromkeys(colors, 0.99)
    rand = {"ShearX": 0.3, "ShearY": 0.3, "Rotate": 30.0, **dict.fromkeys(colors, 0.9)}
    rand |= {"TranslateX": 150 / 331 * width, "TranslateY": 150 / 331 * height}
    found = {}
    for name, linear, bits in (("rand_augment", rand, 4), ("trivial_augment", wide, 6)):
        space = {key: np.linspace(0.0, top, bins) for key, top in linear.items()}
        space["Posterize"] = 8 - np.round(steps / ((bins - 1) / bits))
        space["Solarize"] = np.linspace(255.0, 0.0, bins)
        found[name] = space
    return found


def draws(
    name: str, params: dict[str, Any], n: int = 1000, size: tuple[int, int] = (40, 60)
) -> list[list[Any]]:
    """What a policy draws for many keys."""
    transform, _ = built(POLICIES[name], params)
    image = picture(*size)
    rng, found = KeyedRandom(), []
    for i in range(n):
        rng.rekey(sample_key(0, 0, str(i)).at(b"op"))
        found.append(transform({"image": image}, rng)[1]["ops"])
    return found


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_are_torchvisions(name: str, channels: int) -> None:
    """Each operation gives the bytes that torchvision's does, at several magnitudes and both signs."""
    magnitudes = {"Posterize": [2.0, 5.0], "Solarize": [0.0, 76.5, 178.5, 255.0], "Rotate": [-40.0, 30.0]}
    image = picture(channels=channels)
    source = Image.fromarray(image[:, :, 0] if channels == 1 else image)
    shifts = [-7.9, 12.3] if name.startswith("Translate") else [-0.6, 0.0, 0.27]
    for magnitude in magnitudes.get(name, shifts):
        expected = np.array(reference(source, name, magnitude)).reshape(image.shape)
        assert np.array_equal(applied(image, [(name, magnitude)], 0), expected), magnitude


def test_magnitudes_are_torchvisions() -> None:
    """Every magnitude that is drawn is one of torchvision's, and all of TrivialAugment's come up."""
    space = spaces(31, 40, 60)
    for name, params in (("rand_augment", {}), ("trivial_augment", {})):
        seen: dict[str, set[float]] = {}
        for ops in draws(name, params, n=4000):
            for op, magnitude in ops:
                seen.setdefault(op, set()).add(round(magnitude, 9))
        for op, table in space[name].items():
            allowed = table[[9]] if name == "rand_augment" else table
            signed = {round(s * m, 9) + 0.0 for m in allowed for s in ((1, -1) if op in SIGNED else (1,))}
            assert {m + 0.0 for m in seen[op]} <= signed
            if name == "rand_augment":
                assert {m + 0.0 for m in seen[op]} == signed


def test_operations_are_drawn_evenly_and_independently() -> None:
    """All 14 operations are as likely, and the second does not follow from the first."""
    pairs = [tuple(op for op, _ in ops) for ops in draws("rand_augment", {"magnitude": 0}, n=4000)]
    counts = Counter(op for pair in pairs for op in pair)
    assert set(counts) == set(OPERATIONS)
    expected = 2 * len(pairs) / len(OPERATIONS)
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 35  # 13 degrees, 0.1%
    assert len(set(pairs)) == len(OPERATIONS) ** 2


def test_the_stream_of_a_policy_is_the_keys() -> None:
    """The same key gives the same bytes after pickling; another key gives others."""
    transform, _ = built(RAND, {"num_ops": 3})
    image = picture()
    first = run(transform, image)
    assert np.array_equal(run(pickle.loads(pickle.dumps(transform)), image), first)
    assert any(not np.array_equal(run(transform, image, name), first) for name in "bcde")


def test_fill_goes_outside_the_image() -> None:
    """One number fills all channels, a list one channel each."""
    image = picture()
    assert (applied(image, [("TranslateX", 10.0)], 7)[:, :10] == 7).all()
    assert (applied(image, [("TranslateX", 10.0)], [1, 2, 3])[:, :10] == [1, 2, 3]).all()
    with pytest.raises(ValueError, match="2 values for an image of 3 channels"):
        applied(image, [("TranslateX", 10.0)], [1, 2])


@pytest.mark.parametrize(
    ("params", "where"),
    [
        ({"num_ops": 0}, "num_ops"),
        ({"num_ops": 1.5}, "num_ops"),
        ({"magnitude": 31}, "magnitude"),
        ({"magnitude": -1}, "magnitude"),
        ({"magnitud": 3}, "magnitud"),
        ({"fill": 300}, "fill"),
        ({"num_magnitude_bins": 1}, "num_magnitude_bins"),
    ],
)
def test_wrong_parameters_are_refused(params: dict[str, Any], where: str) -> None:
    """Each wrong value is one problem at its parameter."""
    _, problems = RAND.check(params)
    assert [problem.name for problem in problems] == [where]


@pytest.mark.parametrize("op", [RAND, TRIVIAL])
def test_floats_are_refused_clearly(op: Any) -> None:
    """Pillow works on 8 bits; a float image is an error that says so."""
    transform, _ = built(op, {})
    with pytest.raises(TypeError, match="works on uint8 images of 1 or 3 channels, got float32"):
        transform({"image": picture(dtype="float32")}, keyed())
