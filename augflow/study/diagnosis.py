"""Under- and overfitting with their uncertainty, and which knob of the spec to turn next.

The errors of a fit add up: validation error = reachable error + bias + variance, where *bias* is the
training error without augmentation above what can be reached, and *variance* the gap from there to the
validation error. These are the words of the learning-curve reading (high bias, high variance), not the
terms of the decomposition of squared loss, which one training set cannot give.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from augflow.errors import TrainError
from augflow.study.advice import Advice, Evidence, advise
from augflow.train.curves import loss_rose, still_falling
from augflow.train.options import FitReport

Verdict = Literal["underfit", "fit", "overfit", "underfit and overfit", "unjudged"]

CLEAR_BIAS = 0.1
"""A bias below 10 points is not called underfitting, however many samples show it. This and the next are
conventions: standard errors say whether a difference is there, not whether it is worth an experiment."""
CLEAR_VARIANCE = 0.05
"""A gap below 5 points is not called overfitting, however many samples show it."""
SURE = 2.0
"""Standard errors that a difference must exceed: less happens by chance more than once in 20 times."""


@dataclass(frozen=True)
class Estimate:
    """A share in [-1, 1] and how sure it is."""

    value: float
    """The mean over the seeds."""
    error: float
    """Standard error, of samples and seeds together. Seeds are judged on the same samples, so more seeds
    shrink their own part alone."""
    spread: float | None
    """Sample standard deviation over the seeds; None for one."""

    def exceeds(self, least: float) -> bool:
        """Whether the value is above `least` and above chance."""
        return self.value > max(least, SURE * self.error)

    def __str__(self) -> str:
        spread = "" if self.spread is None else f", spread over seeds {_points(self.spread)}"
        return f"{_points(self.value)} points (standard error {_points(self.error)}{spread})"


@dataclass(frozen=True)
class Diagnosis:
    """What the fits of one recipe say together."""

    verdict: Verdict
    """`unjudged` where the validation or the training accuracy is missing and nothing is wrong without it."""
    learned: bool
    """False where the training accuracy is not above that of always answering the most frequent class."""
    reachable: float
    """The error that no model is below, in [0, 1]; bias counts from there."""
    bias: Estimate | None
    variance: Estimate | None
    noise: float | None
    """What the seeds alone move: the sample standard deviation of the validation accuracy; None for one."""
    seeds: tuple[Verdict, ...]
    """The verdict that each seed would get alone."""
    advice: tuple[Advice, ...]
    """What to turn next, the most promising first; each for a run of its own."""

    @property
    def headline(self) -> str:
        """The verdict and by how much, in a few words."""
        by = (("underfit", self.bias), ("overfit", self.variance))
        amounts = [
            f"{name} by {_points(part.value)} points" for name, part in by if part and name in self.verdict
        ]
        words = " and ".join(amounts) or self.verdict
        if self.verdict == "unjudged":
            words = f"unjudged: no {'training' if self.bias is None else 'validation'} accuracy"
        return words if self.learned else f"{words}: the model has not learned"

    @property
    def reading(self) -> str:
        """The learning-curve reading, in textbook words."""
        parts = []
        if self.bias is not None:
            parts.append(f"{'high' if self.bias.exceeds(CLEAR_BIAS) else 'low'} bias")
        if self.variance is not None:
            parts.append(f"{'high' if self.variance.exceeds(CLEAR_VARIANCE) else 'low'} variance")
        return ", ".join(parts) or "neither bias nor variance is known"

    def lines(self, most: int = 3) -> list[str]:
        """The block that ends a training: verdict, reading, and at most `most` pieces of advice."""
        lines = [f"verdict: {self.headline} ({self.reading})"]
        if self.bias is not None:
            lines.append(f"bias {self.bias}: training error above a reachable {self.reachable:.1%}")
        if self.variance is not None:
            lines.append(f"variance {self.variance}: validation error above training error")
        if self.noise is not None:
            lines.append(f"noise {_points(self.noise)} points: what the seeds alone move validation accuracy")
        if len({*self.seeds}) > 1:
            lines.append(f"the seeds disagree: alone they say {', '.join(self.seeds)}")
        return lines + [f"next: {advice}" for advice in self.advice[:most]]

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as JSON values."""
        return {**asdict(self), "seeds": list(self.seeds), "advice": [asdict(item) for item in self.advice]}


