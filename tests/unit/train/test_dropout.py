from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.train import DropBlock2d, DropPath, drop_path_rates, mc_predict
from augflow.train.dropout import corner_chance


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.mark.parametrize(("sides", "size"), [((3, 4), 2), ((1, 7), 3), ((4, 3), 1), ((2, 5), 9), ((5, 2), 2)])
@pytest.mark.parametrize("rate", [0.05, 0.3, 0.9])
def test_the_chance_of_a_square_gives_the_rate(sides, size, rate):
    """Over all sets of squares, each with its chance, the mean share of dropped cells is the rate."""
    height, width = sides
    chance = corner_chance(rate, sides, size)
    tall, wide = min(size, height), min(size, width)
    corners = list(product(range(height - tall + 1), range(width - wide + 1)))
    share = 0.0
    for drawn in product((0, 1), repeat=len(corners)):
        cells = {
            (row + y, column + x)
            for (row, column), one in zip(corners, drawn, strict=True)
            if one
            for y in range(tall)
            for x in range(wide)
        }
        weight = math.prod(chance if one else 1 - chance for one in drawn)
        share += weight * len(cells) / (height * width)
    assert share == pytest.approx(rate, abs=1e-12)


@pytest.mark.parametrize(("sides", "size"), [((8, 8), 5), ((4, 4), 5), ((7, 12), 3), ((16, 3), 5)])
def test_drop_block_drops_its_rate_in_squares(sides, size):
    """The share over many maps is the rate, and each dropped cell is in a square that is dropped whole."""
    block = DropBlock2d(0.2, size)
    dropped = (block(torch.ones(40, 50, *sides)) == 0).double()
    shares = dropped.mean((2, 3)).flatten()
    # Maps are drawn apart: five standard errors of their mean, as measured, miss once in two million.
    assert abs(shares.mean() - 0.2) < 5 * shares.std() / math.sqrt(len(shares))
    window = [min(size, side) for side in sides]
    full = nn.functional.avg_pool2d(dropped, window, stride=1).eq(1).double()
    spread = nn.functional.conv_transpose2d(full.flatten(0, 1)[:, None], torch.ones(1, 1, *window).double())
    assert torch.equal(spread.reshape(dropped.shape) > 0, dropped > 0)
    assert shares.std() > 0


def test_what_drop_block_keeps_is_scaled_to_the_whole():
    """Kept cells all have one factor, which makes up for those that were dropped; a lost batch is zero."""
    out = DropBlock2d(0.4, 3)(torch.ones(3, 4, 9, 9))
    assert len(out[out > 0].unique()) == 1
    torch.testing.assert_close(out.sum(), torch.tensor(3.0 * 4 * 9 * 9))
    lost = [DropBlock2d(0.9, 3)(torch.ones(1, 1, 3, 3)) for _ in range(9)]
    assert all(bool(value.isfinite().all()) for value in lost)
    assert any(bool(value.eq(0).all()) for value in lost)


def test_drop_block_keeps_dtype_memory_and_gradients():
    """Half precision and channels_last come out as they went in; gradients are scaled as the values."""
    maps = torch.ones(2, 4, 6, 6, dtype=torch.bfloat16).to(memory_format=torch.channels_last).requires_grad_()
    out = DropBlock2d(0.3, 2)(maps)
    assert out.dtype == torch.bfloat16
    assert out.is_contiguous(memory_format=torch.channels_last)
    out.sum().backward()
    assert torch.equal(maps.grad, out.detach())


def test_drop_path_drops_whole_samples():
    """Rows are zero or scaled by the keep chance, as many as a binomial gives."""
    out = DropPath(0.25)(torch.ones(4000, 3, 2))
    assert out.unique().tolist() == pytest.approx([0, 4 / 3])
    assert torch.equal(out.amin((1, 2)), out.amax((1, 2)))
    dropped = int(out[:, 0, 0].eq(0).sum())
    assert abs(dropped - 1000) < 5 * math.sqrt(4000 * 0.25 * 0.75)


@pytest.mark.parametrize("make", [DropBlock2d, DropPath])
def test_dropout_is_for_training(make):
    """In evaluation mode and with a rate of 0 the input is given back; impossible rates are refused."""
    maps = torch.rand(2, 3, 6, 6)
    assert make(0.5).eval()(maps) is maps
    assert make(0.0)(maps) is maps
    for rate in (1.0, -0.1, math.nan):
        with pytest.raises(TrainError, match=r"in \[0, 1\), got"):
            make(rate)


def test_drop_block_names_what_it_cannot_take():
    """Features without positions and squares of no cell are errors."""
    with pytest.raises(TrainError, match=r"takes maps \(N, C, H, W\), got \(2, 3\)"):
        DropBlock2d(0.1)(torch.ones(2, 3))
    with pytest.raises(TrainError, match="at least 1 cell, got 0"):
        DropBlock2d(0.1, 0)


