from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.spec.model import OutputSpec
from augflow.spec.regularize import RegularizeSpec
from augflow.train import (
    FitOptions,
    FrozenNorm,
    ParameterCount,
    backbone,
    evaluate,
    fit,
    freeze,
    load_pretrained,
    save_model,
)
from augflow.train.reference import reference_model
from augflow.train.regularize import parameter_groups

HALF = OutputSpec(mean="half", std="half")


class Net(nn.Module):
    """Two convolutions with one batch norm each, eleven blocks' worth of names, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))
        self.blocks = nn.ModuleDict({name: self.block() for name in ("1", "10")})
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classify = nn.Linear(2, 3)

    @staticmethod
    def block() -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.BatchNorm2d(2), nn.Dropout(0.5))

    def forward(self, x):
        for block in self.blocks.values():
            x = block(x * self.scale)
        return self.classify(self.pool(x).flatten(1))


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net()


def state_of(model, prefix):
    return {name: value.clone() for name, value in model.state_dict().items() if name.startswith(prefix)}


def test_statistics_stay_through_train_and_steps(net):
    """After `train()`, a copy, a pickle and ten steps the frozen part has its bytes, and the rest moved."""
    names = list(net.state_dict())
    assert freeze(net, "blocks.1.") == ParameterCount(frozen=38 + 4, trainable=1 + 38 + 4 + 9)
    for model in (net, copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert list(model.state_dict()) == names
        frozen, other = state_of(model, "blocks.1."), state_of(model, "blocks.10.")
        optimizer = torch.optim.AdamW(parameter_groups(model, 0.5), lr=0.1)
        for _ in range(10):
            model.train()
            optimizer.zero_grad()
            model(torch.randn(4, 2, 5, 5)).square().sum().backward()
            optimizer.step()
        assert all(torch.equal(value, frozen[n]) for n, value in state_of(model, "blocks.1.").items())
        assert not any(torch.equal(value, other[n]) for n, value in state_of(model, "blocks.10.").items())


@pytest.mark.parametrize("norm", [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.InstanceNorm2d])
@pytest.mark.parametrize("affine", [True, False])
def test_a_frozen_norm_is_the_norm_in_evaluation_mode(norm, affine):
    """The same numbers to the bit, whatever `train()` says, and a state that goes into either."""
    torch.manual_seed(0)
    layer = norm(3, affine=affine, track_running_stats=True, eps=0.1)
    x = torch.randn(4, 3, *[5] * {"1d": 1, "2d": 2, "3d": 3}[norm.__name__[-2:]])
    layer.running_mean.normal_()
    layer.running_var.uniform_(0.5, 2)
    if affine:
        layer.weight.data.normal_()
        layer.bias.data.normal_()
    frozen = FrozenNorm(layer).train()
    assert torch.equal(frozen(x), layer.eval()(x))
    layer.load_state_dict(frozen.state_dict())
    assert list(layer.state_dict()) == list(frozen.state_dict())


def test_norms_that_keep_no_statistics_are_left():
    """Layer and group norm, and a batch norm of the batch alone, have nothing that moves."""
    model = nn.Sequential(
        nn.GroupNorm(1, 2), nn.BatchNorm2d(2, track_running_stats=False), nn.Conv2d(2, 2, 1)
    )
    freeze(model, ["0", "1"])
    assert [type(module) for module in model] == [nn.GroupNorm, nn.BatchNorm2d, nn.Conv2d]


def test_a_shared_norm_stays_shared():
    """A norm that stands in two places is one frozen norm in both."""
    norm = nn.BatchNorm1d(2)
    model = nn.Sequential(nn.Sequential(norm, nn.Linear(2, 2), norm), nn.Linear(2, 2))
    freeze(model, "0")
    assert isinstance(model[0][0], FrozenNorm)
    assert model[0][0] is model[0][2]


def test_averaging_does_not_compute_them_anew(net):
    """torch's `update_bn` resets each batch norm that it finds and fills it from the data."""
    freeze(net, "blocks.1")
    frozen, other = state_of(net, "blocks.1."), state_of(net, "blocks.10.")
    torch.optim.swa_utils.update_bn([torch.randn(4, 2, 5, 5)], net)
    assert all(torch.equal(value, frozen[n]) for n, value in state_of(net, "blocks.1.").items())
    mean = "blocks.10.1.running_mean"
    assert not torch.equal(net.state_dict()[mean], other[mean])


