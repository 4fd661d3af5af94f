from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.train import make_norm, replace_norm, suggest_norm


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def expected(name, x, scale, shift):
    """The norm's definition: what is averaged over, then scale and shift of each channel."""
    n, channels = x.shape[:2]
    if name == "group":
        parts = x.reshape(n, 4, -1)
        parts = (parts - parts.mean(2, keepdim=True)) / (parts.var(2, False, keepdim=True) + 1e-5).sqrt()
        plain = parts.reshape(x.shape)
    else:
        dims = {
            "batch": [0, *range(2, x.ndim)],
            "layer": list(range(1, x.ndim)),
            "instance": list(range(2, x.ndim)),
        }[name]
        variance = x.var(dims, False, keepdim=True) + 1e-5
        plain = (x - x.mean(dims, keepdim=True)) / variance.sqrt()
    along = (1, channels, *[1] * (x.ndim - 2))
    return plain * scale.view(along) + shift.view(along)


@pytest.mark.parametrize(
    ("name", "axes"),
    [pair for pair in product(["batch", "layer", "instance", "group"], range(4)) if pair != ("instance", 0)],
)
def test_norms_are_what_they_are_called(name, axes):
    """Each name averages over its own axes, for features, sequences, maps and volumes, with an affine."""
    norm = make_norm(name, 12, axes, groups=4).double()
    scale, shift = torch.rand(12).double(), torch.rand(12).double()
    norm.load_state_dict({**norm.state_dict(), "weight": scale, "bias": shift})
    x = torch.randn(5, 12, *(3, 4, 2)[:axes]).double() * 3 + 1
    torch.testing.assert_close(norm(x), expected(name, x, scale, shift))


def test_norms_that_cannot_be_made():
    """Unknown names, groups that do not divide, axes that are not there: each says what would do."""
    assert isinstance(make_norm("none", 4), nn.Identity)
    with pytest.raises(TrainError, match="one of batch, layer, instance, group, none, got 'weight'"):
        make_norm("weight", 4)
    for groups in (8, 0):
        with pytest.raises(TrainError, match=rf"12 channels into {groups} .* one of 1, 2, 3, 4, 6, 12$"):
            make_norm("group", 12, groups=groups)
    with pytest.raises(TrainError, match=r"features \(N, C\) have none; take layer or group"):
        make_norm("instance", 4, axes=0)
    with pytest.raises(TrainError, match="axes must be 0 to 3"):
        make_norm("batch", 4, axes=4)


class Several(nn.Module):
    """Norms of every kind that is replaced, one of them in two places and inside a module used twice."""

    def __init__(self):
        super().__init__()
        self.one = nn.Sequential(nn.Conv1d(2, 8, 3, bias=False), nn.BatchNorm1d(8))
        self.two = nn.Sequential(nn.BatchNorm2d(8, eps=1e-3), nn.InstanceNorm2d(8))
        self.again = self.two
        self.tied = nn.Sequential(self.two[0], self.two[0])
        self.three = nn.ModuleDict({"a": nn.BatchNorm3d(8), "b": nn.GroupNorm(1, 8)})
        self.sync = nn.SyncBatchNorm(8)
        self.tokens = nn.LayerNorm(8)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("batch", (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)),
        ("instance", (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)),
        ("layer", (nn.GroupNorm,) * 3),
        ("group", (nn.GroupNorm,) * 3),
        ("none", (nn.Identity,) * 3),
    ],
)
def test_every_norm_of_a_model_is_replaced(name, kinds):
    """All kinds at all depths, one module staying one; LayerNorm over features is left."""
    model = Several()
    tokens = model.tokens
    assert replace_norm(model, name, groups=2) is model
    found = [model.one[1], model.two[0], model.three["a"]]
    assert tuple(type(norm) for norm in found) == kinds
    assert model.again is model.two
    assert model.tied[0] is model.tied[1] is model.two[0]
    others = (model.two[1], model.three["b"], model.sync)
    assert [type(norm) for norm in others] == [kinds[1]] * 3
    if name in ("layer", "group"):
        assert {norm.num_groups for norm in (*found, *others)} == {1 if name == "layer" else 2}
    assert model.tokens is tokens