def test_drop_path_rates_are_linear_by_depth():
    """The n-th of L branches has n / L of the rate: the keep chances of the paper's equation 4."""
    assert drop_path_rates(0.4, 4) == pytest.approx((0.1, 0.2, 0.3, 0.4))
    assert drop_path_rates(0.3, 1) == (0.3,)
    keep_last, blocks = 0.5, 54
    for number, rate in enumerate(drop_path_rates(1 - keep_last, blocks), start=1):
        assert 1 - rate == pytest.approx(1 - number / blocks * (1 - keep_last))


def entropy(p):
    return -(p * p.log() + (1 - p) * (1 - p).log())


def test_monte_carlo_dropout_agrees_with_its_closed_form():
    """One dropped input of two logits: every row's doubt follows from how often the input was kept."""
    rate, passes, rows = 0.4, 8, 500
    model = nn.Sequential(nn.Dropout(rate), nn.Linear(1, 2, bias=False)).double()
    with torch.no_grad():
        model[1].weight.copy_(torch.tensor([[0.0], [1.2]]))
    found = mc_predict(model, torch.ones(rows, 1).double(), passes)
    kept_says = torch.sigmoid(torch.tensor(1.2 / (1 - rate)).double())
    kept = (found.probabilities[:, 1] - 0.5) / (kept_says - 0.5) * passes
    torch.testing.assert_close(kept, kept.round())
    assert abs(kept.sum() - rows * passes * (1 - rate)) < 5 * math.sqrt(rows * passes * rate * (1 - rate))
    mean = (kept * kept_says + (passes - kept) * 0.5) / passes
    torch.testing.assert_close(found.probabilities, torch.stack([1 - mean, mean], 1))
    torch.testing.assert_close(found.entropy, entropy(mean))
    within = (kept * entropy(kept_says) + (passes - kept) * math.log(2)) / passes
    torch.testing.assert_close(found.mutual_information, entropy(mean) - within)
    assert not found.probabilities.requires_grad


class Watched(nn.Module):
    """Notes which of its modules train while it runs, and breaks where it is told to."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(4)
        self.layers = nn.Sequential(nn.Dropout(0.5), DropPath(0.5), nn.Dropout(0.0), nn.ReLU())
        self.seen, self.broken = None, False

    def forward(self, x):
        self.seen = {name for name, module in self.named_modules() if module.training}
        if self.broken:
            raise KeyError("broken")
        return self.layers(self.norm(x))


@pytest.mark.parametrize("broken", [False, True])
def test_dropout_alone_is_set_to_training(broken):
    """Norms stay in evaluation; afterwards every module has the mode it had, whatever happened."""
    model = Watched()
    model.eval().layers.train()
    model.layers[1].eval()
    modes = {name: module.training for name, module in model.named_modules()}
    model.broken = broken
    if broken:
        with pytest.raises(KeyError):
            mc_predict(model, torch.rand(3, 4))
    else:
        mc_predict(model, (torch.rand(3, 4),))
    assert model.seen == {"layers.0", "layers.1"}
    assert {name: module.training for name, module in model.named_modules()} == modes
    assert int(model.norm.num_batches_tracked) == 0


class Mean(nn.Module):
    """Logits from what an attention or recurrent layer gives for each position."""

    def __init__(self, layer, call):
        super().__init__()
        self.layer, self.call = layer, call

    def forward(self, x):
        return self.call(self.layer, x).mean(1)


@pytest.mark.parametrize(
    ("layer", "call"),
    [
        (nn.MultiheadAttention(4, 2, dropout=0.5, batch_first=True), lambda layer, x: layer(x, x, x)[0]),
        (nn.LSTM(4, 4, num_layers=2, dropout=0.5, batch_first=True), lambda layer, x: layer(x)[0]),
        (nn.TransformerEncoderLayer(4, 2, 8, dropout=0.5, batch_first=True), lambda layer, x: layer(x)),
    ],
    ids=["attention", "recurrent", "encoder"],
)
def test_layers_with_dropout_of_their_own_draw(layer, call):
    """Attention, recurrent layers and torch's fused encoder layer differ from pass to pass."""
    model = Mean(layer, call)
    assert bool((mc_predict(model, torch.randn(3, 6, 4)).mutual_information > 0).all())
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_model_that_never_drops_is_refused():
    """Without a dropout above 0, or with one pass, there is nothing to compare."""
    model = nn.Sequential(nn.Dropout(0.0), nn.Linear(2, 2), nn.LSTM(2, 2), DropBlock2d(0.0))
    with pytest.raises(TrainError, match="Sequential has no dropout with a rate above 0"):
        mc_predict(model, torch.ones(1, 2))
    with pytest.raises(TrainError, match="at least 2, or there is nothing to compare, got 1"):
        mc_predict(nn.Dropout(0.5), torch.ones(1, 2), passes=1)