def test_a_prefix_ends_at_a_dot(net):
    """`blocks.1` is not `blocks.10`; a parameter's whole name is a prefix too."""
    freeze(net, ("blocks.1", "scale"))
    needs = {name.rsplit(".", 2)[0] for name, p in net.named_parameters() if not p.requires_grad}
    assert needs == {"blocks.1", "scale"}


def test_what_matches_nothing_is_refused_by_its_neighbor(net):
    """A misspelling names what is near and freezes nothing, not even what was right beside it."""
    with pytest.raises(TrainError, match=r"no parameter .* under 'block'; did you mean blocks"):
        freeze(net, ["blocks.10", "block"])
    with pytest.raises(TrainError, match="nothing is left to train"):
        freeze(net, ["blocks", "scale", "classify"])
    assert all(p.requires_grad for p in net.parameters())
    assert not any(isinstance(module, FrozenNorm) for module in net.modules())


def test_the_backbone_is_all_but_the_head(net):
    """The fewest prefixes, parameters of the model itself among them, also where the head is further in."""
    assert backbone(net) == ("scale", "blocks")
    wrapped = nn.ModuleDict({"cnn": net, "stem": nn.Conv2d(1, 1, 1), "free": nn.ReLU()})
    assert backbone(wrapped) == ("cnn.scale", "cnn.blocks", "stem")
    assert backbone(wrapped, "blocks.1") == ("cnn.scale", "cnn.blocks.10", "cnn.classify", "stem")
    freeze(wrapped, backbone(wrapped))
    assert [name for name, p in wrapped.named_parameters() if p.requires_grad] == [
        "cnn.classify.weight",
        "cnn.classify.bias",
    ]
    with pytest.raises(TrainError, match=r"no module 'clasify' .*did you mean classify"):
        backbone(net, "clasify")


def test_a_pretrained_backbone_is_kept_and_its_head_learns(make_digits, make_stream, tmp_path):
    """Trained on ten digits, saved, loaded for two classes and frozen: the fit moves the head and not a bit
    else, and tells low from high digits of other writers; on a frozen backbone of random weights it is right
    on one of two."""
    regularize = RegularizeSpec(weight_decay=0.1, dropout=0.1)
    first = make_digits(0, 600, batch_size=64, output=HALF, regularize=regularize)
    save_model(fit(first, None, FitOptions(epochs=3)), tmp_path / "digits.pt")

    def halves(start, stop, **options):
        stream = make_digits(start, stop)
        high = (stream.labels > 4).astype(np.int64)
        return make_stream(stream.images, high, classes=("low", "high"), output=HALF, **options)

    second = halves(600, 900, regularize=regularize, batch_size=64)
    torch.manual_seed(0)
    model = reference_model(second, regularize)
    report = load_pretrained(model, tmp_path / "digits.pt")
    assert {mismatch.name for mismatch in report.mismatched} == {"classify.weight", "classify.bias"}
    assert report.missing == report.unexpected == ()
    freeze(model, backbone(model))
    before = copy.deepcopy(model.state_dict())
    tuned = fit(second, None, FitOptions(epochs=5, lr=0.01), model=model).model
    moved = {name for name, value in tuned.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {"classify.weight", "classify.bias"}
    assert evaluate(tuned, halves(1200, 1600, train=False, batch_size=200)).accuracy > 0.75
