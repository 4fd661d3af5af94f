"""Fit a model to a stream, the regularized way, and report how it went."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from augflow.errors import TrainError
from augflow.stream import BatchStream
from augflow.train.curves import lowest_check
from augflow.train.evaluate import Scores, evaluate
from augflow.train.freeze import backbone, freeze
from augflow.train.options import EpochRecord, FitOptions, FitReport
from augflow.train.pretrained import load_pretrained
from augflow.train.reference import reference_model
from augflow.train.regularize import sparsity

if TYPE_CHECKING:
    from augflow.train.session import Session


def fit(
    stream: BatchStream,
    val_stream: BatchStream | None,
    options: FitOptions,
    *,
    train_eval: BatchStream | None = None,
    model: nn.Module | None = None,
) -> FitReport:
    """Train on `stream`, check on `val_stream`, and judge at the end.

    `train_eval` is the training source without augmentation (`train=False`): it gives the accuracy on
    what was trained, and with it the gap. `model` maps what `model_inputs` gives to logits (N, K); None is
    the reference model of the modality with the dropouts and the norm of the spec; a model of your own has
    its own layers, and those keys do not reach it; it is trained in place, and what `backbone_lr=0` freezes
    stays frozen. Weights and dropout are drawn from `options.seed`; torch's global generators come out as
    they went in. On one machine and with equal `options.threads`, a fit on the CPU gives the same weights
    each time.
    """
    regularize = options.regularize or stream.plan.spec.regularize
    _check_streams(stream, val_stream, train_eval)
    if regularize.early_stopping is not None and val_stream is None:
        raise TrainError("early_stopping needs a validation stream; give one, or take it out of the spec")
    device = _device(options)
    # Lightning takes seconds to import, and whoever only reads batches has no use for it.
    from augflow.train.session import Session

    with _own_torch_state(options, device):
        chosen = reference_model(stream, regularize) if model is None else model
        pretrained = None if options.pretrained is None else load_pretrained(chosen, options.pretrained)
        session = Session(chosen, stream.plan, regularize, _with_backbone(chosen, options))
        session.run(stream, val_stream, device)
        val = None if val_stream is None else evaluate(session.model, val_stream, device)
        train = None if train_eval is None else evaluate(session.model, train_eval, device)
    asked = replace(options, regularize=regularize, on_epoch=None)
    return replace(_report(stream, session, asked, val, train), pretrained=pretrained)


def _with_backbone(model: nn.Module, options: FitOptions) -> FitOptions:
    """The options with the learning rates of the backbone's parts, which is frozen where they would be 0."""
    if options.backbone_lr is None:
        return options
    parts = backbone(model)
    if options.backbone_lr == 0:
        freeze(model, parts)
        return options
    return replace(options, backbone_lr=None, lr_factors=dict.fromkeys(parts, options.backbone_lr))


def _report(
    stream: BatchStream, session: Session, options: FitOptions, val: Scores | None, train: Scores | None
) -> FitReport:
    lowest = lowest_check(session.history)
    return FitReport(
        history=session.history,
        val_accuracy=val.accuracy if val else None,
        val_loss=val.loss if val else None,
        val_samples=val.samples if val else 0,
        train_accuracy=train.accuracy if train else None,
        train_loss=train.loss if train else None,
        train_samples=train.samples if train else 0,
        train_majority=(train.majority or 0.0) if train else 0.0,
        stopped_early=session.stopped_early,
        best_epoch=None if lowest is None else lowest[0].epoch,
        weights_epoch=session.weights_epoch,
        samples_per_s=_samples_per_s(session.history, len(stream) * stream.batch_size),
        seed=options.seed,
        classes=stream.classes,
        fingerprint=stream.plan.fingerprint,
        options=options,
        spec=stream.plan.spec,
        sparsity=sparsity(session.model).whole,
        model=session.model.cpu(),
    )


def _samples_per_s(history: tuple[EpochRecord, ...], samples: int) -> float:
    seconds = sum(record.seconds for record in history)
    return len(history) * samples / seconds if seconds else 0.0


def _check_streams(
    stream: BatchStream, val_stream: BatchStream | None, train_eval: BatchStream | None
) -> None:
    if not stream.classes:
        raise TrainError(
            "the training source is unlabeled; training needs labels, as class folders or a column"
        )
    if stream.source.target_kind != "class":
        raise TrainError(
            f"fit trains classifiers, and the targets are {stream.source.target_kind}; read the stream with "
            "StreamLoader in a loop of your own, with its loss"
        )
    if len(stream.classes) == 1:
        raise TrainError(f"the training source has one class only, {stream.classes[0]!r}; training needs two")
    if not stream.train:
        raise TrainError("the first stream must be a training stream (train=True)")
    views = stream.plan.spec.batch.views
    if views > 1:
        raise TrainError(
            f"fit trains on one view of a sample, and the spec has {views} (batch.views); "
            "take it out, or read the stream with StreamLoader in a loop of your own"
        )
    if stream.world_size > 1:
        raise TrainError(
            f"fit trains in one process, and the stream is for {stream.world_size}; "
            "use StreamLoader in your own distributed loop, or unset RANK and WORLD_SIZE"
        )
    for name, other in (("validation", val_stream), ("train_eval", train_eval)):
        if other is not None:
            _check_classes(stream.classes, other.classes, name)


def _check_classes(expected: tuple[str, ...], found: tuple[str, ...], name: str) -> None:
    if expected == found:
        return
    missing, unknown = sorted({*expected} - {*found}), sorted({*found} - {*expected})
    parts = [f"{len(expected)} classes in training and {len(found)} in {name}"]
    parts += [f"missing there: {', '.join(missing)}"] if missing else []
    parts += [f"unknown to training: {', '.join(unknown)}"] if unknown else []
    parts += [] if missing or unknown else ["the order differs"]
    raise TrainError(f"{'; '.join(parts)}; open that stream with classes=stream.classes")


def _device(options: FitOptions) -> torch.device:
    if options.device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(options.device)
    if device.type not in ("cpu", "cuda"):
        raise TrainError(f"device must be cpu, cuda or cuda:N, got {options.device!r}")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise TrainError(f"device {options.device!r} was asked for, and torch finds no CUDA device; use cpu")
    return device


@contextmanager
def _own_torch_state(options: FitOptions, device: torch.device) -> Iterator[None]:
    """Seeds and threads for the fit alone; the caller's are put back."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(options.seed)
        try:
            if options.threads is not None:
                torch.set_num_threads(options.threads)
            yield
        finally:
            torch.set_num_threads(threads)
