"""Many fits that differ in one thing each: in this process, or spread over Ray; what has finished stays.

A trial trains on one thread and reads its samples itself, so that its result depends neither on how many run
at once nor on where they run.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from augflow.environment import describe_environment
from augflow.errors import TrainError
from augflow.pipeline import Pipeline, load
from augflow.regular import open_regular
from augflow.sources.base import Source
from augflow.spec.parse import written_spec
from augflow.study.study import Study
from augflow.train.evaluate import evaluate
from augflow.train.options import FitOptions
from augflow.train.save import weights_sha256

Result = dict[str, Any]
"""A fit's report as JSON values with `weights_sha256`, `test_accuracy` and `test_loss` where a test was asked
for; or `error` alone."""

Done = Callable[["Trial", Result], None]
"""Called with each trial that has ended, and what it gave."""

Advance = Callable[[int, int], None]
"""Takes how many trials are done, and how many there are."""

SHOWN_FAILURES = 8


@dataclass(frozen=True)
class Trial:
    """One fit: `spec` as plain data, so that any process can build it."""

    name: str
    """What the trial is without, or which one of a search it is."""
    seed: int
    spec: Mapping[str, Any]
    fingerprint: str
    tested: str = ""
    """The fingerprint of the test source that it is judged on as well; "" for none."""

    @classmethod
    def of(cls, name: str, pipeline: Pipeline, seed: int, tested: str = "") -> Trial:
        """The trial of a pipeline; `seed` is added to its own."""
        return cls(name, seed, written_spec(pipeline.plan.spec), pipeline.fingerprint, tested)

    @property
    def file(self) -> str:
        """The name of the file that keeps its result."""
        readable = re.sub(r"[^A-Za-z0-9_.-]+", ".", self.name)
        tested = f"-test-{self.tested[:12]}" if self.tested else ""
        return f"{readable}-{self.fingerprint[:12]}-seed-{self.seed}{tested}.json"


@dataclass(frozen=True)
class Setting:
    """What all trials of one question share."""

    study: Study
    """Its sources and whatever else a fit takes; each trial has a pipeline and a seed of its own."""
    options: FitOptions
    test: Source | None = None

    def __post_init__(self) -> None:
        study, options = self.study, self.options
        if study.val is None:
            raise TrainError(
                "trials are compared on samples that none was trained on; give a validation source"
            )
        if not (study.augment and study.regularize) or options.regularize is not None:
            raise TrainError(
                "trials differ in what their specs say; leave `augment` and `regularize` of the study, and "
                "`regularize` of the options, as they are"
            )
        alone = replace(
            options, threads=1, device=options.device or "cpu", out=None, resume=False, on_epoch=None
        )
        object.__setattr__(self, "options", alone)
        object.__setattr__(self, "study", replace(study, seeds=(0,), num_workers=0, address=None))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that decides what a trial gives beside its own spec and seed: JSON values."""
        wheels = {name: metadata.version(name) for name in ("torch", "augflow-service")}
        sources = {"train": self.study.train, "val": self.study.val}
        given = asdict(self.options)
        for name in ("regularize", "out", "resume", "on_epoch"):
            given.pop(name, None)
        if self.options.pretrained is not None:
            with open_regular(self.options.pretrained) as file:
                given["pretrained"] = hashlib.file_digest(file, "sha256").hexdigest()
        others = {name: value for name, value in vars(self.study).items() if isinstance(value, int | float)}
        return {
            "spec": self.study.pipeline.fingerprint,
            **{name: source and source.fingerprint() for name, source in sources.items()},
            **{name: value for name, value in {**others, **given}.items() if not callable(value)},
            **describe_environment(),
            **wheels,
        }


def run_trial(setting: Setting, trial: Trial) -> Result:
    """Fit once. What goes wrong is told in the result: it ends this trial and no other."""
    try:
        pipeline = load(dict(trial.spec))
        study = replace(setting.study, pipeline=pipeline, seeds=(trial.seed,))
        (report,) = study.run(setting.options)
        result = {**report.to_dict(), "weights_sha256": weights_sha256(report.model)}
        if trial.tested and setting.test is not None:
            with pipeline.stream(setting.test, train=False) as stream:
                scores = evaluate(report.model, stream, setting.options.device or "cpu")
            result |= {"test_accuracy": scores.accuracy, "test_loss": scores.loss}
    except Exception as error:  # noqa: BLE001 - an op, a model or a source may raise anything
        return {"error": f"{type(error).__name__}: {error}"}
    figures = {name: result[name] for name in ("val_accuracy", "val_loss")}
    for name, value in figures.items():
        if value is None or not math.isfinite(value):
            return {
                "error": f"{name} is {value} after the last epoch: lower the learning rate, or clip gradients"
            }
    return result


