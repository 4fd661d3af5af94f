"""What a worker does: read -> prepare -> augment -> mix -> finish -> collate, the same on every engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from augflow.batching.mix import Cutout, MixDraws, Mixed, MixStep, draw_mix, mix_target, row_mixing, unmixed
from augflow.batching.mix_values import extent_of, mix_follower, mix_value
from augflow.batching.ragged import view_name
from augflow.batching.rows import FieldRows, empty_columns
from augflow.batching.wire import Row, to_wire, wired
from augflow.engine.arrangement import Arrangement, position_count
from augflow.engine.base import (
    REPLACEMENT_TRIES,
    Attempt,
    BadSample,
    Probe,
    Task,
    TaskContext,
    TaskResult,
)
from augflow.engine.fields import run_field, with_limits
from augflow.errors import BadSampleError, CollateError, OpError
from augflow.plan import FieldPlan
from augflow.rng import Key, KeyedRandom, sample_key, tile_key
from augflow.sample import UNLABELED, Array, Fields, Sample
from augflow.transforms.chain import Passage, Step
from augflow.transforms.conditions import NOTHING_KNOWN, Facts

FORMS = {"text": "text", "audio": "audio"}
"""The modality that says how a field of a kind is laid out; what follows an image is as the image is."""


@dataclass(slots=True)
class View:
    """One augmentation of a sample before mixing, with the passage that goes on into `finish`."""

    passage: Passage
    values: Fields


@dataclass(slots=True)
class Ready:
    """One sample before mixing, in all its views."""

    sample: Sample
    place: str
    views: list[View]
    bad: BadSample | None = None


@dataclass(frozen=True)
class TileRows:
    """Rows [low, high) of a tile of `size` samples whose first stands at position `first`."""

    tile: int
    first: int
    size: int
    low: int
    high: int


class TaskRunner:
    """Computes tasks. What it keeps between them (an order to look up, memory to write to) never
    decides a result. Not shared between threads."""

    def __init__(self, context: TaskContext, expendable: bool = False) -> None:
        """`expendable`: this process can be replaced, so memory that runs out is an error of its own and
        not at once that of a sample."""
        plan = context.plan
        self._context = context
        self._expendable = expendable
        self._plan = plan
        self._length = position_count(plan, context.source, context.train)
        self._classes = context.source.classes
        self._views = plan.views(context.train)
        self._seed, self._dtype = plan.spec.seed, plan.spec.output.dtype
        self._mixed_last = plan.spec.batch.mix_at == "finish"
        self._by_model = plan.spec.batch.mix_by == "model"
        self._asks = any(True for _ in plan.conditions(context.train))
        self._wires = [
            [(view_name(name, view), name, FORMS.get(kind, "image")) for name, kind in plan.kinds().items()]
            for view in range(self._views)
        ]
        self._follows = any(field.followers for field in plan.fields)
        self._rng = KeyedRandom()
        self._rows = FieldRows()
        self._seconds: dict[str, float] = {}
        self._condemned: Mapping[Attempt, str] = {}
        self._epoch = -1
        self._order: Arrangement
        self._fields: tuple[FieldPlan, ...] = ()
        self._mixed_field = plan.fields[0]
        self._starting: list[tuple[FieldPlan, tuple[Step, ...]]] = []
        self._finishing: list[tuple[FieldPlan, tuple[Step, ...]]] = []
        self._mix: MixStep | None = None

    def run_task(self, task: Task) -> TaskResult:
        """Every row of a task, in order."""
        started = perf_counter()
        self._seconds = {"read": 0.0, "ops": 0.0, "mix": 0.0}
        self._turn_to(task.epoch)
        self._condemned = task.condemned
        result = TaskResult(task.number, empty_columns(task.rows, len(self._classes)))
        self._rows.start(task.rows)
        row = 0
        for rows in self._tiles(task):
            self._run_tile(rows, row, result)
            row += rows.high - rows.low
        result.columns.update(self._rows.arrays)
        encoder = self._context.encoder
        if encoder is not None:
            columns = result.columns
            result.encoded = [encoder({name: columns[name][r] for name in columns}) for r in range(row)]
            result.columns = {name: columns[name] for name in columns if name not in self._rows.arrays}
        result.seconds = {**self._seconds, "total": perf_counter() - started}
        return result

    def _turn_to(self, epoch: int) -> None:
        """Take the order and the strengths of an epoch."""
        if epoch == self._epoch:
            return
        context, plan = self._context, self._plan
        self._order = Arrangement(plan, context.source, epoch, context.train, context.shuffle)
        self._fields = tuple(field.at_epoch(epoch) for field in plan.fields)
        self._mix = plan.mixing(context.train, epoch)
        self._mixed_field = next(field for field in self._fields if field.name == plan.mixed_field)
        before = [(field, field.before_mixing(context.train)) for field in self._fields]
        after = [(field, field.after_mixing(context.train)) for field in self._fields]
        after = [(field, steps) for field, steps in after if steps]
        if self._mixed_last:
            before, after = before + after, []
        self._starting, self._finishing = before, after
        self._epoch = epoch

    def _tiles(self, task: Task) -> Iterator[TileRows]:
        """The rows of each tile that the spans touch, in order; padding wraps round."""
        for start, stop in task.spans:
            position = start
            while position < stop:
                tile, low = divmod(position % self._length, self._plan.tile)
                first = tile * self._plan.tile
                size = min(self._plan.tile, self._length - first)
                high = min(size, low + stop - position)
                yield TileRows(tile, first, size, low, high)
                position += high - low

    def _run_tile(self, rows: TileRows, row: int, result: TaskResult) -> None:
        wanted = set(range(rows.low, rows.high))
        draws = None
        if self._mix is not None:
            key = tile_key(self._seed, self._epoch, rows.tile)
            draws = draw_mix(self._mix, key, rows.size, self._rng)
            wanted |= {int(draws.partner[r]) for r in wanted if draws.op[r] >= 0}
        ready = {r: self._ready(rows.first + r) for r in sorted(wanted)}
        started = perf_counter()
        for offset, r in enumerate(range(rows.low, rows.high)):
            own = ready[r]
            mixed = self._put(row + offset, r, ready, draws)
            self._describe(row + offset, own, ready[mixed.partner], mixed, result)
            result.columns["partner"][row + offset] = rows.first + mixed.partner
        self._seconds["mix"] += perf_counter() - started

    def _put(self, row: int, r: int, ready: dict[int, Ready], draws: MixDraws | None) -> Mixed:
        """Mix and finish one row, and write its fields; returns how it was mixed."""
        mixed = unmixed(r)
        wire: Row = {}
        for number, (view, wires) in enumerate(zip(ready[r].views, self._wires, strict=True)):
            values = view.values
            if draws is not None:
                mixed, values = self._mixed(r, number, ready, draws)
            for field, steps in self._finishing:
                values = self._run(view.passage, field, steps, values)
            for column, name, modality in wires:
                value = values[name]
                if modality == "image" and type(value) is np.ndarray:
                    wire[column] = value
                else:
                    wire.update(wired(column, modality, value))
        self._rows.put(row, wire, ready[r].place)
        return mixed

    def run_probe(self, probe: Probe) -> bool:
        """Whether an attempt gives a sample; a bad one is told of by the task that it belongs to."""
        self._seconds = {"read": 0.0, "ops": 0.0, "mix": 0.0}
        self._turn_to(probe.epoch)
        self._condemned = {}
        try:
            self._tried(probe.position, probe.attempt)
        except (BadSampleError, OpError):
            return False
        return True

    def _ready(self, position: int) -> Ready:
        """The sample of a position after prepare and augment, or its stand-in."""
        try:
            return self._tried(position, 0)
        except (BadSampleError, OpError) as error:
            if not self._context.replace_bad:
                raise
            reason = error.reason if isinstance(error, BadSampleError) else str(error)
            bad = BadSample(position, self._context.source.place(self._order[position][0]), reason)
        for attempt in range(1, 1 + REPLACEMENT_TRIES):
            try:
                ready = self._tried(position, attempt)
            except (BadSampleError, OpError):
                continue
            ready.bad = bad
            return ready
        reason = f"{bad.reason}; {REPLACEMENT_TRIES} samples drawn to replace it were bad as well"
        raise BadSampleError(bad.place, reason)

    def _tried(self, position: int, attempt: int) -> Ready:
        """The sample of a position, or the n-th of those drawn to replace it."""
        source = self._context.source
        index, copy = self._order[position]
        sample_id = source.sample_id(index)
        if attempt:
            choice = Key("replace", self._seed, self._epoch, sample_id)
            self._rng.rekey(choice.at(b"%d" % (attempt - 1)))
            index = int(self._rng.generator.integers(len(source)))
        reason = self._condemned.get((self._epoch, position, attempt))
        if reason is not None:
            raise BadSampleError(source.place(index), reason)
        try:
            return self._attempt(index, sample_id, copy)
        except (BadSampleError, OpError) as error:
            if self._expendable and isinstance(error.__cause__, MemoryError):
                raise error.__cause__ from error
            raise

    def _attempt(self, index: int, key_id: str, copy: int) -> Ready:
        """A sample in all its views, with the draws that belong to `key_id`."""
        started = perf_counter()
        source = self._context.source
        sample = source.read(index)
        read = perf_counter()
        place = source.place(index)
        values = with_limits(self._fields, sample.fields) if self._follows else sample.fields
        facts = self._facts(sample) if self._asks else NOTHING_KNOWN
        views = []
        for view in range(self._views):
            drawn: dict[str, Any] | None = {} if self._context.record else None
            key = sample_key(self._seed, self._epoch, key_id, copy * self._views + view)
            passage = Passage(self._rng, key, place, facts, drawn)
            own = values
            for field, steps in self._starting:
                own = self._run(passage, field, steps, own)
            views.append(View(passage, own))
        self._seconds["read"] += read - started
        self._seconds["ops"] += perf_counter() - read
        return Ready(sample, place, views)

    def _run(self, passage: Passage, field: FieldPlan, steps: tuple[Step, ...], values: Fields) -> Fields:
        values = run_field(passage, field, steps, values)
        value = to_wire(values[field.name], field.modality, self._dtype, passage.place)
        return values if value is values[field.name] else {**values, field.name: value}

    def _facts(self, sample: Sample) -> Facts:
        labels: tuple[str, ...] = ()
        if sample.label != UNLABELED:
            labels = (self._classes[sample.label],)
        elif sample.target is not None and self._context.source.target_kind == "multi_label":
            labels = tuple(self._classes[k] for k in np.flatnonzero(sample.target))
        return Facts(labels, sample.row)

    def _mixed(self, r: int, view: int, ready: dict[int, Ready], draws: MixDraws) -> tuple[Mixed, Fields]:
        field = self._mixed_field
        values = ready[r].views[view].values
        own = values[field.name]
        mixed = row_mixing(draws, r, extent_of(own, field.modality))
        if mixed.op is None or self._by_model:
            return mixed, values
        other = ready[mixed.partner].views[view].values
        try:
            value, mixed = mix_value(mixed, own, other[field.name])
            if mixed.op is None:
                return unmixed(r), values
            found = {
                follower.name: mix_follower(mixed, values[follower.name], other[follower.name])
                for follower in field.followers
            }
        except CollateError as error:
            places = f"{ready[r].place!r} and {ready[mixed.partner].place!r} cannot be mixed"
            raise CollateError(f"{places}: {error}") from error
        return mixed, {**values, field.name: value, **found}

    def _fill_target(self, target: Array, own: Sample, partner: Sample, lam: float) -> None:
        """Write the target of one row, zeros so far."""
        mixes = partner is not own and not self._by_model
        if own.target is not None or partner.target is not None:
            whole = self._target(own)
            target[:] = mix_target(whole, self._target(partner), lam) if mixes else whole
            return
        weight = np.float32(lam if mixes else 1)
        if own.label != UNLABELED:
            target[own.label] = weight
        if mixes and partner.label != UNLABELED:
            target[partner.label] += np.float32(1) - weight

    def _target(self, sample: Sample) -> Array:
        if sample.target is not None:
            return sample.target
        target = np.zeros(len(self._classes), np.float32)
        if sample.label != UNLABELED:
            target[sample.label] = 1.0
        return target

    def _describe(self, row: int, own: Ready, partner: Ready, mixed: Mixed, result: TaskResult) -> None:
        """Fill the columns that every batch has for one row."""
        columns = result.columns
        self._fill_target(columns["target"][row], own.sample, partner.sample, mixed.lam)
        columns["label"][row] = own.sample.label
        columns["index"][row] = own.sample.index
        columns["id"][row] = own.sample.id
        if mixed.op is not None:
            columns["lam"][row] = mixed.lam
            columns["box"][row] = mixed.box
        if own.bad is not None:
            columns["replaced"][row] = True
            result.bad.append(own.bad)
        if self._context.record:
            result.drawn.append(described_draws(own, mixed, partner.sample.id))


def described_draws(own: Ready, mixed: Mixed, partner_id: str) -> dict[str, Any]:
    """What was drawn for one row, for people and manifests; the draws of further views under `view1`..."""
    shown: dict[str, Any] = dict(own.views[0].passage.drawn or {})
    for number, view in enumerate(own.views[1:], start=1):
        shown[f"view{number}"] = view.passage.drawn
    if mixed.op is not None:
        about: dict[str, Any] = {"op": mixed.op.op, "box": list(mixed.box)}
        if not isinstance(mixed.op, Cutout):
            about |= {"lam": mixed.lam, "partner": partner_id}
        shown["batch/mix"] = about
    return shown
