"""What will run: the spec joined with the catalog, every parameter checked, every problem reported.

`compile_plan` resolves names, builds the ops, applies the rules of `p` and `weight`, gives every op
its path and computes the content of the fingerprints.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from augflow.batching.mix import MixStep
from augflow.batching.positions import default_tile
from augflow.batching.ragged import RaggedColumn, columns_of, ragged_columns
from augflow.compiler import MixCompiler, OpCompiler
from augflow.errors import SpecError
from augflow.rng import STREAM_FORMAT
from augflow.sources.base import FieldKind, FieldRequest
from augflow.spec.items import Collector, Place
from augflow.spec.model import FOLLOWER_NAMES, FieldSpec, Modality, PipelineSpec
from augflow.spec.parse import ParsedSpec, Section, parse_data, parse_file
from augflow.transforms.catalog import Size
from augflow.transforms.chain import OpStep, Step
from augflow.transforms.conditions import Condition

MIN_MIXING_TILE = 8


@dataclass(frozen=True)
class Follower:
    """A field that follows the geometry of an image."""

    name: str
    kind: FieldKind
    origin: str | None = None
    min_area: float = 0.0
    min_visibility: float = 0.0


@dataclass(frozen=True)
class FieldPlan:
    """The compiled lists of ops of one field."""

    name: str
    modality: Modality
    origin: str | None = None
    followers: tuple[Follower, ...] = ()
    prepare: tuple[Step, ...] = ()
    augment: tuple[Step, ...] = ()
    evaluate: tuple[Step, ...] = ()
    finish: tuple[Step, ...] = ()

    def before_mixing(self, train: bool) -> tuple[Step, ...]:
        """The steps of one sample up to mixing."""
        return self.prepare + (self.augment if train else self.evaluate)

    def after_mixing(self, train: bool) -> tuple[Step, ...]:
        """The steps of one sample after mixing; random ones in training only."""
        return tuple(step for step in self.finish if train or not _is_random(step))

    def sections(self) -> Mapping[str, tuple[Step, ...]]:
        """The lists by name, in the order in which a sample meets them."""
        return {name: getattr(self, name) for name in ("prepare", "augment", "evaluate", "finish")}

    def at_epoch(self, epoch: int) -> FieldPlan:
        """The field with the strengths of one epoch."""
        at = {name: tuple(step.at_epoch(epoch) for step in steps) for name, steps in self.sections().items()}
        return replace(
            self,
            prepare=at["prepare"],
            augment=at["augment"],
            evaluate=at["evaluate"],
            finish=at["finish"],
        )

    def canonical(self, train: bool) -> dict[str, Any]:
        """All of the field that decides a tile's bytes."""
        followers = {
            follower.name: [follower.kind, follower.min_area, follower.min_visibility]
            for follower in self.followers
        }
        return {
            "modality": self.modality,
            "from": self.origin,
            "followers": followers,
            "before": [step.canonical() for step in self.before_mixing(train)],
            "after": [step.canonical() for step in self.after_mixing(train)],
        }


