"""How far two kinds of runs differ, seed by seed.

Runs with one seed share their order, every draw of the stream that both have, and first weights, so much of
the luck is common to them and cancels in the difference. The interval is Student's (1908), of the mean over
seeds: it says what other seeds would give on the same validation samples, and nothing about other samples.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from augflow.errors import TrainError

CONFIDENCE = 0.95
SPREADLESS = 1e-12
"""Differences that agree so far are equal: what rounding leaves is no spread."""

Verdict = Literal["helps", "hurts", "cannot tell"]


@dataclass(frozen=True)
class Paired:
    """Differences `whole[i] - without[i]` of runs with the same seed."""

    differences: tuple[float, ...]
    unpaired_error: float | None
    """The standard error of the mean difference, were the seeds of the two not the same."""

    @classmethod
    def of(cls, whole: Sequence[float], without: Sequence[float]) -> Paired:
        """The differences of two rows of figures, one a seed, in the same order."""
        if len(whole) != len(without) or not whole:
            raise TrainError(f"pairs need as many figures on both sides, got {len(whole)} and {len(without)}")
        differences = tuple(one - other for one, other in zip(whole, without, strict=True))
        if len(whole) < 2:
            return cls(differences, None)
        variance = statistics.variance(whole) + statistics.variance(without)
        return cls(differences, math.sqrt(variance / len(whole)))

    @property
    def mean(self) -> float:
        """The mean difference."""
        return statistics.fmean(self.differences)

    @property
    def error(self) -> float | None:
        """The standard error of the mean; None for one seed."""
        n = len(self.differences)
        return statistics.stdev(self.differences) / math.sqrt(n) if n > 1 else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95% interval of the mean; None for one seed."""
        if self.error is None:
            return None
        half = t_quantile((1 + CONFIDENCE) / 2, len(self.differences) - 1) * self.error
        return self.mean - half, self.mean + half

    def verdict(self, more_is_better: bool = True) -> Verdict:
        """Whether the interval leaves zero out, and on which side.

        Differences without any spread tell nothing: a figure that counts samples takes few values, and a few
        seeds may agree by that alone.
        """
        if self.error is None or self.interval is None or self.error < SPREADLESS:
            return "cannot tell"
        low, high = self.interval
        if low <= 0 <= high:
            return "cannot tell"
        return "helps" if (low > 0) == more_is_better else "hurts"

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "differences": list(self.differences),
            "mean": self.mean,
            "standard_error": self.error,
            "interval": None if self.interval is None else list(self.interval),
            "unpaired_standard_error": self.unpaired_error,
        }


def t_quantile(share: float, degrees: int) -> float:
    """Where Student's t has `share` (0.5 to 1) below it; `degrees` of freedom are a whole number from 1."""
    low, high = 0.0, 1.0
    while t_below(high, degrees) < share:
        high *= 2
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if t_below(middle, degrees) < share else (low, middle)
    return high


def t_below(t: float, degrees: int) -> float:
    """The share of Student's t below `t` (0 or more): Abramowitz & Stegun 1964, 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(degrees))
    cosine = math.cos(angle) ** 2
    odd = degrees % 2
    term = math.sin(angle) * (math.cos(angle) if odd else 1.0)
    series = 0.0
    for number in range(1 + odd, degrees, 2):
        series += term
        term *= cosine * number / (number + 1)
    inside = 2 / math.pi * (angle + series) if odd else series
    return (1 + inside) / 2