class Results:
    """What trials gave: in memory, and in a folder where one is given, from which a later run goes on."""

    def __init__(self, folder: Path | None, identity: Mapping[str, Any]) -> None:
        self._folder = None if folder is None else folder / "trials"
        self._found: dict[str, Result] = {}
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            _check_identity(self._folder / "about.json", json.loads(json.dumps(identity)))

    def get(self, trial: Trial) -> Result | None:
        """The result of a trial that has finished."""
        if trial.file not in self._found and self._folder is not None:
            path = self._folder / trial.file
            if path.exists():
                self._found[trial.file] = json.loads(path.read_text(encoding="utf-8"))
        return self._found.get(trial.file)

    def put(self, trial: Trial, result: Result) -> None:
        """Keep a result. One with an error is kept for this run alone: the next tries again."""
        self._found[trial.file] = result
        if self._folder is not None and "error" not in result:
            write_json(self._folder / trial.file, result)


def _check_identity(path: Path, identity: Mapping[str, Any]) -> None:
    if not path.exists():
        write_json(path, identity)
        return
    there = json.loads(path.read_text(encoding="utf-8"))
    names = [name for name in {**there, **identity} if there.get(name) != identity.get(name)]
    if names:
        listed = ", ".join(
            f"{name} {there.get(name)!r} there and {identity.get(name)!r} here" for name in names
        )
        raise TrainError(f"{path.parent} holds trials of another question: {listed}; choose another folder")


def write_json(path: Path, value: Any) -> None:
    """A file of JSON that is complete or not there."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
    os.replace(partial, path)


@dataclass(frozen=True)
class Workplace:
    """Where trials run, and where what they gave is kept. Nothing here changes a result."""

    workers: int = 0
    """How many trials at once, each in a Ray worker; 0 runs one after the other in this process."""
    address: str | None = None
    """Of a Ray cluster; None starts a local Ray."""
    out: Path | None = None
    """A folder that keeps each result as soon as it is there; a run into it again goes on."""
    advance: Advance | None = None

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise TrainError(f"workers must be at least 0, got {self.workers}")

    def run(self, setting: Setting, trials: Sequence[Trial]) -> list[Result]:
        """A result a trial, in their order; raises `TrainError` for those that failed, when all are done."""
        results = Results(self.out, setting.identity)
        waiting = list({trial.file: trial for trial in trials if results.get(trial) is None}.values())
        left = len(waiting)

        def done(trial: Trial, result: Result) -> None:
            nonlocal left
            results.put(trial, result)
            left -= 1
            if self.advance is not None:
                self.advance(len(trials) - left, len(trials))

        if waiting:
            self._run(setting, waiting, done)
        found = [results.get(trial) or {"error": "it was not run"} for trial in trials]
        _check_failures(trials, found)
        return found

    def _run(self, setting: Setting, trials: Sequence[Trial], done: Done) -> None:
        if self.workers == 0:
            for trial in trials:
                done(trial, run_trial(setting, trial))
            return
        if setting.options.device != "cpu":
            raise TrainError(
                f"trials on Ray train on the CPU, got device {setting.options.device!r}; use workers=0"
            )
        try:
            from augflow.study.tuning import spread
        except ImportError as error:  # Ray raises a bare one for what its own extra lacks
            raise TrainError(
                f"trials at once need Ray Tune ({error}): install the extra `tune`, or use workers=0"
            ) from error
        spread(setting, trials, self.workers, self.address, done)


def _check_failures(trials: Sequence[Trial], results: Sequence[Result]) -> None:
    failed = {
        f"{trial.name} with seed {trial.seed}: {result['error']}"
        for trial, result in zip(trials, results, strict=True)
        if "error" in result
    }
    if failed:
        listed = "\n".join(sorted(failed)[:SHOWN_FAILURES])
        more = f"\nand {len(failed) - SHOWN_FAILURES} more" if len(failed) > SHOWN_FAILURES else ""
        raise TrainError(
            f"{len(failed)} of {len(trials)} trials failed, the others are done:\n{listed}{more}"
        )
