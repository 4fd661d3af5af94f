"""What a model is given of a batch: the field that it is about, as tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from augflow.batching.ragged import MASK
from augflow.errors import TrainError
from augflow.plan import Plan

if TYPE_CHECKING:
    from augflow.train.loader import TensorBatch


def model_inputs(batch: TensorBatch, plan: Plan) -> tuple[Tensor, ...]:
    """The arguments of a model's `forward`, of the spec's first field.

    Images: (images (N, C, H, W),). Texts: (tokens int64 (N, L), mask bool (N, L)). Sounds: (spectrograms
    (N, mels, frames) or waveforms (N, channels, time), mask bool (N, frames or time)).
    """
    field = plan.fields[0]
    value = batch[field.name]
    if field.modality == "image":
        return (value,)
    if not isinstance(value, Tensor):
        raise TrainError("a model needs numbers and the texts arrive as words; end `finish` with hash_tokens")
    mask = batch.get(field.name + MASK)
    if mask is None:
        raise TrainError("a model needs padded batches; set `batch: {ragged: pad}`")
    return value, mask
