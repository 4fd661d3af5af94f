"""The section `regularize` as typed."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from augflow.spec.base import Count, NotNegative, Positive, SpecModel

Rate = Annotated[float, Field(ge=0, lt=1)]


class DropBlockSpec(SpecModel):
    """Whole squares of the feature maps are dropped, in training."""

    rate: Rate
    """The share of each map that is dropped, in the mean."""
    size: Count = 5
    """Side of a square, in cells of the map; on smaller maps the map's own side."""


class SwaSpec(SpecModel):
    """The model is the mean of the weights at the ends of the last epochs."""

    start: Rate = 0.75
    """The share of all epochs that is over before the first weights count."""


class EarlyStoppingSpec(SpecModel):
    """Stop when the validation loss has not improved by `min_delta` for `patience` checks."""

    patience: Count = 10
    min_delta: NotNegative = 0.0


class RegularizeSpec(SpecModel):
    """What keeps the model from learning the training set by heart; used by `augflow.train`.

    *Weights* are parameters of two axes or more: biases and norms are never penalized or decayed.
    """

    dropout: Rate = 0.0
    """The chance that an element of the last features is dropped, after the last norm."""
    channel_dropout: Rate = 0.0
    """The chance that a whole channel is dropped: of feature maps, or of a text's embeddings."""
    drop_block: DropBlockSpec | None = None
    drop_path: Rate = 0.0
    """Stochastic depth: the chance that the last residual branch is skipped, linear from the first."""
    norm: Literal["batch", "layer", "instance", "group", "none"] = "batch"
    norm_groups: Count = 8
    """Groups of channels of `norm: group`."""
    l1: NotNegative = 0.0
    """Factor of the sum of absolute weights, added to the loss."""
    l2: NotNegative = 0.0
    """Factor of half the sum of squared weights, added to the loss; with `l1` it is the elastic net."""
    proximal_l1: NotNegative = 0.0
    """L1 by soft thresholding with `lr * proximal_l1` after each step: reaches true zeros."""
    weight_decay: NotNegative = 0.0
    """Decoupled (AdamW) decay of the weights."""
    max_norm: Positive | None = None
    """The largest Euclidean norm that the incoming weights of one unit keep after a step."""
    input_noise: NotNegative = 0.0
    """Standard deviation of normal noise on what the model is given, in its unit: normalized images, decibels
    of a log-mel spectrogram, embeddings of texts (whose own deviation is 0.1 at the start)."""
    weight_noise: NotNegative = 0.0
    """Standard deviation of normal noise on the weights while a gradient is taken."""
    label_smoothing: Rate = 0.0
    r_drop: NotNegative = 0.0
    """Factor of half the symmetric divergence between two passes with dropout of their own, beside the mean
    of their cross entropies: half of the paper's alpha, which stands beside their sum."""
    clip_norm: Positive | None = None
    clip_value: Positive | None = None
    sam: NotNegative = 0.0
    """Radius of the neighborhood whose worst loss SAM lowers; each step takes two passes."""
    ema_decay: Rate = 0.0
    """The share of its old value that the mean of the weights keeps each step; 0.99 to 0.9999."""
    swa: SwaSpec | None = None
    early_stopping: EarlyStoppingSpec | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> RegularizeSpec:
        problems = [problem for problem in self._excluded() if problem]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _excluded(self) -> list[str | None]:
        pairs = (
            ("clip_norm", "clip_value", "both cut the gradients"),
            ("l2", "weight_decay", "both shrink the weights"),
            ("l1", "proximal_l1", "both are the L1 penalty"),
            ("ema_decay", "swa", "both average the weights"),
            ("proximal_l1", "ema_decay", "a mean of weights has no true zeros"),
            ("proximal_l1", "swa", "a mean of weights has no true zeros"),
            ("swa", "early_stopping", "one averages the last epochs, the other keeps one of them"),
        )
        excluded: list[str | None] = []
        for one, other, reason in pairs:
            first, second = getattr(self, one), getattr(self, other)
            if first and second:
                values = f"{one} ({_shown(first)}) and {other} ({_shown(second)})"
                excluded.append(f"{values} exclude each other: {reason}; keep one")
        if "norm_groups" in self.model_fields_set and self.norm != "group":
            excluded.append(f"norm_groups ({self.norm_groups}) is for `norm: group`, and norm is {self.norm}")
        chances = (self.dropout, self.channel_dropout, self.drop_block, self.drop_path, self.input_noise)
        if self.r_drop and not any(chances):
            excluded.append(
                f"r_drop ({self.r_drop}) compares two passes that differ by dropout or noise, and there is "
                "none; set dropout"
            )
        return excluded


def _shown(value: object) -> str:
    if isinstance(value, SpecModel):
        return ", ".join(f"{name}: {number}" for name, number in value.model_dump().items())
    return str(value)
