"""Which strengths of a spec do best: a search by quasi-random trials.

Points of a scrambled Sobol sequence (Sobol 1967; Owen 1998) fill the space more evenly than random ones
(Bergstra & Bengio 2012 compare both with grids), depend on nothing but their number and the seed, and a
longer search begins with the trials of a shorter one.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch.quasirandom import SobolEngine

from augflow.errors import TrainError
from augflow.pipeline import Pipeline
from augflow.sources.base import Source
from augflow.spec.parse import written_spec
from augflow.study.knobs import Knob, Value, check, read_knobs
from augflow.study.study import Study
from augflow.study.trials import Result, Setting, Trial, Workplace
from augflow.train.options import FitOptions

AS_WRITTEN = "as written"


@dataclass(frozen=True)
class Point:
    """One setting of the knobs, and its fits."""

    name: str
    values: Mapping[str, Value]
    """By knob; none for the spec as it stands."""
    pipeline: Pipeline
    runs: tuple[Result, ...]
    """One a seed."""

    def median(self, figure: str) -> float:
        """The median over seeds of a figure of the report, such as `val_accuracy`."""
        return float(statistics.median(run[figure] for run in self.runs))

    @property
    def merit(self) -> tuple[float, float]:
        """What is compared: the median accuracy, and where it is equal the median loss."""
        return self.median("val_accuracy"), -self.median("val_loss")

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        figures = ("val_accuracy", "val_loss", "train_accuracy")
        tested = ("test_accuracy", "test_loss") if "test_accuracy" in self.runs[0] else ()
        medians = {name: self.median(name) for name in (*figures, *tested)}
        return {"name": self.name, "values": dict(self.values), **medians, "runs": list(self.runs)}


@dataclass(frozen=True)
class Search:
    """What came of a search."""

    knobs: tuple[Knob, ...]
    seeds: tuple[int, ...]
    written: Point
    """The spec as it stands."""
    points: tuple[Point, ...]
    """The trials, best first."""
    tested: tuple[Point, ...] = ()
    """The best and the spec as it stands, in this order, judged on the third source too."""

    @property
    def best(self) -> Point:
        """The setting with the highest median accuracy in validation; it may be the written one."""
        return max((self.written, *self.points), key=lambda point: point.merit)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "over": [knob.name for knob in self.knobs],
            "seeds": list(self.seeds),
            "val_samples": self.written.runs[0]["val_samples"],
            "best": self.best.to_dict(),
            "written": self.written.to_dict(),
            "trials": [point.to_dict() for point in self.points],
            "tested": [point.to_dict() for point in self.tested],
        }


def search(
    study: Study,
    options: FitOptions,
    over: Sequence[str],
    trials: int = 20,
    *,
    test: Source | None = None,
    place: Workplace | None = None,
) -> Search:
    """Fit `study` with `trials` settings of what `over` names, and as its spec stands.

    `over` is in the form of `augflow.study.knobs.read_knob`: `regularize.dropout=0.0:0.6`.

    Every value is checked against the spec before the first fit. The best is chosen on the validation source,
    so its figure there is too good; `test` is a third source on which it and the spec as it stands are
    judged, fitted once more for that.
    """
    setting = Setting(study, options, test)
    knobs = read_knobs(over, study.pipeline)
    pipelines, values = settings(study.pipeline, knobs, trials)
    seeds, place = tuple(study.seeds), place or Workplace()

    def fitted(names: Sequence[str], tested: str = "") -> list[Point]:
        wanted = [Trial.of(name, pipelines[name], seed, tested) for name in names for seed in seeds]
        found = iter(place.run(setting, wanted))
        return [
            Point(name, values[name], pipelines[name], tuple(next(found) for _ in seeds)) for name in names
        ]

    written, *points = fitted([*pipelines])
    ordered = tuple(sorted(points, key=lambda point: point.merit, reverse=True))
    result = Search(knobs, seeds, written, ordered)
    if test is None:
        return result
    judged = dict.fromkeys((result.best.name, AS_WRITTEN))
    return Search(knobs, seeds, written, ordered, tuple(fitted([*judged], test.fingerprint())))


def settings(
    pipeline: Pipeline, knobs: Sequence[Knob], trials: int
) -> tuple[dict[str, Pipeline], dict[str, dict[str, Value]]]:
    """Pipelines and values by trial, the spec as it stands first.

    Raises `TrainError` where the spec refuses any of the values, or an end of a range.
    """
    if trials < 1:
        raise TrainError(f"a search needs at least 1 trial, got {trials}")
    if not knobs:
        raise TrainError("a search needs something to search over, as regularize.dropout=0.0:0.6")
    spec = written_spec(pipeline.plan.spec)
    engine: Any = SobolEngine(len(knobs), scramble=True, seed=pipeline.plan.spec.seed)  # type: ignore[no-untyped-call]
    shares = engine.draw(trials).tolist()
    chosen = [{knob: knob.at(share) for knob, share in zip(knobs, row, strict=True)} for row in shares]
    check(spec, [{**chosen[0], knob: end} for knob in knobs for end in knob.ends])
    names = [f"trial {number}" for number in range(1, trials + 1)]
    pipelines = dict(zip(names, check(spec, chosen), strict=True))
    values = {
        name: {knob.name: value for knob, value in row.items()}
        for name, row in zip(names, chosen, strict=True)
    }
    return {AS_WRITTEN: pipeline, **pipelines}, {AS_WRITTEN: {}, **values}
