"""What the curves of one fit show."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from augflow.train.options import EpochRecord, FitReport

RISEN = 1.1
"""How far above its lowest the validation loss must end to be called rising: a tenth, a convention."""
SHORTEST = 4
"""Epochs to read a slope from."""
WORTH = 0.01
"""The share of the loss that another such stretch must take off for longer training to be worth it."""


def still_falling(losses: Sequence[float]) -> bool:
    """Whether a loss, one value an epoch or check, was falling over its last quarter.

    It is where the slope of a line through them is below zero by more than two of its standard errors, and
    as many epochs more at that slope would take off at least a hundredth of the loss. Fewer than four
    values have no slope to speak of. A learning rate that ends near zero flattens every curve: that the
    loss rests then does not show that a longer schedule would end no lower.
    """
    if len(losses) < SHORTEST:
        return False
    last = max(SHORTEST, math.ceil(len(losses) / 4))
    tail, center = losses[-last:], (last - 1) / 2
    slope, start = statistics.linear_regression(range(last), tail)
    residuals = [loss - start - slope * epoch for epoch, loss in enumerate(tail)]
    scatter = sum(r * r for r in residuals) / (last - 2) / sum((e - center) ** 2 for e in range(last))
    return slope < -2 * math.sqrt(scatter) and -slope * last > WORTH * statistics.fmean(tail)


def lowest_check(history: Sequence[EpochRecord]) -> tuple[EpochRecord, EpochRecord] | None:
    """The check with the lowest validation loss and the last one; None without checks."""
    checks = [(record.val_loss, record) for record in history if record.val_loss is not None]
    if not checks:
        return None
    _, lowest = min(checks, key=lambda check: check[0] if math.isfinite(check[0]) else math.inf)
    return lowest, checks[-1][1]


def loss_rose(report: FitReport) -> bool:
    """Whether the validation loss of the weights that were kept is well above its lowest."""
    found = lowest_check(report.history)
    if found is None or report.weights_epoch == found[0].epoch:
        return False
    lowest, kept = found[0].val_loss or 0.0, report.val_loss or 0.0
    return not kept <= RISEN * lowest  # a loss that is no number has risen, too
