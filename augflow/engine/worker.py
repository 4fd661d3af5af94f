"""What a worker does: read -> prepare -> augment -> mix -> finish -> collate, the same on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from augflow.batching.mix import Cutout, MixDraws, Mixed, draw_mix, mix_image, mix_target, row_mixing
from augflow.batching.rows import FieldRows, empty_columns
from augflow.engine.base import BadSample, Task, TaskContext, TaskResult
from augflow.errors import BadSampleError, CollateError, OpError
from augflow.rng import Key, KeyedRandom, sample_key, tile_key
from augflow.sample import UNLABELED, Array, Fields, Sample
from augflow.sources.order import EpochOrder
from augflow.transforms.chain import Passage

REPLACEMENT_TRIES = 8


@dataclass
class Ready:
    """One sample before mixing, with the passage that goes on into `finish`."""

    sample: Sample
    passage: Passage
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

    def __init__(self, context: TaskContext) -> None:
        plan = context.plan
        self._context = context
        self._plan = plan
        self._length = len(context.source)
        self._classes = len(context.source.classes)
        self._mix = plan.mix if context.train else None
        after = plan.after_mixing(context.train)
        last = plan.spec.batch.mix_at == "finish"
        self._unmixed_steps = plan.before_mixing(context.train) + (after if last else ())
        self._mixed_steps = () if last else after
        self._rng = KeyedRandom()
        self._rows = FieldRows()
        self._epoch = -1
        self._order: EpochOrder | None = None
        self._seconds: dict[str, float] = {}

    def run_task(self, task: Task) -> TaskResult:
        """Every row of a task, in order."""
        started = perf_counter()
        self._seconds = {"read": 0.0, "ops": 0.0, "mix": 0.0}
        result = TaskResult(task.number, empty_columns(task.rows, self._classes))
        self._rows.start(task.rows)
        row = 0
        for rows in self._tiles(task):
            self._run_tile(rows, task.epoch, row, result)
            row += rows.high - rows.low
        result.columns.update(self._rows.arrays)
        encoder = self._context.encoder
        if encoder is not None:
            columns = result.columns
            result.encoded = [encoder({name: columns[name][r] for name in columns}) for r in range(row)]
            result.columns = {name: columns[name] for name in columns if name not in self._rows.arrays}
        result.seconds = {**self._seconds, "total": perf_counter() - started}
        return result

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

    def _run_tile(self, rows: TileRows, epoch: int, row: int, result: TaskResult) -> None:
        wanted = set(range(rows.low, rows.high))
        draws = None
        if self._mix is not None:
            draws = draw_mix(
                self._mix, tile_key(self._plan.spec.seed, epoch, rows.tile), rows.size, self._rng
            )
            wanted |= {int(draws.partner[r]) for r in wanted if draws.op[r] >= 0}
        ready = {r: self._ready(rows.first + r, epoch) for r in sorted(wanted)}
        started = perf_counter()
        for offset, r in enumerate(range(rows.low, rows.high)):
            own = ready[r]
            mixed, fields = self._mixed(r, ready, draws)
            fields = own.passage.run(self._mixed_steps, fields)
            self._rows.put(row + offset, self._on_the_wire(fields, own.passage.place))
            self._describe(row + offset, own, ready[mixed.partner], mixed, result)
            result.columns["partner"][row + offset] = rows.first + mixed.partner
        self._seconds["mix"] += perf_counter() - started

    def _ready(self, position: int, epoch: int) -> Ready:
        """The sample of a position after prepare and augment, or its stand-in."""
        source, seed = self._context.source, self._plan.spec.seed
        index = self._index(position, epoch)
        sample_id = source.sample_id(index)
        key = sample_key(seed, epoch, sample_id)
        try:
            return self._attempt(index, key)
        except (BadSampleError, OpError) as error:
            if not self._context.replace_bad:
                raise
            reason = error.reason if isinstance(error, BadSampleError) else str(error)
            bad = BadSample(position, source.place(index), reason)
        choice = Key("replace", seed, epoch, sample_id)
        for attempt in range(REPLACEMENT_TRIES):
            self._rng.rekey(choice.at(b"%d" % attempt))
            stand_in = int(self._rng.generator.integers(self._length))
            try:
                ready = self._attempt(stand_in, key)
            except (BadSampleError, OpError):
                continue
            ready.bad = bad
            return ready
        reason = f"{bad.reason}; {REPLACEMENT_TRIES} samples drawn to replace it were bad as well"
        raise BadSampleError(bad.place, reason)

    def _index(self, position: int, epoch: int) -> int:
        if self._order is None or epoch != self._epoch:
            self._order = EpochOrder(self._length, self._plan.spec.seed, epoch, self._context.shuffle)
            self._epoch = epoch
        return int(self._order[position])

    def _attempt(self, index: int, key: Key) -> Ready:
        started = perf_counter()
        sample = self._context.source.read(index)
        read = perf_counter()
        drawn: dict[str, Any] | None = {} if self._context.record else None
        passage = Passage(self._rng, key, self._context.source.place(index), drawn)
        fields = passage.run(self._unmixed_steps, sample.fields)
        sample.fields = self._on_the_wire(fields, passage.place)
        self._seconds["read"] += read - started
        self._seconds["ops"] += perf_counter() - read
        return Ready(sample, passage)

    def _mixed(self, r: int, ready: dict[int, Ready], draws: MixDraws | None) -> tuple[Mixed, Fields]:
        fields = ready[r].sample.fields
        if self._mix is None or draws is None:
            return Mixed(None, r, 1.0, (0, 0, 0, 0)), fields
        name = self._plan.spec.modality
        own = fields[name]
        mixed = row_mixing(self._mix, draws, r, *own.shape[:2])
        if mixed.op is None or self._plan.spec.batch.mix_by == "model":
            return mixed, fields
        partner = ready[mixed.partner]
        other = partner.sample.fields[name]
        if own.shape != other.shape:
            places = f"{ready[r].passage.place!r} is {own.shape}, {partner.passage.place!r} {other.shape}"
            raise CollateError(f"samples must agree in shape to be mixed: {places}; add resize or a crop")
        return mixed, {**fields, name: mix_image(mixed, own, other)}

    def _target(self, sample: Sample) -> Array:
        if sample.target is not None:
            return sample.target
        target = np.zeros(self._classes, np.float32)
        if sample.label != UNLABELED:
            target[sample.label] = 1.0
        return target

    def _describe(self, row: int, own: Ready, partner: Ready, mixed: Mixed, result: TaskResult) -> None:
        """Fill the columns that every batch has for one row."""
        columns = result.columns
        target = self._target(own.sample)
        if partner is not own and self._plan.spec.batch.mix_by == "worker":
            target = mix_target(target, self._target(partner.sample), mixed.lam)
        columns["target"][row] = target
        columns["label"][row] = own.sample.label
        columns["index"][row] = own.sample.index
        columns["id"][row] = own.sample.id
        columns["lam"][row] = mixed.lam
        columns["box"][row] = mixed.box
        columns["replaced"][row] = own.bad is not None
        if own.bad is not None:
            result.bad.append(own.bad)
        if own.passage.drawn is not None:
            if mixed.op is not None:
                own.passage.drawn["batch/mix"] = described_mixing(mixed, partner.sample.id)
            result.drawn.append(own.passage.drawn)

    def _on_the_wire(self, fields: Fields, place: str) -> Fields:
        dtype = self._plan.spec.output.dtype
        return {name: to_wire(value, dtype, place) for name, value in fields.items()}


def described_mixing(mixed: Mixed, partner_id: str) -> dict[str, Any]:
    """What mixing drew for one row, for people and manifests."""
    shown: dict[str, Any] = {"op": mixed.op.op if mixed.op else None, "box": list(mixed.box)}
    return shown if isinstance(mixed.op, Cutout) else {**shown, "lam": mixed.lam, "partner": partner_id}


def to_wire(image: Array, dtype: str, place: str) -> Array:
    """An image in the dtype on the wire: uint8, or float32 in [0, 1]."""
    if image.dtype == dtype:
        return image
    if image.dtype == np.uint8:
        return image.astype(np.float32) * np.float32(1 / 255)
    remedy = "set `output: {dtype: float32}` or remove the op that makes it"
    raise CollateError(f"{place!r} ends as {image.dtype} where output.dtype is {dtype}; {remedy}")
