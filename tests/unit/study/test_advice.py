"""The knob to turn next, from figures that are made up."""

from __future__ import annotations

import math

import pytest

from augflow.spec.regularize import RegularizeSpec, SwaSpec
from augflow.study import diagnose

from .reports import AUGMENTED, FALLING, FLAT, advised, first, made


@pytest.mark.parametrize(
    ("regularize", "knob", "present", "suggested"),
    [
        ({"dropout": 0.7}, "dropout", 0.7, 0.35),
        ({"dropout": 0.9, "weight_decay": 5.0}, "dropout", 0.9, 0.45),
        ({"dropout": 0.6, "weight_decay": 5.0}, "weight_decay", 5.0, 0.1),
        ({"l2": 0.1}, "l2", 0.1, 0.01),
        ({"l1": 0.05, "dropout": 0.2}, "l1", 0.05, 0.001),
        ({"proximal_l1": 1.0}, "proximal_l1", 1.0, 0.1),
        ({"label_smoothing": 0.6}, "label_smoothing", 0.6, 0.2),
        ({"channel_dropout": 0.8}, "channel_dropout", 0.8, 0.4),
        ({"drop_block": {"rate": 0.6}}, "drop_block.rate", 0.6, 0.25),
        ({"drop_path": 0.9}, "drop_path", 0.9, 0.45),
        ({"input_noise": 3.0}, "input_noise", 3.0, 0.5),
        ({"weight_noise": 0.15}, "weight_noise", 0.15, 0.075),
        ({"r_drop": 20.0, "dropout": 0.1}, "r_drop", 20.0, 2.5),
        ({"sam": 1.0}, "sam", 1.0, 0.2),
        ({"max_norm": 0.2}, "max_norm", 0.2, 1.0),
        ({"max_norm": 0.8}, "max_norm", 0.8, 1.6),
    ],
)
def test_too_much_regularization_is_underfitting(regularize, knob, present, suggested):
    """The strongest knob is named with its value and eased; larger steps and models are not proposed."""
    report = made(0.5, 0.5, regularize=regularize)
    advice = first(report)
    assert (advice.knob, advice.present, advice.suggested) == (f"regularize.{knob}", present, suggested)
    assert "regularization is too strong" in str(advice)
    assert not {"lr", "model", "epochs"} & set(advised(report))


def test_ordinary_regularization_is_not_blamed():
    """The ordinary values of every knob are left alone where a model underfits."""
    ordinary = {"dropout": 0.3, "weight_decay": 0.05, "label_smoothing": 0.1, "max_norm": 3.0, "sam": 0.05}
    assert list(advised(made(0.5, 0.5, regularize=ordinary))) == ["lr", "model"]
    drawn = {"augment": [{"rand_augment": {"num_ops": 1, "magnitude": 15}}]}
    assert list(advised(made(0.5, 0.5, spec=drawn))) == ["lr", "model"]
    assert first(made(0.5, 0.5, optimizer="sgd", regularize={"weight_decay": 0.05})).suggested == 0.006


def test_strong_augmentation_is_blamed_too():
    """Mixing of all batches and a strong rand_augment come by their names in the spec."""
    mixed = {"batch": {"size": 32, "mix": {"mixup": {"alpha": 1.0}}}}
    assert first(made(0.5, 0.5, spec=mixed)).knob == "batch.mix.mixup.p"
    assert advised(made(0.5, 0.5, spec=mixed)) == {"batch.mix.mixup.p": 0.5}
    drawn = {"augment": [{"rand_augment": {"num_ops": 4, "magnitude": 15}}]}
    assert advised(made(0.5, 0.5, spec=drawn)) == {"augment.rand_augment.magnitude": 7.5}


def test_hard_batches_are_no_underfitting():
    """Batches far below clean training accuracy are what augmentation does; only clean accuracy judges."""
    assert diagnose([made(0.99, 0.97, batches=0.6, spec=AUGMENTED)]).verdict == "fit"
    underfit = made(0.8, 0.79, batches=0.6, spec=AUGMENTED)
    assert (first(underfit).knob, first(underfit).suggested) == ("augment.affine.p", 0.4)
    assert "augment.affine.p" not in advised(made(0.8, 0.79, batches=0.79, spec=AUGMENTED))
    cropped = {"augment": [{"random_resized_crop": {"size": [8, 8], "p": 1.0}}, *AUGMENTED["augment"]]}
    assert first(made(0.8, 0.79, batches=0.6, spec=cropped)).knob == "augment.affine.p"


