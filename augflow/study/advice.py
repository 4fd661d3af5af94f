"""Which knob to turn next, from what the spec says and what the curves show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from augflow.spec.model import Modality, PipelineSpec
from augflow.study.strength import (
    RATES,
    Knob,
    augmentation,
    augments,
    strengths,
)
from augflow.train.curves import SHORTEST
from augflow.train.norms import suggest_norm
from augflow.train.options import DEFAULT_LR, FitReport

ENOUGH = 0.5
"""The share of its ordinary limit below which a regularizer can be raised."""
MORE_DATA = 4
"""The error that comes from too few samples goes with one over their root: four times as many halve it."""
USUAL_DECAY: Mapping[str, float] = {"adamw": 0.05, "sgd": 5e-4}
OVERSHOOTS = 3.0
"""Times the usual learning rate up to which a larger one may be faster."""
DIVERGED = 1.5
"""Times the loss of guessing evenly; an untrained model is not much above 1."""
PRESETS: Mapping[Modality, str] = {
    "image": "preset:image/small",
    "text": "preset:text/eda",
    "audio": "preset:audio/speech",
}


@dataclass(frozen=True)
class Advice:
    """One change for the next run."""

    knob: str
    """A key of the spec, such as `regularize.dropout`; `epochs` and `lr` are options of the fit, `samples`
    the size of the training set, `model` the number of parameters."""
    present: Any
    """Its value in this run; None for what is not there."""
    suggested: Any
    reason: str

    def __str__(self) -> str:
        return f"{self.knob} {_shown(self.present)} -> {_shown(self.suggested)}: {self.reason}"


@dataclass(frozen=True)
class Evidence:
    """What the figures of all seeds together say."""

    underfits: bool
    overfits: bool
    bias_leads: bool
    """Bias is the larger part of the validation error."""
    learned: bool
    falling: bool
    """The training loss was still falling at the end."""
    val_falling: bool
    """So was the validation loss."""
    rose: bool
    """The validation loss of the weights that were kept is well above its lowest."""
    handicap: bool
    """What acts in training alone keeps the accuracy of the batches clearly down."""
    lagging_norm: bool
    """The batches were clearly better in training mode than the same samples in evaluation."""


def advise(report: FitReport, evidence: Evidence) -> tuple[Advice, ...]:
    """The changes worth a run each, the most promising first; none for a fit that needs none.

    Where there is both bias and variance, the larger part comes first. The other side's advice would undo
    it, but for more samples, which lower the variance and cost no bias.
    """
    if evidence.underfits and (evidence.bias_leads or not evidence.overfits):
        more = [_more_samples(report)] if evidence.overfits else []
        return (*_less_bias(report, evidence), *more)
    if evidence.overfits:
        return tuple(_less_variance(report, evidence))
    return tuple(_calibrate(report)) if evidence.rose else ()


def _less_bias(report: FitReport, evidence: Evidence) -> Iterator[Advice]:
    lr, usual = report.options.learning_rate, DEFAULT_LR[report.options.optimizer]
    too_fast = lr > OVERSHOOTS * usual
    if too_fast:
        yield Advice("lr", lr, usual, f"steps so large overshoot; {usual:g} is usual here")
    if report.epochs_run < SHORTEST:
        yield _train_longer(report)
    if report.regularize.norm == "batch":
        yield from _other_norm(report, evidence)
    too_strong = list(_regularize_less(report))
    yield from too_strong
    if evidence.falling:
        yield _train_longer(report)
    if too_strong:
        return
    if not evidence.learned:
        yield from () if too_fast else [_from_guessing(report)]
        return
    present = [knob for knob in strengths(report) if knob.load <= 1] + augmentation(report.spec)
    if evidence.handicap and present:
        yield _ease(present[0], "it keeps the training batches hard, and not all of them are learned")
    if not too_fast:
        faster = OVERSHOOTS * lr if lr >= usual else min(usual, 10 * lr)
        yield Advice("lr", lr, faster, "larger steps get further in the same time")
    parameters = _parameters(report)
    yield Advice("model", parameters, 2 * parameters, "a larger model can follow the training set closer")


def _other_norm(report: FitReport, evidence: Evidence) -> Iterator[Advice]:
    suggested = suggest_norm(report.spec.batch.size)
    if evidence.lagging_norm:
        reason = "in training mode it does far better: the running statistics lag behind so few steps"
        yield Advice("regularize.norm", "batch", "group", reason)
    elif suggested.norm != "batch":
        yield Advice("regularize.norm", "batch", suggested.norm, suggested.reason)


def _regularize_less(report: FitReport) -> Iterator[Advice]:
    reason = "regularization is too strong: with it, not even the training samples are learned"
    for knob in strengths(report):
        if knob.load > 1:
            yield _ease(knob, reason)


def _ease(knob: Knob, reason: str) -> Advice:
    return Advice(knob.name, knob.value, knob.eased, reason)


def _train_longer(report: FitReport, loss: str = "training") -> Advice:
    stopping = report.regularize.early_stopping
    if report.stopped_early and stopping is not None:
        reason = f"it stopped after {report.epochs_run} epochs, and the {loss} loss was still falling"
        return Advice("regularize.early_stopping.patience", stopping.patience, 2 * stopping.patience, reason)
    epochs = report.options.epochs
    if report.epochs_run < SHORTEST:
        return Advice("epochs", epochs, max(10, 4 * epochs), "so few epochs show nothing but the start")
    return Advice("epochs", epochs, 2 * epochs, f"the {loss} loss was still falling")


def _from_guessing(report: FitReport) -> Advice:
    """The learning rate of a model that has learned nothing: its steps are too large or too small.

    Guessing evenly costs ln K nats, whatever the labels and however they are mixed and smoothed.
    """
    guess = math.log(len(report.classes))
    lr, usual = report.options.learning_rate, DEFAULT_LR[report.options.optimizer]
    worst = max(record.train_loss for record in report.history)
    if lr < usual and worst < DIVERGED * guess:
        return Advice("lr", lr, usual, f"the training loss stayed at what guessing costs, ln K = {guess:.2f}")
    reason = f"the training loss came to {worst:.3g}, and guessing costs ln K = {guess:.2f}"
    return Advice("lr", lr, lr / 10, reason)


def _less_variance(report: FitReport, evidence: Evidence) -> Iterator[Advice]:
    if evidence.val_falling:
        yield _train_longer(report, "validation")
    limits = _more_samples(report), _smaller_model(report)
    strong = any(knob.load > 1 for knob in strengths(report))
    if strong:
        yield from limits
    yield from _more_augmentation(report.spec)
    yield from _more_dropout(report.regularize.dropout)
    yield from _more_decay(report)
    yield from _mixing(report.spec)
    yield from _stop_early(report)
    if evidence.rose:
        yield from _smooth(report)
    if not strong:
        yield from limits


def _more_augmentation(spec: PipelineSpec) -> Iterator[Advice]:
    if not augments(spec):
        preset = PRESETS[_modality(spec)]
        yield Advice("augment", None, f"as in {preset}", "no sample is ever seen in another form")


def _more_dropout(dropout: float) -> Iterator[Advice]:
    if not dropout:
        yield Advice("regularize.dropout", 0.0, 0.2, "the last features are never held back")
    elif dropout <= ENOUGH * RATES["dropout"]:
        yield Advice("regularize.dropout", dropout, 2 * dropout, "there is room for more")


def _more_decay(report: FitReport) -> Iterator[Advice]:
    regularize, usual = report.regularize, USUAL_DECAY[report.options.optimizer]
    if not regularize.weight_decay and not regularize.l2:
        yield Advice("regularize.weight_decay", 0.0, usual, "nothing keeps the weights small")
    elif 0 < regularize.weight_decay < usual / 2:
        yield Advice("regularize.weight_decay", regularize.weight_decay, usual, "there is room for more")


def _mixing(spec: PipelineSpec) -> Iterator[Advice]:
    # A text is mixed as embeddings, which only a model can do.
    if spec.batch.mix is None and _modality(spec) != "text":
        mix = {"mixup": {"alpha": 0.2, "p": 0.5}}
        yield Advice("batch.mix", None, mix, "a blend comes once: there is nothing to learn by heart")


def _calibrate(report: FitReport) -> Iterator[Advice]:
    """Against a validation loss that rises where the accuracy does not fall: answers get too sure."""
    yield from _smooth(report)
    yield from _stop_early(report)


def _smooth(report: FitReport) -> Iterator[Advice]:
    smoothing = report.regularize.label_smoothing
    if smoothing < 0.1:
        reason = "the validation loss rose: answers got surer, and no better"
        yield Advice("regularize.label_smoothing", smoothing, 0.1, reason)


def _stop_early(report: FitReport) -> Iterator[Advice]:
    regularize, best = report.regularize, report.best_epoch
    if best is None or best >= report.weights_epoch or regularize.early_stopping or regularize.swa:
        return
    patience = {"patience": max(3, report.options.epochs // 5)}
    reason = f"the validation loss was lowest in epoch {best + 1} of {report.epochs_run}"
    yield Advice("regularize.early_stopping", None, patience, reason)


def _more_samples(report: FitReport) -> Advice:
    samples = report.train_samples
    return Advice("samples", samples, MORE_DATA * samples, "four times as many about halve the gap")


def _smaller_model(report: FitReport) -> Advice:
    parameters = _parameters(report)
    return Advice("model", parameters, parameters // 2, "a smaller model cannot hold as much by heart")


def _parameters(report: FitReport) -> int:
    return sum(parameter.numel() for parameter in report.model.parameters())


def _modality(spec: PipelineSpec) -> Modality:
    return next(field.modality for field in spec.main_fields().values() if field.modality is not None)


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else "none" if value is None else str(value)
