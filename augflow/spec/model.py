"""The spec as typed: what the user wrote, checked for form, knowing nothing of ops or classes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from augflow.spec.base import SEED_LIMIT, Count, Fraction, NotNegative, OpSpec, SpecModel
from augflow.spec.regularize import RegularizeSpec


class SourceSpec(SpecModel):
    """Where samples come from, and what happens to those that cannot be read."""

    path: str | None = None
    kind: Literal["folder", "labels", "manifest", "table", "webdataset"] | None = None
    """None means: look and say. `labels` is a folder with a `labels.csv`."""
    columns: Mapping[Literal["label", "text", "path", "id", "split"], str | tuple[str, ...]] = Field(
        default_factory=dict
    )
    """Names of columns by what they mean; several for the numbers of a regression."""
    quoting: Literal["on", "off"] | None = None
    """Whether `"` quotes the fields of a .csv or .tsv; None means: look and say."""
    target: Literal["class", "multi_label", "regression"] = "class"
    links: Literal["inside", "follow"] = "inside"
    """Which symbolic links are followed: those that stay inside the source's folder, or all. The cache of
    Hugging Face is made of links that lead out of it."""
    split: str | None = None
    classes: tuple[str, ...] | None = None
    masks: str | None = None
    """The folder of the masks that follow the image; relative to the source, `{name}` is its own name."""
    boxes: str | None = None
    """A COCO .json, or a folder of YOLO .txt or VOC .xml files; relative to the source, `{name}` is its
    own name; with `#masks` at the end instance masks come along."""
    keypoints: str | None = None
    """A COCO .json with keypoints; relative to the source, `{name}` is its own name."""
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
    mix_on: str | None = None
    """The field that is mixed, of several; None: the first."""
    mix_until: Count | None = None
    """The first epoch without mixing."""
    views: Annotated[int, Field(ge=1, le=64)] = 1
    """How often each sample is augmented independently; the second view of `image` is `image_view1`."""
    repeats: Annotated[int, Field(ge=1, le=64)] = 1
    """How often each sample stands in its batch, augmented independently (arXiv:1901.09335)."""
    bucket: Count | None = None
    """Shuffled samples are put in batches by length, this many global batches at a time."""
    ragged: Literal["pad", "offsets", "refuse"] = "pad"
    """What becomes of texts, sounds, boxes and keypoints that differ in length."""

    @model_validator(mode="after")
    def _repeats_divide(self) -> BatchSpec:
        if self.size % self.repeats:
            raise ValueError(f"size ({self.size}) must be a multiple of repeats ({self.repeats})")
        return self

    def written_mix(self) -> dict[str, Any]:
        """`mix` in the form of the file, with its other keys where they are not the default."""
        body = self.mix.written() if self.mix else {}
        if self.mix_on is not None:
            body["on"] = self.mix_on
        if self.mix_until is not None:
            body["until_epoch"] = self.mix_until
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


Modality = Literal["image", "text", "audio"]
FollowerKind = Literal["mask", "boxes", "keypoints"]

COLUMNS = ("target", "label", "index", "id", "partner", "lam", "box", "valid", "replaced")
"""Columns that every batch has, so that no field can be named like them."""

FIELD_FORM = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


class FieldSpec(SpecModel):
    """One field of several: with ops of its own, or following the geometry of an image."""

    modality: Modality | None = None
    origin: str | None = Field(default=None, alias="from")
    """A column, a key of the items, or for what follows an image its folder or file; None: as the source
    suggests."""
    follows: str | None = None
    kind: FollowerKind | None = None
    """What follows; None: as the field's name says."""
    min_area: NotNegative = 0.0
    """Boxes that keep fewer square pixels inside the image are dropped."""
    min_visibility: Fraction = 0.0
    """Boxes of which an op leaves a smaller share inside the image are dropped."""
    prepare: tuple[OpSpec, ...] = ()
    augment: tuple[OpSpec, ...] = ()
    evaluate: tuple[OpSpec, ...] = ()
    finish: tuple[OpSpec, ...] = ()

    @model_validator(mode="after")
    def _one_sort(self) -> FieldSpec:
        if (self.modality is None) == (self.follows is None):
            raise ValueError("needs either `modality: image|text|audio` or `follows: FIELD`")
        if self.follows is not None and any(ops for _, ops in self.sections()):
            raise ValueError(
                f"follows {self.follows!r}, so its ops are those of {self.follows!r}; remove its own"
            )
        return self

    def sections(self) -> Iterator[tuple[str, tuple[OpSpec, ...]]]:
        """The lists of ops, in the order in which a sample meets them."""
        yield "prepare", self.prepare
        yield "augment", self.augment
        yield "evaluate", self.evaluate
        yield "finish", self.finish

    def written(self) -> dict[str, Any]:
        """The field in the form of the file; defaults are left out."""
        body = self.model_dump(mode="json", exclude_defaults=True, by_alias=True)
        for name, ops in self.sections():
            if ops:
                body[name] = [op.written() for op in ops]
        return body