def test_small_batches_want_another_norm():
    """Batch norm in batches of 4 is advised away where the training samples are not learned."""
    small = {"batch": {"size": 4}}
    assert "regularize.norm" in advised(made(0.5, 0.5, spec=small))
    assert "regularize.norm" not in advised(made(0.5, 0.5))
    assert "regularize.norm" not in advised(made(0.5, 0.5, spec=small, regularize={"norm": "group"}))


def test_a_falling_loss_wants_more_epochs():
    """While the loss falls, train longer; once it rests, take larger steps, then a larger model."""
    assert (first(made(0.5, 0.5, FALLING)).knob, first(made(0.5, 0.5, FALLING)).suggested) == ("epochs", 24)
    assert list(advised(made(0.5, 0.5, FLAT)).items()) == [("lr", pytest.approx(0.009)), ("model", 200)]
    assert advised(made(0.5, 0.5, FLAT, lr=1e-4))["lr"] == pytest.approx(1e-3)
    assert advised(made(0.5, 0.5, FLAT, lr=1.0)) == {"lr": 3e-3, "model": 200}
    assert (first(made(0.5, 0.5, (2.0,), (2.0,))).knob, first(made(0.5, 0.5, (2.0,))).suggested) == (
        "epochs",
        10,
    )
    seeds = [made(0.5, 0.5, losses, seed=seed) for seed, losses in enumerate((FALLING, FLAT, FALLING))]
    assert diagnose(seeds).advice[0].knob == "epochs"
    patient = {"early_stopping": {"patience": 2}}
    stopped = made(0.5, 0.5, FALLING, stopped_early=True, regularize=patient)
    assert (first(stopped).knob, first(stopped).suggested) == ("regularize.early_stopping.patience", 4)


@pytest.mark.parametrize(
    ("lr", "losses", "suggested"),
    [
        (1e-6, (2.31,) * 6, 3e-3),
        (None, (2.31,) * 6, 3e-4),
        (1e-3, (9.0, 2.3, 2.3, 2.31), 1e-4),
        (1.0, (50.0, 9.0, 2.3, 2.31, 2.3, 2.31), 3e-3),
    ],
)
def test_a_constant_answer_is_nothing_learned(lr, losses, suggested):
    """At the share of the most frequent class the learning rate is wrong; the loss says which way."""
    report = made(0.105, 0.1, losses, lr=lr)
    found = diagnose([report])
    assert (found.verdict, found.learned) == ("underfit", False)
    assert "has not learned" in found.lines()[0]
    assert advised(report) == {"lr": pytest.approx(suggested)}
    skewed = made(0.91, 0.9, train_majority=0.9)
    assert (diagnose([skewed]).verdict, diagnose([skewed]).learned) == ("underfit", False)
    assert diagnose([made(0.95, 0.94, train_majority=0.9)]).verdict == "fit"


def test_regularization_comes_before_the_learning_rate():
    """A model that a penalty holds at a constant answer is told of the penalty alone."""
    assert advised(made(0.1, 0.1, (2.3,) * 6, regularize={"l1": 0.05})) == {"regularize.l1": 0.001}


def test_running_statistics_may_lag():
    """Batches clearly better than the same samples in evaluation point to the running statistics."""
    assert first(made(0.2, 0.2, batches=0.6)).knob == "regularize.norm"
    assert "regularize.norm" not in advised(made(0.2, 0.2, batches=0.6, regularize={"norm": "group"}))


