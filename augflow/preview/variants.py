"""What a pipeline makes of one sample: as read, as evaluation sees it, and augmented in several epochs.

An augmented sample is what the stream delivers for this sample id in that epoch, mixing aside: it is computed
by the stream's own task runner, on a plan without mixing. Of a sample that is repeated in its batch it is the
first copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from augflow.engine.base import Task, TaskContext, TaskResult
from augflow.engine.worker import TaskRunner
from augflow.errors import BadSampleError, CollateError, OpError
from augflow.plan import Plan
from augflow.preview.rows import row_values
from augflow.sample import UNLABELED, Fields, Sample
from augflow.sources.base import Source
from augflow.sources.order import EpochOrder

UNUSABLE = (BadSampleError, CollateError, OpError)
"""What is wrong with one sample, and leaves the others as they are."""

TOP_SHARES = 3
"""So many classes of a soft label are told."""


@dataclass(frozen=True)
class Variant:
    """One state of a sample."""

    title: str
    values: Fields = field(default_factory=dict)
    """Before `finish`; empty where there is a problem."""
    drawn: Mapping[str, Any] | None = None
    """By op path; None where nothing was drawn, because nothing random runs."""
    finished: Fields = field(default_factory=dict)
    """The values after `finish`, of fields that have such ops."""
    problem: str = ""


@dataclass(frozen=True)
class Shown:
    """One sample in all its states; the first is the source."""

    id: str
    label: str
    variants: tuple[Variant, ...]
    evaluated: bool
    """Whether the second is what evaluation sees."""


class VariantMaker:
    """Samples of one source, by index, as a plan augments them."""

    def __init__(self, plan: Plan, source: Source) -> None:
        self._source = source
        self._plan = apart(plan)
        bare = without_finish(self._plan)
        self._bare = _runner(bare, source, train=True)
        self._evaluating = _runner(bare, source, train=False)
        self._whole = _runner(self._plan, source, train=True)
        self._finished = [field.name for field in plan.fields if field.finish]
        self._evaluated = any(field.before_mixing(train=False) for field in plan.fields)

    def make(self, index: int, epochs: int) -> Shown:
        """The sample as read and in the epochs 0 to `epochs` - 1; what fails is told in its place."""
        sample_id = self._source.sample_id(index)
        try:
            sample = self._source.read(index)
        except BadSampleError as error:
            return Shown(sample_id, "", (Variant("source", problem=error.reason),), evaluated=False)
        variants = [Variant("source", sample.fields)]
        if self._evaluated:
            variants.append(self._evaluation(index))
        for epoch in range(epochs):
            variants.extend(self._augmented(index, epoch))
        return Shown(sample_id, label_of(sample, self._source), tuple(variants), self._evaluated)

    def _evaluation(self, index: int) -> Variant:
        try:
            result = self._evaluating.run_task(_one(index, 0))
        except UNUSABLE as error:
            return Variant("evaluation", problem=str(error))
        return Variant("evaluation", row_values(self._plan, result.columns, 0))

    def _augmented(self, index: int, epoch: int) -> list[Variant]:
        try:
            bare = self._bare.run_task(_one(index, epoch))
            whole = self._whole.run_task(_one(index, epoch)) if self._finished else bare
        except UNUSABLE as error:
            return [Variant(f"epoch {epoch}", problem=str(error))]
        return [self._view(bare, whole, epoch, view) for view in range(self._views)]

    def _view(self, bare: TaskResult, whole: TaskResult, epoch: int, view: int) -> Variant:
        last = row_values(self._plan, whole.columns, 0, view)
        return Variant(
            title=f"epoch {epoch}, view {view}" if self._views > 1 else f"epoch {epoch}",
            values=row_values(self._plan, bare.columns, 0, view),
            drawn=drawn_in_view(whole.drawn[0], view),
            finished={name: last[name] for name in self._finished},
        )

    @property
    def _views(self) -> int:
        return self._plan.views(train=True)


def drawn_in_view(drawn: Mapping[str, Any], view: int) -> Mapping[str, Any]:
    """What one view drew, of a row's draws."""
    found: Mapping[str, Any] = drawn[f"view{view}"] if view else drawn
    return found


def apart(plan: Plan) -> Plan:
    """The plan with samples left apart, each once."""
    batch = plan.spec.batch.model_copy(update={"repeats": 1})
    return replace(plan, spec=plan.spec.model_copy(update={"batch": batch}), mix=None)


def without_finish(plan: Plan) -> Plan:
    """The plan up to what is mixed."""
    return replace(plan, fields=tuple(replace(field, finish=()) for field in plan.fields))


def chosen_indices(source: Source, seed: int, samples: int) -> list[int]:
    """The samples that come first in epoch 0: a fair choice, where the source's own order is by class."""
    order = EpochOrder(len(source), seed, 0, True)
    return [int(index) for index in order.take(np.arange(min(samples, len(source))))]


def label_of(sample: Sample, source: Source) -> str:
    """The class, classes or numbers that a sample is labeled with; nothing for unlabeled ones."""
    if sample.target is not None:
        return target_words(sample.target, source)
    return "" if sample.label == UNLABELED else source.classes[sample.label]


def target_words(target: Any, source: Source) -> str:
    """A target (K,) in words."""
    pairs = list(zip(source.classes, map(float, target), strict=True))
    if source.target_kind == "regression":
        return ", ".join(f"{name} {value:.4g}" for name, value in pairs)
    largest = sorted((pair for pair in pairs if pair[1] > 0), key=lambda pair: -pair[1])
    if all(value == 1 for _, value in largest):
        return ", ".join(name for name, _ in largest)
    told = [f"{value:.0%} {name}" for name, value in largest[:TOP_SHARES]]
    return ", ".join(told + (["..."] if len(largest) > TOP_SHARES else []))


def _runner(plan: Plan, source: Source, *, train: bool) -> TaskRunner:
    return TaskRunner(TaskContext(plan, source, train, shuffle=False, record=True))


def _one(index: int, epoch: int) -> Task:
    """Unshuffled, a sample's index is its position."""
    return Task(0, epoch, ((index, index + 1),))
