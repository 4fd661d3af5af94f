from __future__ import annotations

import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.spec.regularize import RegularizeSpec
from augflow.train import DecoupledSGD, FitOptions
from augflow.train.optimize import lr_factor, make_optimizer


def test_decay_of_sgd_is_decoupled():
    """With a gradient of zero the weight shrinks by lr * decay a step, momentum or not."""
    weight = nn.Parameter(torch.ones(2, 2))
    optimizer = DecoupledSGD([{"params": [weight], "weight_decay": 0.5}], lr=0.1)
    for _ in range(3):
        weight.grad = torch.zeros(2, 2)
        optimizer.step()
    torch.testing.assert_close(weight.detach(), torch.full((2, 2), 0.95**3))
    assert optimizer.param_groups[0]["weight_decay"] == 0.5


def test_without_decay_it_is_torchs_sgd():
    """Nesterov steps equal torch's own."""
    ours, theirs = nn.Parameter(torch.ones(3, 2)), nn.Parameter(torch.ones(3, 2))
    first = DecoupledSGD([{"params": [ours], "weight_decay": 0.0}], lr=0.1)
    second = torch.optim.SGD([theirs], lr=0.1, momentum=0.9, nesterov=True)
    for step in range(3):
        ours.grad = theirs.grad = torch.full((3, 2), float(step + 1))
        first.step()
        second.step()
    torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_adamw_decays_weights_only():
    """torch's default decay of 0.01 does not slip in."""
    optimizer = make_optimizer(nn.Linear(2, 2), FitOptions(lr=0.1), RegularizeSpec())
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.0, 0.0]
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_the_learning_rate_rises_and_falls():
    """Linear warm-up to the peak, then half a cosine to almost nothing."""
    options = FitOptions(warmup_fraction=0.1)
    factors = [lr_factor(step, 100, options) for step in range(100)]
    assert factors[:10] == sorted(factors[:10])
    assert factors[0] > 0
    assert factors[10] == 1.0
    assert factors[55] == pytest.approx(0.5)
    assert factors[99] < 0.001


def test_a_constant_schedule_stays():
    """After the warm-up nothing changes."""
    options = FitOptions(schedule="constant", warmup_fraction=0.1)
    assert {lr_factor(step, 100, options) for step in range(10, 100)} == {1.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"optimizer": "adam"}, "optimizer must be adamw or sgd, got 'adam'"),
        ({"lr": 0.0}, "lr must be above 0"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"resume": True}, "resume must be used with `out`"),
    ],
)
def test_impossible_options_are_refused(options, message):
    """Each names the option, the rule and the value."""
    with pytest.raises(TrainError, match=message):
        FitOptions(**options)
