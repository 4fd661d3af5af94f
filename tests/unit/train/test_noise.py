from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.train import GaussianNoise, noisy_weights


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_input_noise_has_its_deviation():
    """Mean 0 and deviation `std` within five standard errors, normal in its tails, another draw each time."""
    n, std = 200_000, 0.3
    x = torch.linspace(-2, 2, n)
    layer = GaussianNoise(std)
    noise = (layer(x) - x).double()
    assert abs(noise.mean()) < 5 * std / math.sqrt(n)
    assert abs(noise.std() - std) < 5 * std / math.sqrt(2 * n)
    beyond = float((noise.abs() > 2 * std).double().mean())
    expected = math.erfc(math.sqrt(2))
    assert abs(beyond - expected) < 5 * math.sqrt(expected / n)
    assert not torch.equal(layer(x), layer(x))


def test_input_noise_is_for_training():
    """In evaluation mode and with deviation 0 the input is given back; gradients pass."""
    x = torch.rand(3, requires_grad=True)
    assert GaussianNoise(0.5).eval()(x) is x
    assert GaussianNoise(0.0)(x) is x
    GaussianNoise(0.5)(x).sum().backward()
    assert torch.equal(x.grad, torch.ones(3))


@pytest.mark.parametrize("std", [-0.1, math.nan, math.inf])
def test_impossible_deviations_are_refused(std):
    """Negative, NaN and infinite, for inputs and for weights."""
    with pytest.raises(TrainError, match="finite and at least 0, got"):
        GaussianNoise(std)
    with pytest.raises(TrainError, match="finite and at least 0, got"), noisy_weights(nn.Linear(1, 1), std):
        pass


def bits(model):
    return {name: value.clone().view(torch.int32) for name, value in model.state_dict().items()}


@pytest.mark.parametrize("broken", [False, True])
def test_weights_come_back_byte_for_byte(broken):
    """Every bit, of values too small to survive an addition as well, and after an exception."""
    model = nn.Sequential(nn.Linear(300, 300), nn.LayerNorm(300))
    with torch.no_grad():
        model[0].weight[0, :4] = torch.tensor([-0.0, 1e-42, math.nan, 3e38])
    before = bits(model)
    noise = None
    try:
        with noisy_weights(model, 0.1):
            noise = model[0].weight.detach() - before["0.weight"].view(torch.float32)
            inside = bits(model)
            if broken:
                raise KeyError("broken")
    except KeyError:
        assert broken
    after = bits(model)
    assert all(torch.equal(after[name], before[name]) for name in before)
    assert [name for name in before if not torch.equal(inside[name], before[name])] == ["0.weight"]
    spread = noise[1:].double()
    assert abs(spread.mean()) < 5 * 0.1 / math.sqrt(spread.numel())
    assert abs(spread.std() - 0.1) < 5 * 0.1 / math.sqrt(2 * spread.numel())


def test_gradients_are_those_at_the_noisy_weights():
    """Of (w x)^2 the gradient is 2 (w x) x with the noisy w, and it stays; frozen weights get no noise."""
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 1, bias=False)).double()
    model[0].weight.requires_grad_(False).copy_(torch.eye(2))
    x = torch.tensor([[1.0, 3.0]]).double()
    with noisy_weights(model, 0.5):
        assert torch.equal(model[0].weight, torch.eye(2))
        noisy = model[1].weight.detach().clone()
        model(x).square().sum().backward()
    assert not torch.equal(noisy, model[1].weight)
    torch.testing.assert_close(model[1].weight.grad, 2 * (noisy @ x.T) * x)


def test_a_backward_pass_after_the_noise_is_an_error():
    """A gradient that would mix noisy and restored weights is refused by torch, not computed."""
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    with noisy_weights(model, 0.1):
        loss = model(torch.ones(1, 2)).sum()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