def test_overfitting_with_nothing_against_it():
    """What is missing is proposed; early stopping where it would have kept another epoch."""
    rising = (1.0, 0.8, 0.7, 0.6, *[0.61] * 8)
    found = advised(made(1.0, 0.8, val_losses=rising))
    assert list(found) == [
        "augment",
        "regularize.dropout",
        "regularize.weight_decay",
        "batch.mix",
        "regularize.early_stopping",
        "samples",
        "model",
    ]
    assert (found["augment"], found["samples"], found["model"]) == ("as in preset:image/small", 4000, 50)
    text = {"modality": "text", "finish": [{"hash_tokens": {"buckets": 100}}]}
    found = advised(made(1.0, 0.8, spec=text))
    assert found["augment"] == "as in preset:text/eda"
    assert "batch.mix" not in found
    assert first(made(1.0, 0.8, val_losses=FALLING)).knob == "epochs"
    assert "regularize.early_stopping" not in advised(made(1.0, 0.8, val_losses=FALLING))
    assert "regularize.weight_decay" not in advised(made(1.0, 0.8, regularize={"l2": 1e-3}))


def test_overfitting_with_much_against_it():
    """Where regularization is strong already: more samples, then a smaller model, then what is still off."""
    strong = made(1.0, 0.8, spec=AUGMENTED, regularize={"dropout": 0.7, "weight_decay": 0.05})
    assert list(advised(strong))[:3] == ["samples", "model", "batch.mix"]
    assert "regularize.dropout" not in advised(strong)
    some = advised(made(1.0, 0.8, spec=AUGMENTED, regularize={"dropout": 0.1, "weight_decay": 0.01}))
    assert (some["regularize.dropout"], some["regularize.weight_decay"]) == (0.2, 0.05)
    assert "augment" not in some


def test_both_at_once():
    """The larger part comes first, and nothing is eased and raised in one list."""
    bias = list(advised(made(0.6, 0.5, FALLING)))
    assert (bias[0], bias[-1]) == ("epochs", "samples")
    variance = list(advised(made(0.8, 0.5, FALLING)))
    assert variance[0] == "augment"
    assert "lr" not in variance


def test_a_loss_that_rises_while_the_answers_stay_right():
    """A fit whose validation loss ends a tenth above its lowest needs calibration, unless it was kept."""
    rising = (0.3, 0.2, 0.1, *[0.12] * 9)
    found = advised(made(val_losses=rising))
    assert found == {"regularize.label_smoothing": 0.1, "regularize.early_stopping": {"patience": 3}}
    assert not advised(made(val_losses=rising, weights_epoch=2))
    assert not advised(made(val_losses=(0.3, 0.2, 0.1, *[0.105] * 9)))
    assert "regularize.label_smoothing" in advised(made(val_losses=(0.3, 0.1, math.nan)))
    assert "regularize.label_smoothing" in advised(made(val_losses=(math.nan, 0.1, *[0.12] * 10)))
    assert not advised(made(val_losses=(math.nan, 0.3, *[0.1] * 10)))
    smoothed = {"label_smoothing": 0.15}
    assert list(advised(made(val_losses=rising, regularize=smoothed))) == ["regularize.early_stopping"]
    averaged = {"label_smoothing": 0.15, "swa": SwaSpec(start=0.5)}
    assert not advised(made(val_losses=rising, regularize=averaged))


def test_what_evaluation_does_too_is_no_augmentation():
    """A plain run has the ops of `evaluate` in `augment`; they do not count as augmentation."""
    plain = {"evaluate": [{"center_crop": {"height": 8, "width": 8}}]}
    plain["augment"] = [{"center_crop": {"height": 8, "width": 8, "p": 1}}]
    assert "augment" in advised(made(1.0, 0.8, spec=plain))


def test_advice_on_the_spec_is_a_spec():
    """Each advised key of `regularize` exists, and takes the advised value beside the others."""
    knobs = [name for name in RegularizeSpec.model_fields if name not in ("norm", "norm_groups", "swa")]
    reports = [
        made(1.0, 0.8, val_losses=(0.1, *[0.5] * 11)),
        made(0.5, 0.5, regularize={"l1": 1.0, "l2": 1.0}),
    ]
    for report in reports:
        for knob, suggested in advised(report).items():
            section, _, key = knob.partition(".")
            if section == "regularize":
                assert key in knobs
                RegularizeSpec(**{**report.regularize.model_dump(exclude_defaults=True), key: suggested})
