from __future__ import annotations

import copy
import math

import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.train import (
    check_gradients,
    clip_gradients,
    limit_norms,
    parameter_groups,
    penalty,
    shrink_l1,
    sparsity,
)
from augflow.train.regularize import weights


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


def test_what_counts_as_a_weight():
    """Norms of several axes and biases of several axes do not; embedding tables do."""

    class Text(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(5, 4)
            self.attend = nn.MultiheadAttention(4, 2, add_bias_kv=True)
            self.norms = nn.ModuleList([nn.LayerNorm([3, 4]), nn.RMSNorm([3, 4]), nn.GroupNorm(2, 4)])

    assert [name for name, _ in weights(Text())] == [
        "embed.weight",
        "attend.in_proj_weight",
        "attend.out_proj.weight",
    ]


def parts():
    torch.manual_seed(0)
    ends = {"stem": nn.Linear(2, 2), "stem2": nn.Linear(2, 2), "head": nn.Linear(2, 2)}
    return nn.ModuleDict({"body": nn.ModuleDict(ends), "out": nn.Linear(2, 2)})


def test_parts_of_a_model_have_rates_of_their_own():
    """The longest name holds, whole names only; decay and freezing stay as they are without factors."""
    model = parts()
    model["body"]["stem"].bias.requires_grad_(False)
    model["out"].weight = model["body"]["head"].weight
    groups = parameter_groups(model, 0.1, {"body": 0.5, "body.stem": 0.1, "out": 2.0})
    found = {name: (g["lr_factor"], g["weight_decay"]) for g in groups for name in names(model, g)}
    assert found == {
        "body.stem.weight": (0.1, 0.1),
        "body.stem2.weight": (0.5, 0.1),
        "body.stem2.bias": (0.5, 0.0),
        "body.head.weight": (0.5, 0.1),
        "body.head.bias": (0.5, 0.0),
        "out.bias": (2.0, 0.0),
    }
    assert sum(len(group["params"]) for group in groups) == len(found)
    with pytest.raises(
        TrainError, match=r"no parameter of the model begins so; did you mean .*body\.head\.weight"
    ):
        parameter_groups(model, 0.1, {"out.weight": 3.0})  # it goes by its first name


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        (
            {"body.steam": 0.1},
            r"'body\.steam', and no parameter of the model begins so; did you mean body\.stem",
        ),
        (
            {"backbone": 0.1},
            r"'backbone', and no parameter of the model begins so; known are body, body\.head,",
        ),
        ({"bod": 0.1, "out": 1.0}, "'bod', and no parameter"),
        ({"out": 0.0}, "lr_factors of 'out' must be above 0, got 0.0; freeze"),
    ],
)
def test_a_rate_for_nothing_is_refused(factors, message):
    """The names that exist are named."""
    with pytest.raises(TrainError, match=message):
        parameter_groups(parts(), 0.1, factors)


def test_the_gradient_of_the_penalty_is_that_of_finite_differences(model):
    """In float64, at every element of every parameter; biases and norms have none."""
    model.double()
    penalty(model, l1=0.3, l2=0.2).backward()
    for name, parameter in model.named_parameters():
        flat = parameter.detach().view(-1)
        differences = []
        for at in range(flat.numel()):
            kept, around = flat[at].item(), []
            for moved in (kept + 1e-6, kept - 1e-6):
                flat[at] = moved
                around.append(penalty(model, l1=0.3, l2=0.2).item())
            flat[at] = kept
            differences.append((around[0] - around[1]) / 2e-6)
        grad = torch.zeros_like(flat) if parameter.grad is None else parameter.grad.view(-1)
        assert differences == pytest.approx(grad.tolist(), abs=1e-7), name


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


