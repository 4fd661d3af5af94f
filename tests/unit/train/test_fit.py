from __future__ import annotations

import logging
import signal
import warnings
from dataclasses import replace

import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.spec.model import OutputSpec
from augflow.spec.regularize import EarlyStoppingSpec, RegularizeSpec
from augflow.train import FitOptions, ResidualCNN, evaluate, fit, weights_sha256

HALF = OutputSpec(mean="half", std="half")


@pytest.fixture
def short(make_digits):
    """A fit of three epochs on 128 digits with everything that regularizes."""
    regularize = RegularizeSpec(dropout=0.3, l1=1e-5, weight_decay=0.05, label_smoothing=0.1, clip_norm=1.0)

    def run(**options):
        train = make_digits(0, 128, output=HALF, regularize=regularize, lam=0.8)
        val = make_digits(800, 864, train=False, output=HALF)
        return fit(train, val, FitOptions(epochs=3, **options), train_eval=make_digits(0, 128, train=False))

    return run


def test_a_plain_fit_reads_digits(make_digits):
    """On 800 digits of other writers the reference model is right on more than nine of ten."""
    report = fit(
        make_digits(0, 800, batch_size=64, output=HALF),
        make_digits(800, 1797, train=False, batch_size=256, output=HALF),
        FitOptions(epochs=5, check_every=5),
        train_eval=make_digits(0, 800, train=False, batch_size=256, output=HALF),
    )
    assert report.val_accuracy > 0.9
    assert report.train_accuracy > 0.95
    assert report.gap == pytest.approx(report.train_accuracy - report.val_accuracy)
    assert (report.val_samples, report.epochs_run, report.samples_per_s > 0) == (997, 5, True)
    assert [row.val_loss is None for row in report.history] == [True, True, True, True, False]
    assert report.history[-1].val_accuracy == pytest.approx(report.val_accuracy)


def test_equal_seeds_give_equal_weights(short):
    """Two runs end with the same bytes, dropout and mixing included; another seed does not."""
    assert weights_sha256(short(seed=1).model) == weights_sha256(short(seed=1).model)
    assert weights_sha256(short(seed=1).model) != weights_sha256(short(seed=2).model)


def test_the_callers_state_is_left(short):
    """Generators, threads, warnings, log levels and the Ctrl-C handler come out as they went in."""
    before = torch.get_rng_state(), torch.get_num_threads(), signal.getsignal(signal.SIGINT)
    filters, level = list(warnings.filters), logging.getLogger("lightning.pytorch").level
    short(threads=2)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert (torch.get_num_threads(), signal.getsignal(signal.SIGINT)) == before[1:]
    assert (list(warnings.filters), logging.getLogger("lightning.pytorch").level) == (filters, level)


def test_a_fit_prints_and_writes_nothing(short, capfd, tmp_path, monkeypatch):
    """No tips, no warnings, no progress and no lightning_logs."""
    monkeypatch.chdir(tmp_path)
    short()
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_progress_is_called_each_epoch(short):
    """`on_epoch` gets the records of the history."""
    seen = []
    report = short(on_epoch=seen.append)
    assert tuple(seen) == report.history
    assert [record.epoch for record in seen] == [0, 1, 2]


class Drifting(nn.Module):
    """A model whose validation loss is what a list says, check after check."""

    def __init__(self, losses):
        super().__init__()
        self.losses = losses
        self.checks = nn.Buffer(torch.tensor(-1))
        self.weight = nn.Parameter(torch.zeros(1, 10))

    def forward(self, images):
        if not self.training:
            # Softmax of (margin, 0, ...) at every class on average costs what the list says.
            return torch.zeros(len(images), 10) * self.weight + self.logits(len(images))
        self.checks.fill_(int(self.checks) + 1)
        return self.weight.expand(len(images), 10)

    def logits(self, n):
        logits = torch.zeros(n, 10)
        logits[:, 0] = self.losses[min(int(self.checks), len(self.losses) - 1)]
        return logits


def drift(make_digits, losses, stopping, **options):
    """One training step and one check an epoch; validation holds no zeros, so logit 0 only costs."""
    regularize = RegularizeSpec(early_stopping=stopping)
    val = make_digits(1, 9, train=False, batch_size=8)
    options = FitOptions(epochs=len(losses), **options)
    options = replace(options, regularize=regularize)
    return fit(make_digits(0, 32, batch_size=32), val, options, model=Drifting(losses))


def test_early_stopping_restores_the_best_weights(make_digits):
    """It stops when patience is used up, and the model is that of the best check."""
    report = drift(make_digits, [3, 2, 1, 2, 3, 0, 0], EarlyStoppingSpec(patience=2))
    assert (report.epochs_run, report.stopped_early) == (5, True)
    assert (report.best_epoch, report.weights_epoch, int(report.model.checks)) == (2, 2, 2)
    assert report.val_loss == pytest.approx(report.history[2].val_loss)


def test_patience_counts_checks(make_digits):
    """With a check every second epoch, patience 2 lasts four epochs."""
    losses = [3, 1, 0, 2, 0, 3, 0, 0]
    report = drift(make_digits, losses, EarlyStoppingSpec(patience=2), check_every=2)
    assert (report.epochs_run, report.weights_epoch) == (6, 1)


