"""Ablations and searches over fits that are a known function of the spec: arithmetic, files, failures."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import augflow
from augflow.errors import TrainError
from augflow.sources import open_source
from augflow.study import Workplace, ablate, plot_search, plot_worths, search, trials
from augflow.study.study import Study
from augflow.train import FitOptions

SPEC = {
    "modality": "image",
    "seed": 5,
    "augment": [{"rotate": {"limit": 20, "p": 0.5}}, {"horizontal_flip": {"p": 0.25}}],
    "batch": {"size": 8},
    "regularize": {"dropout": 0.2, "label_smoothing": 0.1},
}
SEEDS = (0, 1, 4)
LUCK = {0: 0.03, 1: 0.11, 4: -0.05}
"""What a seed adds to every fit: it must cancel in pairs."""


def accuracy(spec, seed):
    """Worth of an op is its p / 10, of dropout 0.04 less twice itself squared, of smoothing -0.02; each with
    a little of its own luck."""
    ops = spec.get("augment", [])
    chances = [next(iter(op.values()))["p"] for op in ops]
    dropout = spec.get("regularize", {}).get("dropout", 0.0)
    smoothing = spec.get("regularize", {}).get("label_smoothing", 0.0)
    worth = sum(chances) / 10 + (0.4 * dropout - 2 * dropout**2) - 0.2 * smoothing
    return 0.5 + worth * (1 + 0.01 * seed) + LUCK[seed]


@pytest.fixture
def study():
    """Sources that hardly anybody reads: the fits are replaced."""
    pipeline = augflow.load(SPEC)
    pixels = np.random.default_rng(0).integers(0, 256, (16, 8, 8, 3), np.uint8)
    items = (pixels, np.arange(16) % 2)
    source = open_source(items, pipeline.plan.spec.source, fields=pipeline.plan.requests())
    return Study(pipeline, source, source, seeds=SEEDS)


@pytest.fixture
def ran(monkeypatch):
    """The trials that were fitted, each by `accuracy`."""
    done = []

    def run(setting, trial):
        done.append((trial.name, trial.seed))
        value = accuracy(trial.spec, trial.seed)
        test = {"test_accuracy": value - 0.1, "test_loss": 1.0} if trial.tested else {}
        figures = {"val_accuracy": value, "val_loss": 1 - value, "train_accuracy": value}
        return {**figures, **test, "val_samples": 16, "fingerprint": trial.fingerprint}

    monkeypatch.setattr(trials, "run_trial", run)
    return done


def test_worth_is_the_paired_difference(study, ran, tmp_path):
    """What the seeds add cancels; elements come by worth; the plain run is that of everything together."""
    found = ablate(study, FitOptions(epochs=1))
    worth = {
        "image/augment/rotate": 0.05,
        "image/augment/horizontal_flip": 0.025,
        "regularize.dropout": 0.0,
        "regularize.label_smoothing": -0.02,
    }
    assert [one.name for one in found.worths] == list(worth)
    for one in found.worths:
        expected = [worth[one.name] * (1 + 0.01 * seed) for seed in SEEDS]
        assert one.accuracy.differences == pytest.approx(expected, abs=1e-12)
        assert one.loss.differences == pytest.approx([-value for value in expected], abs=1e-12)
    assert [one.verdict for one in found.worths] == ["helps", "helps", "cannot tell", "hurts"]
    assert found.everything.accuracy.mean == pytest.approx(sum(worth.values()) * (1 + 0.05 / 3))
    assert len(ran) == len(set(ran)) == 6 * 3
    assert found.worths[0].accuracy.unpaired_error > 5 * found.worths[0].accuracy.error
    plot_worths(found, tmp_path / "ablation.png")
    assert (tmp_path / "ablation.png").stat().st_size > 5_000
    assert json.loads(json.dumps(found.to_dict()))["elements"][3]["verdict_by_loss"] == "hurts"


def test_a_folder_keeps_what_was_fitted(study, ran, tmp_path):
    """A second run fits only what is new: another seed, another element; its figures are the same."""
    place = Workplace(out=tmp_path)
    first = ablate(replace(study, seeds=SEEDS[:2]), FitOptions(epochs=1), ["regularize.dropout"], place)
    before = len(ran)
    again = ablate(study, FitOptions(epochs=1), ["regularize.dropout"], place)
    assert {seed for _, seed in ran[before:]} == {SEEDS[2]}
    assert again.worths[0].accuracy.differences[:2] == first.worths[0].accuracy.differences
    before = len(ran)
    ablate(study, FitOptions(epochs=1), ["image/augment/rotate"], place)
    assert "whole" not in {name for name, _ in ran[before:]}
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize(
    ("change", "options", "said"),
    [
        ({"pipeline": augflow.load({**SPEC, "seed": 6})}, {}, "spec"),
        ({}, {"epochs": 2}, "epochs 1 there and 2 here"),
        ({"val": open_source((np.zeros((9, 8, 8, 3), np.uint8), np.arange(9) % 2))}, {}, "val "),
    ],
)
def test_a_folder_of_another_question_is_refused(study, ran, tmp_path, change, options, said):
    """Another spec, other data or other options must not go on in the same folder."""
    ablate(study, FitOptions(epochs=1), ["regularize"], Workplace(out=tmp_path))
    before = len(ran)
    with pytest.raises(TrainError, match=f"another question: .*{said}"):
        ablate(
            replace(study, **change), FitOptions(**{"epochs": 1, **options}), place=Workplace(out=tmp_path)
        )
    assert len(ran) == before


def test_a_trial_that_fails_is_named_and_stops_no_other(study, ran, tmp_path, monkeypatch):
    """Element and seed stand in the error; the others are kept, and a later run tries that one again."""
    good = trials.run_trial

    def run(setting, trial):
        if trial.name == "regularize.dropout" and trial.seed == 1:
            return {"error": "OpError: it broke"}
        return good(setting, trial)

    monkeypatch.setattr(trials, "run_trial", run)
    with pytest.raises(TrainError, match=r"1 of 18 .*\nregularize.dropout with seed 1: OpError: it broke"):
        ablate(study, FitOptions(epochs=1), place=Workplace(out=tmp_path))
    assert len(ran) == 17
    monkeypatch.setattr(trials, "run_trial", good)
    ablate(study, FitOptions(epochs=1), place=Workplace(out=tmp_path))
    assert ran[17:] == [("regularize.dropout", 1)]


def test_what_a_fit_raises_becomes_its_result(study, monkeypatch):
    """An op that cannot work, and a loss that ends in no number, are told as text and raise nothing."""
    setting = trials.Setting(study, FitOptions(epochs=1))
    pipeline = augflow.load({**SPEC, "augment": [{"random_crop": {"height": 9, "width": 9, "p": 1}}]})
    assert "OpError" in trials.run_trial(setting, trials.Trial.of("crop", pipeline, 0))["error"]
    values = {"val_accuracy": 0.5, "val_loss": float("inf")}
    report = SimpleNamespace(to_dict=lambda: values, model=torch.nn.Linear(1, 1))
    monkeypatch.setattr(Study, "run", lambda self, options: [report])
    assert "val_loss is inf" in trials.run_trial(setting, trials.Trial.of("whole", pipeline, 0))["error"]


def test_what_cannot_be_compared_is_refused(study):
    """No validation, half of the spec switched off elsewhere, or a device that workers have not."""
    for wrong in ({"val": None}, {"augment": False}, {"regularize": False}):
        with pytest.raises(TrainError):
            ablate(replace(study, **wrong), FitOptions(epochs=1))
    with pytest.raises(TrainError, match="workers=0"):
        ablate(study, FitOptions(epochs=1, device="cuda"), place=Workplace(workers=1))


OVER = ["regularize.dropout=0.0:0.5", "augment.rotate.p=0.0:1.0", "augment/rotate.limit=5:9"]


def test_search_finds_the_best_of_its_trials(study, ran, tmp_path):
    """Medians over seeds decide; a longer search begins as the shorter one; the test is asked at the end."""
    found = search(study, FitOptions(epochs=1), OVER, 16, test=study.val, place=Workplace(out=tmp_path))
    medians = [point.median("val_accuracy") for point in found.points]
    assert medians == sorted(medians, reverse=True)
    assert found.best is found.points[0]
    assert found.written.median("val_accuracy") == pytest.approx(
        np.median([accuracy(SPEC, seed) for seed in SEEDS])
    )
    written = found.best.pipeline.plan.spec
    assert written.regularize.dropout == found.best.values["regularize.dropout"]
    assert written.augment[0].params["p"] == found.best.values["augment.rotate.p"]
    assert [point.name for point in found.tested] == [found.best.name, "as written"]
    assert found.tested[0].median("test_accuracy") == pytest.approx(medians[0] - 0.1)
    before = len(ran)
    longer = search(study, FitOptions(epochs=1), OVER, 18, place=Workplace(out=tmp_path))
    assert len(ran) - before == 2 * len(SEEDS)
    assert {point.name: point.values for point in found.points}.items() <= {
        point.name: point.values for point in longer.points
    }.items()
    limits = {point.values["augment/rotate.limit"] for point in longer.points}
    assert limits == {5, 6, 7, 8, 9}  # 18 points of a sequence that fills a fifth of the way each
    plot_search(longer, tmp_path / "search.png")
    assert (tmp_path / "search.png").stat().st_size > 5_000
