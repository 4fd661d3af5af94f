"""Where a fit starts: from weights of a file, with the backbone at its own pace."""

from __future__ import annotations

import pytest
import torch

from augflow.errors import TrainError
from augflow.train import FitOptions, fit, load_model, save_model


@pytest.fixture
def weights_file(make_digits, tmp_path):
    """A reference model of five classes, trained a little."""
    few = make_digits(0, 64, classes=tuple("01234"))
    few.labels = few.labels % 5
    save_model(fit(few, None, FitOptions(epochs=1)), tmp_path / "few.pt")
    return tmp_path / "few.pt"


def start(make_digits, path, **options):
    return fit(make_digits(0, 64), None, FitOptions(epochs=1, pretrained=path, **options))


def test_a_frozen_backbone_keeps_the_files_bytes(make_digits, weights_file):
    """With `backbone_lr=0` the head alone is trained; the head of other classes was not taken over."""
    saved = torch.load(weights_file, weights_only=True)["state_dict"]
    report = start(make_digits, weights_file, backbone_lr=0)
    found = report.model.state_dict()
    assert {name for name in saved if not torch.equal(saved[name], found[name])} == {
        "classify.weight",
        "classify.bias",
    }
    assert {mismatch.name for mismatch in report.pretrained.mismatched} == {
        "classify.bias",
        "classify.weight",
    }


def test_a_model_with_a_frozen_backbone_is_saved_and_loaded(make_digits, weights_file, tmp_path):
    """It is still the reference model, and gives the same answers."""
    report = start(make_digits, weights_file, backbone_lr=0)
    save_model(report, tmp_path / "tuned.pt")
    loaded, _ = load_model(tmp_path / "tuned.pt")
    images = torch.rand(4, 1, 16, 16)
    torch.testing.assert_close(loaded(images), report.model.eval()(images))


def test_a_slow_backbone_moves_less(make_digits, weights_file):
    """A hundredth of the rate moves it about a hundredth as far, and the head as far as before."""
    saved = torch.load(weights_file, weights_only=True)["state_dict"]["stem.conv.weight"]
    fits = [start(make_digits, weights_file, backbone_lr=rate) for rate in (0.01, 1.0)]
    moved = [(report.model.stem.conv.weight - saved).abs().mean().item() for report in fits]
    assert 0 < moved[0] < 0.05 * moved[1]


def test_two_ways_to_name_rates_exclude_each_other(make_digits):
    """Rates by name and a rate for the backbone could say two things of one parameter."""
    with pytest.raises(TrainError, match="lr_factors must be given without backbone_lr"):
        FitOptions(lr_factors={"stem": 0.1}, backbone_lr=0.1)
