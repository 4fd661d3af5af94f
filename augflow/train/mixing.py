"""Mixing on the device, where the spec leaves it to the model (`mix: {by: model}`).

mixup: arXiv:1710.09412; of word embeddings (`wordMixup`): Guo et al. 2019, arXiv:1905.08941; CutMix:
arXiv:1905.04899. The stream has drawn everything: `partner`, `lam` and `box` say what is mixed with what.
"""

from __future__ import annotations

import torch
from torch import Tensor

from augflow.errors import TrainError
from augflow.train.loader import TensorBatch


def mix_rows(values: Tensor, batch: TensorBatch) -> Tensor:
    """`keep * own + (1 - keep) * partner` for float values (N, ...), in float, as the batch says.

    `keep` is `lam`. Where a row has a `box`, values are images (N, C, H, W): 0 inside of it, 1 outside.
    """
    _check_partners(batch)
    lam, box = batch["lam"].to(values.dtype), batch["box"]
    keep = lam.view(-1, *[1] * (values.ndim - 1))
    boxed = (box[:, 2:] > box[:, :2]).all(1)
    if bool(boxed.any()):
        if values.ndim != 4:
            raise TrainError(
                f"cutmix by the model needs images (N, C, H, W), got {tuple(values.shape)}; "
                "use mixup, or leave cutmix to the worker (`by: worker`)"
            )
        outside = ~_inside(box, values.shape[-2], values.shape[-1])
        keep = torch.where(boxed.view(-1, 1, 1, 1), outside.unsqueeze(1).to(values.dtype), keep)
    mixed: Tensor = keep * values + (1 - keep) * values[batch["partner"]]
    return mixed


def mix_targets(batch: TensorBatch) -> Tensor:
    """Target shares (N, K): `lam * own + (1 - lam) * partner`."""
    target, lam = batch["target"], batch["lam"].unsqueeze(1)
    mixed: Tensor = lam * target + (1 - lam) * target[batch["partner"]]
    return mixed


def mix_masks(mask: Tensor, batch: TensorBatch) -> Tensor:
    """Where a mixed row holds anything, bool (N, L): the places of both."""
    mixes = (batch["lam"] < 1).unsqueeze(1)
    both: Tensor = mask | (mask[batch["partner"]] & mixes)
    return both


def _inside(box: Tensor, height: int, width: int) -> Tensor:
    rows = torch.arange(height, device=box.device).view(1, -1, 1)
    columns = torch.arange(width, device=box.device).view(1, 1, -1)
    y0, x0, y1, x1 = (side.view(-1, 1, 1) for side in box.unbind(1))
    return (rows >= y0) & (rows < y1) & (columns >= x0) & (columns < x1)


def _check_partners(batch: TensorBatch) -> None:
    # The stream refuses ranks that cut tiles, so this is about batches that were cut by hand.
    if bool((batch["partner"] < 0).any()):
        raise TrainError("a row's partner is not in this batch; mix whole batches of the stream")
