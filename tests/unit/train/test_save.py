from __future__ import annotations

import json

import pytest
import torch
from torch import nn

import augflow.train
from augflow.errors import TrainError
from augflow.train import LayerOptions, ResidualCNN, StreamLoader, load_model, save_model

from .reports import report


def test_the_report_is_json():
    """`to_dict` holds JSON values, the history too."""
    values = json.loads(json.dumps(report().to_dict()))
    assert values["gap"] == pytest.approx(0.02)
    assert values["classes"] == ["cat", "dog"]
    assert values["history"][1]["val_loss"] == 0.5


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
