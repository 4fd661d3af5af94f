"""Paired differences against scipy, which works from the incomplete beta function and not from a sum."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from augflow.errors import TrainError
from augflow.study.paired import Paired, t_below, t_quantile

WHOLE = [0.91, 0.84, 0.88, 0.79, 0.93]
WITHOUT = [0.88, 0.83, 0.83, 0.77, 0.91]


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 7, 30, 200])
def test_students_t_is_scipys(degrees):
    """The share below and its inverse, for odd and even degrees; 1e-9 is far below what a table shows."""
    for t in (0.0, 0.4, 1.0, 3.0, 20.0):
        assert t_below(t, degrees) == pytest.approx(stats.t.cdf(t, degrees), abs=1e-12)
    assert t_quantile(0.975, degrees) == pytest.approx(stats.t.ppf(0.975, degrees), rel=1e-9)


def test_interval_is_that_of_the_paired_t_test():
    """Mean, interval and the error without pairing, as scipy's tests of the same figures give them."""
    paired = Paired.of(WHOLE, WITHOUT)
    found = stats.ttest_rel(WHOLE, WITHOUT)
    bounds = found.confidence_interval(0.95)
    assert paired.mean == pytest.approx(np.mean(WHOLE) - np.mean(WITHOUT))
    assert paired.interval == pytest.approx((bounds.low, bounds.high))
    assert paired.error == pytest.approx(paired.mean / found.statistic)
    unpaired = stats.ttest_ind(WHOLE, WITHOUT, equal_var=False)
    assert paired.unpaired_error == pytest.approx(paired.mean / unpaired.statistic)


def test_verdict_follows_the_interval():
    """Helps or hurts where the interval leaves zero out (for a loss the other way round), else no verdict."""
    better, worse = Paired.of(WHOLE, WITHOUT), Paired.of(WITHOUT, WHOLE)
    assert (better.verdict(), worse.verdict()) == ("helps", "hurts")
    assert (better.verdict(False), worse.verdict(False)) == ("hurts", "helps")
    assert Paired.of([0.9, 0.8, 0.7], [0.7, 0.8, 0.9]).verdict() == "cannot tell"


@pytest.mark.parametrize(("whole", "without"), [([0.9], [0.5]), ([0.9, 0.8, 0.7], [0.8, 0.7, 0.6])])
def test_one_seed_or_no_spread_is_no_evidence(whole, without):
    """One seed has no interval; seeds that agree exactly (a figure in few steps) prove nothing."""
    assert Paired.of(whole, without).verdict() == "cannot tell"


def test_half_a_pair_is_refused():
    """Figures of different numbers of seeds are no pairs."""
    with pytest.raises(TrainError, match="3 and 2"):
        Paired.of([1, 2, 3], [1, 2])
