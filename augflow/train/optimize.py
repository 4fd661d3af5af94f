"""Optimizers with decoupled decay, and the learning rate over a run.

- AdamW and SGD with decoupled decay: Loshchilov & Hutter 2017, arXiv:1711.05101.
- cosine schedule: Loshchilov & Hutter 2016, arXiv:1608.03983 (one period, no restarts).
- linear warm-up: Goyal et al. 2017, arXiv:1706.02677.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from augflow.train.options import FitOptions
from augflow.train.regularize import parameter_groups


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


def make_optimizer(model: nn.Module, options: FitOptions, weight_decay: float) -> Optimizer:
    """The optimizer that the options ask for, decaying the weights and nothing else."""
    groups = parameter_groups(model, weight_decay)
    if options.optimizer == "sgd":
        return DecoupledSGD(groups, lr=options.learning_rate, momentum=options.momentum)
    return AdamW(groups, lr=options.learning_rate)


def lr_factor(step: int, total_steps: float, options: FitOptions) -> float:
    """What the peak learning rate is multiplied by at `step`, from 0: a linear warm-up, then the schedule.

    Without an end (`total_steps` infinite) the factor is 1.
    """
    if math.isinf(total_steps):
        return 1.0
    warmup = round(options.warmup_fraction * total_steps)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if options.schedule == "constant":
        return 1.0
    progress = min(1.0, (step - warmup) / max(1, total_steps - warmup))
    return 0.5 * (1 + math.cos(math.pi * progress))
