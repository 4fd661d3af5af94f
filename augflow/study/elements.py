"""What of a pipeline can be left out, each by itself, with every draw of the others unchanged.

An op is left out by `p: 0`: it stays in its list, so that no sibling is renamed, and every draw is keyed by
the path of its op. A child that `one_of` or `some_of` chooses keeps its place in the draw, and where it is
chosen nothing happens: the others fire for the same samples as before, no more often. A mix is left out by
leaving samples apart, a key of `regularize` by its default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from pydantic import ValidationError

from augflow.errors import SpecError, TrainError
from augflow.pipeline import Pipeline
from augflow.plan import FieldPlan, load_plan, size_after
from augflow.spec.base import OpSpec
from augflow.spec.model import PipelineSpec
from augflow.spec.parse import written_spec
from augflow.spec.regularize import RegularizeSpec
from augflow.transforms.chain import Container, OpStep, Step
from augflow.wording import closest

Group = Literal["augment", "regularize"]
GROUPS: tuple[Group, ...] = get_args(Group)

LISTS = ("augment", "finish")
"""Where random ops stand; those of `finish` run in training only."""

NEEDING: tuple[tuple[str, str], ...] = (
    ("norm", "norm_groups"),
    ("dropout", "r_drop"),
    ("channel_dropout", "r_drop"),
    ("drop_block", "r_drop"),
    ("drop_path", "r_drop"),
    ("input_noise", "r_drop"),
)
"""Keys of `regularize`, and what may mean nothing without them."""

PARAMETERS = ("norm_groups",)
"""Keys that only say how another one works."""


@dataclass(frozen=True)
class Element:
    """One thing that a pipeline can do without."""

    name: str
    """The path of an op as `augflow explain` prints it, or `regularize.KEY`."""
    group: Group
    without: Pipeline | None
    """The pipeline without it; None where it cannot be left out."""
    note: str = ""
    """What went with it or stands in its place, or why it cannot be left out."""


def elements(pipeline: Pipeline, over: Sequence[str] = GROUPS) -> list[Element]:
    """What `over` names, in the order of the spec: groups (`augment` with the mix, `regularize`) or names.

    A container is one element, and each of its children is one where there are several. Raises `TrainError`
    for a name that the pipeline does not have, or where there is nothing to leave out.
    """
    found = list(_all(pipeline))
    known = {*GROUPS, *(element.name for element in found)}
    for name in over:
        if name not in known:
            raise TrainError(f"there is no {name!r} to leave out{closest(name, known)}")
    chosen = [element for element in found if {element.group, element.name} & {*over}]
    if not any(element.without for element in chosen):
        reasons = "; ".join(f"{element.name}: {element.note}" for element in chosen)
        raise TrainError(
            f"nothing of {', '.join(over)} can be left out; {reasons or 'the spec has none of it'}"
        )
    return chosen


def plain(pipeline: Pipeline, over: Sequence[str] = GROUPS) -> Pipeline:
    """The pipeline without anything that `over` names."""
    if "augment" in over:
        pipeline = pipeline.without_augmentation()
    if "regularize" in over:
        pipeline = _compiled(pipeline.plan.spec.model_copy(update={"regularize": RegularizeSpec()}))
    for name in over:
        if name not in GROUPS:
            # Leaving one out may take another along.
            here = (element.without for element in _all(pipeline) if element.name == name)
            pipeline = next(here, None) or pipeline
    return pipeline


def _all(pipeline: Pipeline) -> Iterator[Element]:
    yield from _ops(pipeline)
    yield from _mixes(pipeline)
    yield from _regularizers(pipeline)


def _compiled(spec: PipelineSpec) -> Pipeline:
    return Pipeline.from_plan(load_plan(written_spec(spec)))


Edit = Callable[[OpSpec], Sequence[OpSpec]]
"""What stands in place of one item."""


def _switched_off(item: OpSpec) -> Sequence[OpSpec]:
    return (item.model_copy(update={"params": {**item.params, "p": 0}}),)


def _edited(items: Sequence[OpSpec], place: Sequence[int], edit: Edit) -> tuple[OpSpec, ...]:
    """The items with the one at `place`, a position in each list down to it, replaced."""
    index, *rest = place
    item = items[index]
    inner = _edited(item.children, rest, edit) if rest else ()
    new = (item.model_copy(update={"children": inner}),) if rest else edit(item)
    return (*items[:index], *new, *items[index + 1 :])


def _steps(steps: Sequence[Step], place: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Step]]:
    """Every step with its place; children where there are several."""
    for index, step in enumerate(steps):
        here = (*place, index)
        yield here, step
        if isinstance(step, Container) and len(step.children) > 1:
            yield from _steps(step.children, here)


def _ops(pipeline: Pipeline) -> Iterator[Element]:
    for field in pipeline.plan.fields:
        for name in LISTS:
            random = field.sections()[name]
            if name == "finish":
                random = tuple(step for step in random if step not in field.after_mixing(train=False))
            for place, step in _steps(field.sections()[name]):
                top = field.sections()[name][place[0]]
                if top in random and step.p > 0:
                    yield _without_op(pipeline, field, name, place, step)


def _without_op(
    pipeline: Pipeline, field: FieldPlan, name: str, place: tuple[int, ...], step: Step
) -> Element:
    refused = ""
    for edit, note in ((_switched_off, ""), (_evaluated(field, pipeline.plan.spec), INSTEAD)):
        if note and (len(place) > 1 or not field.evaluate or _prepares(step)):
            break
        try:
            without = _with_edit(pipeline.plan.spec, field.name, name, place, edit)
        except SpecError as error:
            refused = str(error)
            continue
        if _trained_size(without, field.name) == _trained_size(pipeline, field.name):
            return Element(step.path, "augment", without, note)
        refused = "it decides the size of what the model gets, and without it there is no such size"
    return Element(step.path, "augment", None, refused)


INSTEAD = "the ops of `evaluate` stand in its place, since it decides the size"


def _prepares(step: Step) -> bool:
    return isinstance(step, OpStep) and not step.random and step.p >= 1


def _evaluated(field: FieldPlan, spec: PipelineSpec) -> Edit:
    """What evaluation does, behind the op that is switched off; ids keep siblings from being renamed."""
    always = [
        op.model_copy(update={"params": {**op.params, "p": 1}, "id": f"instead.{number}"})
        for number, op in enumerate(spec.main_fields()[field.name].evaluate)
    ]
    return lambda item: (*_switched_off(item), *always)


def _with_edit(spec: PipelineSpec, field: str, name: str, place: Sequence[int], edit: Edit) -> Pipeline:
    old = spec.main_fields()
    items = _edited(getattr(old[field], name), place, edit)
    return _compiled(spec.with_fields({**old, field: old[field].model_copy(update={name: items})}))


def _trained_size(pipeline: Pipeline, field: str) -> tuple[int, int] | None:
    plan = next(plan for plan in pipeline.plan.fields if plan.name == field)
    return size_after(plan.before_mixing(train=True), None) if plan.modality == "image" else None


def _mixes(pipeline: Pipeline) -> Iterator[Element]:
    spec, mix = pipeline.plan.spec, pipeline.plan.mix
    if mix is None or spec.batch.mix is None or mix.p <= 0:
        return
    yield Element(mix.path, "augment", pipeline.without_mixing())
    for index, path in enumerate(mix.op_paths if len(mix.ops) > 1 else ()):
        (changed,) = _edited((spec.batch.mix,), (0, index), _switched_off)
        batch = spec.batch.model_copy(update={"mix": changed})
        yield Element(path, "augment", _compiled(spec.model_copy(update={"batch": batch})))


def _regularizers(pipeline: Pipeline) -> Iterator[Element]:
    spec = pipeline.plan.spec
    given = spec.regularize.model_dump(exclude_defaults=True)
    for key in given:
        if key in PARAMETERS:
            continue
        needing = [other for first, other in NEEDING if first == key and other in given]
        reduced, left = _reduced(given, [key]), ""
        if reduced is None:
            reduced, left = _reduced(given, [key, *needing]), f"with {', '.join(needing)}, which needs it"
        without = None if reduced is None else _compiled(spec.model_copy(update={"regularize": reduced}))
        note = left if without else "without it the rest of `regularize` is refused"
        yield Element(f"regularize.{key}", "regularize", without, note)


def _reduced(given: dict[str, object], left_out: Iterable[str]) -> RegularizeSpec | None:
    try:
        return RegularizeSpec.model_validate({k: v for k, v in given.items() if k not in set(left_out)})
    except ValidationError:
        return None
