"""The reference model for a stream, and reference models by name."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from augflow.errors import TrainError
from augflow.spec.regularize import RegularizeSpec
from augflow.stream import BatchStream
from augflow.train.models import SmallCNN, stem_stride_for
from augflow.train.sequences import SpectrogramCNN, TextCNN
from augflow.transforms.chain import OpStep
from augflow.transforms.tokens import vocabulary_size

REFERENCE_MODELS: Mapping[str, type[nn.Module]] = {
    model.__name__: model for model in (SmallCNN, TextCNN, SpectrogramCNN)
}


def reference_model(stream: BatchStream, regularize: RegularizeSpec) -> nn.Module:
    """A small model for what the stream delivers in its first field, with the spec's dropout and norm."""
    field = stream.plan.fields[0]
    classes, norm, dropout = len(stream.classes), regularize.norm, regularize.dropout
    if field.modality == "text":
        ops = [step for step in field.finish if isinstance(step, OpStep)]
        sizes = [size for size in (vocabulary_size(step.transform) for step in ops) if size is not None]
        if not sizes:
            raise TrainError(
                "a model needs numbers and the texts arrive as words; end `finish` with hash_tokens"
            )
        return TextCNN(classes, sizes[-1], norm, dropout)
    shape = stream.peek()[field.name].shape
    if field.modality == "audio":
        if not any(isinstance(step, OpStep) and step.op == "log_mel" for step in field.finish):
            raise TrainError("the reference model for sounds takes spectrograms; add `log_mel: {}` to finish")
        return SpectrogramCNN(classes, norm, dropout)
    if len(shape) != 4:
        raise TrainError(
            f"the reference model takes images (N, H, W, C), got {shape}; pass a model of your own"
        )
    _, height, width, channels = shape
    return SmallCNN(classes, channels, norm, dropout, stem_stride_for(height, width))
