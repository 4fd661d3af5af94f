"""What the curves of one fit show."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from augflow.train.options import EpochRecord, FitReport

RISEN = 1.1
"""How far above its lowest the validation loss must end to be called rising: a tenth, a convention."""
SHORTEST = 4
"""Epochs to read a slope from; fewer cannot show that the loss has come to rest."""
WORTH = 0.01
"""The share of the loss that another such stretch must take off for longer training to be worth it."""


def still_falling(history: Sequence[EpochRecord]) -> bool:
    """Whether the training loss was falling over the last quarter of the epochs.

    It is where the slope of a line through them is below zero by more than two of its standard errors, and
    as many epochs more at that slope would take off at least a hundredth of the loss. Fewer than four
    epochs count as falling. A learning rate that ends near zero flattens every curve: that the loss rests
    then does not show that a longer schedule would end no lower.
    """
    last = max(SHORTEST, math.ceil(len(history) / 4))
    if len(history) < SHORTEST:
        return True
    losses = [record.train_loss for record in history[-last:]]
    slope, middle = statistics.linear_regression(range(last), losses)
    residuals = [loss - middle - slope * epoch for epoch, loss in enumerate(losses)]
    center = (last - 1) / 2
    scatter = sum(r * r for r in residuals) / (last - 2) / sum((e - center) ** 2 for e in range(last))
    return slope < -2 * math.sqrt(scatter) and -slope * last > WORTH * statistics.fmean(losses)


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
    lowest, last = (record.val_loss or 0.0 for record in found)
    return not last <= RISEN * lowest  # a loss that is no number has risen, too
