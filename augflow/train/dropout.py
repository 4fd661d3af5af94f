"""Dropout of squares, of residual branches, and at prediction; element and channel dropout are torch's own.

- DropBlock: Ghiasi et al. 2018, arXiv:1810.12890.
- stochastic depth: Huang et al. 2016, arXiv:1603.09382.
- Monte-Carlo dropout: Gal & Ghahramani 2015, arXiv:1506.02142.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from augflow.errors import TrainError

TORCH_DROPOUTS = (
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
)

BISECTIONS = 60
"""Halvings of [0, 1] in search of a chance: below the precision of float64."""


def _checked_rate(rate: float) -> float:
    if not 0 <= rate < 1:
        raise TrainError(f"the rate of dropout must be in [0, 1), got {rate}")
    return rate


class DropBlock2d(nn.Module):
    """Zeros squares of `size` cells in each channel of its own, so that `rate` of all cells is dropped.

    Shape: maps (N, C, H, W), unchanged in evaluation mode. A square lies within the map; on maps smaller
    than `size` it is cut to the map's sides. What is kept is scaled by the cells of the batch over those
    that were kept. Deviation: the chance of a square to begin at a cell is solved for exactly. The
    paper's formula takes squares as never overlapping, and with size 5 drops 0.25 of a map of 8 x 8 cells
    where 0.3 was asked for, and 0.37 where 0.5 was.
    """

    def __init__(self, rate: float, size: int = 5) -> None:
        super().__init__()
        if size < 1:
            raise TrainError(f"the size of a dropped square must be at least 1 cell, got {size}")
        self.rate, self.size = _checked_rate(rate), size

    def forward(self, maps: Tensor) -> Tensor:
        """Maps (N, C, H, W) with squares of zeros."""
        if not self.training or self.rate == 0:
            return maps
        if maps.ndim != 4:
            raise TrainError(f"DropBlock2d takes maps (N, C, H, W), got {tuple(maps.shape)}")
        n, channels, height, width = maps.shape
        tall, wide = min(self.size, height), min(self.size, width)
        chance = corner_chance(self.rate, (height, width), self.size)
        corners = maps.new_empty(n, channels, height - tall + 1, width - wide + 1).bernoulli_(chance)
        around = nn.functional.pad(corners, (wide - 1, wide - 1, tall - 1, tall - 1))
        kept = 1 - nn.functional.max_pool2d(around, (tall, wide), stride=1)
        return maps * kept * (kept.numel() / kept.sum(dtype=torch.float32).clamp(min=1)).to(maps.dtype)

    def extra_repr(self) -> str:
        """The arguments, as torch shows them."""
        return f"rate={self.rate}, size={self.size}"


@lru_cache(maxsize=256)
def corner_chance(rate: float, sides: tuple[int, int], size: int) -> float:
    """The chance of each possible square to be dropped, for which the mean share of dropped cells is `rate`.

    A cell that `k` squares cover is kept with the chance `(1 - chance) ** k`.
    """
    down, across = (_covering(side, min(size, side)) for side in sides)
    squares = torch.outer(down, across)
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if float((1 - (1 - middle) ** squares).mean()) < rate:
            low = middle
        else:
            high = middle
    return high


def _covering(side: int, size: int) -> Tensor:
    """How many intervals of `size` cells within `side` cover each cell, float64 (side,)."""
    cells = torch.arange(side, dtype=torch.float64)
    return torch.minimum(cells, torch.tensor(side - size)) - (cells - size + 1).clamp(min=0) + 1


class DropPath(nn.Module):
    """Stochastic depth: a residual branch is dropped for a sample with the chance `rate`, else scaled.

    Shape: (N, ...), unchanged in evaluation mode. What is kept is divided by `1 - rate`. Deviations from the
    paper, as usual today: for each sample instead of the whole batch, and scaled in training instead
    of in evaluation.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = _checked_rate(rate)

    def forward(self, branch: Tensor) -> Tensor:
        """The branch (N, ...) with the rows of dropped samples zero."""
        if not self.training or self.rate == 0:
            return branch
        keep = 1 - self.rate
        kept = branch.new_empty(len(branch), *[1] * (branch.ndim - 1)).bernoulli_(keep)
        return branch * kept.div_(keep)

    def extra_repr(self) -> str:
        """The arguments, as torch shows them."""
        return f"rate={self.rate}"


def drop_path_rates(rate: float, blocks: int) -> tuple[float, ...]:
    """The rate of each of `blocks` residual branches: `rate * n / blocks` for the n-th, counted from 1.

    The rule of the paper, whose last branch has `rate` and whose 0th, the input, is always kept; timm
    starts with 0 at the first branch.
    """
    _checked_rate(rate)
    return tuple(rate * number / blocks for number in range(1, blocks + 1))


@dataclass(frozen=True)
class McPrediction:
    """What the passes of Monte-Carlo dropout say together, for N samples and K classes. Entropies in nats."""

    probabilities: Tensor
    """(N, K), the mean of the passes."""
    entropy: Tensor
    """(N,), of the mean: all doubt, in [0, log K]."""
    mutual_information: Tensor
    """(N,), the entropy of the mean less the mean entropy: the doubt of the weights, on which the passes
    disagree; what remains is doubt that each pass has."""


@torch.no_grad()
def mc_predict(model: nn.Module, inputs: Tensor | tuple[Tensor, ...], passes: int = 20) -> McPrediction:
    """Predict with dropout on, `passes` times, by a model from `inputs` to logits (N, K).

    Only dropout draws: torch's dropouts, `DropBlock2d`, `DropPath`, and nn.MultiheadAttention and torch's
    recurrent layers where they have a dropout of their own. Norms and all else stay in evaluation mode. A
    dropout that a model writes as a function in its `forward` is not found. Every mode comes out as it was.
    """
    if passes < 2:
        raise TrainError(f"passes must be at least 2, or there is nothing to compare, got {passes}")
    arguments = inputs if isinstance(inputs, tuple) else (inputs,)
    total = entropies = torch.zeros(())
    with _dropout_alone(model):
        for _ in range(passes):
            probabilities = model(*arguments).softmax(1)
            total = total + probabilities
            entropies = entropies + _entropy(probabilities)
    mean = total / passes
    entropy = _entropy(mean)
    return McPrediction(mean, entropy, (entropy - entropies / passes).clamp(min=0))


def _entropy(probabilities: Tensor) -> Tensor:
    entropy: Tensor = torch.special.entr(probabilities).sum(1)
    return entropy


@contextmanager
def _dropout_alone(model: nn.Module) -> Iterator[None]:
    modes = {module: module.training for module in model.modules()}
    drawing = [module for module in modes if _drops(module)]
    if not drawing:
        raise TrainError(
            f"{type(model).__name__} has no dropout with a rate above 0, so every pass would say the same; "
            "Monte-Carlo dropout needs a model that was trained with dropout"
        )
    # torch's fused encoder layer would leave the dropouts inside it out: it asks for the layer's mode alone.
    fused = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        model.eval()
        for module in drawing:
            module.training = True
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fused)
        for module, training in modes.items():
            module.training = training


def _drops(module: nn.Module) -> bool:
    if isinstance(module, (DropBlock2d, DropPath)):
        return module.rate > 0
    if isinstance(module, TORCH_DROPOUTS):
        return module.p > 0
    return isinstance(module, (nn.MultiheadAttention, nn.RNNBase)) and module.dropout > 0
