"""Strengths of a spec that a search may turn: where they stand, and which values they may take."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from augflow.errors import SpecError, TrainError
from augflow.pipeline import Pipeline
from augflow.plan import load_plan
from augflow.spec.items import SECTIONS
from augflow.spec.parse import written_spec
from augflow.transforms.chain import Container, Step
from augflow.wording import closest

Value = float | int | str | bool
Place = tuple[str | int, ...]

RANGE = re.compile(r"(?P<low>[^:]+):(?P<high>[^:]+?)(?P<log>:log)?")


@dataclass(frozen=True)
class Knob:
    """One number or word of a spec, and what it may become: from `low` to `high`, or one of `choices`."""

    name: str
    place: Place
    """Keys and positions from the root of the spec as plain data."""
    low: float = 0.0
    high: float = 0.0
    log: bool = False
    """Whether factors count and not differences."""
    choices: tuple[Value, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether only whole numbers are taken: both ends are written as such."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def ends(self) -> tuple[Value, ...]:
        """The values at the edge of what it may become; all of the choices."""
        return self.choices or (self.low, self.high)

    def at(self, share: float) -> Value:
        """The value at a share (0 to 1, without 1) of the way."""
        if self.choices:
            return self.choices[int(share * len(self.choices))]
        if self.whole and not self.log:
            return math.floor(self.low + share * (self.high - self.low + 1))
        value = self.low + share * (self.high - self.low)
        if self.log:
            value = self.low * (self.high / self.low) ** share
        return round(value) if self.whole else float(f"{value:.4g}")


def read_knob(text: str, pipeline: Pipeline) -> Knob:
    """The knob that `NAME=LOW:HIGH`, `NAME=LOW:HIGH:log` or `NAME=A,B,C` means.

    NAME is `regularize.KEY`, or the path of an op as `augflow explain` prints it, a point, and the parameter:
    `image/augment/rotate.limit`. Points may stand for the slashes, and a spec of one field may leave its name
    out. Raises `TrainError` for what cannot be read.
    """
    name, _, values = text.partition("=")
    place = _place(name.strip(), pipeline)
    form = RANGE.fullmatch(values.strip())
    if form is None:
        choices = tuple(_scalar(word) for word in values.split(",") if word.strip())
        if len(choices) < 2:
            raise TrainError(
                f"{text!r} gives {name} nothing to choose from; write LOW:HIGH, LOW:HIGH:log or A,B,C"
            )
        return Knob(name.strip(), place, choices=choices)
    low, high, log = _scalar(form["low"]), _scalar(form["high"]), form["log"] is not None
    for end in (low, high):
        if isinstance(end, str | bool) or not math.isfinite(end):
            raise TrainError(f"{text!r}: {end!r} is no number to search from or to")
    if not low < high or (log and low <= 0):  # type: ignore[operator] # both are numbers
        rule = "0 < LOW < HIGH" if log else "LOW < HIGH"
        raise TrainError(f"{text!r}: the ends must be {rule}, got {low} and {high}")
    return Knob(name.strip(), place, low, high, log)  # type: ignore[arg-type] # both are numbers


def read_knobs(texts: Sequence[str], pipeline: Pipeline) -> tuple[Knob, ...]:
    """The knobs that all texts mean; raises `TrainError` with everything wrong with them."""
    knobs, problems = [], []
    for text in texts:
        try:
            knobs.append(read_knob(text, pipeline))
        except TrainError as error:
            problems.append(str(error))
    if len({knob.place for knob in knobs}) < len(knobs):
        problems.append("a parameter is searched over twice; give each once")
    if problems:
        raise TrainError("\n".join(problems))
    return tuple(knobs)


def turned(spec: Mapping[str, Any], values: Mapping[Knob, Value]) -> dict[str, Any]:
    """The spec, as plain data, with other values."""
    changed: dict[str, Any] = dict(spec)
    for knob, value in values.items():
        changed = _put(changed, knob.place, value)
    return changed


def check(spec: Mapping[str, Any], settings: Sequence[Mapping[Knob, Value]]) -> list[Pipeline]:
    """The pipelines of a spec with each of the settings; raises `TrainError` with all that is refused."""
    pipelines, refused = [], dict[str, str]()
    for setting in settings:
        try:
            pipelines.append(Pipeline.from_plan(load_plan(turned(spec, setting))))
        except SpecError as error:
            given = ", ".join(f"{knob.name}={value}" for knob, value in setting.items())
            refused.setdefault(str(error), given)
    if refused:
        listed = "\n".join(f"{given}: {message}" for message, given in refused.items())
        raise TrainError(f"the spec refuses values of the search:\n{listed}")
    return pipelines


def _put(there: Any, place: Place, value: Value) -> Any:
    if not place:
        return value
    first, *rest = place
    if isinstance(first, int):
        return [_put(one, tuple(rest), value) if i == first else one for i, one in enumerate(there)]
    return {**(there or {}), first: _put((there or {}).get(first), tuple(rest), value)}


def _scalar(word: str) -> Value:
    word = word.strip()
    if word in ("true", "false"):
        return word == "true"
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word


def _place(name: str, pipeline: Pipeline) -> Place:
    dotted = name.replace("/", ".")
    group, _, rest = dotted.partition(".")
    if group == "regularize" and rest:
        return (group, *rest.split("."))
    known = dict(_ops(pipeline))
    fits = [path for path in known if dotted.startswith(f"{path}.")]
    if not fits:
        near = closest(dotted.rpartition(".")[0], known)
        raise TrainError(f"{name!r} is no parameter of this spec: write regularize.KEY or OP.PARAMETER{near}")
    op = max(fits, key=len)
    return (*known[op], *dotted.removeprefix(f"{op}.").split("."))


def _ops(pipeline: Pipeline) -> Iterator[tuple[str, Place]]:
    """Every op by its path with points, with the place of its parameters; the field's name may be missing."""
    spec = pipeline.plan.spec
    data = written_spec(spec)
    for field in pipeline.plan.fields:
        root: Place = () if spec.modality else ("fields", field.name)
        for section in SECTIONS:
            steps = field.sections()[section]
            if not steps:
                continue
            items = data[section] if spec.modality else data["fields"][field.name][section]
            for path, place in _steps(steps, items):
                yield path, (*root, section, *place)
                if spec.modality:
                    yield path.partition(".")[2], (*root, section, *place)
    mix = pipeline.plan.mix
    if mix is None:
        return
    item = data["batch"]["mix"]
    here: Place = ("batch", "mix")
    if "one_of" not in item:
        yield f"batch.mix.{mix.ops[0].op}", (*here, mix.ops[0].op)
        return
    yield "batch.mix.one_of", (*here, "one_of")
    for index, (op, path) in enumerate(zip(mix.ops, mix.op_paths, strict=True)):
        yield path.replace("/", "."), (*here, "one_of", "transforms", index, op.op)


def _steps(steps: Sequence[Step], items: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Place]]:
    for index, (step, item) in enumerate(zip(steps, items, strict=True)):
        op = next(key for key in item if key not in ("id", "when", "weight"))
        yield step.path.replace("/", "."), (index, op)
        if isinstance(step, Container):
            for path, place in _steps(step.children, item[op]["transforms"]):
                yield path, (index, op, "transforms", *place)
