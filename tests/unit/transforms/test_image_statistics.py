"""What an op says in numbers holds over many samples: ranges, chances, distributions."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from augflow.batching.mix import draw_mix
from augflow.plan import load_plan
from augflow.rng import KeyedRandom, sample_key, tile_key
from augflow.transforms.chain import Passage

SAMPLES = 4000
IMAGE = np.zeros((8, 8, 3), np.uint8)

LEAST_P = 1e-4
"""A right distribution fails a test this rarely; the keys are fixed, so it does not fail by chance."""


def angles_of(item: dict[str, Any]) -> list[float]:
    """The angles in degrees that a rotation drew for many samples, where it fired."""
    (step,) = load_plan({"modality": "image", "augment": [item]}).fields[0].augment
    rng, found = KeyedRandom(), []
    for sample in range(SAMPLES):
        passage = Passage(rng, sample_key(0, 0, str(sample)), str(sample), drawn={})
        passage.run([step], {"image": IMAGE})
        for shown in (passage.drawn or {}).values():
            (cosine, sine, _), *_ = shown["matrix"]
            found.append(float(np.degrees(np.arctan2(sine, cosine))))
    return found


def test_rotation_is_uniform_in_its_range() -> None:
    """`rotate: {limit: [-20, 40]}` draws every angle between as often as any other."""
    angles = angles_of({"rotate": {"limit": [-20, 40], "p": 1.0}})
    assert len(angles) == SAMPLES
    assert stats.kstest(angles, stats.uniform(-20, 60).cdf).pvalue > LEAST_P


def test_p_is_the_share_of_samples_on_which_an_op_fires() -> None:
    """`p: 0.3` fires on 30% of the samples, within four standard errors."""
    fired = len(angles_of({"rotate": {"p": 0.3}}))
    assert abs(fired - 0.3 * SAMPLES) < 4 * np.sqrt(SAMPLES * 0.3 * 0.7)


def test_lambda_follows_its_beta_distribution() -> None:
    """mixup's lambda is Beta(alpha, alpha), each row's its own."""
    for alpha in (0.2, 1.0, 4.0):
        mix = load_plan({"modality": "image", "batch": {"size": 64, "mix": {"mixup": {"alpha": alpha}}}}).mix
        assert mix is not None
        rng = KeyedRandom()
        lams = np.concatenate([draw_mix(mix, tile_key(0, 0, tile), 16, rng).lam for tile in range(250)])
        assert stats.kstest(lams, stats.beta(alpha, alpha).cdf).pvalue > LEAST_P
