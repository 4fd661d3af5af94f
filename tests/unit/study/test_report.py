from __future__ import annotations

import pytest

from augflow.errors import TrainError
from augflow.study import plot_curves, verdict
from augflow.train import EpochRecord

from ..train.reports import report


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (report(), "training 95.0%, gap 2.0 points; fit"),
        (report(train=1.0, val=0.83), "gap 17.0 points; overfit by 17.0 points"),
        (report(train=0.6, val=0.58), "gap 2.0 points; underfit by 40.0 points"),
        (report(train=0.6, val=0.4), "underfit by 40.0 points and overfit by 20.0 points"),
        (report(train=0.52, val=0.5), "has not learned"),
        (report(losses=(1.0, 0.5, 0.8)), "rose from 0.500 (epoch 2) to 0.800 (epoch 3)"),
        (report(losses=(1.0, 0.5, 0.8), val_loss=0.7), "rose from 0.500 (epoch 2) to 0.700 (epoch 3)"),
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


def test_weights_that_were_averaged_are_judged_by_their_own_loss():
    """The last check of the single weights may have risen; the mean that was kept has not."""
    assert "rose" not in verdict(report(losses=(1.0, 0.5, 0.8), val_loss=0.4))
