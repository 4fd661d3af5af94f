"""Penalties, decay groups and gradient clipping.

*Weights* are parameters with two axes or more. Parameters with one axis or none (biases, and the
scales and shifts of norms) are never penalized or decayed: they cannot hold a training set, and
shrinking a norm's scale only changes the learning rate of the layer before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from augflow.errors import TrainError


def weights(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Names and values of the trainable weights, each once: norms and biases left out."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad and parameter.ndim > 1:
            yield name, parameter


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups for an optimizer: weights with `weight_decay`, all other trainable parameters with 0."""
    decayed = [parameter for _, parameter in weights(model)]
    others = [p for p in model.parameters() if p.requires_grad and p.ndim <= 1]
    return [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]


def penalty(model: nn.Module, l1: float = 0.0, l2: float = 0.0) -> Tensor:
    """`l1 * sum(|w|) + l2 / 2 * sum(w * w)` over the weights, a scalar to add to the loss.

    With the half, the gradient of the second term is `l2 * w`: what coupled weight decay of factor
    `l2` adds. Both together are the elastic net.
    """
    terms = []
    for _, weight in weights(model):
        if l1:
            terms.append(l1 * weight.abs().sum())
        if l2:
            terms.append(l2 / 2 * weight.square().sum())
    return torch.stack(terms).sum() if terms else torch.zeros(())


def clip_gradients(
    model: nn.Module, *, clip_norm: float | None = None, clip_value: float | None = None
) -> float | None:
    """Clip the gradients in place and return their norm before; None where nothing was asked for.

    `clip_norm` scales all gradients together to at most that Euclidean norm (Pascanu et al. 2012,
    arXiv:1211.5063); `clip_value` cuts each element to [-clip_value, clip_value]. An infinite or NaN
    gradient raises `TrainError` with the parameter's name: torch would turn it into NaN weights.
    """
    if clip_norm is None and clip_value is None:
        return None
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    if not bool(norm.isfinite()):
        raise TrainError(_non_finite(model))
    if clip_norm is not None:
        torch.nn.utils.clip_grads_with_norm_(model.parameters(), clip_norm, norm)
    if clip_value is not None:
        torch.nn.utils.clip_grad_value_(model.parameters(), clip_value)
    return float(norm)


def _non_finite(model: nn.Module) -> str:
    remedy = "lower the learning rate, or look at the loss of this batch"
    for name, parameter in model.named_parameters():
        if parameter.grad is not None and not bool(parameter.grad.isfinite().all()):
            bad = int((~parameter.grad.isfinite()).sum())
            return (
                f"the gradient of {name} has {bad} infinite or NaN value(s) of {parameter.numel()}; {remedy}"
            )
    return f"the gradients are finite, but their norm overflows float32; {remedy}"
