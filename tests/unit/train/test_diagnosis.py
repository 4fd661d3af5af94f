"""Verdicts, their uncertainty, and the advice drawn from figures that are made up, and from real fits."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import fields

import numpy as np
import pytest
from torch import nn

from augflow.errors import TrainError
from augflow.spec.model import PipelineSpec
from augflow.spec.parse import parse_data
from augflow.spec.regularize import RegularizeSpec
from augflow.train import EpochRecord, FitOptions, FitReport, diagnose, fit
from augflow.train.curves import still_falling
from augflow.train.diagnosis import binomial_error

FALLING = tuple(2.0 - 0.1 * epoch for epoch in range(12))
FLAT = tuple(0.5 + 0.01 * (-1) ** epoch for epoch in range(12))
AUGMENTED = {"augment": [{"affine": {"rotate": [-10, 10], "p": 0.8}}]}


def made(train=1.0, val=0.99, losses=FLAT, val_losses=FLAT, **changes):
    """A report of 1000 training and 1000 validation samples of ten classes."""
    batches = changes.pop("batches", train)
    regularize = RegularizeSpec(**changes.pop("regularize", {}))
    options = FitOptions(
        epochs=len(losses), lr=changes.pop("lr", None), regularize=regularize, seed=changes.get("seed", 0)
    )
    history = tuple(
        EpochRecord(epoch, loss, batches, val_loss, None if val_loss is None else val, 0.1)
        for epoch, (loss, val_loss) in enumerate(zip(losses, val_losses, strict=False))
    )
    checked = [row.val_loss for row in history if row.val_loss is not None]
    values = {
        "history": history,
        "val_accuracy": val,
        "val_loss": checked[-1] if checked else None,
        "val_samples": 1000,
        "train_accuracy": train,
        "train_loss": 0.1,
        "train_samples": 1000,
        "train_majority": 0.1,
        "stopped_early": False,
        "best_epoch": checked.index(min(checked)) if checked else None,
        "weights_epoch": len(history) - 1,
        "samples_per_s": 100.0,
        "seed": 0,
        "classes": tuple("0123456789"),
        "fingerprint": "feed",
        "options": options,
        "spec": spec_of(changes.pop("spec", {})),
        "model": nn.Linear(9, 10),
    }
    return FitReport(**{**values, **changes})


def spec_of(body):
    return parse_data({"version": 1, "modality": "image", **body}).spec


def advised(report):
    return {item.knob: item.suggested for item in diagnose([report]).advice}


def first(report):
    return diagnose([report]).advice[0]


@pytest.mark.parametrize(
    ("train", "val", "expected", "reading"),
    [
        (0.99, 0.97, "fit", "low bias, low variance"),
        (1.0, 0.8, "overfit", "low bias, high variance"),
        (0.6, 0.58, "underfit", "high bias, low variance"),
        (0.8, 0.6, "underfit and overfit", "high bias, high variance"),
        (0.6, None, "underfit", "high bias"),
        (0.99, None, "unjudged", "low bias"),
        (None, 0.9, "unjudged", "neither bias nor variance is known"),
        (0.8, 0.95, "underfit", "high bias, low variance"),
    ],
)
def test_the_verdict_is_that_of_bias_and_variance(train, val, expected, reading):
    """Each pair of accuracies has its verdict and its reading, and advice where something is wrong."""
    found = diagnose([made(train, val)])
    assert (found.verdict, found.reading) == (expected, reading)
    assert bool(found.advice) == (expected not in ("fit", "unjudged"))


def test_the_errors_add_up():
    """Reachable error, bias and variance sum to the validation error, and the headline has the amounts."""
    found = diagnose([made(0.8, 0.6)], reachable=0.05)
    assert found.reachable + found.bias.value + found.variance.value == pytest.approx(0.4)
    assert found.headline == "underfit by 15.0 points and overfit by 20.0 points"
    assert "above a reachable 5.0%" in "\n".join(found.lines())
    assert diagnose([made(0.85, 0.83)], reachable=0.12).verdict == "fit"


def test_standard_errors_are_those_of_repeated_draws():
    """The error of a gap is the spread of gaps over 4000 drawn sets, within 5%.

    The spread of 4000 draws has a standard error of 1.1%; the padding of Agresti and Coull moves it by less.
    """
    rng = np.random.default_rng(3)
    trained, judged = rng.binomial(500, 0.95, 4000) / 500, rng.binomial(300, 0.8, 4000) / 300
    found = diagnose([made(0.95, 0.8, train_samples=500, val_samples=300)])
    assert found.variance.error == pytest.approx(np.std(trained - judged), rel=0.05)
    assert found.bias.error == pytest.approx(np.std(trained), rel=0.05)
    assert 0 < binomial_error(1.0, 100) < 0.03
    assert binomial_error(0.0, 100) == pytest.approx(binomial_error(1.0, 100))


def test_a_difference_within_chance_is_none():
    """Twelve points are overfitting with many samples and chance with few; so is bias."""
    assert diagnose([made(1.0, 0.88)]).verdict == "overfit"
    assert diagnose([made(1.0, 0.88, val_samples=20)]).verdict == "fit"
    assert diagnose([made(0.88, 0.88)]).verdict == "underfit"
    assert diagnose([made(0.88, 0.88, train_samples=20)]).verdict == "fit"


def test_seeds_are_paired():
    """The gap is taken within each seed: where both accuracies move together, its spread stays small."""
    pairs = [(0.95, 0.85), (0.99, 0.89), (0.91, 0.81)]
    found = diagnose([made(train, val, seed=seed) for seed, (train, val) in enumerate(pairs)])
    assert found.variance.value == pytest.approx(0.1)
    assert found.variance.spread == pytest.approx(0, abs=1e-12)
    assert found.noise == found.bias.spread == pytest.approx(statistics.stdev([0.85, 0.89, 0.81]))
    alone = [diagnose([made(*pair)]).bias.error for pair in pairs]
    together = math.hypot(statistics.fmean(alone), found.noise / math.sqrt(3))
    assert found.bias.error == pytest.approx(together)
    assert diagnose([made()]).noise is None


def test_seeds_may_disagree():
    """The mean decides, and the block says what each seed says alone."""
    found = diagnose([made(1.0, 0.96), made(1.0, 0.9, seed=1)])
    assert (found.verdict, found.seeds) == ("overfit", ("fit", "overfit"))
    assert "the seeds disagree: alone they say fit, overfit" in found.lines()


def test_recipes_are_not_mixed():
    """Reports of different recipes, none at all, or an error out of range are refused."""
    with pytest.raises(TrainError, match="different recipes"):
        diagnose([made(), made(regularize={"dropout": 0.5})])
    with pytest.raises(TrainError, match="different recipes"):
        diagnose([made(), made(spec=AUGMENTED)])
    with pytest.raises(TrainError, match="no report"):
        diagnose([])
    with pytest.raises(TrainError, match=r"in \[0, 1\), got 1"):
        diagnose([made()], reachable=1)


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
        ({"r_drop": 20.0, "dropout": 0.1}, "r_drop", 20.0, 5.0),
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


def test_an_average_that_lags_is_blamed():
    """With 1000 samples in batches of 32, 12 epochs are 372 steps: too few for a decay of 0.999.

    0.999 ** 372 is 0.69, and 0.9877 ** 372 is 0.01.
    """
    advice = first(made(0.5, 0.5, regularize={"ema_decay": 0.999}))
    assert (advice.knob, advice.suggested) == ("regularize.ema_decay", 0.9877)
    assert "69%" in advice.reason
    assert "regularize.ema_decay" not in advised(made(0.5, 0.5, regularize={"ema_decay": 0.99}))


def test_a_falling_loss_wants_more_epochs():
    """While the loss falls, train longer; once it rests, take larger steps, then a larger model."""
    assert (first(made(0.5, 0.5, FALLING)).knob, first(made(0.5, 0.5, FALLING)).suggested) == ("epochs", 24)
    assert list(advised(made(0.5, 0.5, FLAT)).items()) == [("lr", pytest.approx(0.009)), ("model", 200)]
    assert advised(made(0.5, 0.5, FLAT, lr=1e-4))["lr"] == pytest.approx(1e-3)
    assert (first(made(0.5, 0.5, (2.0,), (2.0,))).knob, first(made(0.5, 0.5, (2.0,))).suggested) == (
        "epochs",
        10,
    )
    patient = {"early_stopping": {"patience": 2}}
    stopped = made(0.5, 0.5, FALLING, stopped_early=True, regularize=patient)
    assert (first(stopped).knob, first(stopped).suggested) == ("regularize.early_stopping.patience", 4)


def test_a_slope_is_told_from_noise():
    """Of 400 resting curves with noise at most one in ten passes as falling; a tenth less a quarter does.

    With four points the quotient has Student's distribution with 2 degrees: P(t < -2) is 9.2%, and a share
    of 400 has a standard error of 1.4 points.
    """
    noise = np.random.default_rng(5).normal(0, 0.02, (400, 16))
    resting = sum(still_falling((0.5 + row).tolist()) for row in noise)
    assert resting / 400 == pytest.approx(0.092, abs=0.045)
    falling = np.linspace(1.0, 0.6, 16) + noise / 20
    assert all(still_falling(row.tolist()) for row in falling)
    assert not still_falling([1.0, 0.5, 0.2])
    assert not still_falling(np.linspace(0.501, 0.5, 16).tolist())


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
    assert not diagnose([skewed]).learned
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


def test_the_diagnosis_is_json():
    """`to_dict` holds JSON values: every field, the advice as knob, present and suggested value, reason."""
    found = diagnose([made(0.5, 0.45, regularize={"dropout": 0.7})])
    values = json.loads(json.dumps(found.to_dict()))
    assert set(values) == {field.name for field in fields(found)}
    assert values["bias"] == {"value": 0.5, "error": found.bias.error, "spread": None}
    assert values["advice"][0]["knob"] == "regularize.dropout"
    assert set(values["advice"][0]) == {"knob", "present", "suggested", "reason"}


def trained(make_digits, samples, epochs, **regularize):
    spec = PipelineSpec(modality="image", regularize=RegularizeSpec(**regularize))
    options = {"regularize": spec.regularize, "batch_size": 8}
    streams = [
        make_digits(0, samples, **options),
        make_digits(1000, 1200, train=False),
        make_digits(0, samples, train=False),
    ]
    for stream in streams:
        stream.plan.spec = spec
    stream, val, train_eval = streams
    return fit(stream, val, FitOptions(epochs=epochs), train_eval=train_eval)


def test_few_real_digits_are_learned_by_heart(make_digits):
    """A plain model on 80 digits overfits, and lacks all that could help."""
    report = trained(make_digits, 80, 10)
    found = diagnose([report])
    assert found.verdict == "overfit"
    assert report.train_samples == 80
    assert report.train_majority == pytest.approx(np.bincount(_labels(80)).max() / 80)
    assert {"augment", "regularize.dropout", "regularize.weight_decay"} <= {
        item.knob for item in found.advice
    }


def test_real_digits_under_a_crushing_penalty(make_digits):
    """A model that L1 holds near zero underfits, and the penalty is named."""
    found = diagnose([trained(make_digits, 64, 4, l1=0.5)])
    assert "underfit" in found.verdict
    assert (found.advice[0].knob, found.advice[0].suggested) == ("regularize.l1", 0.001)


def _labels(stop):
    from sklearn.datasets import load_digits

    return load_digits().target[:stop]
