"""The section `regularize` as typed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from augflow.spec.base import Count, NotNegative, Positive, SpecModel


class EarlyStoppingSpec(SpecModel):
    """Stop when the validation loss has not improved by `min_delta` for `patience` checks."""

    patience: Count = 10
    min_delta: NotNegative = 0.0


class RegularizeSpec(SpecModel):
    """What keeps the model from learning the training set by heart; used by `augflow.train`."""

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    norm: Literal["batch", "none"] = "batch"
    l1: NotNegative = 0.0
    """Factor of the sum of absolute weights, added to the loss; norms and biases left out."""
    l2: NotNegative = 0.0
    """Factor of half the sum of squared weights, added to the loss; norms and biases left out."""
    weight_decay: NotNegative = 0.0
    """Decoupled (AdamW) decay of the weights; norms and biases left out."""
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    clip_norm: Positive | None = None
    clip_value: Positive | None = None
    early_stopping: EarlyStoppingSpec | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> RegularizeSpec:
        if self.clip_norm is not None and self.clip_value is not None:
            raise ValueError("clip_norm and clip_value exclude each other; keep one")
        if self.l2 and self.weight_decay:
            raise ValueError(
                f"l2 ({self.l2}) and weight_decay ({self.weight_decay}) both shrink the weights; keep one"
            )
        return self
