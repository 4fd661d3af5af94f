"""The spec as typed: what the user wrote, checked for form, knowing nothing of ops or classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

CONTAINERS = ("one_of", "some_of", "random_order")
ITEM_KEYS = ("id", "when", "weight")
SEED_LIMIT = 2**63

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class SpecModel(BaseModel):
    """Common settings: unknown keys are refused, values do not change, numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class OpSpec(SpecModel):
    """One list item: an op with its parameters, or a container with its children."""

    op: str
    params: Mapping[str, Any] = Field(default_factory=dict)
    id: str | None = None
    weight: Positive | None = None
    children: tuple[OpSpec, ...] = ()

    def written(self) -> dict[str, Any]:
        """The item in the form of the file."""
        body: dict[str, Any] = dict(self.params)
        if self.children:
            body["transforms"] = [child.written() for child in self.children]
        item: dict[str, Any] = {self.op: body}
        if self.id is not None:
            item["id"] = self.id
        if self.weight is not None:
            item["weight"] = self.weight
        return item


class SourceSpec(SpecModel):
    """Where samples come from, and what happens to those that cannot be read."""

    path: str | None = None
    kind: Literal["folder", "labels", "manifest"] | None = None
    """None means: look and say. `labels` is a folder with a `labels.csv`."""
    columns: Mapping[Literal["label", "path", "id", "split"], str] = Field(default_factory=dict)
    split: str | None = None
    classes: tuple[str, ...] | None = None
    on_error: Literal["raise", "replace", "skip"] = "raise"
    max_bad: str | Annotated[int, Field(ge=0)] = "1%"
    """A count, or a share of the source such as `1%`."""

    @model_validator(mode="after")
    def _max_bad_is_readable(self) -> SourceSpec:
        self.bad_budget(100)
        return self

    def bad_budget(self, length: int) -> int:
        """How many of `length` samples may be bad; a share counts at least one."""
        if isinstance(self.max_bad, int):
            return self.max_bad
        number = self.max_bad.removesuffix("%")
        try:
            share = float(number) / 100
        except ValueError:
            share = -1.0
        if not self.max_bad.endswith("%") or not 0 <= share <= 1:
            raise ValueError(f"must be a count or a share such as 1%, got {self.max_bad!r}")
        return max(1, int(length * share)) if share else 0


class BatchSpec(SpecModel):
    """How samples become batches. `size` counts over all ranks."""

    size: Count = 32
    tile: Count | None = None
    """Samples in a mixing group; must divide `size`. None: the largest divisor of `size` up to 16."""
    mix: OpSpec | None = None
    mix_at: Literal["augment", "finish"] = "augment"
    mix_by: Literal["worker", "model"] = "worker"

    def written_mix(self) -> dict[str, Any]:
        """`mix` in the form of the file, with `at` and `by` where they are not the default."""
        body = self.mix.written() if self.mix else {}
        if self.mix_at != "augment":
            body["at"] = self.mix_at
        if self.mix_by != "worker":
            body["by"] = self.mix_by
        return body


NAMED_STATISTICS: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "half": ((0.5,), (0.5,)),
}
"""Mean and standard deviation by name, for images in [0, 1]; `imagenet` as in torchvision's models."""


def _known_statistics(value: Any) -> Any:
    if isinstance(value, str) and value not in NAMED_STATISTICS:
        raise ValueError(f"must be numbers or one of {', '.join(NAMED_STATISTICS)}, got {value!r}")
    return value


Statistics = Annotated[str | tuple[float, ...] | None, AfterValidator(_known_statistics)]


class OutputSpec(SpecModel):
    """What goes over the wire, and what the torch loader makes of it on the device."""

    dtype: Literal["uint8", "float32"] = "uint8"
    mean: Statistics = None
    std: Statistics = None

    def statistics(self) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """Mean and standard deviation a channel for images in [0, 1]; None leaves them in [0, 1]."""
        if self.mean is None and self.std is None:
            return None
        mean = NAMED_STATISTICS[self.mean][0] if isinstance(self.mean, str) else self.mean
        std = NAMED_STATISTICS[self.std][1] if isinstance(self.std, str) else self.std
        return mean or (0.0,), std or (1.0,)

    @model_validator(mode="after")
    def _statistics_fit(self) -> OutputSpec:
        found = self.statistics()
        if found is not None:
            mean, std = found
            if min(std) <= 0:
                raise ValueError(f"std must be above 0 in every channel, got {list(std)}")
            if len(mean) != len(std) and 1 not in (len(mean), len(std)):
                raise ValueError(f"mean has {len(mean)} channels and std has {len(std)}")
        return self


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


class PipelineSpec(SpecModel):
    """A whole spec for one field of one modality."""

    version: Literal[1] = 1
    name: str = "unnamed"
    modality: Literal["image"]
    seed: Annotated[int, Field(ge=0, lt=SEED_LIMIT)] = 0
    source: SourceSpec = Field(default_factory=SourceSpec)
    prepare: tuple[OpSpec, ...] = ()
    augment: tuple[OpSpec, ...] = ()
    evaluate: tuple[OpSpec, ...] = ()
    finish: tuple[OpSpec, ...] = ()
    batch: BatchSpec = Field(default_factory=BatchSpec)
    output: OutputSpec = Field(default_factory=OutputSpec)
    regularize: RegularizeSpec = Field(default_factory=RegularizeSpec)

    def sections(self) -> Iterator[tuple[str, tuple[OpSpec, ...]]]:
        """The lists of ops, in the order in which a sample meets them."""
        yield "prepare", self.prepare
        yield "augment", self.augment
        yield "evaluate", self.evaluate
        yield "finish", self.finish
