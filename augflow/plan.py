"""What will run: the spec joined with the catalog, every parameter checked, every problem reported.

`compile_plan` resolves names, builds the ops, applies the rules of `p` and `weight`, gives every op
its path and computes the content of the fingerprints.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augflow.batching.mix import MixStep
from augflow.batching.positions import default_tile
from augflow.compiler import OpCompiler
from augflow.errors import SpecError
from augflow.rng import STREAM_FORMAT
from augflow.spec.items import Collector
from augflow.spec.model import PipelineSpec
from augflow.spec.parse import ParsedSpec, parse_data, parse_file
from augflow.transforms.catalog import Size
from augflow.transforms.chain import OpStep, Step

MIN_MIXING_TILE = 8


@dataclass(frozen=True)
class Plan:
    """A checked and compiled spec. Picklable; the same on every worker."""

    spec: PipelineSpec
    prepare: tuple[Step, ...]
    augment: tuple[Step, ...]
    evaluate: tuple[Step, ...]
    finish: tuple[Step, ...]
    mix: MixStep | None
    tile: int
    """Samples in a mixing group."""

    def before_mixing(self, train: bool) -> tuple[Step, ...]:
        """The steps of one sample up to mixing."""
        return self.prepare + (self.augment if train else self.evaluate)

    def after_mixing(self, train: bool) -> tuple[Step, ...]:
        """The steps of one sample after mixing; random ones in training only."""
        return tuple(step for step in self.finish if train or not _is_random(step))

    def tile_content(self, train: bool) -> dict[str, Any]:
        """All of the spec that decides a tile's bytes."""
        return {
            "format": STREAM_FORMAT,
            "seed": self.spec.seed,
            "train": train,
            "before": [step.canonical() for step in self.before_mixing(train)],
            "mix": self.mix.canonical() if self.mix and train else None,
            "mix_at": self.spec.batch.mix_at if self.mix and train else None,
            "mix_by": self.spec.batch.mix_by if self.mix and train else None,
            "after": [step.canonical() for step in self.after_mixing(train)],
            "tile": self.tile,
            "dtype": self.spec.output.dtype,
        }

    @property
    def fingerprint(self) -> str:
        """Of the whole spec: what is written in a manifest. Name, paths and comments do not count."""
        spec = self.spec.model_dump(mode="json", exclude={"name", "prepare", "augment", "evaluate", "finish"})
        spec["source"].pop("path")
        content = {
            **spec,
            "batch": {"size": self.spec.batch.size},
            "train": self.tile_content(train=True),
            "evaluate": self.tile_content(train=False),
        }
        return fingerprint(content)

    def describe(self) -> list[dict[str, Any]]:
        """Every op in order: section, path, op, effective `p`, parameters."""
        sections = (self.prepare, self.augment, self.evaluate, self.finish)
        rows = [step.canonical() for steps in sections for step in steps]
        return [*rows, self.mix.canonical()] if self.mix else rows


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
    collector = parsed.collector
    field = parsed.spec.modality if parsed.spec else "image"
    compiler = OpCompiler(field, collector)
    steps = {name: compiler.section(name, items) for name, items in parsed.sections.items()}
    mix = compiler.mix(parsed.mix)
    tile = _tile(parsed.spec, collector) if parsed.spec else 1
    if not collector.problems:
        _check_sizes(steps, collector)
    if collector.problems or parsed.spec is None:
        raise SpecError(collector.sorted())
    return Plan(parsed.spec, mix=mix, tile=tile, **steps)


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


def _check_sizes(steps: Mapping[str, tuple[Step, ...]], collector: Collector) -> None:
    prepared = _size_after(steps.get("prepare", ()), None)
    training = _size_after(steps.get("augment", ()), prepared)
    evaluation = _size_after(steps.get("evaluate", ()), prepared)
    if training is None or evaluation is None or training == evaluation:
        return
    sizes = f"training gives {training[0]}x{training[1]} and evaluation {evaluation[0]}x{evaluation[1]}"
    remedy = f"end `evaluate` with `center_crop: {{height: {training[0]}, width: {training[1]}}}` or resize"
    collector.add(("evaluate",), f"sizes must be equal, {sizes} (height x width); {remedy}")


def _size_after(steps: tuple[Step, ...], size: Size) -> Size:
    for step in steps:
        after = step.output_size(size)
        size = after if step.p >= 1 or after == size else None
    return size


def _is_random(step: Step) -> bool:
    return not isinstance(step, OpStep) or step.random or step.p < 1