def test_small_gains_do_not_feed_patience_but_count_as_best(make_digits):
    """A gain below min_delta is waited through, and its weights are kept all the same."""
    report = drift(make_digits, [3, 2.99, 2.98, 2.97, 0], EarlyStoppingSpec(patience=3, min_delta=0.5))
    assert (report.epochs_run, report.weights_epoch) == (4, 3)


def test_best_weights_are_restored_without_a_stop(make_digits):
    """Where the epochs end before patience does, the best weights are restored as well."""
    report = drift(make_digits, [3, 1, 2], EarlyStoppingSpec(patience=9))
    assert (report.epochs_run, report.stopped_early, report.weights_epoch) == (3, False, 1)


def test_without_early_stopping_the_last_weights_stay(make_digits):
    """The best epoch is reported, not restored."""
    report = drift(make_digits, [3, 1, 2], None)
    assert (report.best_epoch, report.weights_epoch, int(report.model.checks)) == (1, 2, 2)


def test_padding_does_not_count(make_digits):
    """Rows that are not valid are left out of loss and accuracy."""
    stream = make_digits(0, 40, train=False, batch_size=40)
    torch.manual_seed(0)
    model = ResidualCNN(10, 1)
    half = evaluate(model, make_digits(0, 20, train=False, batch_size=20))
    original = stream.batch
    stream.batch = lambda epoch, step: _mask(original(epoch, step))
    padded = evaluate(model, stream)
    assert padded.samples == 20
    assert padded.loss == pytest.approx(half.loss, rel=1e-5)
    assert model.training


def _mask(batch):
    batch["valid"][20:] = False
    return batch


class Huge(nn.Module):
    """Logits too far apart for float32: the loss is infinite, the gradients are not."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(10))

    def forward(self, images):
        return torch.tensor([3e38, -3e38] * 5).repeat(len(images), 1) + self.weight


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (None, r"the gradient of \S+ has \d+ infinite or NaN value"),
        (Huge(), r"training loss became (nan|inf) in epoch 0: lower the learning rate \(now 1e\+30\)"),
    ],
    ids=["gradient", "loss"],
)
def test_a_training_that_explodes_is_an_error(make_digits, model, message):
    """Neither NaN nor infinity trains on in silence."""
    options = FitOptions(epochs=3, lr=1e30, optimizer="sgd", warmup_fraction=0)
    with pytest.raises(TrainError, match=message):
        fit(make_digits(0, 128, regularize=RegularizeSpec(norm="none")), None, options, model=model)


def test_ctrl_c_is_a_keyboard_interrupt(make_digits):
    """Lightning's exit(1) does not hide it."""

    def interrupt(_record):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(make_digits(0, 64), None, FitOptions(epochs=2, on_epoch=interrupt))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("classes", "message"),
    [((), "unlabeled"), (("zero",), "one class only, 'zero'")],
)
def test_too_few_classes_are_refused(make_digits, classes, message):
    """Training needs two classes, and says what it found."""
    with pytest.raises(TrainError, match=message):
        fit(make_digits(0, 64, classes=classes), None, FitOptions())


def test_classes_that_differ_are_named(make_digits):
    """Validation with other classes is refused, naming both sides."""
    val = make_digits(0, 64, train=False, classes=(*"01234567", "nine"))
    with pytest.raises(TrainError, match=r"10 classes in training and 9 in validation; missing there: 8, 9;"):
        fit(make_digits(0, 64), val, FitOptions())


def test_streams_that_fit_cannot_train_on(make_digits):
    """An evaluation stream and several ranks are refused."""
    with pytest.raises(TrainError, match="train=True"):
        fit(make_digits(0, 64, train=False), None, FitOptions())
    ranks = make_digits(0, 64)
    ranks.world_size = 2
    with pytest.raises(TrainError, match="one process"):
        fit(ranks, None, FitOptions())


def test_early_stopping_needs_validation(make_digits):
    """Without a validation stream there is nothing to stop by."""
    spec = RegularizeSpec(early_stopping=EarlyStoppingSpec())
    with pytest.raises(TrainError, match="needs a validation stream"):
        fit(make_digits(0, 64, regularize=spec), None, FitOptions())


def test_a_missing_device_is_named(make_digits):
    """CUDA that is not there is an error before anything runs."""
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    with pytest.raises(TrainError, match="finds no CUDA device"):
        fit(make_digits(0, 64), None, FitOptions(device="cuda"))


def test_a_weights_digest_tells_every_difference():
    """One bit, a name, a shape or a dtype more or less; neither the memory's layout nor training mode."""

    def digest(**tensors):
        model = nn.Module()
        for name, value in tensors.items():
            model.register_buffer(name, torch.as_tensor(value))
        return weights_sha256(model)

    plain = torch.arange(6.0).reshape(2, 3)
    others = [
        digest(a=torch.nextafter(plain, torch.tensor(9.0))),
        digest(b=plain),
        digest(a=plain.reshape(3, 2)),
        digest(a=plain.double()),
        digest(a=plain.bfloat16()),
        digest(a=plain, b=torch.tensor(0)),
        digest(),
    ]
    same = digest(a=plain.T.contiguous().T)
    assert same == digest(a=plain)
    assert len({same, *others}) == 1 + len(others)