def diagnose(reports: Sequence[FitReport], *, reachable: float = 0.0) -> Diagnosis:
    """Judge the fits of one recipe, one a seed.

    Underfitting is a bias of more than 10 points, overfitting a variance of more than 5, each beyond two
    standard errors. The accuracy on augmented batches plays no part in either. `reachable` is the error
    that the best model would have, say that of people who label by hand; 0 unless known. Raises
    `TrainError` for reports of different recipes.
    """
    _check(reports, reachable)
    seeds = tuple(_judge(*_parts([report], reachable), _learned([report])) for report in reports)
    bias, variance = _parts(reports, reachable)
    learned, handicap = _learned(reports), _handicap(reports)
    verdict = _judge(bias, variance, learned)
    known = [report.val_accuracy for report in reports if report.val_accuracy is not None]
    evidence = Evidence(
        underfits="underfit" in verdict,
        overfits="overfit" in verdict,
        bias_leads=bias is not None and (variance is None or bias.value >= variance.value),
        learned=learned,
        falling=_most([still_falling([row.train_loss for row in r.history]) for r in reports]),
        val_falling=_most([still_falling(_checked(report)) for report in reports]),
        rose=_most([loss_rose(report) for report in reports]),
        handicap=handicap > CLEAR_VARIANCE,
        lagging_norm=handicap < -CLEAR_VARIANCE,
    )
    return Diagnosis(
        verdict=verdict,
        learned=learned,
        reachable=reachable,
        bias=bias,
        variance=variance,
        noise=statistics.stdev(known) if len(known) > 1 else None,
        seeds=seeds,
        advice=advise(reports[0], evidence),
    )


def binomial_error(share: float, samples: int) -> float:
    """The standard error of a share of `samples`, in [0, 1], that is not 0 where all or none were right.

    Two hits and two misses are added (Agresti and Coull 1998, The American Statistician 52).
    """
    padded = (share * samples + 2) / (samples + 4)
    return math.sqrt(padded * (1 - padded) / (samples + 4))


def _check(reports: Sequence[FitReport], reachable: float) -> None:
    if not reports:
        raise TrainError("there is no report to diagnose")
    if not 0 <= reachable < 1:
        raise TrainError(f"reachable must be an error in [0, 1), got {reachable}")
    recipes = [
        (replace(r.options, seed=0, out=None, resume=False), r.spec.model_copy(update={"seed": 0}))
        for r in reports
    ]
    if any(recipe != recipes[0] for recipe in recipes):
        raise TrainError("the reports are of different recipes; diagnose the seeds of one at a time")


def _parts(reports: Sequence[FitReport], reachable: float) -> tuple[Estimate | None, Estimate | None]:
    """Bias and variance; the gap is taken within each seed, before the mean."""
    trained = [
        (1 - r.train_accuracy - reachable, _train_error(r)) for r in reports if r.train_accuracy is not None
    ]
    gaps = [
        (r.gap, math.hypot(_train_error(r), binomial_error(r.val_accuracy, r.val_samples)))
        for r in reports
        if r.gap is not None and r.val_accuracy is not None
    ]
    return _estimate(trained), _estimate(gaps)


def _train_error(report: FitReport) -> float:
    return binomial_error(report.train_accuracy or 0.0, report.train_samples)


def _estimate(found: Sequence[tuple[float, float]]) -> Estimate | None:
    if not found:
        return None
    values, errors = zip(*found, strict=True)
    spread = statistics.stdev(values) if len(values) > 1 else None
    of_seeds = 0.0 if spread is None else spread / math.sqrt(len(values))
    return Estimate(statistics.fmean(values), math.hypot(statistics.fmean(errors), of_seeds), spread)


def _judge(bias: Estimate | None, variance: Estimate | None, learned: bool) -> Verdict:
    underfits = not learned or (bias is not None and bias.exceeds(CLEAR_BIAS))
    overfits = variance is not None and variance.exceeds(CLEAR_VARIANCE)
    if underfits and overfits:
        return "underfit and overfit"
    if underfits:
        return "underfit"
    if bias is None or variance is None:
        return "unjudged"
    return "overfit" if overfits else "fit"


def _learned(reports: Sequence[FitReport]) -> bool:
    """Whether the training accuracy is above that of one constant answer by more than chance."""
    known = [(r.train_accuracy, r) for r in reports if r.train_accuracy is not None]
    if not known:
        return True
    accuracy = statistics.fmean(value for value, _ in known)
    _, first = known[0]
    return accuracy > first.train_majority + SURE * binomial_error(first.train_majority, first.train_samples)


def _handicap(reports: Sequence[FitReport]) -> float:
    """By how much the accuracy of batches is below that of the same samples as they are, with all layers."""
    return statistics.fmean(
        0.0 if r.train_accuracy is None else r.train_accuracy - r.history[r.weights_epoch].train_accuracy
        for r in reports
    )


def _checked(report: FitReport) -> list[float]:
    return [row.val_loss for row in report.history if row.val_loss is not None]


def _most(votes: Sequence[bool]) -> bool:
    return 2 * sum(votes) > len(votes)


def _points(share: float) -> str:
    return f"{share * 100:.1f}"
