"""Losses and accuracy for soft targets.

- label smoothing: Szegedy et al. 2015, arXiv:1512.00567: `(1 - s) * target + s / K`.
- mixed targets: mixup, arXiv:1710.09412; CutMix, arXiv:1905.04899.
- R-Drop: Liang et al. 2021, arXiv:2106.14448.

The loss of a mixed target is the mix of the losses, `lam * loss(a) + (1 - lam) * loss(b)`, row by row,
with smoothing and with class weights too. Smoothing belongs here and nowhere else: targets come
unsmoothed from the stream, so it is applied once.

Rows may be left out by `valid`, bool (N,): padding, or samples without a label (`labels != -100`
where torch would say `ignore_index`). Their loss and its gradient are 0 whatever their logits and
targets hold, and means do not count them; without any valid row the mean is 0.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augflow.errors import TrainError

ROW_SUM_TOLERANCE = 1e-3

Reduction = Literal["mean", "none"]


def soft_cross_entropy(
    logits: Tensor,
    target: Tensor,
    label_smoothing: float = 0.0,
    reduction: Reduction = "mean",
    *,
    class_weights: Tensor | None = None,
    valid: Tensor | None = None,
) -> Tensor:
    """Cross entropy of logits (N, K) and target shares (N, K) whose rows sum to 1.

    A scalar for `mean`, (N,) for `none`; computed in float32, of float64 logits in float64. With
    `class_weights` w (K,) the loss of a row is `-sum_k w_k * smoothed_k * log p_k`, as in torch, and
    the mean divides by the sum over the rows of `sum_k w_k * target_k`: what torch does for class
    numbers, smoothed or not. (For soft targets torch divides by N.) Hence the mean of a mixed batch
    is the mix of two means only where the weights are equal; rows and sums always mix.

    Rows that do not sum to 1 within 0.001 raise `TrainError`; on CUDA that check waits for the device.
    """
    logits, target, weights = _in_float(logits, target, class_weights)
    _check_shapes(logits, target, class_weights, valid)
    check_rows(target, valid)
    logits, target = _without_invalid(logits, target, valid)
    losses = F.cross_entropy(logits, target, weights, label_smoothing=label_smoothing, reduction="none")
    shares = torch.ones_like(losses) if weights is None else target @ weights
    return _reduce(losses, shares, valid, reduction)


def soft_binary_cross_entropy(
    logits: Tensor,
    target: Tensor,
    label_smoothing: float = 0.0,
    reduction: Reduction = "mean",
    *,
    pos_weight: Tensor | None = None,
    valid: Tensor | None = None,
) -> Tensor:
    """Binary cross entropy of logits (N, K) and targets (N, K) in [0, 1], one for each of K labels.

    A scalar for `mean`, (N,) for `none`: the loss of a row is the mean over its labels. Each label is
    a choice of two, so smoothing takes it to `(1 - s) * target + s / 2`. `pos_weight` (K,) multiplies
    the positive term of its label, as in torch. Precision as in `soft_cross_entropy`.

    Targets outside [0, 1] raise `TrainError`; on CUDA that check waits for the device.
    """
    logits, target, weight = _in_float(logits, target, pos_weight)
    _check_shapes(logits, target, pos_weight, valid)
    _check_range(target, valid)
    logits, target = _without_invalid(logits, target, valid)
    smoothed = (1 - label_smoothing) * target + label_smoothing / 2
    losses = F.binary_cross_entropy_with_logits(logits, smoothed, pos_weight=weight, reduction="none").mean(1)
    return _reduce(losses, torch.ones_like(losses), valid, reduction)


def r_drop(logits_a: Tensor, logits_b: Tensor, reduction: Reduction = "mean") -> Tensor:
    """Half the sum of both Kullback-Leibler divergences between two passes' predictions, in nats.

    Of logits (N, K) of the same inputs under two draws of dropout; a scalar for `mean` over the rows,
    (N,) for `none`. Both passes get gradients. The paper adds `alpha` times this to the *sum* of the
    two cross entropies; beside their mean, `alpha / 2` is the same objective up to a factor of 2.
    """
    if logits_a.shape != logits_b.shape:
        raise TrainError(
            f"R-Drop compares two passes of one batch, got logits {tuple(logits_a.shape)} and "
            f"{tuple(logits_b.shape)}"
        )
    logits_a, logits_b, _ = _in_float(logits_a, logits_b, None)
    log_a, log_b = logits_a.log_softmax(1), logits_b.log_softmax(1)
    divergences = ((log_a.exp() - log_b.exp()) * (log_a - log_b)).sum(1) / 2
    return divergences.mean() if reduction == "mean" else divergences


class SoftTargetCrossEntropy(nn.Module):
    """`soft_cross_entropy` as a module: the mean over the rows of logits and target (N, K)."""

    class_weights: Tensor | None

    def __init__(self, label_smoothing: float = 0.0, class_weights: Tensor | None = None) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing
        self.register_buffer("class_weights", class_weights)

    def forward(self, logits: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        """The mean loss, a scalar."""
        return soft_cross_entropy(
            logits, target, self.label_smoothing, class_weights=self.class_weights, valid=valid
        )

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"label_smoothing={self.label_smoothing}"


def mixed_accuracy(logits: Tensor, target: Tensor) -> Tensor:
    """The share (N,) of each row's label that its prediction hits: `lam * [a] + (1 - lam) * [b]`.

    Read from the target (N, K), which holds exactly these shares, so that it is right also where the
    partner of a row is on another rank. For unmixed rows it is 1 or 0.
    """
    return target.gather(1, logits.argmax(1, keepdim=True)).squeeze(1)


def check_rows(target: Tensor, valid: Tensor | None = None) -> None:
    """Raise `TrainError` for the first (valid) row of a target (N, K) that does not sum to 1."""
    sums = target.detach().sum(1, dtype=torch.float32)
    off = ~((sums - 1).abs() <= ROW_SUM_TOLERANCE)  # negated, so that NaN is off as well
    if valid is not None:
        off &= valid
    if bool(off.any()):
        row = int(off.nonzero()[0, 0])
        raise TrainError(
            f"row {row} of target sums to {sums[row].item():.6g}, and must sum to 1 within "
            f"{ROW_SUM_TOLERANCE}: the sample is unlabeled, or the target is no distribution"
        )


def _check_range(target: Tensor, valid: Tensor | None) -> None:
    off = ~((target >= 0) & (target <= 1))  # negated, so that NaN is off as well
    if valid is not None:
        off &= valid[:, None]
    if bool(off.any()):
        row, label = off.nonzero()[0].tolist()
        raise TrainError(
            f"row {row} of target has {target[row, label].item():.6g} for label {label}; it must be in [0, 1]"
        )


def _check_shapes(logits: Tensor, target: Tensor, weights: Tensor | None, valid: Tensor | None) -> None:
    if logits.ndim != 2 or logits.shape != target.shape:
        raise TrainError(
            f"logits {tuple(logits.shape)} and target {tuple(target.shape)} must both be (N, K): "
            "give the model as many outputs as there are classes"
        )
    rows, classes = logits.shape
    if weights is not None and weights.shape != (classes,):
        raise TrainError(f"weights of {classes} classes must be ({classes},), got {tuple(weights.shape)}")
    if valid is not None and (valid.shape != (rows,) or valid.dtype != torch.bool):
        raise TrainError(
            f"valid must be bool ({rows},), one for each row, got {valid.dtype} {tuple(valid.shape)}"
        )


def _in_float(logits: Tensor, target: Tensor, weights: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    dtype = torch.promote_types(logits.dtype, torch.float32)
    return logits.to(dtype), target.to(dtype), None if weights is None else weights.to(dtype)


def _without_invalid(logits: Tensor, target: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
    """Zeros in the rows left out: a NaN there would reach the gradient even with a loss of 0."""
    if valid is None:
        return logits, target
    out = ~valid[:, None]
    return logits.masked_fill(out, 0), target.masked_fill(out, 0)


def _reduce(losses: Tensor, shares: Tensor, valid: Tensor | None, reduction: Reduction) -> Tensor:
    """The losses (N,), or their sum over that of the shares (N,) that rows have in a mean."""
    if valid is not None:
        losses, shares = losses.masked_fill(~valid, 0), shares.masked_fill(~valid, 0)
    if reduction == "none":
        return losses
    total = shares.sum()
    return losses.sum() / (total + (total == 0))
