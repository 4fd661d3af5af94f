"""Means of the weights over a run, and the statistics that batch norms need for them.

- exponential moving average: Polyak & Juditsky 1992; the warm-up of its decay is that of TensorFlow's
  `ExponentialMovingAverage(num_updates=)`.
- stochastic weight averaging: Izmailov et al. 2018, arXiv:1803.05407.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from augflow.errors import TrainError


class WeightAverage:
    """The mean of a model's parameters over the calls of `update`, kept beside the model.

    With a `decay` in (0, 1) it is exponential (EMA): the mean keeps the share
    `min(decay, (1 + t) / (10 + t))` of its old value at update t, counted from 0; the first update
    copies. The second term lets the mean of a short run forget the first weights. Floating-point
    buffers are averaged with the weights, so that the running statistics of norms fit them.

    Without a decay all updates count alike (SWA), buffers are those of the last update, and the
    statistics of batch norms fit nothing: give the averaged model `recompute_statistics`.

    Integer buffers are copied. Built on `torch.optim.swa_utils.AveragedModel`; holds one more copy of
    the model, on the model's device.
    """

    def __init__(self, model: nn.Module, decay: float | None = None) -> None:
        if decay is not None and not 0 < decay < 1:
            raise TrainError(f"decay must lie between 0 and 1, got {decay}; None averages equally")
        self._decay = decay
        if decay is None:
            self._averaged = AveragedModel(model)
        else:
            self._averaged = AveragedModel(model, multi_avg_fn=self._decayed, use_buffers=True)
        # A copy of a model in training would drop units and follow the batches that it is judged on.
        self._averaged.eval()

    @property
    def model(self) -> nn.Module:
        """The averaged model in evaluation mode, not to be trained; the first weights before any update."""
        return self._averaged.module

    @property
    def updates(self) -> int:
        """How many calls of `update` are in the mean."""
        return int(self._averaged.n_averaged)

    def update(self, model: nn.Module) -> None:
        """Add the model as it is now."""
        self._averaged.update_parameters(model)

    def copy_to(self, model: nn.Module) -> None:
        """Give the model the averaged parameters and buffers, in place."""
        if not self.updates:
            raise TrainError("nothing is averaged yet: call update() first")
        _copy(_tensors(self._averaged.module), model)

    @contextmanager
    def swapped(self, model: nn.Module) -> Iterator[None]:
        """The model has the average inside, and its own parameters and buffers again afterwards."""
        own = [tensor.detach().clone() for tensor in _tensors(model)]
        try:
            self.copy_to(model)
            yield
        finally:
            _copy(own, model)

    def state_dict(self) -> dict[str, Any]:
        """Tensors by name, for a checkpoint; the decay is not among them."""
        state: dict[str, Any] = self._averaged.state_dict()
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint of an average of the same model."""
        self._averaged.load_state_dict(state_dict)

    def _decayed(self, mean: Any, current: Any, _updates: Tensor | int) -> None:
        """Update tensors of one type in place; torch would average integers too, and round them."""
        if mean[0].is_floating_point():
            t = self.updates  # torch's argument is a copy on the device: reading it would wait for CUDA
            decay = min(self._decay or 0.0, (1 + t) / (10 + t))
            get_ema_multi_avg_fn(decay)(mean, current, t)  # type: ignore[no-untyped-call]
        else:
            for old, new in zip(mean, current, strict=True):
                old.copy_(new)


@torch.no_grad()
def recompute_statistics(model: nn.Module, inputs: Iterable[Tensor | tuple[Tensor, ...]]) -> bool:
    """Set the running statistics of batch norms anew from one pass of training inputs.

    Each element of `inputs` is what the model is called with: a tensor, or a tuple of tensors; its
    first tensor has one row for each sample (at least 2). Afterwards means and variances are those
    of the batches, weighted by their rows: of equal batches, what `torch.optim.swa_utils.update_bn`
    computes. Unlike there, only the norms are in training mode: dropout is off, as it will be when
    the statistics are used. Norms with frozen parameters, as in a frozen backbone, keep theirs.

    Returns whether there was anything to do; if not, no input is asked for.
    """
    norms = [m for m in model.modules() if isinstance(m, _NormBase) and _has_stale_statistics(m)]
    if not norms:
        return False
    modes = [(module, module.training) for module in model.modules()]
    momenta = [norm.momentum for norm in norms]
    model.eval()
    for norm in norms:
        norm.train().reset_running_stats()
    rows = 0
    try:
        for batch in inputs:
            args = batch if isinstance(batch, tuple) else (batch,)
            rows += len(args[0])
            for norm in norms:
                norm.momentum = len(args[0]) / rows
            model(*args)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, training in modes:
            module.training = training
    if not rows:
        raise TrainError(
            "the statistics of batch norms need at least one batch of inputs, and there was none"
        )
    return True


def _has_stale_statistics(norm: _NormBase) -> bool:
    frozen = norm.weight is not None and not norm.weight.requires_grad
    return norm.track_running_stats and not frozen


def _tensors(model: nn.Module) -> Iterator[Tensor]:
    return chain(model.parameters(), model.buffers())


@torch.no_grad()
def _copy(values: Iterable[Tensor], model: nn.Module) -> None:
    for tensor, value in zip(_tensors(model), values, strict=True):
        tensor.copy_(value)
