from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.train import clip_gradients, parameter_groups, penalty


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


def names(model, group):
    of = {id(parameter): name for name, parameter in model.named_parameters()}
    return {of[id(parameter)] for parameter in group["params"]}


def test_only_weights_decay(model):
    """Norms and biases are in the group without decay, and every parameter is in one group."""
    decayed, others = parameter_groups(model, 0.1)
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
    assert names(model, decayed) == {"0.weight", "3.weight"}
    assert names(model, others) == {"0.bias", "1.weight", "1.bias", "3.bias"}


def test_frozen_and_shared_parameters(model):
    """Frozen parameters are in no group, shared ones in one."""
    model[0].weight.requires_grad_(False)
    model.append(nn.Linear(8, 3))
    model[4].weight = model[3].weight
    decayed, _ = parameter_groups(model, 0.1)
    assert names(model, decayed) == {"3.weight"}
    assert len(decayed["params"]) == 1


def test_penalty_values(model):
    """L1 is the sum of absolute weights; L2 half the sum of squares, so its gradient is l2 * w."""
    weights = torch.cat([model[0].weight.flatten(), model[3].weight.flatten()]).detach()
    torch.testing.assert_close(penalty(model, l1=0.3), 0.3 * weights.abs().sum())
    torch.testing.assert_close(penalty(model, l2=0.3), 0.15 * weights.square().sum())
    both = penalty(model, l1=0.3, l2=0.2)
    torch.testing.assert_close(both, penalty(model, l1=0.3) + penalty(model, l2=0.2))
    penalty(model, l2=0.3).backward()
    torch.testing.assert_close(model[3].weight.grad, 0.3 * model[3].weight)
    assert model[3].bias.grad is None
    assert penalty(model).item() == 0


def backward(model, scale=1.0):
    (model(torch.ones(2, 1, 4, 4)).square().sum() * scale).backward()


def norm(model):
    return math.sqrt(sum(float(p.grad.square().sum()) for p in model.parameters()))


def test_clipping_by_norm(model):
    """All gradients shrink together to the norm asked for; a smaller norm is left."""
    backward(model)
    before = norm(model)
    assert clip_gradients(model, clip_norm=before / 2) == pytest.approx(before)
    assert norm(model) == pytest.approx(before / 2, rel=1e-4)
    clip_gradients(model, clip_norm=before)
    assert norm(model) == pytest.approx(before / 2, rel=1e-4)


def test_clipping_by_value(model):
    """Each element ends in [-value, value]."""
    backward(model)
    clip_gradients(model, clip_value=0.01)
    assert max(float(p.grad.abs().max()) for p in model.parameters()) == pytest.approx(0.01)


def test_nothing_asked_nothing_done(model):
    """Without a limit the gradients are not even looked at."""
    backward(model, math.inf)
    assert clip_gradients(model) is None


@pytest.mark.parametrize("limit", [{"clip_norm": 1.0}, {"clip_value": 1.0}])
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_a_non_finite_gradient_names_its_parameter(model, limit, value):
    """torch would turn it into NaN weights; here the parameter is named before a step is taken."""
    backward(model)
    model[3].weight.grad[1, 2] = value
    with pytest.raises(TrainError, match=r"gradient of 3\.weight has 1 infinite or NaN value\(s\) of 24"):
        clip_gradients(model, **limit)


def test_an_overflowing_norm_is_an_error(model):
    """Finite gradients whose norm is infinite are told apart."""
    backward(model)
    model[3].weight.grad[0] = 3e38
    with pytest.raises(TrainError, match="norm overflows"):
        clip_gradients(model, clip_norm=1.0)
