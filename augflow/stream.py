"""The stream of batches: positions to tasks, results to batches that the user owns, state to resume."""

from __future__ import annotations

import sys
import warnings
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from operator import index
from time import perf_counter
from typing import Any

from augflow.batching.assembly import Assembler, Collate
from augflow.batching.positions import Positions
from augflow.batching.sizing import TaskSizer
from augflow.engine import Pool
from augflow.engine.arrangement import check_source, position_count
from augflow.engine.base import BadSample, Task, TaskContext
from augflow.engine.flow import Flow
from augflow.engine.worker import TaskRunner
from augflow.environment import describe_environment, environment_differences
from augflow.errors import BadSampleBudgetError, SourceError, StateError
from augflow.metrics import StreamStats
from augflow.options import StreamOptions
from augflow.plan import Plan, fingerprint, stream_fingerprints
from augflow.sample import Batch
from augflow.sources.base import Source

STATE_VERSION = 1


@dataclass(frozen=True)
class Replay:
    """A batch made again, and what each op drew: one mapping of op path to parameters a row."""

    batch: Batch
    drawn: list[dict[str, Any]]


class BatchStream:
    """Augmented batches, epoch after epoch. A context manager; each iteration is the next epoch.

    A batch is a pure function of (spec, dataset, seed, epoch, position); see `Batch` for its columns.
    Not shared between threads.
    """

    def __init__(
        self, plan: Plan, source: Source, options: StreamOptions | None = None, pool: Pool | None = None
    ) -> None:
        options = (options or StreamOptions()).resolved()
        self.plan = plan
        self.source = source
        self.options = options
        self.classes = source.classes
        self.batch_size = plan.spec.batch.size
        self.rank, self.world_size = options.rank or 0, options.world_size or 1
        self.train = options.train
        self.bad_samples: list[BadSample] = []
        """Bad samples of the current epoch that stand-ins were delivered for."""
        self._check_shape()
        self._on_error = options.on_error or plan.spec.source.on_error
        # A repeated sample that is bad is told of once a repeat.
        self._budget = plan.spec.source.bad_budget(len(source)) * plan.repeats(options.train)
        self.context = TaskContext(
            plan, source, options.train, bool(options.shuffle), replace_bad=self._on_error != "raise"
        )
        self.positions = Positions(
            position_count(plan, source, options.train),
            self.batch_size,
            bool(options.drop_last),
            self.rank,
            self.world_size,
        )
        self._check_length()
        check_source(plan, source, options.train, bool(options.shuffle))
        self._stats = StreamStats()
        self._pool = pool or Pool(self.context, options.engine)
        self._flow: Flow | None = None
        self._iterator: weakref.ref[_EpochIterator] | None = None
        self._epoch = 0
        self._step = 0
        self._placed = True
        self._loaded = False
        self._bad = 0
        self.held = 0
        """Batches that a reader has taken ahead and has not handed out yet: nobody has received them.
        Whoever moves the stream sets it to 0, by which the reader knows that they are no part of it now."""

    def _check_shape(self) -> None:
        size, world = self.batch_size, self.world_size
        if not 0 <= self.rank < world:
            raise StateError(f"rank must be in [0, world_size), got rank {self.rank} of {world}")
        if size % world:
            near = [size - size % world, size - size % world + world]
            raise StateError(
                f"batch size {size} counts over all ranks and must be a multiple of world_size {world}; "
                f"use {' or '.join(str(n) for n in near if n)}"
            )
        by_model = self.plan.mix is not None and self.plan.spec.batch.mix_by == "model"
        if by_model and self.train and size // world % self.plan.tile:
            raise StateError(
                f"with `mix: {{by: model}}` every rank needs whole tiles: {size // world} samples a "
                f"rank is not a multiple of the tile {self.plan.tile}; change batch.size or batch.tile"
            )
        if world > 1:
            sys.stderr.write(
                f"augflow: global batch {size}, rank {self.rank} of {world}, {size // world} samples a rank\n"
            )

    def _check_length(self) -> None:
        length = len(self.source)
        if length == 0:
            raise SourceError(f"{self.source.description}: holds no samples")
        if self.positions.steps == 0:
            raise SourceError(
                f"{length} samples make no batch of {self.batch_size} with drop_last; "
                f"use a batch size of at most {length} or drop_last=False"
            )

    def __len__(self) -> int:
        """Steps an epoch, the same on every rank."""
        return self.positions.steps

    def __iter__(self) -> Iterator[Batch]:
        """The next epoch; the rest of an epoch after `load_state_dict`."""
        if self._is_live():
            raise StateError("this stream is being iterated already; finish or delete that iterator first")
        if self._on_error == "skip":
            raise StateError("on_error `skip` is for materialize; a stream takes raise or replace")
        if not self._placed:
            self._epoch, self._step = self._epoch + 1, 0
        if self._step == 0:
            self.bad_samples, self._bad = [], 0
        self._placed, self._loaded, self.held = True, False, 0
        iterator = _EpochIterator(self, self._epoch)
        self._iterator = weakref.ref(iterator)
        return iterator

    def _is_live(self) -> bool:
        live = self._iterator() if self._iterator else None
        return live is not None and not live.finished

    def deliver(self, epoch: int) -> Batch | None:
        """The batch at the current position, None where `epoch` has ended."""
        if self._epoch != epoch:
            return None
        started = perf_counter()
        try:
            batch, bad, padding = self._flow_at(self._epoch, self._step).batch()
            self._count_bad(bad)
        except BaseException:
            self._drop_flow()  # its results have ended; asked again, it would look like the end of the epoch
            raise
        self._step += 1
        self._placed = self._step == len(self)
        if self._placed:
            self._epoch, self._step = self._epoch + 1, 0
        self._stats.delivered(batch.size, perf_counter() - started)
        self._stats.padded(padding.cells, padding.empty)
        return batch

    def _flow_at(self, epoch: int, step: int) -> Flow:
        if self._flow is None or (self._flow.epoch, self._flow.step) != (epoch, step):
            self._drop_flow()
            sizer = TaskSizer(self.plan.tile) if self.options.num_workers else None
            collate = Collate(self.positions, self.plan.ragged, self.plan.spec.batch.ragged)
            self._flow = Flow(self._pool.engine(), collate, sizer, (epoch, step), self._stats.worked)
        return self._flow

    def _drop_flow(self) -> None:
        if self._flow is not None:
            self._flow.close()
            self._flow = None

    def _count_bad(self, bad: list[BadSample]) -> None:
        self.bad_samples.extend(bad)
        self._bad += len(bad)
        if bad and self._bad > self._budget:
            listed = "\n".join(f"  {bad.place}: {bad.reason}" for bad in self.bad_samples)
            raise BadSampleBudgetError(
                f"{self._bad} bad samples, max_bad ({self.plan.spec.source.max_bad}) allows "
                f"{self._budget}:\n{listed}"
            )

    def set_epoch(self, epoch: int) -> None:
        """Choose the next epoch; keeps the position of a state just loaded for the same epoch."""
        epoch = _whole("epoch", epoch)
        if not (self._loaded and epoch == self._epoch):
            self._epoch, self._step = epoch, 0
        self._placed, self.held = True, 0

    def state_dict(self) -> dict[str, Any]:
        """The position after the last batch that was handed out, as JSON values under 1 KB."""
        epoch, step = self._place()
        first = step * self.batch_size
        ahead = sum(bad.position >= first for bad in self.bad_samples) if self.held else 0
        return {
            "version": STATE_VERSION,
            "epoch": epoch,
            "step": step,
            "bad": self._bad - ahead,
            **self._identity,
            "environment": dict(describe_environment(frozenset(self.plan.kinds().values()))),
        }

    def _place(self) -> tuple[int, int]:
        """Epoch and step of the batch after the last one that was handed out."""
        return divmod(self._epoch * len(self) + self._step - self.held, len(self))

    @cached_property
    def _identity(self) -> dict[str, Any]:
        content = self.plan.tile_content(self.train)
        content.pop("seed")
        return {
            "seed": self.plan.spec.seed,
            "batch_size": self.batch_size,
            "dataset": self.source.fingerprint(),
            "classes": fingerprint({"classes": list(self.classes)}),
            "shuffle": bool(self.options.shuffle),
            "drop_last": bool(self.options.drop_last),
            "on_error": self._on_error,
            "spec": fingerprint(content),
        }

    def fingerprints(self) -> dict[str, str]:
        """Of a tile's bytes, of the stream (for resuming) and of the spec (for provenance)."""
        return stream_fingerprints(self.plan, self._identity)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken; refuses a state of another stream, saying what differs."""
        if not isinstance(state, Mapping):
            raise StateError(f"a state is a mapping that `state_dict` gave, got {type(state).__name__}")
        if state.get("version") != STATE_VERSION:
            raise StateError(f"state version must be {STATE_VERSION}, got {state.get('version')!r}")
        own = self._identity
        differing = [
            f"{name} is {own[name]!r} here and {state.get(name)!r} there"
            for name in own
            if own[name] != state.get(name)
        ]
        if differing:
            raise StateError(f"the state belongs to another stream: {'; '.join(differing)}")
        epoch, step, bad = (
            _whole(f"{name} of a state", state.get(name)) for name in ("epoch", "step", "bad")
        )
        if step >= len(self):
            raise StateError(f"step of a state must be below {len(self)}, the steps of an epoch, got {step}")
        if other := environment_differences(state.get("environment")):
            warnings.warn(f"saved elsewhere, where batches may differ: {', '.join(other)}", stacklevel=2)
        self._epoch, self._step, self._bad = epoch, step, bad
        self.bad_samples = []
        self._placed = self._loaded = True
        self.held = 0

    def peek(self) -> Batch:
        """The next batch, without moving: of the live iterator, else of the next one."""
        if self._is_live():
            return self.replay(*self._place()).batch
        return self.replay(*((self._epoch, self._step) if self._placed else (self._epoch + 1, 0))).batch

    def replay(self, epoch: int, step: int) -> Replay:
        """A batch again, made in this process, with the parameters that each op drew."""
        if epoch < 0 or not 0 <= step < len(self):
            raise StateError(f"epoch must be at least 0 and step in [0, {len(self)}), got {epoch} and {step}")
        runner = TaskRunner(replace(self.context, record=True))
        result = runner.run_task(Task(0, epoch, (self.positions.span(step),), self._pool.condemned()))
        collate = Collate(self.positions, self.plan.ragged, self.plan.spec.batch.ragged)
        assembler = Assembler(collate, step)
        assembler.take(result.columns, 0)
        return Replay(Batch(assembler.columns(), epoch=epoch, step=step), result.drawn)

    def for_rank(self, rank: int) -> BatchStream:
        """The stream of another rank of the same world, on the same workers."""
        return BatchStream(self.plan, self.source, replace(self.options, rank=rank), self._pool)

    def stats(self) -> dict[str, Any]:
        """Batches, samples, samples a second, seconds waited, seconds of the workers by stage; workers
        now, workers lost, tasks repeated."""
        crew = self._pool.crew()
        workers = {"workers": crew.workers, "workers_lost": crew.lost, "tasks_repeated": crew.repeated}
        return {**self._stats.as_dict(), **workers}

    def set_workers(self, number: int) -> None:
        """Have this many Ray workers from now on, in the middle of an epoch too."""
        self._pool.set_workers(number)

    def close(self) -> None:
        """Stop the workers; the stream can be iterated again and then starts new ones."""
        self._drop_flow()
        self._pool.close()

    def __enter__(self) -> BatchStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _whole(name: str, value: object) -> int:
    """A count from 0 that a Philox key holds, also of numpy's integers, as an int, which JSON knows."""
    number = -1 if isinstance(value, bool) or not hasattr(value, "__index__") else index(value)
    if not 0 <= number < 2**63:
        raise StateError(f"{name} must be an integer below 2**63 and at least 0, got {value!r}")
    return number


class _EpochIterator:
    """One pass over one epoch."""

    def __init__(self, stream: BatchStream, epoch: int) -> None:
        self._stream = stream
        self._epoch = epoch
        self.finished = False

    def __iter__(self) -> _EpochIterator:
        return self

    def __next__(self) -> Batch:
        batch = None if self.finished else self._stream.deliver(self._epoch)
        if batch is None:
            self.finished = True
            raise StopIteration
        return batch