@dataclass(frozen=True)
class Plan:
    """A checked and compiled spec. Picklable; the same on every worker."""

    spec: PipelineSpec
    fields: tuple[FieldPlan, ...]
    mix: MixStep | None
    tile: int
    """Samples in a mixing group."""

    @property
    def mixed_field(self) -> str:
        """The field that mixing works on."""
        return self.spec.batch.mix_on or self.fields[0].name

    def mixing(self, train: bool, epoch: int) -> MixStep | None:
        """The step that mixes the tiles of an epoch."""
        until = self.spec.batch.mix_until
        return self.mix if train and (until is None or epoch < until) else None

    def views(self, train: bool) -> int:
        """Views of a sample; evaluation has one."""
        return self.spec.batch.views if train else 1

    def repeats(self, train: bool) -> int:
        """How often a sample stands in its batch; in evaluation once."""
        return self.spec.batch.repeats if train else 1

    def requests(self) -> tuple[FieldRequest, ...]:
        """What the plan wants of a source."""
        return tuple(self._requests())

    def _requests(self) -> Iterator[FieldRequest]:
        source = self.spec.source
        places = {"mask": source.masks, "boxes": source.boxes, "keypoints": source.keypoints}
        for field in self.fields:
            yield FieldRequest(field.name, field.modality, field.origin)
            for follower in field.followers:
                yield FieldRequest(follower.name, follower.kind, follower.origin or places[follower.kind])

    @cached_property
    def ragged(self) -> Mapping[str, RaggedColumn]:
        """The columns whose rows may differ in length, those of all views included."""
        return ragged_columns(self.kinds(), self.spec.batch.views)

    def kinds(self) -> dict[str, FieldKind]:
        """What every field holds, by name."""
        return {request.name: request.kind for request in self.requests()}

    def conditions(self, train: bool) -> Iterator[tuple[str, Condition]]:
        """Every `when` that training or evaluation asks, with the path of its op."""
        for field in self.fields:
            for step in field.before_mixing(train) + field.after_mixing(train):
                yield from step.conditions()

    def tile_content(self, train: bool) -> dict[str, Any]:
        """All of the spec that decides a tile's bytes."""
        batch = self.spec.batch
        ordered = batch.bucket is not None or self.repeats(train) > 1
        mixing = {"on": self.mixed_field, "at": batch.mix_at, "by": batch.mix_by, "until": batch.mix_until}
        return {
            "format": STREAM_FORMAT,
            "seed": self.spec.seed,
            "train": train,
            "fields": {field.name: field.canonical(train) for field in self.fields},
            "mix": {**self.mix.canonical(), **mixing} if self.mix and train else None,
            "tile": self.tile,
            "dtype": self.spec.output.dtype,
            "views": self.views(train),
            "repeats": self.repeats(train),
            "bucket": batch.bucket,
            # Here the size of a batch decides which samples share a tile.
            "size": batch.size if ordered else None,
        }

    @property
    def fingerprint(self) -> str:
        """Of the whole spec: what is written in a manifest. Name, paths and comments do not count."""
        kept = {"version", "seed", "source", "output", "regularize"}
        spec = self.spec.model_dump(mode="json", include=kept)
        for place in ("path", "links", "masks", "boxes", "keypoints"):
            spec["source"].pop(place)
        content = {
            **spec,
            "batch": {"size": self.spec.batch.size, "ragged": self.spec.batch.ragged},
            "train": self.tile_content(train=True),
            "evaluate": self.tile_content(train=False),
        }
        return fingerprint(content)

    def describe(self) -> list[dict[str, Any]]:
        """Every op in order: path, op, effective `p`, parameters."""
        described = [
            step.canonical() for field in self.fields for steps in field.sections().values() for step in steps
        ]
        return described + ([self.mix.canonical()] if self.mix else [])