FOLLOWER_NAMES: Mapping[str, FollowerKind] = {
    "mask": "mask",
    "masks": "mask",
    "boxes": "boxes",
    "bboxes": "boxes",
    "keypoints": "keypoints",
}
"""What a field that follows an image is taken for by its name."""


class PipelineSpec(SpecModel):
    """A whole spec: one field in the short form (`modality` and its lists of ops), or `fields`."""

    version: Literal[1] = 1
    name: str = "unnamed"
    modality: Modality | None = None
    seed: Annotated[int, Field(ge=0, lt=SEED_LIMIT)] = 0
    source: SourceSpec = Field(default_factory=SourceSpec)
    prepare: tuple[OpSpec, ...] = ()
    augment: tuple[OpSpec, ...] = ()
    evaluate: tuple[OpSpec, ...] = ()
    finish: tuple[OpSpec, ...] = ()
    fields: Mapping[str, FieldSpec] = Field(default_factory=dict)
    batch: BatchSpec = Field(default_factory=BatchSpec)
    output: OutputSpec = Field(default_factory=OutputSpec)
    regularize: RegularizeSpec = Field(default_factory=RegularizeSpec)

    @model_validator(mode="after")
    def _short_or_fields(self) -> PipelineSpec:
        if (self.modality is None) == (not self.fields):
            raise ValueError("needs `modality: image|text|audio` for one field, or `fields:` for several")
        if self.fields and any((self.prepare, self.augment, self.evaluate, self.finish)):
            raise ValueError("with `fields`, ops stand in their fields; move them there")
        for name, field in self.fields.items():
            self._check_field(name, field)
        if self.batch.mix_on is not None and self.batch.mix_on not in self.main_fields():
            raise ValueError(f"batch.mix.on must name a field with a modality, got {self.batch.mix_on!r}")
        return self

    def _check_field(self, name: str, field: FieldSpec) -> None:
        if not FIELD_FORM.fullmatch(name) or name in COLUMNS:
            raise ValueError(
                f"a field is named by letters, digits and _, and not {', '.join(COLUMNS)}; got {name!r}"
            )
        if field.follows is None:
            return
        leader = self.fields.get(field.follows)
        if leader is None or leader.modality != "image":
            raise ValueError(f"fields.{name}.follows must name a field of images, got {field.follows!r}")
        if field.kind is None and name not in FOLLOWER_NAMES:
            kinds = "mask, boxes or keypoints"
            raise ValueError(f"fields.{name} must say its kind ({kinds}), which its name does not")

    def main_fields(self) -> Mapping[str, FieldSpec]:
        """The fields that have ops of their own; the short form is one field named by its modality."""
        if self.modality is None:
            return {name: field for name, field in self.fields.items() if field.follows is None}
        short = FieldSpec(
            modality=self.modality,
            prepare=self.prepare,
            augment=self.augment,
            evaluate=self.evaluate,
            finish=self.finish,
        )
        return {self.modality: short}

    def followers(self, leader: str) -> Mapping[str, FieldSpec]:
        """What follows a field of images."""
        return {name: field for name, field in self.fields.items() if field.follows == leader}

    def with_fields(self, fields: Mapping[str, FieldSpec]) -> PipelineSpec:
        """The same spec with other ops in its main fields."""
        if self.modality is None:
            return self.model_copy(update={"fields": {**self.fields, **fields}})
        return self.model_copy(update=dict(fields[self.modality].sections()))
