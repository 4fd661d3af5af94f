"""Optimizers with decoupled decay, and the learning rate over a run.

- AdamW and SGD with decoupled decay: Loshchilov & Hutter 2017, arXiv:1711.05101.
- Nesterov momentum: Sutskever et al. 2013, in torch's form.
- cosine schedule: Loshchilov & Hutter 2016, arXiv:1608.03983 (one period, no restarts).
- step schedule: He et al. 2015, arXiv:1512.03385, divide by 10 at parts of the run.
- linear warm-up: Goyal et al. 2017, arXiv:1706.02677.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from augflow.spec.regularize import RegularizeSpec
from augflow.train.options import FitOptions
from augflow.train.regularize import parameter_groups
from augflow.train.sam import SAM


class DecoupledSGD(SGD):
    """SGD whose decay shrinks the weights by `lr * weight_decay` a step, as AdamW's does.

    torch's SGD adds the decay to the gradient, so that it goes through the momentum; that is an L2
    penalty, which `regularize.l2` is for.
    """

    def __init__(self, params: Any, lr: float, momentum: float = 0.9, nesterov: bool = True) -> None:
        super().__init__(params, lr=lr, momentum=momentum, nesterov=nesterov and momentum > 0)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step: decay, then SGD without decay."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        decays = [group["weight_decay"] for group in self.param_groups]
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and group["weight_decay"]:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
            group["weight_decay"] = 0.0
        super().step()
        for group, decay in zip(self.param_groups, decays, strict=True):
            group["weight_decay"] = decay
        return loss


def make_optimizer(model: nn.Module, options: FitOptions, regularize: RegularizeSpec) -> Optimizer:
    """The optimizer that the options ask for, decaying the weights and nothing else.

    With `regularize.sam` it is wrapped in `SAM`, whose `step` needs a closure. Its learning rate is
    the peak, times `lr_factors`; `set_lr` sets that of a step.
    """
    groups = parameter_groups(model, regularize.weight_decay, options.lr_factors)
    optimizer: Optimizer
    if options.optimizer == "sgd":
        optimizer = DecoupledSGD(
            groups, lr=options.learning_rate, momentum=options.momentum, nesterov=options.nesterov
        )
    else:
        optimizer = AdamW(groups, lr=options.learning_rate)
    set_lr(optimizer, options.learning_rate)
    return SAM(optimizer, regularize.sam, model) if regularize.sam else optimizer


def set_lr(optimizer: Optimizer, lr: float) -> None:
    """Set the learning rate of each parameter group to `lr`, times its `lr_factor` where it has one."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group.get("lr_factor", 1.0)


def lr_factor(step: float, total_steps: float, options: FitOptions) -> float:
    """What the peak learning rate is multiplied by at `step`, from 0: a linear warm-up, then the schedule.

    The first `round(warmup_fraction * total_steps)` steps rise evenly to the peak, which the step
    after them has. `cosine` falls from there along half a period, to 0 at `total_steps`; `step` is
    multiplied by `gamma` at each `round(milestone * total_steps)`; `constant` stays. Without an end
    (`total_steps` infinite) the factor is 1.
    """
    if math.isinf(total_steps):
        return 1.0
    warmup = round(options.warmup_fraction * total_steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if options.schedule == "constant":
        return 1.0
    if options.schedule == "step":
        passed = sum(step >= round(milestone * total_steps) for milestone in options.milestones)
        return float(options.gamma**passed)
    progress = min(1.0, (step - warmup) / max(1, total_steps - warmup))
    return 0.5 * (1 + math.cos(math.pi * progress))
