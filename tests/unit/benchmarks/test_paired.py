"""Differences over seeds against their closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchmarks.paired import paired, saving, saving_interval, welch


def test_a_paired_difference_is_students() -> None:
    """Differences 1, 2, 3: mean 2, standard error 1/sqrt 3, and t(2) = 4.3027 from any table."""
    found = paired([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    assert (found.mean, found.error) == pytest.approx((2, 1 / math.sqrt(3)))
    assert found.high - found.mean == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)
    assert found.verdict == "better, within the seeds' spread"


def test_welch_is_scipys() -> None:
    """Mean, error and interval of two samples of unlike size and variance are those of scipy's test."""
    first, other = [1.0, 2.0, 3.5, 2.2], [0.0, 5.0, 9.0]
    expected = stats.ttest_ind(first, other, equal_var=False).confidence_interval(0.95)
    found = welch(first, other)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.mean == pytest.approx(np.mean(first) - np.mean(other))
    assert welch([1.0, 1.0], [1.0, 1.0]).high == 0


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ([2.0, 2.1, 1.9], "helps"),
        ([-2.0, -2.1, -1.9], "does not help: harms"),
        ([-2.0, 2.0, -1.0], "does not help"),
        ([0.0], "does not help"),
        ([3.0], "one seed tells nothing"),
    ],
)
def test_a_verdict_says_no_more_than_the_interval(values: list[float], verdict: str) -> None:
    """Help is said where the whole interval lies above 0, and of one seed nothing is."""
    assert paired(values, [0.0] * len(values)).verdict == verdict


def test_a_saving_is_one_over_what_correlation_leaves() -> None:
    """Of normal pairs of equal variance with correlation r the saving is 1 / (1 - r)."""
    rng = np.random.default_rng(0)
    shared, own, other = rng.standard_normal((3, 20_000))
    r = 0.75
    first, second = (math.sqrt(r) * shared + math.sqrt(1 - r) * rest for rest in (own, other))
    # The logarithm of a variance from n draws has a standard error of sqrt(2 / n) = 1%; four of them.
    assert saving(first, second) == pytest.approx(1 / (1 - r), rel=0.06)
    low, high = saving_interval(first[:40], second[:40], draws=400)
    assert low < saving(first[:40], second[:40]) < high
    assert saving([1.0, 2.0, 3.0], [0.0, 1.0, 2.0]) == math.inf
