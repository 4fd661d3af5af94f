"""Losses and accuracy for soft targets.

- label smoothing: Szegedy et al. 2015, arXiv:1512.00567: `(1 - s) * target + s / K`.
- mixed targets: mixup, arXiv:1710.09412; CutMix, arXiv:1905.04899.

The cross entropy of a mixed target is the mix of the cross entropies,
`lam * CE(a) + (1 - lam) * CE(b)`, with smoothing too. Smoothing belongs here and nowhere else:
targets come unsmoothed from the stream, so it is applied once.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augflow.errors import TrainError

ROW_SUM_TOLERANCE = 1e-3


def soft_cross_entropy(
    logits: Tensor,
    target: Tensor,
    label_smoothing: float = 0.0,
    reduction: Literal["mean", "none"] = "mean",
) -> Tensor:
    """Cross entropy of logits (N, K) and target shares (N, K) whose rows sum to 1.

    A scalar for `mean`, (N,) for `none`; computed in float32. Rows that do not sum to 1 within 0.001
    raise `TrainError`; on CUDA that check waits for the device.
    """
    if logits.shape != target.shape:
        raise TrainError(
            f"logits {tuple(logits.shape)} and target {tuple(target.shape)} must both be (N, K): "
            "give the model as many outputs as there are classes"
        )
    check_rows(target)
    return F.cross_entropy(
        logits.float(), target.float(), label_smoothing=label_smoothing, reduction=reduction
    )


class SoftTargetCrossEntropy(nn.Module):
    """`soft_cross_entropy` as a module: mean over the N rows of logits and target (N, K)."""

    def __init__(self, label_smoothing: float = 0.0) -> None:
        super().__init__()
        self.label_smoothing = label_smoothing

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        """The mean loss, a scalar."""
        return soft_cross_entropy(logits, target, self.label_smoothing)

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"label_smoothing={self.label_smoothing}"


def mixed_accuracy(logits: Tensor, target: Tensor) -> Tensor:
    """The share (N,) of each row's label that its prediction hits: `lam * [a] + (1 - lam) * [b]`.

    Read from the target (N, K), which holds exactly these shares, so that it is right also where the
    partner of a row is on another rank. For unmixed rows it is 1 or 0.
    """
    return target.gather(1, logits.argmax(1, keepdim=True)).squeeze(1)


def check_rows(target: Tensor) -> None:
    """Raise `TrainError` for the first row of a target (N, K) that does not sum to 1."""
    sums = target.detach().sum(1, dtype=torch.float32)
    off = ~((sums - 1).abs() <= ROW_SUM_TOLERANCE)  # negated, so that NaN is off as well
    if bool(off.any()):
        row = int(off.nonzero()[0, 0])
        raise TrainError(
            f"row {row} of target sums to {sums[row].item():.6g}, and must sum to 1 within "
            f"{ROW_SUM_TOLERANCE}: the sample is unlabeled, or the target is no distribution"
        )
