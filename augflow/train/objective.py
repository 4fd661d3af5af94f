"""What a training step minimizes: the loss of a batch with all that `regularize` puts into it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from augflow.errors import TrainError
from augflow.plan import Plan
from augflow.spec.regularize import RegularizeSpec
from augflow.train.inputs import model_inputs
from augflow.train.loader import TensorBatch
from augflow.train.losses import r_drop, soft_cross_entropy
from augflow.train.mixing import mix_masks, mix_rows, mix_targets
from augflow.train.noise import GaussianNoise
from augflow.train.regularize import penalty
from augflow.train.sequences import EmbeddingModel


@dataclass(frozen=True)
class Outcome:
    """A batch as the model took it."""

    objective: Tensor
    """A scalar to call `backward` on."""
    losses: Tensor
    """Cross entropy of each row (N,), smoothed; without penalties and divergence."""
    logits: Tensor
    target: Tensor
    """The shares (N, K) that the logits were held against, mixed."""


class Objective:
    """Mean cross entropy of the valid rows, plus penalties and R-Drop; inputs noisy and mixed if asked for.

    Mixing that the spec leaves to the model happens here, in float: of embeddings for texts, of the
    normalized inputs for images and sounds. Noise comes after it, and spares padding. With R-Drop
    (arXiv:2106.14448) the batch passes twice, and the cross entropy is the mean of both; the paper's is
    the sum, so that its alpha is twice `r_drop`.
    """

    def __init__(self, model: nn.Module, plan: Plan, regularize: RegularizeSpec) -> None:
        self._model, self._plan, self._regularize = model, plan, regularize
        self._mixes = _mixes(plan)
        self._noise = GaussianNoise(regularize.input_noise)
        self._reader: EmbeddingModel | None = None
        """The model, where its embeddings are what is mixed or made noisy."""
        if plan.fields[0].modality == "text" and (self._mixes or regularize.input_noise):
            self._reader = _reader(model)

    def __call__(self, batch: TensorBatch) -> Outcome:
        """The objective of a batch; the model is left in the mode it is in."""
        inputs, target = model_inputs(batch, self._plan), batch["target"]
        if self._reader is not None:
            inputs = (self._reader.embed_tokens(*inputs), inputs[1])
        if self._mixes:
            inputs, target = _mixed(inputs, batch), mix_targets(batch)
        smoothing = self._regularize.label_smoothing
        logits = self._forward(inputs)
        losses = soft_cross_entropy(logits, target, smoothing, reduction="none")
        objectives = losses
        if self._regularize.r_drop:
            again = self._forward(inputs)
            losses = (losses + soft_cross_entropy(again, target, smoothing, reduction="none")) / 2
            objectives = losses + self._regularize.r_drop * r_drop(logits, again, reduction="none")
        kept = batch["valid"].to(losses.dtype)
        objective: Tensor = (objectives * kept).sum() / kept.sum().clamp(min=1)
        if self._regularize.l1 or self._regularize.l2:
            objective = objective + penalty(self._model, self._regularize.l1, self._regularize.l2)
        return Outcome(objective, losses, logits, target)

    def _forward(self, inputs: tuple[Tensor, ...]) -> Tensor:
        values, rest = inputs[0], inputs[1:]
        if self._regularize.input_noise:
            noisy = self._noise(values)
            axis = 1 if self._reader is None else -1
            values = torch.where(rest[0].unsqueeze(axis), noisy, values) if rest else noisy
        forward = self._model if self._reader is None else self._reader.forward_embedded
        logits: Tensor = forward(values, *rest)
        return logits


def _reader(model: nn.Module) -> EmbeddingModel:
    if isinstance(model, EmbeddingModel):
        return model
    raise TrainError(
        f"tokens can be neither mixed nor made noisy, only their embeddings, and "
        f"{type(model).__name__} has no embed_tokens and forward_embedded; "
        "add them, or take `mix: {by: model}` and input_noise out of the spec"
    )


def _mixes(plan: Plan) -> bool:
    """Whether the model mixes, after a look at whether it can."""
    if plan.mix is None or plan.spec.batch.mix_by != "model":
        return False
    field = plan.fields[0]
    possible = ("mixup", "cutmix") if field.modality == "image" else ("mixup",)
    for op in plan.mix.ops:
        if op.op not in possible:
            raise TrainError(
                f"`mix: {{by: model}}` of {field.modality} knows {' and '.join(possible)}, not {op.op}; "
                "leave it to the worker (take `by: model` out)"
            )
    if plan.mixed_field != field.name:
        raise TrainError(
            f"the model is given the field {field.name}, and `mix` is on {plan.mixed_field}; "
            "mix the first field, or take `by: model` out"
        )
    return True


def _mixed(inputs: tuple[Tensor, ...], batch: TensorBatch) -> tuple[Tensor, ...]:
    return (mix_rows(inputs[0], batch), *(mix_masks(mask, batch) for mask in inputs[1:]))
