"""List items to steps: names looked up, parameters checked, the rules of `p` and `weight` applied."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError

from augflow.batching.mix import MIX_OPS, MixOp, MixStep
from augflow.spec.items import Collector, Place
from augflow.spec.messages import problem_message
from augflow.spec.model import CONTAINERS, OpSpec
from augflow.transforms.catalog import ParamProblem
from augflow.transforms.chain import Container, OneOf, OpStep, RandomOrder, SomeOf, Step
from augflow.transforms.lookup import OpUnavailable, resolve_op
from augflow.wording import closest, shown

CONTAINER_P = {"one_of": 0.5, "some_of": 1.0, "random_order": 1.0}
"""As in albumentations, where OneOf alone does not always fire."""

FIXED_SECTIONS = ("prepare", "evaluate")


@dataclass(frozen=True)
class Rules:
    """What holds for the items of one list."""

    section: str
    chosen: bool = False
    """Whether a container has already chosen the item, so that it always fires."""
    weighted: bool = False

    @property
    def fixed(self) -> bool:
        """Whether only deterministic ops with p = 1 are allowed."""
        return self.section in FIXED_SECTIONS


class OpCompiler:
    """Turns the items of one field into steps, adding every problem to the collector."""

    def __init__(self, field: str, collector: Collector) -> None:
        self.field = field
        self.collector = collector

    def section(self, name: str, items: tuple[OpSpec, ...]) -> tuple[Step, ...]:
        """The steps of one section."""
        return self._steps(items, (name,), f"{self.field}/{name}", Rules(name))

    def _steps(self, items: tuple[OpSpec, ...], place: Place, path: str, rules: Rules) -> tuple[Step, ...]:
        names = Siblings(self.collector)
        steps = []
        for index, item in enumerate(items):
            if not item.op:
                continue
            here = (*place, index)
            if item.weight is not None and not rules.weighted:
                self.collector.add(
                    (*here, "weight"), "weight belongs to children of one_of and some_of; remove it"
                )
            build = self._container if item.op in CONTAINERS else self._op
            step = build(item, here, partial(names.path, path, item, here), rules)
            if step is not None:
                steps.append(step)
        return tuple(steps)

    def _op(self, item: OpSpec, place: Place, path: Callable[[str], str], rules: Rules) -> Step | None:
        here = (*place, item.op)
        params = dict(item.params)
        given_p = params.pop("p", None)
        try:
            op, params, default_p = resolve_op(item.op, params, self.field)
        except OpUnavailable as error:
            self._add(here, error.problems)
            return None
        params, problems = op.check(params)
        self._add(here, problems)
        if problems:
            return None
        random = op.is_random(params)
        if random and rules.fixed:
            self.collector.add(here, f"draws at random, which {rules.section} does not; move it to augment")
        fixed = rules.fixed or (rules.section == "finish" and not random)
        p = self._p(given_p, 1.0 if fixed else default_p, (*here, "p"), rules, fixed)
        return OpStep(
            path=path(op.name),
            p=p,
            weight=item.weight or 1.0,
            op=op.name,
            params=params,
            version=op.version,
            random=random,
            transform=op.build(params),
            size=partial(op.output_size, params),
        )

    def _add(self, place: Place, problems: Iterable[ParamProblem]) -> None:
        for problem in problems:
            self.collector.add((*place, problem.name) if problem.name else place, problem.message)

    def _container(self, item: OpSpec, place: Place, path: Callable[[str], str], rules: Rules) -> Step | None:
        here = (*place, item.op)
        params = dict(item.params)
        if rules.fixed:
            self.collector.add(here, f"draws at random, which {rules.section} does not; move it to augment")
        p = self._p(params.pop("p", None), CONTAINER_P[item.op], (*here, "p"), rules, fixed=False)
        own = path(item.op)
        chosen = item.op != "random_order"
        inner = Rules(rules.section, chosen=chosen, weighted=chosen)
        children = self._steps(item.children, (*here, "transforms"), own, inner)
        base: dict[str, Any] = {"path": own, "p": p, "weight": item.weight or 1.0, "children": children}
        step: Container
        if item.op == "some_of":
            step = SomeOf(**base, n=self._count(params.pop("n", 1), len(item.children), (*here, "n")))
        else:
            step = OneOf(**base) if item.op == "one_of" else RandomOrder(**base)
        known = ("p", "transforms", "n") if item.op == "some_of" else ("p", "transforms")
        for name in params:
            self.collector.add((*here, name), f"unknown parameter {name!r}{closest(name, known)}")
        return step if children else None

    def _p(self, given: Any, default: float, place: Place, rules: Rules, fixed: bool) -> float:
        if given is None:
            return 1.0 if rules.chosen else default
        if rules.chosen:
            self.collector.add(
                place, f"a chosen child always fires, got p {shown(given)}; use weight beside the op"
            )
        elif isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 1:
            self.collector.add(place, f"must be a number in [0, 1], got {shown(given)}")
        elif fixed and given != 1:
            where = rules.section if rules.fixed else "a deterministic op of finish"
            self.collector.add(place, f"is always 1 in {where}, got {shown(given)}; remove it")
        else:
            return float(given)
        return default

    def _count(self, n: Any, children: int, place: Place) -> int:
        if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= children:
            self.collector.add(
                place, f"must be a whole number from 1 to {children} (the children), got {shown(n)}"
            )
            return 1
        return n

    def mix(self, item: OpSpec | None) -> MixStep | None:
        """The step that mixes a tile."""
        place: Place = ("batch", "mix")
        if item is None or not item.op:
            return None
        base = "batch/mix"
        if item.op != "one_of":
            op = self._mix_op(item, place, allow_p=True)
            path = f"{base}/{item.id or item.op}"
            return MixStep(base, op.p, op.per, (op,), (1.0,), (path,)) if op else None
        params = dict(item.params)
        here = (*place, "one_of")
        p = self._p(params.pop("p", None), 1.0, (*here, "p"), Rules("batch"), fixed=False)
        for name in params:
            self.collector.add(
                (*here, name), f"unknown parameter {name!r}{closest(name, ('p', 'transforms'))}"
            )
        names = Siblings(self.collector)
        ops, paths = [], []
        for index, child in enumerate(item.children):
            inner = (*here, "transforms", index)
            op = self._mix_op(child, inner, allow_p=False) if child.op else None
            if op is not None:
                ops.append(op)
                paths.append(names.path(f"{base}/{item.id or 'one_of'}", child, inner, op.op))
        if len({op.per for op in ops}) > 1:
            self.collector.add(here, "children must agree on per (sample or tile); give all the same")
        weights = tuple(child.weight or 1.0 for child in item.children)
        return MixStep(base, p, ops[0].per, tuple(ops), weights, tuple(paths)) if ops else None

    def _mix_op(self, item: OpSpec, place: Place, *, allow_p: bool) -> MixOp | None:
        here = (*place, item.op)
        cls = MIX_OPS.get(item.op)
        if cls is None:
            self.collector.add(here, f"unknown mixing op {item.op!r}{closest(item.op, (*MIX_OPS, 'one_of'))}")
            return None
        if not allow_p and "p" in item.params:
            self.collector.add((*here, "p"), "a chosen child always fires; use weight beside the op")
        try:
            return cls.model_validate(dict(item.params))
        except ValidationError as error:
            for detail in error.errors():
                self.collector.add((*here, *detail["loc"]), problem_message(detail, cls))
            return None


class Siblings:
    """Path segments of the items of one list: the id, or the op's name with its occurrence number."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def path(self, parent: str, item: OpSpec, place: Place, op: str) -> str:
        """The path of one item: `parent/rotate`, `parent/rotate#2` for the second, or with its id."""
        name = item.id
        if name is None:
            self._counts[op] = self._counts.get(op, 0) + 1
            name = op if self._counts[op] == 1 else f"{op}#{self._counts[op]}"
        if name in self._taken:
            self._collector.add(
                (*place, "id"), f"{name!r} already names another op of this list; choose another id"
            )
        self._taken.add(name)
        return f"{parent}/{name}"
