"""Normal noise on what a model is given, and on its weights.

- noise on inputs as a penalty on the slope of the output: Bishop 1995, Neural Computation 7(1).
- noise on weights while a gradient is taken: Graves 2011, Practical Variational Inference for Neural
  Networks, as used by Graves et al. 2013, arXiv:1303.5778.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from augflow.errors import TrainError
from augflow.train.regularize import weights


def _checked_std(std: float) -> float:
    if not (std >= 0 and math.isfinite(std)):
        raise TrainError(f"the standard deviation of noise must be finite and at least 0, got {std}")
    return std


class GaussianNoise(nn.Module):
    """Adds normal noise of deviation `std`, drawn for each element, in training; else the identity.

    Shape and dtype (floating): any. `std` is in the unit of what it is given: for normalized images 0.1 is a
    tenth of the data's own deviation.
    """

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = _checked_std(std)

    def forward(self, x: Tensor) -> Tensor:
        """The input with noise."""
        if not self.training or self.std == 0:
            return x
        return x + torch.randn_like(x) * self.std

    def extra_repr(self) -> str:
        """The arguments, as torch shows them."""
        return f"std={self.std}"


@contextmanager
def noisy_weights(model: nn.Module, std: float) -> Iterator[None]:
    """Normal noise of deviation `std` on the trainable weights inside; then their bytes are what they were.

    Take the forward and the backward pass inside: the gradients are those at the noisy weights, and stay.
    Step the optimizer after it, since what happens to the weights inside is undone. Norms and biases get
    no noise, as they get no penalty. The weights are held twice meanwhile.
    """
    _checked_std(std)
    kept = [(weight, weight.detach().clone()) for _, weight in weights(model)] if std else []
    try:
        with torch.no_grad():
            for weight, _ in kept:
                weight.add_(torch.randn_like(weight), alpha=std)
        yield
    finally:
        with torch.no_grad():
            for weight, value in kept:
                weight.copy_(value)
