"""Ops in order: what the plan compiles a list of items to, and how one sample runs through it.

Each step draws from its own keyed generator, so what one step draws depends on no other step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from augflow.errors import AugflowError, OpError
from augflow.rng import Key, KeyedRandom
from augflow.sample import Drawn, Fields
from augflow.transforms.catalog import Size, Transform
from augflow.transforms.conditions import NOTHING_KNOWN, Condition, Facts
from augflow.transforms.readable import readable

CONTENT_HASH = "_sha256"
"""What follows the name of a file's parameter in that of its content's hash."""


@dataclass(frozen=True)
class Step:
    """What every step has: its path, the chance that it fires, its weight among siblings."""

    path: str
    p: float
    weight: float = 1.0
    when: tuple[Condition, ...] = ()

    @cached_property
    def key_path(self) -> bytes:
        """The path as it goes into the key."""
        return self.path.encode()

    def output_size(self, size: Size) -> Size:
        """Height and width after the step has fired, None where that cannot be known."""
        return size

    def size_where_met(self, size: Size) -> Size:
        """As `output_size`, for a step that may have been switched off."""
        return size if self.p <= 0 else self.output_size(size)

    def canonical(self) -> dict[str, Any]:
        """The content that decides what the step does, for fingerprints: JSON values."""
        content: dict[str, Any] = {"path": self.path, "p": self.p, "weight": self.weight}
        if self.when:
            content["when"] = [condition.canonical() for condition in self.when]
        return content

    def at_epoch(self, epoch: int) -> Step:
        """The step as it is in one epoch."""
        return self

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """Every condition in the step, with the path of the step that it stands at."""
        yield from ((self.path, condition) for condition in self.when)


@dataclass
class Passage:
    """One sample on its way: its key, its name for messages, what conditions ask, and what was drawn
    where asked for."""

    rng: KeyedRandom
    key: Key
    place: str
    facts: Facts = NOTHING_KNOWN
    drawn: dict[str, Any] | None = None

    def run(self, steps: Sequence[Step], fields: Fields) -> Fields:
        """The fields after all steps."""
        for step in steps:
            fields = self.run_step(step, fields, gated=True)
        return fields

    def run_step(self, step: Step, fields: Fields, *, gated: bool) -> Fields:
        """The fields after one step; a step that its container has chosen is not gated again."""
        if step.p <= 0.0:
            return fields
        if step.when and not all(condition.holds(self.facts) for condition in step.when):
            return fields
        self.rng.rekey(self.key.at(step.key_path))
        if gated and step.p < 1.0 and self.rng.python.random() >= step.p:
            return fields
        if isinstance(step, OpStep):
            return self._run_op(step, fields)
        if isinstance(step, OneOf):
            return self.run_step(step.choose(self.rng), fields, gated=False)
        if isinstance(step, SomeOf):
            for child in step.choose(self.rng):
                fields = self.run_step(child, fields, gated=False)
            return fields
        if isinstance(step, RandomOrder):
            return self.run(step.choose(self.rng), fields)
        raise TypeError(f"unknown step {type(step).__name__}")

    def _run_op(self, step: OpStep, fields: Fields) -> Fields:
        try:
            fields, drawn = step.transform(fields, self.rng)
        except AugflowError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise OpError(step.path, self.place, dict(step.params), reason) from error
        if self.drawn is not None:
            self.drawn[step.path] = readable(drawn)
        return fields


def untouched(fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
    """The transform that does nothing."""
    return fields, {}


def unknown_size(size: Size) -> Size:
    """The size after an op of which nothing is known."""
    return None


@dataclass(frozen=True)
class OpStep(Step):
    """One op of the catalog."""

    op: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    version: int = 1
    random: bool = True
    """Whether it draws anything, `p` aside."""
    transform: Transform = field(default=untouched, compare=False)
    size: Callable[[Size], Size] = field(default=unknown_size, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        """Without `size`, which holds the op of the catalog: workers have no use for it."""
        return {**vars(self), "size": unknown_size}

    def output_size(self, size: Size) -> Size:
        """See `Step.output_size`."""
        return self.size(size)

    def canonical(self) -> dict[str, Any]:
        """See `Step.canonical`."""
        # A file counts by its content: where it lies may differ from machine to machine.
        params = {
            name: value for name, value in self.params.items() if f"{name}{CONTENT_HASH}" not in self.params
        }
        return {**super().canonical(), "op": self.op, "params": params, "version": self.version}


@dataclass(frozen=True)
class Container(Step):
    """A step made of other steps."""

    children: tuple[Step, ...] = ()

    def at_epoch(self, epoch: int) -> Step:
        """See `Step.at_epoch`."""
        children = tuple(child.at_epoch(epoch) for child in self.children)
        same = all(child is old for child, old in zip(children, self.children, strict=True))
        return self if same else replace(self, children=children)

    def conditions(self) -> Iterator[tuple[str, Condition]]:
        """See `Step.conditions`."""
        yield from super().conditions()
        for child in self.children:
            yield from child.conditions()

    def weights(self) -> list[float]:
        """The children's weights, summing to 1."""
        total = sum(child.weight for child in self.children)
        return [child.weight / total for child in self.children]

    def output_size(self, size: Size) -> Size:
        """The size that all children agree on where each fires alone, or does not for its `when`."""
        sizes = {child.size_where_met(size) for child in self.children}
        if any(child.when for child in self.children):
            sizes.add(size)
        return sizes.pop() if len(sizes) == 1 else None

    def canonical(self) -> dict[str, Any]:
        """See `Step.canonical`."""
        children = [child.canonical() for child in self.children]
        return {**super().canonical(), "op": type(self).__name__, "children": children}


@dataclass(frozen=True)
class OneOf(Container):
    """Exactly one child, drawn by weight."""

    def choose(self, rng: KeyedRandom) -> Step:
        """The child that fires."""
        point = rng.python.random()
        for child, weight in zip(self.children, self.weights(), strict=True):
            point -= weight
            if point < 0:
                return child
        return self.children[-1]


@dataclass(frozen=True)
class SomeOf(Container):
    """`n` different children, drawn by weight, applied in the order of the list."""

    n: int = 1

    def output_size(self, size: Size) -> Size:
        """Known where one child alone gives it and the others, coming after, would leave it."""
        after = super().output_size(size)
        return after if self.n == 1 or super().output_size(after) == after else None

    def choose(self, rng: KeyedRandom) -> list[Step]:
        """The children that fire."""
        chosen = rng.generator.choice(len(self.children), size=self.n, replace=False, p=self.weights())
        return [self.children[index] for index in sorted(int(i) for i in chosen)]

    def canonical(self) -> dict[str, Any]:
        """See `Step.canonical`."""
        return {**super().canonical(), "n": self.n}


@dataclass(frozen=True)
class RandomOrder(Container):
    """All children, each with its own `p`, in an order drawn anew for every sample."""

    def output_size(self, size: Size) -> Size:
        """Known only where no child changes it."""
        return size if all(child.size_where_met(size) == size for child in self.children) else None

    def choose(self, rng: KeyedRandom) -> list[Step]:
        """The children in the drawn order."""
        return [self.children[int(index)] for index in rng.generator.permutation(len(self.children))]