def fingerprint(content: Mapping[str, Any]) -> str:
    """Hex digest of canonical content: key order and 1 or 1.0 do not count."""
    text = json.dumps(_canonical(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def stream_fingerprints(plan: Plan, identity: Mapping[str, Any]) -> dict[str, str]:
    """The three fingerprints of a plan joined with a stream's identity."""
    tile = {name: value for name, value in identity.items() if name not in ("batch_size", "drop_last")}
    return {"tile": fingerprint(tile), "stream": fingerprint(identity), "spec": plan.fingerprint}


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _canonical(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def load_plan(spec: Path | Mapping[str, Any]) -> Plan:
    """Parse and compile a YAML file or a mapping; raises `SpecError` with every problem."""
    return compile_plan(parse_file(spec) if isinstance(spec, Path) else parse_data(spec))


def compile_plan(parsed: ParsedSpec) -> Plan:
    """The plan of a parsed spec; raises `SpecError` with every problem of form and of content."""
    spec, collector = parsed.spec, parsed.collector
    steps: dict[str, dict[str, tuple[Step, ...]]] = {}
    for section in parsed.sections:
        compiled = OpCompiler(section.modality, _follower_kinds(spec, section), collector).section(section)
        steps.setdefault(section.field, {})[section.name] = compiled
    mix = MixCompiler(_mixed_modality(parsed), (), collector).mix(
        parsed.mix, by_model=spec is not None and spec.batch.mix_by == "model"
    )
    tile = _tile(spec, collector) if spec else 1
    if spec is not None:
        _check_names(spec, collector)
    if spec is not None and spec.batch.views > 1 and spec.batch.mix is not None:
        collector.add(("batch", "views"), "views of a sample are not mixed; remove `mix`, or views")
    if not collector.problems:
        images = {
            section.field: section.place[:-1] for section in parsed.sections if section.modality == "image"
        }
        for name, place in images.items():
            _check_sizes(steps[name], place, collector)
    if collector.problems or spec is None:
        raise SpecError(collector.sorted())
    fields = tuple(
        _field_plan(name, field, spec, steps.get(name, {})) for name, field in spec.main_fields().items()
    )
    return Plan(spec, fields, mix=mix, tile=tile)


def _check_names(spec: PipelineSpec, collector: Collector) -> None:
    """No two fields may have columns of one name, such as `text_length` and the length of `text`."""
    owners: dict[str, str] = {}
    for name, field in spec.fields.items():
        kind = field.modality or field.kind or FOLLOWER_NAMES[name]
        for column in columns_of(name, kind, spec.batch.views):
            owner = owners.setdefault(column, name)
            if owner != name:
                collector.add(
                    ("fields", name), f"{column!r} is a column of {owner!r} as well; rename one of the fields"
                )
                break


def _field_plan(
    name: str, field: FieldSpec, spec: PipelineSpec, steps: Mapping[str, tuple[Step, ...]]
) -> FieldPlan:
    followers = tuple(
        Follower(
            other,
            follower.kind or FOLLOWER_NAMES[other],
            follower.origin,
            follower.min_area,
            follower.min_visibility,
        )
        for other, follower in spec.followers(name).items()
    )
    return FieldPlan(name, field.modality or "image", field.origin, followers, **steps)


def _follower_kinds(spec: PipelineSpec | None, section: Section) -> set[str]:
    found = spec.followers(section.field) if spec else {}
    return {follower.kind or FOLLOWER_NAMES[name] for name, follower in found.items()}


def _mixed_modality(parsed: ParsedSpec) -> str:
    """The modality of the field that is mixed, as far as it can be told."""
    if parsed.spec is not None:
        fields = parsed.spec.main_fields()
        return str(fields[parsed.spec.batch.mix_on or next(iter(fields))].modality)
    return parsed.sections[0].modality if parsed.sections else "image"


def _tile(spec: PipelineSpec, collector: Collector) -> int:
    batch = spec.batch
    tile = batch.tile if batch.tile is not None else default_tile(batch.size)
    if batch.size % tile:
        collector.add(("batch", "tile"), f"must divide batch.size ({batch.size}), got {tile}")
    if batch.mix is not None and tile < MIN_MIXING_TILE:
        near = sorted(
            range(max(1, batch.size - 32), batch.size + 33), key=lambda size: abs(size - batch.size)
        )
        sizes = [size for size in near if default_tile(size) >= MIN_MIXING_TILE][:4]
        place = ("batch", "tile") if batch.tile is not None else ("batch", "size")
        remedy = f"use a batch size near it such as {', '.join(map(str, sorted(sizes)))}"
        rule = f"mixing needs a tile of at least {MIN_MIXING_TILE} samples"
        collector.add(place, f"{rule}, size {batch.size} has tiles of {tile}; {remedy}")
    return tile


def _check_sizes(steps: Mapping[str, tuple[Step, ...]], place: Place, collector: Collector) -> None:
    prepared = size_after(steps.get("prepare", ()), None)
    training = size_after(steps.get("augment", ()), prepared)
    evaluation = size_after(steps.get("evaluate", ()), prepared)
    if training is None or evaluation is None or training == evaluation:
        return
    sizes = f"training gives {training[0]}x{training[1]} and evaluation {evaluation[0]}x{evaluation[1]}"
    remedy = f"end `evaluate` with `center_crop: {{height: {training[0]}, width: {training[1]}}}` or resize"
    collector.add((*place, "evaluate"), f"sizes must be equal, {sizes} (height x width); {remedy}")


def size_after(steps: tuple[Step, ...], size: Size) -> Size:
    """Height and width of an image of that size after the steps; None where it cannot be known."""
    for step in steps:
        after = step.size_where_met(size)
        size = after if (step.p >= 1 and not step.when) or after == size else None
    return size


def _is_random(step: Step) -> bool:
    return not isinstance(step, OpStep) or step.random or step.p < 1
