"""Which sample stands at which position of an epoch: shuffled, repeated, put together by length."""

from __future__ import annotations

import numpy as np

from augflow.errors import Problem, SpecError
from augflow.plan import Plan
from augflow.rng import Key, KeyedRandom
from augflow.sample import Array
from augflow.sources.base import Source
from augflow.sources.order import EpochOrder
from augflow.transforms.conditions import LABEL
from augflow.wording import closest


class Arrangement:
    """One epoch: `self[position]` is (index, copy). Memory is that of one window of batches.

    With `repeats`, a global batch holds fewer samples, each as several copies: first all of them once,
    then all of them again, so that a tile does not mix a sample with itself more than it has to. With
    `bucket`, a window of so many global batches is sorted by length and cut into batches, which then
    come in a drawn order; which samples share a window is drawn anew each epoch.
    """

    def __init__(self, plan: Plan, source: Source, epoch: int, train: bool, shuffle: bool) -> None:
        self._seed, self._epoch = plan.spec.seed, epoch
        self._order = EpochOrder(len(source), plan.spec.seed, epoch, shuffle)
        self._repeats = plan.repeats(train)
        self._length = len(source)
        self._batch = plan.spec.batch.size // self._repeats
        bucket = plan.spec.batch.bucket if shuffle else None
        self._window = (bucket or 1) * self._batch
        self._lengths = None if bucket is None else source.lengths()
        self._held = -1
        self._sorted: Array = np.empty(0, np.int64)
        self._rng = KeyedRandom()

    def __getitem__(self, position: int) -> tuple[int, int]:
        if self._repeats == 1:
            return self._index(position), 0
        batch, offset = divmod(position, self._batch * self._repeats)
        samples = min(self._batch, self._length - batch * self._batch)
        copy, row = divmod(offset, samples)
        return self._index(batch * self._batch + row), copy

    def _index(self, number: int) -> int:
        """The sample at a place of the epoch, repeats aside."""
        if self._lengths is None:
            return int(self._order[number])
        window, place = divmod(number, self._window)
        if window != self._held:
            self._sorted, self._held = self._sort(window, self._lengths), window
        return int(self._sorted[place])

    def _sort(self, window: int, lengths: Array) -> Array:
        first = window * self._window
        last = min(first + self._window, self._length)
        members = np.array([self._order[number] for number in range(first, last)], np.int64)
        whole = len(members) // self._batch
        # Only the last window can end with a short batch. It stays at the end and is of any length: made
        # of the longest, the longest would be what `drop_last` drops.
        members, rest = np.split(members, [whole * self._batch])
        members = members[np.argsort(lengths[members], kind="stable")]
        self._rng.rekey(Key("bucket", self._seed, self._epoch, str(window)).at())
        drawn = self._rng.generator.permutation(whole)
        return np.concatenate([members.reshape(whole, self._batch)[drawn].reshape(-1), rest])


def position_count(plan: Plan, source: Source, train: bool) -> int:
    """Positions of an epoch: samples times repeats."""
    return len(source) * plan.repeats(train)


def check_source(plan: Plan, source: Source, train: bool, shuffle: bool) -> None:
    """Raise `SpecError` for a condition on what the source does not have, and for a bucket without
    lengths."""
    problems = []
    for path, condition in plan.conditions(train):
        if condition.column == LABEL:
            # The names of a regression's numbers are no classes: every sample has all of them.
            known: tuple[str, ...] = () if source.target_kind == "regression" else source.classes
            unknown = [value for value in condition.values if value not in known]
            names = "class"
        else:
            known, names = source.columns, "column"
            unknown = [] if condition.column in known else [condition.column]
        if unknown:
            there = f"the source has {', '.join(known) or 'none'}"
            message = f"when: {names} {unknown[0]!r} is not there{closest(unknown[0], known)}; {there}"
            problems.append(Problem("", path, message))
    if plan.spec.batch.bucket is not None and shuffle and source.lengths() is None:
        message = "this source does not know how long its samples are before it reads them; remove bucket"
        problems.append(Problem("", "$.batch.bucket", message))
    if problems:
        raise SpecError(tuple(problems))
