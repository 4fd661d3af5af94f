"""The table of all ops, in the order in which samples meet them, with how often each fired on the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from augflow.batching.mix import MixStep
from augflow.plan import Plan
from augflow.preview.draws import number, parameters, short_name
from augflow.preview.markup import Html, tag
from augflow.transforms.chain import Container, OneOf, SomeOf, Step

HEADS = ("section", "op", "p", "fired here", "parameters")


@dataclass(frozen=True)
class OpRow:
    """One row."""

    section: str
    path: str
    chance: str
    """`p`, or the weight of a child that its container chooses."""
    values: Mapping[str, Any]
    depth: int = 0
    counted: bool = False
    """Whether it is told how often it fired."""


def ops_section(plan: Plan, fired: Mapping[str, int], augmented: int) -> Html:
    """The table; `fired` says by path in how many of the `augmented` samples an op fired."""
    rows = [_row(row, fired, augmented) for row in _rows(plan)]
    if not rows:
        rows.append(tag("tr", tag("td", "no ops: samples stay as they are", colspan=len(HEADS))))
    head = tag("thead", tag("tr", [tag("th", words, scope="col") for words in HEADS]))
    table = tag(
        "div",
        tag("table", head, tag("tbody", rows)),
        class_="scroll",
        tabindex=0,
        role="region",
        aria_label="ops",
    )
    return tag("section", tag("h2", "ops"), table, id="ops")


def _rows(plan: Plan) -> Iterator[OpRow]:
    for field in plan.fields:
        before = f"{field.name}: " if len(plan.fields) > 1 else ""
        for name, steps in field.sections().items():
            for step in steps:
                yield from _step_rows(f"{before}{name}", step, f"{number(step.p)}", 0)
    if plan.mix is not None:
        yield from _mix_rows(plan.mix)


def _step_rows(section: str, step: Step, chance: str, depth: int) -> Iterator[OpRow]:
    canonical = step.canonical()
    others = {name: canonical[name] for name in ("n", "when", "schedules") if canonical.get(name)}
    values = {**canonical.get("params", {}), **others}
    counted = not isinstance(step, Container) and section.endswith(("augment", "finish"))
    yield OpRow(section, step.path, chance, values, depth, counted)
    if isinstance(step, Container):
        chosen = isinstance(step, OneOf | SomeOf)
        for child, weight in zip(step.children, step.weights(), strict=True):
            chance = f"{weight:.0%} of draws" if chosen else number(child.p)
            yield from _step_rows(section, child, chance, depth + 1)


def _mix_rows(mix: MixStep) -> Iterator[OpRow]:
    total = sum(mix.weights)
    yield OpRow("batch", mix.path, f"{number(mix.p)} per {mix.per}", {})
    for op, weight, path in zip(mix.ops, mix.weights, mix.op_paths, strict=True):
        values = {name: value for name, value in op.model_dump().items() if name not in ("p", "per")}
        yield OpRow("batch", path, f"{weight / total:.0%} of draws", values, depth=1)


def _row(row: OpRow, fired: Mapping[str, int], augmented: int) -> Html:
    times = f"{fired.get(row.path, 0)} of {augmented}" if row.counted and augmented else ""
    name = tag("td", tag("code", short_name(row.path), title=row.path), class_="inner" if row.depth else None)
    numbers = [tag("td", words, class_="number") for words in (row.chance, times)]
    return tag("tr", tag("td", row.section), name, numbers, tag("td", parameters(row.values)))
