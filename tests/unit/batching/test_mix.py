"""Mixing draws and pixels, against the published figures and the bugs of others."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augflow.batching.mix import MixDraws, MixStep, draw_mix, mix_target, row_mixing
from augflow.batching.mix_values import mix_image
from augflow.plan import load_plan
from augflow.rng import KeyedRandom, tile_key

RNG = KeyedRandom()


def step(mix: dict[str, Any]) -> MixStep:
    found = load_plan({"modality": "image", "batch": {"size": 64, "mix": mix}}).mix
    assert found is not None
    return found


def draws(mix: MixStep, tile: int, n: int = 16, epoch: int = 0) -> MixDraws:
    return draw_mix(mix, tile_key(0, epoch, tile), n, RNG)


@pytest.mark.parametrize("p", [0.1, 0.3, 0.8])
def test_p_is_applied_once_a_sample(p: float) -> None:
    """A share p of the rows is mixed; applied twice, as in other libraries, it would be p squared."""
    mix, tiles = step({"mixup": {"p": p}}), 200
    count = sum(int((draws(mix, tile).op >= 0).sum()) for tile in range(tiles))
    n = tiles * 16
    assert abs(count - n * p) < 4 * np.sqrt(n * p * (1 - p))


def test_per_tile_p_and_lambda_count_in_tiles() -> None:
    """With `per: tile` all rows of a tile are mixed by one lambda and one box, or none is."""
    mix, tiles = step({"cutmix": {"p": 0.4, "per": "tile"}}), 600
    found = [draws(mix, tile) for tile in range(tiles)]
    assert all(len(set(d.op.tolist())) == 1 for d in found)
    assert all(len({row_mixing(d, r, (32, 32)).box for r in range(16)}) == 1 for d in found)
    fired = sum(int(d.op[0] >= 0) for d in found)
    assert abs(fired - tiles * 0.4) < 4 * np.sqrt(tiles * 0.24)
    assert len({float(d.lam[0]) for d in found if d.op[0] >= 0}) == fired


def test_per_sample_every_row_has_its_own_lambda_and_box() -> None:
    """One cut position for a whole batch is a bug of others."""
    found = draws(step({"cutmix": {}}), 3)
    assert len(set(found.lam.tolist())) == 16
    assert len({tuple(center) for center in found.center.tolist()}) == 16


def test_lambdas_differ_from_epoch_to_epoch() -> None:
    """The same tile draws anew each epoch; a loader that restarts its generator repeats them."""
    mix = step({"mixup": {"alpha": 1.0}})
    lams = {tuple(draws(mix, 0, epoch=epoch).lam.tolist()) for epoch in range(20)}
    assert len(lams) == 20


@given(n=st.integers(1, 40), tile=st.integers(0, 10**6))
@settings(max_examples=100, deadline=None)
def test_partners_are_a_cycle_inside_the_tile(n: int, tile: int) -> None:
    """Everyone gives to one and takes from one, nobody is mixed with itself; a tile of one is left alone."""
    found = draws(step({"mixup": {}}), tile, n)
    assert sorted(found.partner.tolist()) == list(range(n))
    if n == 1:
        assert found.op.tolist() == [-1]
    else:
        assert all(found.partner != np.arange(n))


def test_partners_are_drawn_evenly() -> None:
    """Each of the 7 others is the partner equally often (chi-square, 6 df, p = 0.001)."""
    mix = step({"mixup": {}})
    found = Counter(int(draws(mix, tile, 8).partner[0]) for tile in range(1400))
    assert set(found) == set(range(1, 8))
    assert sum((count - 200) ** 2 / 200 for count in found.values()) < 22.5


def test_one_of_shares_by_weight() -> None:
    """mixup 1 : cutmix 2 : cutout 1, after p (chi-square, 2 df, p = 0.001)."""
    children = [{"mixup": {}}, {"cutmix": {}, "weight": 2}, {"cutout": {}}]
    mix = step({"one_of": {"p": 0.75, "transforms": children}})
    found = Counter(int(number) for tile in range(200) for number in draws(mix, tile).op)
    n = 3200
    expected = {-1: n / 4, 0: n * 3 / 16, 1: n * 3 / 8, 2: n * 3 / 16}
    assert sum((found[k] - want) ** 2 / want for k, want in expected.items()) < 16.3


def test_a_child_of_one_of_draws_what_it_draws_alone() -> None:
    """Weights and siblings do not change the lambdas of an op under the same path."""
    few = step({"one_of": {"transforms": [{"mixup": {}}]}})
    more = step({"one_of": {"transforms": [{"mixup": {}}, {"cutmix": {}}]}})
    one, other = draws(few, 5), draws(more, 5)
    both = (one.op == 0) & (other.op == 0)
    assert both.any()
    assert one.lam[both].tolist() == other.lam[both].tolist()


def test_mixup_weights_follow_the_beta_distribution() -> None:
    """alpha 1 is uniform, alpha 0.2 near the ends: means 1/2, variances 1/(4 (2 alpha + 1))."""
    for alpha in (0.2, 1.0, 8.0):
        lams = np.concatenate([draws(step({"mixup": {"alpha": alpha}}), t).lam for t in range(250)])
        assert abs(lams.mean() - 0.5) < 0.03
        assert abs(lams.var() - 1 / (4 * (2 * alpha + 1))) < 0.01


def test_cutmix_keeps_0_69_of_the_label_on_average() -> None:
    """At alpha 1 and 32 pixels the mean weight after rounding and clipping is 0.69, not 0.5 (measured)."""
    mix = step({"cutmix": {"alpha": 1.0}})
    lams = [
        row_mixing(found, r, (32, 32)).lam for found in (draws(mix, t) for t in range(250)) for r in range(16)
    ]
    assert abs(np.mean(lams) - 0.69) < 0.015


@pytest.mark.parametrize(("height", "width"), [(32, 32), (7, 13), (1, 1), (2, 50)])
def test_the_label_weighs_the_pixels_that_were_pasted(height: int, width: int) -> None:
    """For every box lam is exactly one minus the share of pixels that came from the partner."""
    mix = step({"cutmix": {"alpha": 0.7}})
    own, other = np.zeros((height, width, 3), np.uint8), np.ones((height, width, 3), np.uint8)
    for tile in range(30):
        found = draws(mix, tile)
        for row in range(16):
            mixed = row_mixing(found, row, (height, width))
            image = mix_image(mixed, own, other)
            pasted = int(image[:, :, 0].sum())
            assert mixed.lam == 1 - pasted / (height * width)
            y0, x0, y1, x1 = mixed.box
            assert pasted == (y1 - y0) * (x1 - x0)
            assert 0 <= y0 <= y1 <= height
            assert 0 <= x0 <= x1 <= width
            if pasted == 0:
                assert (mixed.op, mixed.partner, mixed.box) == (None, row, (0, 0, 0, 0))


def test_mixup_is_rounded_to_the_nearest_level() -> None:
    """uint8 rows are round(lam * own + (1 - lam) * partner) exactly, every pair of levels tried."""
    own, other = (axis.astype(np.uint8)[..., None] for axis in np.mgrid[0:256, 0:256])
    mix = step({"mixup": {"alpha": 1.0}})
    found = draws(mix, 0)
    for row in range(16):
        mixed = row_mixing(found, row, (256, 256))
        lam = np.float32(mixed.lam)
        single = lam * own.astype(np.float32) + (np.float32(1) - lam) * other.astype(np.float32)
        image = mix_image(mixed, own, other)
        assert image.dtype == np.uint8
        assert np.array_equal(image, np.rint(single).astype(np.uint8))
        exact = mixed.lam * own.astype(float) + (1 - mixed.lam) * other
        assert np.abs(image - exact).max() < 0.5001
        assert np.array_equal(np.diagonal(image[:, :, 0]), np.arange(256))  # equal levels stay


def test_lambda_is_not_inverted() -> None:
    """lam is the weight of the own image and of the own label."""
    mix = step({"mixup": {"alpha": 1.0}})
    mixed = row_mixing(draws(mix, 1), 0, (4, 4))
    own, other = np.full((4, 4, 1), 100, np.uint8), np.zeros((4, 4, 1), np.uint8)
    assert mix_image(mixed, own, other)[0, 0, 0] == round(100 * mixed.lam)
    eye = np.eye(2, dtype=np.float32)
    assert mix_target(eye[0], eye[1], mixed.lam).tolist() == [
        np.float32(mixed.lam),
        1 - np.float32(mixed.lam),
    ]


def test_float_images_mix_in_float() -> None:
    """float32 rows stay float32 in [0, 1], without rounding to levels."""
    mix = step({"mixup": {"alpha": 1.0}})
    mixed = row_mixing(draws(mix, 2), 0, (8, 8))
    generator = np.random.default_rng(0)
    own, other = (generator.random((8, 8, 3), np.float32) for _ in range(2))
    image = mix_image(mixed, own, other)
    assert image.dtype == np.float32
    assert np.allclose(image, mixed.lam * own + (1 - mixed.lam) * other, atol=1e-6)
    assert 0 <= image.min() <= image.max() <= 1


@pytest.mark.parametrize(("dtype", "value"), [("uint8", 128), ("float32", 128 / 255)])
def test_cutout_fills_a_box_and_keeps_the_label(dtype: str, value: float) -> None:
    """The box is filled, the own label stays whole, the partner is the row itself."""
    mix = step({"cutout": {"size": 0.5, "fill": 128}})
    own, other = np.ones((8, 8, 3), dtype), np.zeros((8, 8, 3), dtype)
    for row in range(16):
        mixed = row_mixing(draws(mix, 0), row, (8, 8))
        y0, x0, y1, x1 = mixed.box
        image = mix_image(mixed, own, other)
        assert (mixed.lam, mixed.partner) == (1.0, row)
        assert np.allclose(image[y0:y1, x0:x1], value)
        assert int((image == 1).all(axis=2).sum()) == 64 - (y1 - y0) * (x1 - x0)


def test_inputs_are_left_alone() -> None:
    """Partners are read by several rows: mixing writes to a new array, also from read-only memory."""
    for name in ("mixup", "cutmix", "cutout"):
        mix = step({name: {}})
        own, other = np.full((8, 8, 3), 9, np.uint8), np.full((8, 8, 3), 200, np.uint8)
        own.flags.writeable = other.flags.writeable = False
        for row in range(8):
            image = mix_image(row_mixing(draws(mix, 0), row, (8, 8)), own, other)
            assert not np.shares_memory(image, own)
        assert own.min() == own.max() == 9
        assert other.min() == other.max() == 200


@given(st.floats(0, 1), st.integers(2, 1000), st.data())
@settings(max_examples=80, deadline=None)
def test_targets_sum_to_1(lam: float, classes: int, data: st.DataObject) -> None:
    """Soft labels of any two classes are float32 and add up to one; two of one class stay whole."""
    one, other = data.draw(st.integers(0, classes - 1)), data.draw(st.integers(0, classes - 1))
    eye = np.eye(classes, dtype=np.float32)
    target = mix_target(eye[one], eye[other], lam)
    assert target.dtype == np.float32
    assert target.sum() == pytest.approx(1, abs=1e-6)
    assert set(np.flatnonzero(target)) <= {one, other}
