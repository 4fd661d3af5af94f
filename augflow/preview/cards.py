"""One sample as a card: every field, before and after."""

from __future__ import annotations

from collections.abc import Sequence

from augflow.plan import FieldPlan, Plan
from augflow.preview.draws import draws
from augflow.preview.figures import Look, State, sheet
from augflow.preview.markup import Html, tag
from augflow.preview.variants import Shown, Variant


def card(plan: Plan, shown: Shown, number: int, classes: Sequence[str]) -> Html:
    """A sample in all its states, field by field."""
    label = tag("span", shown.label, class_="label") if shown.label else None
    head = tag("header", tag("h3", shown.id), label)
    if shown.variants[0].problem:
        body: list[Html] = [tag("p", f"cannot be read: {shown.variants[0].problem}", class_="problem")]
    else:
        body = [part for field in plan.fields for part in _field(plan, field, shown, classes)]
    return tag("article", head, body, class_="card", id=f"sample-{number}")


def _field(plan: Plan, field: FieldPlan, shown: Shown, classes: Sequence[str]) -> list[Html]:
    is_first = field is plan.fields[0]
    states = [_state(variant, field, is_first=is_first) for variant in shown.variants]
    # Texts are compared with what the augmentation was given: once prepared, not as read.
    look = Look(field.modality, f"{field.name} of {shown.id}", classes, base=int(shown.evaluated))
    found = sheet(states, look)
    return [tag("h4", field.name), found] if len(plan.fields) > 1 else [found]


def _state(variant: Variant, field: FieldPlan, *, is_first: bool) -> State:
    random = [*field.augment, *(step for step in field.finish if step not in field.after_mixing(train=False))]
    return State(
        title=variant.title,
        value=variant.values.get(field.name),
        followers={
            follower.name: variant.values[follower.name]
            for follower in field.followers
            if follower.name in variant.values
        },
        finished=variant.finished.get(field.name),
        told=None if variant.drawn is None else draws(variant.drawn, random),
        problem=variant.problem if is_first else "",
        compared=variant.drawn is not None,
    )
