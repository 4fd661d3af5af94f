"""Differences of figures over seeds, with what is known about them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Difference:
    """A mean difference with its standard error and its 95% interval."""

    mean: float
    error: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """What the interval says; a mean of 0 or less is never called help."""
        if math.isnan(self.error):
            return "does not help" if self.mean <= 0 else "one seed tells nothing"
        if self.low > 0:
            return "helps"
        if self.high < 0:
            return "does not help: harms"
        return "does not help" if self.mean <= 0 else "better, within the seeds' spread"

    @property
    def points(self) -> str:
        """The mean and its standard error, times 100."""
        mean = f"{100 * self.mean:+.1f}"
        return mean if math.isnan(self.error) else f"{mean} ± {100 * self.error:.1f}"


def paired(values: Sequence[float], others: Sequence[float]) -> Difference:
    """`values` less `others`, seed by seed; Student's t with n - 1 degrees of freedom."""
    found = [a - b for a, b in zip(values, others, strict=True)]
    mean = statistics.fmean(found)
    if len(found) < 2:
        return Difference(mean, math.nan, -math.inf, math.inf)
    error = statistics.stdev(found) / math.sqrt(len(found))
    reach = float(stats.t.ppf(0.975, len(found) - 1)) * error
    return Difference(mean, error, mean - reach, mean + reach)


def welch(values: Sequence[float], others: Sequence[float]) -> Difference:
    """The same for two independent samples of unequal variance (Welch 1947)."""
    mean = statistics.fmean(values) - statistics.fmean(others)
    if min(len(values), len(others)) < 2:
        return Difference(mean, math.nan, -math.inf, math.inf)
    parts = [statistics.variance(sample) / len(sample) for sample in (values, others)]
    if not any(parts):
        return Difference(mean, 0.0, mean, mean)
    freedom = sum(parts) ** 2 / sum(
        part**2 / (len(sample) - 1) for part, sample in zip(parts, (values, others), strict=True)
    )
    error = math.sqrt(sum(parts))
    reach = float(stats.t.ppf(0.975, freedom)) * error
    return Difference(mean, error, mean - reach, mean + reach)


def saving(whole: Sequence[float], paired_arm: Sequence[float]) -> float:
    """How many times the seeds an unpaired comparison needs for the same standard error.

    The variance of a difference between independent seeds over that between equal ones.
    """
    a, b = np.asarray(whole), np.asarray(paired_arm)
    between = float(np.var(a - b, ddof=1))
    return float(np.var(a, ddof=1) + np.var(b, ddof=1)) / between if between else math.inf


def saving_interval(
    whole: Sequence[float], paired_arm: Sequence[float], draws: int = 4000
) -> tuple[float, float]:
    """The 95% interval of `saving` by the bootstrap over seeds (percentiles; Efron 1979)."""
    a, b = np.asarray(whole), np.asarray(paired_arm)
    rng = np.random.default_rng(0)
    picks = rng.integers(len(a), size=(draws, len(a)))
    found = [saving(a[pick], b[pick]) for pick in picks]
    finite = [value for value in found if math.isfinite(value)]
    low, high = np.percentile(finite or [math.nan], [2.5, 97.5])
    return float(low), float(high)
