"""What `fit` does with each key of `regularize`, against loops written out here with torch alone."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augflow.errors import TrainError
from augflow.spec.regularize import EarlyStoppingSpec, RegularizeSpec, SwaSpec
from augflow.train import (
    FitOptions,
    FitReport,
    RegularizedClassifier,
    StreamLoader,
    evaluate,
    fit,
    weights_sha256,
)

LR, EPOCHS, SAMPLES = 0.5, 3, 128


def flat_model(*, norm: bool = False) -> nn.Module:
    """A linear classifier of digits, with a batch norm before it where asked for."""
    torch.manual_seed(5)
    layers = [nn.Flatten(), *([nn.BatchNorm1d(256)] if norm else []), nn.Linear(256, 10)]
    return nn.Sequential(*layers)


@pytest.fixture
def fitted(make_digits) -> Callable[..., FitReport]:
    """A fit with plain SGD and a constant rate: the loops below are short then."""

    def run(model: nn.Module, **keys: Any) -> FitReport:
        options = FitOptions(
            epochs=EPOCHS,
            optimizer="sgd",
            lr=LR,
            momentum=0,
            schedule="constant",
            warmup_fraction=0,
            regularize=RegularizeSpec(**keys),
        )
        return fit(make_digits(0, SAMPLES), make_digits(800, 864, train=False), options, model=model)

    return run


@pytest.fixture
def by_hand(make_digits) -> Callable[..., list[nn.Module]]:
    """The same training written out; `step(model, images, target)` is one step. A copy after each step."""

    def run(model: nn.Module, step: Callable[[nn.Module, Tensor, Tensor], None]) -> list[dict[str, Tensor]]:
        torch.manual_seed(0)  # what a fit of seed 0 starts with
        loader, after = StreamLoader(make_digits(0, SAMPLES)), []
        for _ in range(EPOCHS):
            for batch in loader:
                step(model, batch["image"], batch["target"])
                after.append({name: value.clone() for name, value in model.state_dict().items()})
        return after

    return run


def gradients(model: nn.Module, images: Tensor, target: Tensor) -> list[Tensor]:
    loss = F.cross_entropy(model(images), target)
    return list(torch.autograd.grad(loss, list(model.parameters())))


@torch.no_grad()
def descend(model: nn.Module, found: list[Tensor]) -> None:
    for parameter, gradient in zip(model.parameters(), found, strict=True):
        parameter.sub_(LR * gradient)


def plain(model: nn.Module, images: Tensor, target: Tensor) -> None:
    descend(model, gradients(model, images, target))


def decayed(model: nn.Module, images: Tensor, target: Tensor) -> None:
    found = gradients(model, images, target)
    model[1].weight.data.mul_(1 - LR * 0.1)
    descend(model, found)


def clipped(model: nn.Module, images: Tensor, target: Tensor) -> None:
    found = gradients(model, images, target)
    norm = torch.cat([gradient.flatten() for gradient in found]).norm()
    assert norm > 0.05
    descend(model, [gradient * 0.05 / norm for gradient in found])


def sparse(model: nn.Module, images: Tensor, target: Tensor) -> None:
    plain(model, images, target)
    weight = model[1].weight.data
    weight.copy_(weight.sign() * (weight.abs() - LR * 0.01).clamp(min=0))


def bounded(model: nn.Module, images: Tensor, target: Tensor) -> None:
    plain(model, images, target)
    weight = model[1].weight.data
    weight.mul_((0.3 / weight.norm(dim=1, keepdim=True)).clamp(max=1))


def shaken(model: nn.Module, images: Tensor, target: Tensor) -> None:
    weight = model[1].weight.data
    kept = weight.clone()
    weight.add_(torch.randn_like(weight), alpha=0.1)
    found = gradients(model, images, target)
    weight.copy_(kept)
    descend(model, found)


def sharpness_aware(model: nn.Module, images: Tensor, target: Tensor, limit: float = torch.inf) -> None:
    found = gradients(model, images, target)
    norm = torch.cat([gradient.flatten() for gradient in found]).norm()
    kept = [parameter.detach().clone() for parameter in model.parameters()]
    for parameter, gradient in zip(model.parameters(), found, strict=True):
        parameter.data.add_(0.2 * gradient / norm)
    found = gradients(model, images, target)
    for parameter, value in zip(model.parameters(), kept, strict=True):
        parameter.data.copy_(value)
    descend(model, [gradient.clamp(-limit, limit) for gradient in found])


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        ({}, plain),
        ({"weight_decay": 0.1}, decayed),
        ({"clip_norm": 0.05}, clipped),
        ({"proximal_l1": 0.01}, sparse),
        ({"max_norm": 0.3}, bounded),
        ({"weight_noise": 0.1}, shaken),
        ({"sam": 0.2}, sharpness_aware),
    ],
    ids=lambda value: next(iter(value), "plain") if isinstance(value, dict) else "",
)
def test_a_fit_takes_the_steps_that_its_keys_say(fitted, by_hand, keys, step) -> None:
    """The weights after three epochs are those of the loop written out, and not those of plain descent."""
    ours = fitted(flat_model(), **keys).model.state_dict()
    theirs = by_hand(flat_model(), step)[-1]
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-4, atol=1e-5)
    if keys:
        apart = ours["1.weight"] - by_hand(flat_model(), plain)[-1]["1.weight"]
        assert apart.abs().max() > 1e-3


def test_the_mean_of_the_weights_is_what_is_judged_and_kept(fitted, by_hand, make_digits) -> None:
    """With `ema_decay` both checks and the final model are those of the decayed mean of all steps."""
    report = fitted(flat_model(), ema_decay=0.5)
    steps = [step["1.weight"] for step in by_hand(flat_model(), plain)]
    mean = steps[0]
    for t, weight in enumerate(steps[1:], start=1):
        share = min(0.5, (1 + t) / (10 + t))
        mean = share * mean + (1 - share) * weight
    torch.testing.assert_close(report.model.state_dict()["1.weight"], mean, rtol=1e-4, atol=1e-5)
    assert (mean - steps[-1]).abs().max() > 1e-3
    checked = evaluate(report.model, make_digits(800, 864, train=False))
    assert report.history[-1].val_loss == pytest.approx(checked.loss, rel=1e-5)


def test_a_mean_is_judged_in_evaluation_mode(make_digits) -> None:
    """Checks drop nothing, and what is judged leaves no trace in the statistics of the mean."""
    torch.manual_seed(5)
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(256), nn.Dropout(0.5), nn.Linear(256, 10))
    options = FitOptions(epochs=2, regularize=RegularizeSpec(ema_decay=0.9, dropout=0.5))
    val = make_digits(800, 864, train=False)
    judged = fit(make_digits(0, SAMPLES), val, options, model=copy.deepcopy(model))
    assert judged.history[-1].val_loss == pytest.approx(judged.val_loss, rel=1e-5)
    alone = fit(make_digits(0, SAMPLES), None, options, model=copy.deepcopy(model))
    assert weights_sha256(judged.model) == weights_sha256(alone.model)


def test_early_stopping_without_a_check_leaves_the_mean(fitted, make_digits) -> None:
    """Where no check came, there is no best: the weights are the mean, as without early stopping."""
    regularize = RegularizeSpec(ema_decay=0.5, early_stopping=EarlyStoppingSpec())
    ends = [
        fit(
            make_digits(0, SAMPLES),
            val,
            FitOptions(epochs=2, check_every=5, regularize=keys),
            model=flat_model(),
        )
        for keys, val in (
            (regularize, make_digits(800, 864, train=False)),
            (RegularizeSpec(ema_decay=0.5), None),
        )
    ]
    assert weights_sha256(ends[0].model) == weights_sha256(ends[1].model)


def test_early_stopping_keeps_the_best_mean(fitted) -> None:
    """With both, the model is the mean as it was at the best check."""
    report = fitted(flat_model(), ema_decay=0.9, early_stopping=EarlyStoppingSpec(patience=9))
    best = report.history[report.best_epoch]
    assert report.val_loss == pytest.approx(best.val_loss, rel=1e-5)


def test_the_last_epochs_are_averaged_and_their_statistics_taken_anew(fitted, by_hand, make_digits) -> None:
    """`swa` from a third on: the mean of two epochs' ends, its batch norm seeing the stream's next epoch."""
    report = fitted(flat_model(norm=True), swa=SwaSpec(start=1 / 3))
    steps = by_hand(flat_model(norm=True), plain)
    an_epoch = len(steps) // EPOCHS
    mean = (steps[2 * an_epoch - 1]["2.weight"] + steps[3 * an_epoch - 1]["2.weight"]) / 2
    torch.testing.assert_close(report.model.state_dict()["2.weight"], mean, rtol=1e-4, atol=1e-5)
    stream = make_digits(0, SAMPLES)
    stream.set_epoch(EPOCHS)
    means = torch.stack([batch["image"].flatten(1).mean(0) for batch in StreamLoader(stream)]).mean(0)
    torch.testing.assert_close(report.model[1].running_mean, means, rtol=1e-4, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_the_rate_is_kept_while_weights_are_averaged(make_digits) -> None:
    """A cosine falls to the start of `swa` and stays there; without it it falls on."""
    rates: dict[bool, list[float]] = {}
    for swa in (True, False):
        options = FitOptions(epochs=4, lr=1.0, warmup_fraction=0, optimizer="sgd")
        regularize = RegularizeSpec(swa=SwaSpec(start=0.5) if swa else None)
        seen = rates.setdefault(swa, [])

        module = RegularizedClassifier(flat_model(), make_digits(0, 64).plan, regularize, options)
        module.on_train_batch_end = lambda *_, seen=seen, module=module: seen.append(module._lr)
        trainer = pl.Trainer(max_epochs=4, accelerator="cpu", logger=False, enable_checkpointing=False)
        trainer.fit(module, StreamLoader(make_digits(0, 64)))
    assert rates[True][:5] == rates[False][:5] == pytest.approx([1, 0.962, 0.854, 0.691, 0.5], abs=1e-3)
    assert set(rates[True][4:]) == {0.5}
    assert rates[False][-1] < 0.1


def test_sam_clips_the_gradient_that_it_steps_with(fitted, by_hand) -> None:
    """The way to the worst point is that of the whole gradient; the step is cut."""

    step = partial(sharpness_aware, limit=0.01)
    ours = fitted(flat_model(), sam=0.2, clip_value=0.01).model.state_dict()["1.weight"]
    torch.testing.assert_close(ours, by_hand(flat_model(), step)[-1]["1.weight"], rtol=1e-4, atol=1e-5)


def test_sam_leaves_the_statistics_to_the_first_pass(fitted) -> None:
    """Batch norm counts one batch a step, not two, and training accuracy counts each sample once."""
    report = fitted(flat_model(norm=True), sam=0.1)
    assert int(report.model[1].num_batches_tracked) == EPOCHS * SAMPLES // 32
    assert 0 <= report.history[-1].train_accuracy <= 1


def test_a_gradient_that_is_not_finite_is_named(make_digits) -> None:
    """Also where nothing is clipped: the parameter is in the message, and no weight is changed."""

    class Steep(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.zeros(1))

        def forward(self, images: Tensor) -> Tensor:
            return images.flatten(1)[:, :10] * self.scale.sqrt()

    model = Steep()
    with pytest.raises(TrainError, match="the gradient of scale has 1 infinite or NaN"):
        fit(make_digits(0, 64), None, FitOptions(epochs=1), model=model)
    assert model.scale.item() == 0


def test_averages_survive_a_resume(make_digits, tmp_path) -> None:
    """A fit broken off and resumed ends with the bytes of one that was not, for each kind of mean."""
    for number, keys in enumerate(({"ema_decay": 0.9}, {"swa": SwaSpec(start=0.25)}, {"sam": 0.1})):
        ends = []
        for broken in (False, True):
            out = tmp_path / f"{number}-{broken}"
            options = {"regularize": RegularizeSpec(**keys), "out": out, "epochs": 4}
            if broken:
                with pytest.raises(InterruptedError):
                    fit_digits(make_digits, FitOptions(**options, on_epoch=_break))
            ends.append(fit_digits(make_digits, FitOptions(**options, resume=broken)).model.state_dict())
        assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_a_checkpoint_of_another_recipe_is_refused(make_digits, tmp_path) -> None:
    """What differs is named, with both values; nothing is taken over by halves."""
    fit_digits(make_digits, FitOptions(epochs=1, out=tmp_path))
    other = FitOptions(
        epochs=2, out=tmp_path, resume=True, optimizer="sgd", regularize=RegularizeSpec(weight_decay=0.5)
    )
    message = (
        "weight_decay 0.0 there and 0.5 here, optimizer 'adamw' there and 'sgd' here; resume with the same"
    )
    with pytest.raises(TrainError, match=message):
        fit_digits(make_digits, other)


def test_zeros_are_reported(fitted) -> None:
    """A proximal penalty makes zeros, and the report counts them."""
    report = fitted(flat_model(), proximal_l1=0.05)
    weight = report.model[1].weight
    assert report.sparsity == pytest.approx((weight == 0).float().mean().item())
    assert 0.1 < report.sparsity < 1
    assert report.to_dict()["sparsity"] == report.sparsity


def fit_digits(make_digits: Any, options: FitOptions) -> FitReport:
    return fit(make_digits(0, 64), None, options, model=flat_model(norm=True))


def _break(record: Any) -> None:
    if record.epoch == 2:
        raise InterruptedError
