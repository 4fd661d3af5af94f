"""A user's own ops."""

from __future__ import annotations

import pickle
from importlib.metadata import EntryPoint
from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import Field

from augflow.errors import SpecError
from augflow.transforms import registered
from augflow.transforms.lookup import OpUnavailable, catalog, resolve_op
from augflow.transforms.registered import check, op

from .conftest import built, picture, run


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that one test registers is there in the next."""
    monkeypatch.setattr(registered, "_registered", {})


def tint(
    image: np.ndarray, rng: np.random.Generator, strength: Annotated[float, Field(ge=0, le=1)] = 0.5
) -> np.ndarray:
    """Tint an image.

    More words.
    """
    level = rng.uniform(0, strength) * 255
    return (
        np.clip(image * 0.5 + level, 0, 255).astype(image.dtype) if image.dtype == np.uint8 else image * 0.5
    )


def darken(image: np.ndarray, *, by: int = 2) -> np.ndarray:
    """Divide all levels."""
    return (image / by).astype(image.dtype)


def test_a_function_becomes_an_op() -> None:
    """Name, parameters, defaults, randomness and description come from the function."""
    assert op(version=3)(tint) is tint
    entry, params, p = resolve_op("tint", {}, "image")
    assert (entry.name, entry.version, entry.library, p) == ("tint", 3, "registered", 1.0)
    assert entry.summary == "Tint an image."
    canonical, problems = entry.check(params)
    assert (canonical, problems) == ({"strength": 0.5}, [])
    assert entry.is_random(canonical)
    assert entry.params["strength"].schema["maximum"] == 1
    assert "tint" in catalog("image")
    check(tint)


def test_a_function_without_rng_is_not_random() -> None:
    """Only a function that asks for a generator draws."""
    op(name="shade")(darken)
    entry, _, _ = resolve_op("shade", {}, "image")
    assert not entry.is_random({"by": 2})
    assert entry.output_size({"by": 2}, (4, 4)) is None
    check("shade", by=3)


def test_parameters_are_checked_against_annotations() -> None:
    """Wrong, unknown and out-of-range values are refused as the catalog's are."""
    op()(tint)
    entry, _, _ = resolve_op("tint", {}, "image")
    for params, words in (
        ({"strength": "much"}, "must be a number"),
        ({"strength": True}, "must be a number"),
        ({"strength": 2}, "at most 1"),
        ({"strengt": 1}, "did you mean strength"),
    ):
        _, problems = entry.check(params)
        assert words in problems[0].message


def test_same_key_same_bytes_after_pickling() -> None:
    """The transform carries the function and draws from the key alone."""
    op()(tint)
    transform, _ = built(resolve_op("tint", {}, "image")[0], {})
    image = picture()
    first = run(transform, image)
    assert np.array_equal(run(pickle.loads(pickle.dumps(transform)), image), first)
    assert not np.array_equal(run(transform, image, "b"), first)


@pytest.mark.parametrize("name", ["rotate", "flip", "random_rotation", "normalize", "one_of"])
def test_catalog_names_cannot_be_taken(name: str) -> None:
    """A registered op cannot shadow an op, an alias or a container."""
    with pytest.raises(ValueError, match="is a name of the catalog"):
        op(name=name)(tint)


def test_wrong_signatures_are_refused_at_once() -> None:
    """image comes first, p belongs to the spec, and parameters have names."""
    with pytest.raises(TypeError, match="first parameter of bad must be image"):
        op(name="bad")(lambda picture: picture)
    with pytest.raises(TypeError, match="must not have a parameter p"):
        op(name="bad")(lambda image, p=1: image)
    with pytest.raises(TypeError, match="must name its parameters"):
        op(name="bad")(lambda image, **more: image)
    with pytest.raises(ValueError, match="modality must be one of image, text, audio"):
        op(modality="smell")


def test_check_finds_draws_outside_the_key() -> None:
    """A function that draws from a global generator is caught."""

    @op()
    def noisy(image: np.ndarray) -> np.ndarray:
        return np.random.default_rng().integers(0, 255, image.shape).astype(image.dtype) / image.dtype.type(1)

    @op()
    def stray(image: np.ndarray) -> np.ndarray:
        noise = np.random.default_rng().random(image.shape)
        return (image * noise).astype(image.dtype)

    with pytest.raises(SpecError, match="draw from the argument rng alone"):
        check(stray)
    with pytest.raises(SpecError):
        check(noisy)


def test_check_finds_writes_to_the_input() -> None:
    """A function that writes into its image fails on the read-only probe."""

    @op()
    def blacken(image: np.ndarray) -> np.ndarray:
        image[:] = 0
        return image

    with pytest.raises(SpecError, match="read-only"):
        check(blacken)


def test_check_finds_wrong_results() -> None:
    """Another dtype, no array and floats out of range are named."""

    @op()
    def widened(image: np.ndarray) -> np.ndarray:
        return image.astype(np.float64)

    @op()
    def nothing(image: np.ndarray) -> None:
        return None

    @op()
    def bright(image: np.ndarray) -> np.ndarray:
        return image + image.dtype.type(2)

    for function, words in ((widened, "got float64"), (nothing, "got NoneType"), (bright, "must stay in")):
        with pytest.raises(SpecError, match=words):
            check(function)


def test_check_of_what_is_not_registered_says_so() -> None:
    """A plain function is not an op yet."""
    with pytest.raises(KeyError, match="not registered"):
        check(darken)


def test_gray_results_without_channels_get_them_back() -> None:
    """A result (H, W) becomes (H, W, 1)."""

    @op()
    def luma(image: np.ndarray) -> np.ndarray:
        return image[:, :, 0]

    transform, _ = built(resolve_op("luma", {}, "image")[0], {})
    assert run(transform, picture()).shape == (48, 40, 1)


def test_entry_points_are_looked_up_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package's op is found when a spec names it, and only then."""
    asked: list[str] = []

    def entry_points(*, group: str, name: str) -> list[Any]:
        asked.append(name)
        point = EntryPoint("shade", "unit_ops:darken", group)
        return [point] if name == "shade" else []

    monkeypatch.setattr(registered.importlib.metadata, "entry_points", entry_points)
    monkeypatch.setattr(EntryPoint, "load", lambda _self: darken)
    resolve_op("rotate", {}, "image")
    assert asked == []
    assert resolve_op("shade", {}, "image")[0].name == "shade"
    with pytest.raises(OpUnavailable):
        resolve_op("shades_of_gray", {}, "image")
    assert asked == ["shade", "shades_of_gray"]
