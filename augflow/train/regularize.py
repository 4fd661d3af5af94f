"""Penalties, decay groups, bounds on weights, and the care of gradients.

*Weights* are trainable parameters with two axes or more that are neither of a norm nor a bias:
matrices, filters and embedding tables. Norms are told by their class (torch's, and classes derived
from them), so that a `LayerNorm([C, H, W])` is one as well, and biases by their name (`bias` in the
last part). Both, and all parameters with one axis or none, are never penalized, decayed or bounded:
they cannot hold a training set, and shrinking a norm's scale only changes the learning rate of the
layer before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvTransposeNd

from augflow.errors import TrainError
from augflow.wording import closest

NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
"""Batch and instance norms derive from the first."""


def weights(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Names and values of the trainable weights, each once: norms and biases left out."""
    norms = {
        id(parameter)
        for module in model.modules()
        if isinstance(module, NORMS)
        for parameter in module.parameters(recurse=False)
    }
    for name, parameter in model.named_parameters():
        is_bias = "bias" in name.rpartition(".")[2]
        if parameter.requires_grad and parameter.ndim > 1 and not is_bias and id(parameter) not in norms:
            yield name, parameter


def parameter_groups(
    model: nn.Module, weight_decay: float, lr_factors: Mapping[str, float] | None = None
) -> list[dict[str, Any]]:
    """Groups for an optimizer: weights with `weight_decay`, all other trainable parameters with 0.

    `lr_factors` maps the name of a module or parameter to what its learning rate is multiplied by
    (`{"backbone": 0.1}`); of nested names the longest holds, and the rest of the model has 1. There
    are two groups for each factor, and each carries it as `lr_factor`, which `set_lr` reads. Frozen
    parameters are in no group, tied ones in one, under their first name. A
    name that is none of these raises `TrainError`.
    """
    factor_of = _factors(model, lr_factors or {})
    decayed = {name for name, _ in weights(model)}
    trainable = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    groups = []
    for factor in dict.fromkeys([1.0, *(lr_factors or {}).values()]):
        for decays in (True, False):
            members = [p for n, p in trainable if factor_of[n] == factor and (n in decayed) == decays]
            decay = weight_decay if decays else 0.0
            groups.append({"params": members, "weight_decay": decay, "lr_factor": factor})
    return groups


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


@torch.no_grad()
def shrink_l1(model: nn.Module, amount: float, lr_factors: Mapping[str, float] | None = None) -> None:
    """Move each weight towards 0 by `amount`, and to exactly 0 where it is nearer: a soft threshold.

    After a step of gradient descent with the rate `lr`, `amount = lr * strength` makes it a step of
    proximal gradient descent on the loss plus `strength * sum(|w|)` (ISTA; Daubechies et al. 2003,
    arXiv:math/0307152). After AdamW it is the same threshold, decoupled from the adaptive scale as
    the decay is. `lr_factors` as in `parameter_groups` make it follow each weight's own rate.
    """
    if not amount >= 0:
        raise TrainError(f"weights shrink by an amount of 0 or more, got {amount}")
    factor_of = _factors(model, lr_factors or {})
    for name, weight in weights(model):
        weight.copy_(F.softshrink(weight, amount * factor_of[name]))


@dataclass(frozen=True)
class Sparsity:
    """How much of a model's weights is exactly 0, as shares in [0, 1]."""

    whole: float
    """Of all weights together."""
    by_parameter: Mapping[str, float]
    """Of each weight by its name; the row of an embedding's padding is 0 from the start."""


def sparsity(model: nn.Module) -> Sparsity:
    """The shares of exact zeros in the weights."""
    sizes = {name: weight.numel() for name, weight in weights(model)}
    zeros = {name: int((weight == 0).sum()) for name, weight in weights(model)}
    whole = sum(zeros.values()) / max(1, sum(sizes.values()))
    return Sparsity(whole, {name: zeros[name] / max(1, size) for name, size in sizes.items()})


@torch.no_grad()
def limit_norms(model: nn.Module, max_norm: float) -> None:
    """Scale the incoming weights of each unit down to a Euclidean norm of at most `max_norm`.

    To be called after a step (Srivastava et al. 2014, JMLR 15; Srebro & Shraibman 2005). A unit is a
    row of a linear layer, an output channel of a convolution (transposed ones too, and each group for
    itself), or a row of an embedding table: the vector of one token. Smaller norms are left as they
    are. Unlike the paper, it holds the last layer as well.
    """
    if not max_norm > 0:
        raise TrainError(f"max_norm must be above 0, got {max_norm}")
    transposed = {id(m.weight): m.groups for m in model.modules() if isinstance(m, _ConvTransposeNd)}
    for _, weight in weights(model):
        if id(weight) in transposed:
            for part in weight.chunk(transposed[id(weight)]):
                part.renorm_(p=2, dim=1, maxnorm=max_norm)
        else:
            weight.renorm_(p=2, dim=0, maxnorm=max_norm)


def check_gradients(model: nn.Module) -> None:
    """Raise `TrainError` for the first parameter whose gradient has an infinite or NaN value.

    For loops that clip nothing: `clip_gradients` looks for itself. It reads every gradient once; on
    CUDA it waits for the device, once.
    """
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    if not bool(torch.nn.utils.get_total_norm(gradients, norm_type=torch.inf).isfinite()):
        raise TrainError(_non_finite(model))


def clip_gradients(
    model: nn.Module, *, clip_norm: float | None = None, clip_value: float | None = None
) -> float | None:
    """Clip the gradients in place and return their norm before; None where nothing was asked for.

    `clip_norm` scales all gradients together to at most that Euclidean norm (Pascanu et al. 2012,
    arXiv:1211.5063); `clip_value` cuts each element to [-clip_value, clip_value]. An infinite or NaN
    gradient raises `TrainError` with the parameter's name: torch would turn it into NaN weights. On
    CUDA that waits for the device.
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


def _factors(model: nn.Module, lr_factors: Mapping[str, float]) -> dict[str, float]:
    """The factor of the learning rate of each parameter, by its name."""
    factors: dict[str, float] = {}
    known: dict[str, None] = {}
    for name, _ in model.named_parameters():
        parts = name.split(".")
        paths = [".".join(parts[: end + 1]) for end in range(len(parts))]
        known.update(dict.fromkeys(paths))
        factors[name] = next((lr_factors[path] for path in reversed(paths) if path in lr_factors), 1.0)
    for path, factor in lr_factors.items():
        if path not in known:
            near = closest(path, known) or f"; its parts are {', '.join(n for n in known if '.' not in n)}"
            raise TrainError(f"lr_factors names {path!r}, and no parameter of the model begins so{near}")
        if not 0 < factor < math.inf:
            raise TrainError(f"lr_factors of {path!r} must be above 0, got {factor}; freeze what must stay")
    return factors


def _non_finite(model: nn.Module) -> str:
    remedy = "lower the learning rate, or look at the loss of this batch"
    for name, parameter in model.named_parameters():
        if parameter.grad is not None and not bool(parameter.grad.isfinite().all()):
            bad = int((~parameter.grad.isfinite()).sum())
            return (
                f"the gradient of {name} has {bad} infinite or NaN value(s) of {parameter.numel()}; {remedy}"
            )
    return f"the gradients are finite, but their norm overflows float32; {remedy}"