def test_shrinking_is_the_proximal_step(model):
    """The result minimizes (x - w)^2 / 2 + amount * |x|, looked for on a grid; the rest is left."""
    before = [p.detach().clone() for p in model.parameters()]
    shrink_l1(model, 0.1)
    grid = torch.linspace(-1, 1, 20001)
    for old, (name, new) in zip(before, model.named_parameters(), strict=True):
        if name in ("0.weight", "3.weight"):
            cost = (grid - old.view(-1, 1)) ** 2 / 2 + 0.1 * grid.abs()
            torch.testing.assert_close(grid[cost.argmin(1)], new.detach().view(-1), rtol=0, atol=1e-4)
        else:
            assert torch.equal(old, new)
    with pytest.raises(TrainError, match="amount of 0 or more, got -1"):
        shrink_l1(model, -1)


def test_proximal_descent_reaches_the_lasso():
    """For |w - b|^2 / 2 + s * |w|_1 the minimum is b, shrunk by s: exact zeros, which a penalty misses."""
    b = torch.tensor([[0.05, -0.3, 0.8, -0.09, 0.0, 2.0]])
    model = nn.Linear(6, 1, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for _ in range(200):
        optimizer.zero_grad()
        ((model.weight - b).square().sum() / 2).backward()
        optimizer.step()
        shrink_l1(model, 0.2 * 0.1)
    torch.testing.assert_close(model.weight.detach(), torch.tensor([[0.0, -0.2, 0.7, 0.0, 0.0, 1.9]]))
    assert sparsity(model).whole == 0.5


def test_shrinking_follows_the_rates_and_sparsity_is_counted():
    """A part with a tenth of the rate shrinks by a tenth; zeros are counted by weight and together."""
    model = parts()
    for parameter in model.parameters():
        parameter.data.fill_(0.5)
    shrink_l1(model, 0.5, {"body": 0.1})
    assert model["body"]["head"].weight.eq(0.45).all()
    found = sparsity(model)
    assert found.whole == 0.25
    assert found.by_parameter == {f"body.{n}.weight": 0 for n in ("stem", "stem2", "head")} | {
        "out.weight": 1
    }


@pytest.mark.parametrize(
    ("layer", "units"),
    [
        (nn.Linear(5, 3), lambda w: w),
        (nn.Embedding(4, 6), lambda w: w),
        (nn.Conv2d(4, 6, 3, groups=2), lambda w: w.flatten(1)),
        (nn.ConvTranspose2d(4, 3, 3), lambda w: w.transpose(0, 1).flatten(1)),
        (
            nn.ConvTranspose2d(4, 6, 3, groups=2),
            lambda w: torch.stack([w[2 * (o // 3) : 2 * (o // 3) + 2, o % 3].flatten() for o in range(6)]),
        ),
    ],
)
def test_the_incoming_weights_of_a_unit_are_bounded(layer, units):
    """Those above the bound are scaled to it, the others keep every bit, and so do biases."""
    for parameter in layer.parameters():
        nn.init.normal_(parameter, generator=torch.Generator().manual_seed(0))
    before, bias = units(layer.weight.detach().clone()), copy.deepcopy(getattr(layer, "bias", None))
    norms = before.norm(dim=1)
    bound = float(norms.quantile(0.55))  # between two of them
    limit_norms(layer, bound)
    after = units(layer.weight.detach())
    above = norms > bound
    assert 0 < int(above.sum()) < len(norms)
    expected = before[above] * (bound / norms[above])[:, None]
    torch.testing.assert_close(after[above], expected)
    assert torch.equal(after[~above], before[~above])
    assert bias is None or torch.equal(layer.bias, bias)
    with pytest.raises(TrainError, match="max_norm must be above 0, got 0"):
        limit_norms(layer, 0)


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
    for look in (check_gradients, lambda model: clip_gradients(model, **limit)):
        with pytest.raises(TrainError, match=r"gradient of 3\.weight has 1 infinite or NaN value\(s\) of 24"):
            look(model)


def test_an_overflowing_norm_is_an_error(model):
    """Finite gradients whose norm is infinite are told apart, and pass where nothing is clipped."""
    check_gradients(model)
    backward(model)
    model[3].weight.grad[0] = 3e38
    check_gradients(model)
    with pytest.raises(TrainError, match="norm overflows"):
        clip_gradients(model, clip_norm=1.0)
