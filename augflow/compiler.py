"""List items to steps: names looked up, parameters checked, the rules of `p` and `weight` applied."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from augflow.batching.mix import MIX_OPS, MixOp, MixStep
from augflow.spec.base import CONTAINERS, OpSpec
from augflow.spec.items import Collector, Place
from augflow.spec.messages import problem_message
from augflow.spec.parse import Section
from augflow.transforms.catalog import Op, ParamProblem, Params
from augflow.transforms.chain import Container, OneOf, OpStep, RandomOrder, SomeOf, Step
from augflow.transforms.conditions import Condition, written
from augflow.transforms.library import LibraryMissingError
from augflow.transforms.lookup import OpUnavailable, resolve_op
from augflow.transforms.schedule import Linear, is_schedule, read_schedule, values_at
from augflow.transforms.scheduled import ScheduledOp, size_of_all
from augflow.wording import closest, shown

CONTENT = "sha256:"
"""How a canonical parameter begins that stands for the content of a file."""

CONTAINER_P = {"one_of": 0.5, "some_of": 1.0, "random_order": 1.0}
"""As in albumentations, where OneOf alone does not always fire."""

FIXED_SECTIONS = ("prepare", "evaluate")

ALWAYS_FIRES = "a chosen child always fires, or never with p 0"

MIX_REMEDIES = {
    ("text", "mixup"): "words cannot be blended; use cutmix, or `by: model` to mix embeddings",
    ("text", "cutout"): "use random_deletion in `augment`",
}
"""Why a mixing op cannot work on a modality, and what can."""


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


Checked = tuple[Op, Params, float]
"""An op, its canonical parameters with `p` as given among them, and its default `p`."""


class OpCompiler:
    """Turns the items of one field into steps, adding every problem to the collector.

    `followers` are the kinds of what follows the field, where it is one of images.
    """

    def __init__(self, modality: str, followers: Collection[str], collector: Collector) -> None:
        self.modality = modality
        self.followers = frozenset(followers)
        self.collector = collector

    def section(self, section: Section) -> tuple[Step, ...]:
        """The steps of one section."""
        path = f"{section.field}/{section.name}"
        return self._steps(section.items, section.place, path, Rules(section.name))

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
        schedules = self._schedules(item, here, rules)
        plain = {name: value for name, value in item.params.items() if not is_schedule(value)}
        found = self._checked_at(item.op, plain, schedules, here)
        if not found:
            return None
        op, params, default_p = found[0]
        given_p = params.pop("p", None)
        self._check_followers(op, params, here)
        random = any(op.is_random(checked) for op, checked, _ in found)
        if random and rules.fixed:
            self.collector.add(here, f"draws at random, which {rules.section} does not; move it to augment")
        fixed = rules.fixed or (rules.section == "finish" and not random)
        if fixed and schedules:
            rule = f"{op.name} runs in evaluation too, which is the same in every epoch"
            self.collector.add((*here, next(iter(schedules))), f"{rule}; give one value")
        p = self._p(given_p, 1.0 if fixed else default_p, (*here, "p"), rules, fixed)
        step: dict[str, Any] = {
            "path": path(op.name),
            "p": p,
            "weight": item.weight or 1.0,
            "when": conditions(item),
            "op": op.name,
            "params": params,
            "version": op.version,
            "random": random,
            "transform": op.build(params),
            "size": partial(op.output_size, params),
        }
        if not schedules:
            return OpStep(**step)
        step["size"] = partial(
            size_of_all, tuple(partial(op.output_size, checked) for op, checked, _ in found)
        )
        written = pinned(plain, params)
        step |= {"written": written, "name": item.op, "modality": self.modality, "schedules": schedules}
        return ScheduledOp(**step, own=op if op.library == "registered" else None)

    def _checked_at(
        self, name: str, plain: Params, schedules: Mapping[str, Linear], here: Place
    ) -> list[Checked]:
        """The op in epoch 0 and in every other that its schedules turn at; none where one is refused."""
        turns = {0: None} | {epoch: None for schedule in schedules.values() for epoch in schedule.turns()}
        found = []
        for epoch in turns:
            about = f" (the value in epoch {epoch})" if schedules else ""
            checked = self._checked(name, values_at(plain, schedules, epoch), here, about)
            if checked is None:
                return []
            found.append(checked)
        return found

    def _checked(self, name: str, params: Params, here: Place, about: str) -> Checked | None:
        """One set of parameters; what is wrong with it is told with `about` behind."""
        given_p = {"p": params.pop("p")} if "p" in params else {}
        try:
            op, params, default_p = resolve_op(name, params, self.modality)
            params, problems = op.check(params)
        except OpUnavailable as error:
            self._add(here, error.problems)
            return None
        except LibraryMissingError as error:
            self.collector.add(here, str(error))
            return None
        self._add(here, [replace(problem, message=problem.message + about) for problem in problems])
        return None if problems else (op, {**params, **given_p}, default_p)

    def _schedules(self, item: OpSpec, here: Place, rules: Rules) -> dict[str, Linear]:
        found: dict[str, Linear] = {}
        for name, value in item.params.items():
            if not is_schedule(value):
                continue
            schedule = read_schedule(value)
            if isinstance(schedule, str):
                self.collector.add((*here, name), schedule)
            elif name == "p" and not _are_chances(schedule):
                self.collector.add((*here, name), f"must stay in [0, 1], got {value['linear']}")
            elif rules.fixed:
                self.collector.add(
                    (*here, name), f"{rules.section} is the same in every epoch; give one value"
                )
            else:
                found[name] = schedule
        return found

    def _check_followers(self, op: Op, params: Params, here: Place) -> None:
        """What follows the image must be able to come along, and be there where the op looks at it."""
        needs = getattr(op, "needs", None)
        absent = sorted(needs(params) - self.followers) if needs is not None else []
        if absent:
            rule = f"looks at {' and '.join(absent)}, and no such field follows this image"
            self.collector.add(here, f"{rule}; add one under `fields`, or use another op")
        lost = sorted(self.followers - op.carries)
        if lost:
            self.collector.add(
                here, f"cannot move {' and '.join(lost)}, which follow this image; use another op"
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
        if any(is_schedule(value) for value in item.params.values()):
            self.collector.add(here, "schedules belong to the ops inside a container; give one value")
            return None
        own = path(item.op)
        chosen = item.op != "random_order"
        inner = Rules(rules.section, chosen=chosen, weighted=chosen)
        children = self._steps(item.children, (*here, "transforms"), own, inner)
        base: dict[str, Any] = {
            "path": own,
            "p": p,
            "weight": item.weight or 1.0,
            "when": conditions(item),
            "children": children,
        }
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
            if given == 0 and not isinstance(given, bool):
                return 0.0
            self.collector.add(place, f"{ALWAYS_FIRES}, got p {shown(given)}; use weight beside the op")
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


class MixCompiler(OpCompiler):
    """Turns `batch.mix` into a step; the modality is that of the field that is mixed."""

    def mix(self, item: OpSpec | None, by_model: bool) -> MixStep | None:
        """The step that mixes a tile."""
        step = self._mix(item)
        for op in step.ops if step is not None else ():
            remedy = MIX_REMEDIES.get((self.modality, op.op))
            if remedy is not None and not by_model:
                self.collector.add(("batch", "mix"), f"{op.op} does not mix {self.modality}: {remedy}")
        return step

    def _mix(self, item: OpSpec | None) -> MixStep | None:
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
        if not allow_p and item.params.get("p", 0) != 0:
            self.collector.add((*here, "p"), f"{ALWAYS_FIRES}; use weight beside the op")
        try:
            return cls.model_validate(dict(item.params))
        except ValidationError as error:
            for detail in error.errors():
                self.collector.add((*here, *detail["loc"]), problem_message(detail, cls))
            return None


def _are_chances(schedule: Linear) -> bool:
    ends = (schedule.start, schedule.end)
    return all(isinstance(end, int | float) and 0 <= end <= 1 for end in ends)


def pinned(given: Params, canonical: Params) -> Params:
    """The parameters as given, files by their content: that travels, and the file stays on this machine."""
    return {
        name: canonical[name] if str(canonical.get(name)).startswith(CONTENT) else value
        for name, value in given.items()
    }


def conditions(item: OpSpec) -> tuple[Condition, ...]:
    """The item's `when`."""
    return tuple(
        Condition(found.column, tuple(written(value) for value in found.values), found.negated)
        for found in item.when
    )


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
