"""The reference model for a stream, and reference models by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import nn

from augflow.errors import TrainError
from augflow.spec.regularize import RegularizeSpec
from augflow.stream import BatchStream
from augflow.train.freeze import FrozenNorm
from augflow.train.layers import LayerOptions
from augflow.train.models import ResidualCNN, stem_stride_for
from augflow.train.sequences import SpectrogramCNN, TextCNN
from augflow.transforms.chain import OpStep
from augflow.transforms.tokens import vocabulary_size

REFERENCE_MODELS: Mapping[str, type[nn.Module]] = {
    model.__name__: model for model in (ResidualCNN, TextCNN, SpectrogramCNN)
}


def reference_model(stream: BatchStream, regularize: RegularizeSpec) -> nn.Module:
    """A small model for what the stream delivers in its first field, with the spec's norm and dropouts."""
    field = stream.plan.fields[0]
    classes, options = len(stream.classes), LayerOptions.of(regularize)
    if field.modality == "text":
        ops = [step for step in field.finish if isinstance(step, OpStep)]
        sizes = [size for size in (vocabulary_size(step.transform) for step in ops) if size is not None]
        if not sizes:
            raise TrainError(
                "a model needs numbers and the texts arrive as words; end `finish` with hash_tokens"
            )
        return TextCNN(classes, sizes[-1], options)
    shape = stream.peek()[field.name].shape
    if field.modality == "audio":
        if not any(isinstance(step, OpStep) and step.op == "log_mel" for step in field.finish):
            raise TrainError("the reference model for sounds takes spectrograms; add `log_mel: {}` to finish")
        return SpectrogramCNN(classes, options)
    if len(shape) != 4:
        raise TrainError(
            f"the reference model takes images (N, H, W, C), got {shape}; pass a model of your own"
        )
    _, height, width, channels = shape
    return ResidualCNN(classes, channels, options, stem_stride=stem_stride_for(height, width))


def rebuild(name: str, architecture: Mapping[str, Any]) -> nn.Module:
    """The reference model that had these plain values as its `architecture`, with fresh weights."""
    options = LayerOptions(**architecture["options"])
    return REFERENCE_MODELS[name](**{**architecture, "options": options})


def architecture_of(model: nn.Module) -> dict[str, Any] | None:
    """What `rebuild` builds `model` from; None for a model of the user's, or one changed since, as by
    `replace_norm`.
    """
    if not isinstance(model, tuple(REFERENCE_MODELS.values())):
        return None
    architecture: dict[str, Any] = model.architecture  # type: ignore[assignment]
    with torch.random.fork_rng(devices=[]):  # the weights that it draws are nobody's
        fresh = rebuild(type(model).__name__, architecture)
    frozen = {name for name, module in model.named_modules() if isinstance(module, FrozenNorm)}
    return architecture if _form(fresh, frozen) == _form(model, frozen) else None


def _form(model: nn.Module, but: Collection[str]) -> list[tuple[str, str, str]]:
    """Name, class and arguments of every module; a frozen norm has the weights of the norm that it was."""
    modules = model.named_modules()
    return [(name, type(one).__name__, one.extra_repr()) for name, one in modules if name not in but]
