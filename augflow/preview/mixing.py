"""Rows of the first batch of epoch 0 that mixing changes, each beside what it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from augflow.engine.arrangement import position_count
from augflow.engine.base import Task, TaskContext, TaskResult
from augflow.engine.worker import TaskRunner
from augflow.plan import FieldPlan, Plan
from augflow.preview.draws import readable
from augflow.preview.figures import Look, State, sheet
from augflow.preview.markup import Html, tag
from augflow.preview.overlays import Mark
from augflow.preview.rows import row_values
from augflow.preview.variants import UNUSABLE, target_words, without_finish
from augflow.sample import Fields
from augflow.sources.base import Source

MIX = "batch/mix"
"""Where a row's draws tell of mixing."""


@dataclass(frozen=True)
class MixedRow:
    """One row that was mixed, as the stream delivers it before `finish`."""

    id: str
    drawn: Mapping[str, Any]
    target: str
    """The mixed label in words."""
    own: Fields
    partner: Fields | None
    """None where nobody's part was mixed in."""
    mixed: Fields


@dataclass(frozen=True)
class MixedRows:
    """Those of the first `looked_at` rows of epoch 0 that were mixed; or why they cannot be shown."""

    rows: tuple[MixedRow, ...] = ()
    looked_at: int = 0
    problem: str = ""


def mixed_rows(plan: Plan, source: Source, count: int) -> MixedRows:
    """Mix the first `count` rows of epoch 0; stand-ins take the place of bad samples."""
    plan = plan if plan.spec.batch.mix_at == "finish" else without_finish(plan)
    count = min(count, position_count(plan, source, train=True))
    try:
        mixed = _runner(plan, source).run_task(Task(0, 0, ((0, count),)))
        alone = _runner(replace(plan, mix=None), source)
        rows = [_row(plan, source, mixed, alone, row) for row in range(count) if MIX in mixed.drawn[row]]
    except UNUSABLE as error:
        return MixedRows(looked_at=count, problem=str(error))
    return MixedRows(tuple(rows), count)


def _row(plan: Plan, source: Source, mixed: TaskResult, alone: TaskRunner, row: int) -> MixedRow:
    partner = int(mixed.columns["partner"][row])
    result = alone.run_task(Task(0, 0, ((row, row + 1), (partner, partner + 1))))
    target = np.array(mixed.columns["target"][row])
    return MixedRow(
        id=str(mixed.columns["id"][row]),
        drawn=mixed.drawn[row][MIX],
        target=target_words(target, source) if len(target) else "",
        own=row_values(plan, result.columns, 0),
        partner=None if partner == row else row_values(plan, result.columns, 1),
        mixed=row_values(plan, mixed.columns, row),
    )


def mixed_card(plan: Plan, row: MixedRow, number: int, classes: Sequence[str]) -> Html:
    """A row, its partner and what became of them."""
    field = next(field for field in plan.fields if field.name == plan.mixed_field)
    by_model = plan.spec.batch.mix_by == "model"
    states = [_state("own", row.own, field)]
    if row.partner is not None:
        states.append(_state(f"partner {row.drawn['partner']}", row.partner, field))
    if not by_model:
        states.append(replace(_state("mixed", row.mixed, field), marked=_mark(row.drawn), compared=True))
    told = ", ".join(
        f"{name} {readable(value)}"
        for name, value in row.drawn.items()
        if name not in ("op", "partner", "box")
    )
    label = tag("span", row.target, class_="label") if row.target else None
    head = tag("header", tag("h3", row.id), label, tag("span", f"{row.drawn['op']} {told}", class_="place"))
    body = sheet(states, Look(field.modality, f"{field.name} of {row.id}", classes))
    return tag("article", head, body, class_="card", id=f"mixed-{number}")


def _state(title: str, values: Fields, field: FieldPlan) -> State:
    followers = {follower.name: values[follower.name] for follower in field.followers}
    return State(title, values[field.name], followers)


def _mark(drawn: Mapping[str, Any]) -> Mark | None:
    y0, x0, y1, x1 = drawn["box"]
    return Mark((y0, x0, y1, x1), f"{drawn['op']}: {y0}, {x0} to {y1}, {x1}") if y1 > y0 and x1 > x0 else None


def _runner(plan: Plan, source: Source) -> TaskRunner:
    return TaskRunner(TaskContext(plan, source, train=True, shuffle=True, replace_bad=True, record=True))
