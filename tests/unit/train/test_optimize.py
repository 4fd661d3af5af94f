from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.spec.regularize import RegularizeSpec
from augflow.train import SAM, DecoupledSGD, FitOptions, set_lr
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


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.9, True), (0.9, False), (0.0, False)])
def test_without_decay_it_is_torchs_sgd(momentum, nesterov):
    """Steps equal torch's own, with Nesterov's momentum, with plain momentum and without."""
    ours, theirs = nn.Linear(2, 3, bias=False), nn.Linear(2, 3, bias=False)
    theirs.load_state_dict(ours.state_dict())
    options = FitOptions(optimizer="sgd", lr=0.1, momentum=momentum, nesterov=nesterov)
    first = make_optimizer(ours, options, RegularizeSpec())
    second = torch.optim.SGD(theirs.parameters(), lr=0.1, momentum=momentum, nesterov=nesterov)
    for step in range(3):
        ours.weight.grad = theirs.weight.grad = torch.full((3, 2), float(step + 1))
        first.step()
        second.step()
    assert torch.equal(ours.weight, theirs.weight)


def test_adamw_decays_weights_only():
    """torch's default decay of 0.01 does not slip in."""
    optimizer = make_optimizer(nn.Linear(2, 2), FitOptions(lr=0.1), RegularizeSpec())
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.0, 0.0]
    assert optimizer.param_groups[0]["lr"] == 0.1


def test_sam_wraps_the_optimizer_that_is_asked_for():
    """Radius and model go with it, and each part of the model has its own rate in both."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    optimizer = make_optimizer(
        model, FitOptions(lr=0.1, lr_factors={"0": 0.5}), RegularizeSpec(sam=0.2, weight_decay=0.3)
    )
    assert isinstance(optimizer, SAM)
    assert isinstance(optimizer.base, torch.optim.AdamW)
    assert (optimizer.rho, optimizer.model) == (0.2, model)
    assert [group["weight_decay"] for group in optimizer.param_groups] == [0.3, 0.0, 0.3, 0.0]
    rates = {id(p): group["lr"] for group in optimizer.base.param_groups for p in group["params"]}
    assert [rates[id(p)] for p in model.parameters()] == [0.05, 0.05, 0.1, 0.1]
    set_lr(optimizer, 0.01)
    rates = {id(p): group["lr"] for group in optimizer.base.param_groups for p in group["params"]}
    assert [rates[id(p)] for p in model.parameters()] == [0.005, 0.005, 0.01, 0.01]
    others = torch.optim.SGD(model.parameters(), lr=1.0)
    set_lr(others, 0.2)
    assert others.param_groups[0]["lr"] == 0.2


STEPS = 40


def of_torch(options):
    """The learning rate of each step by torch's own schedulers, from a peak of 1."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=1.0)
    schedulers = torch.optim.lr_scheduler
    warmup = round(options.warmup_fraction * STEPS)
    milestones = [round(share * STEPS) - warmup for share in options.milestones]
    main = {
        "cosine": lambda: schedulers.CosineAnnealingLR(optimizer, STEPS - warmup),
        "step": lambda: schedulers.MultiStepLR(optimizer, milestones, options.gamma),
        "constant": lambda: schedulers.ConstantLR(optimizer, factor=1.0),
    }[options.schedule]()
    if warmup:
        rise = schedulers.LinearLR(optimizer, 1 / (warmup + 1), 1.0, warmup)
        main = schedulers.SequentialLR(optimizer, [rise, main], [warmup])
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        main.step()
    return rates


@pytest.mark.parametrize("schedule", ["cosine", "step", "constant"])
@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.3])
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_schedules_are_torchs(schedule, warmup):
    """At every step, with a warm-up and without; the milestones count from the run's beginning."""
    options = FitOptions(schedule=schedule, warmup_fraction=warmup, milestones=(0.5, 0.8), gamma=0.2)
    ours = [lr_factor(step, STEPS, options) for step in range(STEPS)]
    assert ours == pytest.approx(of_torch(options))
    assert ours[0] > 0
    assert max(ours) == 1


def test_a_run_without_an_end_keeps_its_rate():
    """There is nothing that a share could be of; after the end of a cosine it stays at 0."""
    assert lr_factor(7, math.inf, FitOptions()) == 1
    assert lr_factor(45, STEPS, FitOptions()) == pytest.approx(0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"optimizer": "adam"}, "optimizer must be adamw or sgd, got 'adam'"),
        ({"lr": 0.0}, "lr must be above 0"),
        ({"schedule": "linear"}, "schedule must be cosine, step or constant, got 'linear'"),
        ({"schedule": "step", "milestones": (0.75, 0.5)}, "milestones must be rising"),
        ({"schedule": "step", "milestones": (0.5, 1.0)}, "milestones must be rising"),
        (
            {"schedule": "step", "milestones": (0.1, 0.5), "warmup_fraction": 0.1},
            "milestones must be rising",
        ),
        ({"schedule": "step", "milestones": ()}, "milestones must be rising"),
        ({"gamma": 0.0}, "gamma must be in \\(0, 1\\], got 0"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"resume": True}, "resume must be used with `out`"),
    ],
)
def test_impossible_options_are_refused(options, message):
    """Each names the option, the rule and the value."""
    with pytest.raises(TrainError, match=message):
        FitOptions(**options)
