"""A compiled spec as users hold it: streams, single samples, YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields as dataclass_fields
from os import PathLike
from typing import Any

from augflow.engine.fields import run_field, with_limits
from augflow.errors import SourceError
from augflow.options import StreamOptions
from augflow.plan import Plan, load_plan
from augflow.presets import spec_path
from augflow.rng import KeyedRandom, sample_key
from augflow.sample import Fields
from augflow.sources import Source, open_source
from augflow.spec.parse import dump_spec, written_spec
from augflow.stream import BatchStream
from augflow.transforms.chain import Passage
from augflow.transforms.conditions import LABEL, Facts


class Pipeline:
    """What samples go through, checked and compiled.

    Built from the sections of a spec: `Pipeline(modality="image", augment=[{"rotate": {"limit": 15}}],
    batch={"size": 128})`. Raises `SpecError` with every problem.
    """

    def __init__(self, **sections: Any) -> None:
        self.plan = load_plan(sections)

    @classmethod
    def from_plan(cls, plan: Plan) -> Pipeline:
        """The pipeline of a plan that is compiled already."""
        pipeline = cls.__new__(cls)
        pipeline.plan = plan
        return pipeline

    @property
    def fingerprint(self) -> str:
        """Hex digest of all that the spec says; name, comments, key order and paths do not count."""
        return self.plan.fingerprint

    def to_yaml(self) -> str:
        """The spec as YAML text with the same fingerprint."""
        return dump_spec(self.plan.spec)

    def replace(self, *, seed: int | None = None, batch_size: int | None = None) -> Pipeline:
        """The same pipeline with another seed or global batch size."""
        if seed is None and batch_size is None:
            return self
        spec = self.plan.spec
        batch = spec.batch if batch_size is None else spec.batch.model_copy(update={"size": batch_size})
        changed = spec.model_copy(update={"batch": batch, "seed": spec.seed if seed is None else seed})
        return Pipeline.from_plan(load_plan(written_spec(changed)))

    def without_mixing(self, from_epoch: int = 0) -> Pipeline:
        """The same pipeline with samples left apart, from an epoch on (counted from 0)."""
        spec = self.plan.spec
        if spec.batch.mix is None:
            return self
        apart: dict[str, Any] = {"mix_until": min(from_epoch, spec.batch.mix_until or from_epoch)}
        if from_epoch <= 0:
            apart = {"mix": None, "mix_at": "augment", "mix_by": "worker", "mix_on": None, "mix_until": None}
        changed = spec.model_copy(update={"batch": spec.batch.model_copy(update=apart)})
        return Pipeline.from_plan(load_plan(written_spec(changed)))

    def without_finish(self) -> Pipeline:
        """The same pipeline up to `finish`: words in place of tokens, waveforms in place of spectrograms."""
        spec = self.plan.spec
        fields = {name: field.model_copy(update={"finish": ()}) for name, field in spec.main_fields().items()}
        batch = spec.batch.model_copy(update={"mix_at": "augment"})
        changed = spec.with_fields(fields).model_copy(update={"batch": batch})
        return Pipeline.from_plan(load_plan(written_spec(changed)))

    def without_augmentation(self) -> Pipeline:
        """What evaluation does, as training: prepare, evaluate and finish, samples left apart."""
        spec = self.without_mixing().plan.spec
        plans = {field.name: field for field in self.plan.fields}
        fields = {}
        for name, field in spec.main_fields().items():
            # In `evaluate` every op fires; in `augment` it would be given its library's own p.
            always = tuple(op.model_copy(update={"params": {**op.params, "p": 1}}) for op in field.evaluate)
            kept = plans[name].after_mixing(train=False)
            pairs = zip(field.finish, plans[name].finish, strict=True)
            finish = tuple(op for op, step in pairs if step in kept)
            fields[name] = field.model_copy(update={"augment": always, "finish": finish})
        plain = spec.batch.model_copy(update={"views": 1, "repeats": 1})
        changed = spec.with_fields(fields).model_copy(update={"batch": plain})
        return Pipeline.from_plan(load_plan(written_spec(changed)))

    def stream(
        self,
        source: object = None,
        *,
        batch_size: int | None = None,
        seed: int | None = None,
        classes: Sequence[str] | None = None,
        **options: Any,
    ) -> BatchStream:
        """A stream over a source: a path, or any object with `__len__` and `__getitem__`.

        `source` defaults to `source.path` of the spec. `options` are those of `StreamOptions`:
        `num_workers`, `train`, `shuffle`, `drop_last`, `address`, `rank`, `world_size`, `on_error`,
        `task_timeout`, `mixed_workers`.
        """
        known = {field.name for field in dataclass_fields(StreamOptions)}
        unknown = sorted(set(options) - known)
        if unknown:
            raise TypeError(f"unknown option {unknown[0]!r}; known are {', '.join(sorted(known))}")
        changed = self.replace(seed=seed, batch_size=batch_size)
        spec = changed.plan.spec
        place = spec.source.path if source is None else source
        if place is None:
            raise SourceError("no source is named; give one, or `source: {path: ...}` in the spec")
        if isinstance(place, Source):
            if classes is not None and tuple(classes) != tuple(place.classes):
                raise SourceError(
                    f"classes must be those of the source, which is open already: {list(place.classes)}, "
                    f"got {list(classes)}; pass them to open_source"
                )
        else:
            place = open_source(place, spec.source, classes=classes, fields=changed.plan.requests())
        return BatchStream(changed.plan, place, StreamOptions(**options))

    def __call__(
        self,
        sample: Any,
        *,
        epoch: int = 0,
        sample_id: str = "0",
        train: bool = True,
        row: Mapping[str, Any] | None = None,
    ) -> Fields:
        """One sample through prepare, augment (or evaluate) and finish, as fields.

        `sample` is the value of the one field (an image (H, W, C), uint8 or float32 in [0, 1]; a text; an
        `Audio`), or fields by name. The draws are those of a sample with this id in this epoch of a stream.
        `row` holds what conditions (`when`) ask for: `label`, a class name or several, and columns.
        """
        fields = tuple(field.at_epoch(epoch) for field in self.plan.fields)
        values: Fields = dict(sample) if isinstance(sample, Mapping) else {fields[0].name: sample}
        missing = [request.name for request in self.plan.requests() if request.name not in values]
        if missing:
            raise ValueError(f"the sample has no {missing[0]!r}; give a mapping of fields by name")
        key = sample_key(self.plan.spec.seed, epoch, sample_id)
        passage = Passage(KeyedRandom(), key, sample_id, self._facts(row or {}, train))
        values = with_limits(fields, values)
        for field in fields:
            steps = field.before_mixing(train) + field.after_mixing(train)
            values = run_field(passage, field, steps, values)
        return values

    def _facts(self, row: Mapping[str, Any], train: bool) -> Facts:
        for path, condition in self.plan.conditions(train):
            if condition.column not in row:
                column = condition.column
                raise ValueError(f"{path} asks for {column!r} (when); pass row={{{column!r}: ...}}")
        labels = row.get(LABEL, ())
        return Facts((labels,) if isinstance(labels, str) else tuple(labels), row)


def load(spec: str | PathLike[str] | Mapping[str, Any]) -> Pipeline:
    """A pipeline from a YAML file, a preset's name (`preset:image/small`) or a mapping.

    Raises `SpecError` with every problem, each with file, line and column.
    """
    if isinstance(spec, Mapping):
        return Pipeline.from_plan(load_plan(spec))
    return Pipeline.from_plan(load_plan(spec_path(str(spec))))
