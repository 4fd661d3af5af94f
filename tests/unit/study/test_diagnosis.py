"""Verdicts and their uncertainty, from figures that are made up, and from real fits."""

from __future__ import annotations

import json
import math
import statistics
from dataclasses import fields

import numpy as np
import pytest

from augflow.errors import TrainError
from augflow.spec.model import PipelineSpec
from augflow.spec.regularize import RegularizeSpec
from augflow.study import diagnose
from augflow.study.diagnosis import binomial_error
from augflow.train import FitOptions, fit
from augflow.train.curves import still_falling

from .reports import AUGMENTED, made


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
    return fit(stream, val, FitOptions(epochs=epochs, on_epoch=lambda _: None), train_eval=train_eval)


def test_few_real_digits_are_learned_by_heart(make_digits):
    """A plain model on 80 digits overfits, and lacks all that could help."""
    report = trained(make_digits, 80, 10)
    found = diagnose([report])
    assert found.verdict == "overfit"
    assert report.train_samples == 80
    assert (report.options.regularize, report.options.on_epoch) == (RegularizeSpec(), None)
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
