from __future__ import annotations

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint

from augflow.errors import StateError
from augflow.spec.regularize import EarlyStoppingSpec, RegularizeSpec
from augflow.train import FitOptions, RegularizedClassifier, ResidualCNN, StreamLoader, fit


class Killed(Exception):
    pass


class Recorder(Callback):
    """Notes which samples were trained on, and breaks off after so many batches."""

    def __init__(self, stop_after=None):
        self.seen = []
        self.stop_after = stop_after

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
        self.seen.append((trainer.current_epoch, batch["index"].tolist()))
        if len(self.seen) == self.stop_after:
            trainer.save_checkpoint(self.path)
            raise Killed


def run(stream, callbacks, ckpt_path=None, copy_ahead=False, val=None):
    options = FitOptions(epochs=3)
    torch.manual_seed(0)
    module = RegularizedClassifier(ResidualCNN(10, 1), stream.plan, RegularizeSpec(), options)
    trainer = pl.Trainer(
        max_epochs=3,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=any(isinstance(callback, ModelCheckpoint) for callback in callbacks),
        callbacks=callbacks,
    )
    loader = StreamLoader(stream, copy_ahead=copy_ahead)
    trainer.fit(module, loader, None if val is None else StreamLoader(val), ckpt_path=ckpt_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("copy_ahead", [False, True])
@pytest.mark.parametrize("stop_after", [1, 4, 6])
def test_lightning_resumes_at_the_next_batch(make_digits, tmp_path, copy_ahead, stop_after):
    """A checkpoint after any batch, the last of an epoch too, goes on with the batch after it."""
    whole = Recorder()
    run(make_digits(0, 128), [whole], copy_ahead=copy_ahead)
    assert len(whole.seen) == 12
    first = Recorder(stop_after)
    first.path = tmp_path / "killed.ckpt"
    with pytest.raises(Killed):
        run(make_digits(0, 128), [first], copy_ahead=copy_ahead)
    second = Recorder()
    run(make_digits(0, 128), [second], ckpt_path=first.path, copy_ahead=copy_ahead)
    assert first.seen + second.seen == whole.seen


@pytest.mark.filterwarnings("ignore")
def test_lightning_resumes_after_an_epoch(make_digits, tmp_path):
    """From Lightning's own end-of-epoch checkpoint the next epoch follows, from its start."""
    whole = Recorder()
    keep = ModelCheckpoint(tmp_path, filename="{epoch}", save_top_k=-1)
    run(make_digits(0, 128), [whole, keep], val=make_digits(0, 32, train=False))
    second = Recorder()
    checkpoint = tmp_path / "epoch=0.ckpt"
    run(make_digits(0, 128), [second], ckpt_path=checkpoint, val=make_digits(0, 32, train=False))
    assert second.seen == whole.seen[4:]


def fit_digits(make_digits, out, *, epochs=4, on_epoch=None, resume=False, samples=128, patience=None):
    regularize = RegularizeSpec(
        dropout=0.3,
        weight_decay=0.05,
        early_stopping=None if patience is None else EarlyStoppingSpec(patience=patience, min_delta=9),
    )
    options = FitOptions(epochs=epochs, out=out, resume=resume, on_epoch=on_epoch, regularize=regularize)
    return fit(make_digits(0, samples), make_digits(800, 864, train=False), options)


def weights(report):
    return torch.cat([value.flatten().double() for value in report.model.state_dict().values()])


def kill_in(epoch):
    def on_epoch(record):
        if record.epoch == epoch:
            raise Killed

    return on_epoch


def test_a_killed_fit_resumes_to_the_same_weights(make_digits, tmp_path):
    """Killed in its third epoch and resumed, a fit ends with the bytes of one that was not."""
    whole = fit_digits(make_digits, None)
    with pytest.raises(Killed):
        fit_digits(make_digits, tmp_path, on_epoch=kill_in(2))
    resumed = fit_digits(make_digits, tmp_path, resume=True)
    assert torch.equal(weights(resumed), weights(whole))
    assert [row.train_loss for row in resumed.history] == [row.train_loss for row in whole.history]
    assert [file.name for file in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_finished_fit_resumes_to_itself(make_digits, tmp_path):
    """Resuming what had ended, or had stopped early, trains no further epoch."""
    for patience in (None, 1):
        done = fit_digits(make_digits, tmp_path, patience=patience)
        again = fit_digits(make_digits, tmp_path, patience=patience, resume=True)
        assert torch.equal(weights(again), weights(done))
        assert (again.epochs_run, again.stopped_early) == (done.epochs_run, done.stopped_early)
        assert (again.weights_epoch, done.stopped_early) == (done.weights_epoch, patience == 1)


def test_resuming_with_other_data_is_refused(make_digits, tmp_path):
    """The stream itself refuses the state of another stream."""
    fit_digits(make_digits, tmp_path, epochs=1)
    with pytest.raises(StateError, match="samples is 160 here and 128 there"):
        fit_digits(make_digits, tmp_path, resume=True, samples=160)


def test_resume_without_a_checkpoint_starts(make_digits, tmp_path):
    """The first run of a job may say resume as well."""
    assert fit_digits(make_digits, tmp_path, epochs=1, resume=True).epochs_run == 1
