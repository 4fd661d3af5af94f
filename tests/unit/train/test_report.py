from __future__ import annotations

import json

import pytest
import torch
from torch import nn

import augflow.train
from augflow.errors import TrainError
from augflow.spec.model import PipelineSpec
from augflow.train import (
    EpochRecord,
    FitOptions,
    FitReport,
    LayerOptions,
    ResidualCNN,
    StreamLoader,
    load_model,
    plot_curves,
    save_model,
    verdict,
)


def report(train=0.95, val=0.93, losses=(1.0, 0.5, 0.4), model=None, **changes):
    history = tuple(
        EpochRecord(epoch, 1.0 / (epoch + 1), 0.5, loss, val, 0.1) for epoch, loss in enumerate(losses)
    )
    values = {
        "history": history,
        "val_accuracy": val,
        "val_loss": losses[-1],
        "val_samples": 1000,
        "train_accuracy": train,
        "train_loss": 0.1,
        "train_samples": 1000,
        "train_majority": 0.5,
        "stopped_early": False,
        "best_epoch": losses.index(min(losses)),
        "weights_epoch": len(losses) - 1,
        "samples_per_s": 100.0,
        "seed": 3,
        "classes": ("cat", "dog"),
        "fingerprint": "feed",
        "options": FitOptions(epochs=len(losses)),
        "spec": PipelineSpec(modality="image"),
        "model": model or nn.Linear(2, 2),
    }
    return FitReport(**{**values, **changes})


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (report(), "training 95.0%, gap 2.0 points; fit"),
        (report(train=1.0, val=0.83), "gap 17.0 points; overfit by 17.0 points"),
        (report(train=0.6, val=0.58), "gap 2.0 points; underfit by 40.0 points"),
        (report(train=0.6, val=0.4), "underfit by 40.0 points and overfit by 20.0 points"),
        (report(train=0.52, val=0.5), "has not learned"),
        (report(losses=(1.0, 0.5, 0.8)), "rose from 0.500 (epoch 2) to 0.800 (epoch 3)"),
        (report(losses=(1.0, 0.5, 0.8), weights_epoch=1), "weights are those of epoch 2"),
        (report(val=None), "training 95.0%; unjudged: no validation accuracy"),
        (report(train=None), "(standard error 0.8%); unjudged: no training accuracy"),
        (report(losses=(1.0, 0.5), stopped_early=True), "stopped after 2 epochs"),
    ],
)
def test_the_verdict_says_what_the_numbers_say(made, words):
    """Each case gets its own words, in one line."""
    assert words in verdict(made)
    assert "\n" not in verdict(made)


def test_the_report_is_json():
    """`to_dict` holds JSON values, the history too."""
    values = json.loads(json.dumps(report().to_dict()))
    assert values["gap"] == pytest.approx(0.02)
    assert values["classes"] == ["cat", "dog"]
    assert values["history"][1]["val_loss"] == 0.5


def test_curves_are_drawn(tmp_path):
    """One picture has curves, lowest checks, both ends and the gap of every seed, under the verdict."""
    plot_curves([report(train=1.0, val=0.83), report(train=1.0, val=0.8)], tmp_path / "curves.svg")
    drawn = (tmp_path / "curves.svg").read_text(encoding="utf-8")
    words = ("overfit by 18.5 points", "training batches", "lowest validation loss", "18.5 points", "epoch")
    assert all(f"<!-- {word}" in drawn for word in words)
    row = EpochRecord(0, 1.0, 0.5, None, None, 0.1)
    unchecked = report(val=None, val_loss=None, best_epoch=None, weights_epoch=0, history=(row,))
    plot_curves([unchecked], tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(TrainError, match="no report"):
        plot_curves([], tmp_path / "none.png")


def test_a_saved_model_comes_back(tmp_path):
    """The file loads weights-only, and the model gives the same logits in evaluation mode."""
    model = ResidualCNN(2, 1, LayerOptions(norm="none", dropout=0.5), stem_stride=1)
    save_model(report(model=model), tmp_path / "deep" / "model.pt")
    loaded, classes = load_model(tmp_path / "deep" / "model.pt")
    images = torch.rand(3, 1, 16, 16)
    torch.testing.assert_close(loaded(images), model.eval()(images), rtol=0, atol=0)
    assert (classes, loaded.training) == (("cat", "dog"), False)
    saved = torch.load(tmp_path / "deep" / "model.pt", weights_only=True)
    assert saved["fingerprint"] == "feed"


def test_a_model_of_the_users_needs_the_user(tmp_path):
    """Weights of a foreign model load into the model that is passed in, and not without it."""
    model = nn.Linear(2, 2)
    save_model(report(model=model), tmp_path / "model.pt")
    with pytest.raises(TrainError, match="pass it as `model`"):
        load_model(tmp_path / "model.pt")
    loaded, _ = load_model(tmp_path / "model.pt", nn.Linear(2, 2))
    assert torch.equal(loaded.weight, model.weight)


def test_other_files_are_refused(tmp_path):
    """A file that is no saved model is named."""
    torch.save({"weights": 1}, tmp_path / "other.pt")
    with pytest.raises(TrainError, match=r"other\.pt is not a model"):
        load_model(tmp_path / "other.pt")


def test_every_public_name_is_there():
    """Each name of `__all__` can be had, the Lightning classes too."""
    assert all(hasattr(augflow.train, name) for name in augflow.train.__all__)
    assert callable(augflow.train.fit)
    assert augflow.train.StreamLoader is StreamLoader
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = augflow.train.nothing
