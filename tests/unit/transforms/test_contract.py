"""The contract of an op, over the whole image catalog."""

from __future__ import annotations

import json
import pickle
import random
from itertools import product
from typing import Any

import numpy as np
import pytest

from augflow.rng import KeyedRandom, sample_key
from augflow.sample import FOLLOWERS
from augflow.transforms.follow_library import PROCESSORS, seen_by
from augflow.transforms.lookup import catalog
from augflow.transforms.readable import readable

from .conftest import COLOR_ONLY, REQUIRED, VARIANTS, built, fields_for, keyed, picture, run

OPS = catalog("image")
CASES = [(name, REQUIRED.get(name, {})) for name in OPS] + VARIANTS
IDS = [f"{name}-{i}" if i >= len(OPS) else name for i, (name, _) in enumerate(CASES)]
UINT8_ONLY = {name for name, op in OPS.items() if op.library in ("augflow", "pillow")}

LIBRARY_CASES = [case for case in CASES if OPS[case[0]].library == "albumentations"]

each_case = pytest.mark.parametrize(("name", "params"), CASES, ids=IDS)


def formats(name: str, params: dict[str, Any]) -> list[tuple[int, str]]:
    """The channels and dtypes that an op works on."""
    channels = [3] if name in COLOR_ONLY or isinstance(params.get("num_bits", 0), list) else [3, 1]
    dtypes = ["uint8"] if name in UINT8_ONLY else ["uint8", "float32"]
    return list(product(channels, dtypes))


class Tripping:
    """A generator that fails when anything is drawn from it."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"drew with {name}")


@each_case
def test_canonical_parameters_are_a_fixed_point(name: str, params: dict[str, Any]) -> None:
    """Checking what a check returned changes nothing, and all of it survives JSON."""
    op = OPS[name]
    canonical, problems = op.check(params)
    assert not problems
    assert json.loads(json.dumps(canonical)) == canonical
    again, problems = op.check(canonical)
    assert not problems
    assert json.dumps(again) == json.dumps(canonical)
    assert set(canonical) == set(op.params)
    json.dumps([[dict(param.schema), param.default] for param in op.params.values()])


@each_case
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_same_key_same_bytes(name: str, params: dict[str, Any]) -> None:
    """A key decides the bytes: called again, after other draws, after pickling, beside disturbed globals."""
    transform, _ = built(OPS[name], params)
    for channels, dtype in formats(name, params):
        image = picture(channels=channels, dtype=dtype)
        before = image.copy()
        first = run(transform, image)
        run(transform, image, "other")
        np.random.seed(1)  # noqa: NPY002  # the global generators must not matter
        random.seed(1)
        assert np.array_equal(run(transform, image), first)
        again = pickle.loads(pickle.dumps(transform))
        assert np.array_equal(run(again, image), first)
        writable = image.copy()
        assert np.array_equal(run(transform, writable), first)
        assert np.array_equal(image, before)
        assert np.array_equal(writable, before)


@each_case
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_results_are_images_of_the_same_kind(name: str, params: dict[str, Any]) -> None:
    """Out come three axes, contiguous, of the dtype that came in, floats within [0, 1]; draws are JSON."""
    transform, _ = built(OPS[name], params)
    for (channels, dtype), key in product(formats(name, params), "abc"):
        image = picture(channels=channels, dtype=dtype)
        fields, drawn = transform({**fields_for(transform, image), "other": 1}, keyed(key))
        result = fields["image"]
        assert result.ndim == 3
        assert result.dtype == image.dtype
        assert result.flags.c_contiguous
        assert fields["other"] == 1
        if dtype == "float32":
            assert result.min() >= 0
            assert result.max() <= 1
        assert len(json.dumps(readable(drawn))) < 2000


@each_case
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_is_random_is_honest(name: str, params: dict[str, Any]) -> None:
    """An op that says it is not random draws nothing, and one that says it is draws something."""
    op = OPS[name]
    transform, canonical = built(op, params)
    silent = KeyedRandom()
    silent.generator, silent.python = Tripping(), Tripping()  # type: ignore[assignment]
    if op.is_random(canonical):
        with pytest.raises(AssertionError, match="drew with"):
            transform(fields_for(transform, picture()), silent)
    else:
        for size in ((48, 40), (64, 64)):
            _, drawn = transform(fields_for(transform, picture(*size)), silent)
            assert not drawn


@each_case
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_output_size_is_honest(name: str, params: dict[str, Any]) -> None:
    """A size that is promised is the size that comes out."""
    op = OPS[name]
    transform, canonical = built(op, params)
    for size, key in product(((48, 40), (37, 61), (64, 64)), "abc"):
        promised = op.output_size(canonical, size)
        unknown = op.output_size(canonical, None)
        result = run(transform, picture(*size), key)
        assert promised is None or promised == result.shape[:2]
        assert unknown is None or unknown == result.shape[:2]


@pytest.mark.parametrize(("name", "params"), LIBRARY_CASES)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_canonical_parameters_mean_what_was_written(name: str, params: dict[str, Any]) -> None:
    """The library's own op, given the parameters as written, makes the same image from the same draws."""
    op = OPS[name]
    transform, canonical = built(op, params)
    numbers = {
        k: canonical[k] for k in params if isinstance(params[k], str) and isinstance(canonical[k], int)
    }
    written = {k: tuple(v) if isinstance(v, list) else v for k, v in {**params, **numbers}.items()}
    direct = op._class(**written, p=1.0)
    rng = keyed()
    direct.set_random_state(rng.generator, rng.python)
    image = picture()
    seen = fields_for(transform, image)
    if FOLLOWERS in seen:
        seen = seen_by(frozenset({"mask", "boxes"}), seen[FOLLOWERS], image)
        direct.set_processors(PROCESSORS)
    expected = direct(**{**seen, "image": image})["image"]
    assert np.array_equal(run(transform, image), expected.reshape(*expected.shape[:2], -1))


def test_an_op_that_writes_in_place_gets_a_copy() -> None:
    """equalize, which changes a gray image in the library, leaves the caller's alone."""
    transform, _ = built(OPS["equalize"], {"mode": "pil"})
    image = picture(channels=1).copy()
    before = image.copy()
    assert not np.array_equal(run(transform, image), before)
    assert np.array_equal(image, before)


def test_three_flips_are_independent() -> None:
    """Three gates keyed by op show all eight patterns; seeding the library itself would show two."""
    rng = KeyedRandom()
    patterns = set()
    for i in range(200):
        key = sample_key(0, 0, str(i))
        pattern = []
        for path in (b"a", b"b", b"c"):
            rng.rekey(key.at(path))
            pattern.append(rng.python.random() < 0.5)
        patterns.add(tuple(pattern))
    assert len(patterns) == 8


def test_angles_of_two_ops_do_not_correlate() -> None:
    """Two rotations of one sample draw unrelated angles."""
    rotate, _ = built(OPS["rotate"], {"limit": 90})
    rng, angles = KeyedRandom(), []
    image = picture(8, 8)
    for i in range(300):
        key = sample_key(0, 0, str(i))
        row = []
        for path in (b"rotate", b"rotate#2"):
            rng.rekey(key.at(path))
            _, drawn = rotate({"image": image}, rng)
            row.append(np.arctan2(drawn["matrix"][0][1], drawn["matrix"][0][0]))
        angles.append(row)
    assert abs(np.corrcoef(np.array(angles).T)[0, 1]) < 0.2