@pytest.mark.parametrize("name", ["batch", "layer", "instance", "group"])
def test_what_a_norm_has_is_carried_over(name):
    """Scale, shift, eps, dtype, mode and frozen parameters, and running statistics where both have them."""
    old = nn.BatchNorm2d(8, eps=1e-3).double()
    old(torch.randn(4, 8, 3, 3).double())
    with torch.no_grad():
        old.weight.uniform_()
        old.bias.uniform_()
    old.weight.requires_grad_(False)
    new = replace_norm(old.eval(), name, groups=4)
    assert new is not old
    assert torch.equal(new.weight, old.weight)
    assert torch.equal(new.bias, old.bias)
    assert (new.eps, new.training, new.weight.dtype) == (1e-3, False, torch.float64)
    assert (new.weight.requires_grad, new.bias.requires_grad) == (False, True)
    if name == "batch":
        assert torch.equal(new.running_var, old.running_var)
    assert new.weight is not old.weight


def test_a_norm_without_tensors_takes_those_of_its_model():
    """torch's InstanceNorm has no affine; what replaces it starts at 1 and 0, in the model's dtype."""
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.InstanceNorm2d(8)).double()
    norm = replace_norm(model, "group")[1]
    assert torch.equal(norm.weight, torch.ones(8).double())
    assert torch.equal(norm.bias, torch.zeros(8).double())
    assert norm.weight.requires_grad


def test_group_norm_makes_samples_independent_of_their_batch():
    """In training, one sample alone gets what it gets among others; with batch norm it does not."""
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
    x = torch.randn(4, 1, 6, 6)
    assert not torch.allclose(model(x)[:1], model(x[:1]), atol=1e-3)
    replace_norm(model, "group", groups=4)
    torch.testing.assert_close(model(x)[:1], model(x[:1]))


class Activated(nn.BatchNorm2d):
    """A norm that does more than a norm, as some libraries have it."""

    def forward(self, x):
        return super().forward(x).relu()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (nn.BatchNorm2d(6), r"6 channels into 4 equal groups; .* 1, 2, 3, 6 \(at 1\)"),
        (nn.LazyBatchNorm2d(), r"LazyBatchNorm2d has no channels yet; run the model once.* \(at 1\)"),
        (Activated(8), r"Activated is a BatchNorm2d with a `forward` of its own.* by hand \(at 1\)"),
    ],
)
def test_a_norm_that_cannot_be_replaced_leaves_the_model_as_it_was(bad, message):
    """The place is named, and no other norm was touched."""
    model = nn.Sequential(nn.BatchNorm2d(8), bad)
    before = list(model)
    with pytest.raises(TrainError, match=message):
        replace_norm(model, "group", groups=4)
    assert list(model) == before


def test_a_model_without_norms_is_refused():
    """Nothing to replace is an error, LayerNorm is not enough."""
    with pytest.raises(TrainError, match="Sequential has no batch, instance or group norm"):
        replace_norm(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)), "group")


def test_a_lazy_norm_that_has_run_is_replaced():
    """After its first batch a lazy norm is like the others."""
    model = nn.Sequential(nn.LazyBatchNorm2d())
    model(torch.randn(2, 8, 3, 3))
    assert isinstance(replace_norm(model, "group")[0], nn.GroupNorm)


@pytest.mark.parametrize(
    ("batch", "variable", "norm"),
    [
        (1, False, "group"),
        (15, False, "group"),
        (16, False, "batch"),
        (64, True, "layer"),
    ],
)
def test_the_suggested_norm_fits_the_batch(batch, variable, norm):
    """Small batches get group norm, large ones batch norm, padded ones what looks at one sample."""
    suggestion = suggest_norm(batch, variable)
    assert suggestion.norm == norm
    assert variable or str(batch) in suggestion.reason


def test_a_batch_has_a_sample():
    """No norm is suggested for nothing."""
    with pytest.raises(TrainError, match="at least 1, got 0"):
        suggest_norm(0)
