"""The whole exception tree.

AugflowError
├── SpecError              the spec is wrong; carries every problem found, before anything ran
├── SourceError            a source cannot be opened, or what it holds cannot be used
├── BadSampleError         one sample cannot be read or decoded
├── BadSampleBudgetError   more bad samples than `max_bad` allows
├── OpError                an op raised while it worked on a sample
├── CollateError           samples of one batch do not fit together
├── StateError             a saved state belongs to another stream, or an iteration is misused
├── EngineError            workers could not be started, or were lost for good
├── MaterializeError       a dataset or a page cannot be written where it was asked for
└── TrainError             training cannot start or went wrong
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class AugflowError(Exception):
    """Base of every error that augflow raises on purpose."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in a spec.

    `where` is `file:line:column`, or "" for a spec that was built in Python; `path` is the place
    inside the spec, such as `$.augment[2].rotate.limit`; `message` says rule, value and remedy.
    """

    where: str
    path: str
    message: str

    def __str__(self) -> str:
        prefix = f"{self.where}: " if self.where else ""
        return f"{prefix}{self.path}: {self.message}"


class SpecError(AugflowError):
    """Every problem of a spec at once, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


class SourceError(AugflowError):
    """A source cannot be opened, or what it holds cannot be used."""


class BadSampleError(AugflowError):
    """A sample cannot be read: `sample` is its path or id, `reason` says why."""

    def __init__(self, sample: str, reason: str) -> None:
        super().__init__(sample, reason)
        self.sample = sample
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.sample}: {self.reason}"


class BadSampleBudgetError(AugflowError):
    """More bad samples were met than `max_bad` allows; the message lists them."""


class OpError(AugflowError):
    """An op raised; the original exception is the cause.

    `op_path` is the op's path in the spec, `sample` the sample's id or path, `params` the
    parameters that the spec gives the op.
    """

    def __init__(self, op_path: str, sample: str, params: dict[str, Any], reason: str) -> None:
        super().__init__(op_path, sample, params, reason)
        self.op_path = op_path
        self.sample = sample
        self.params = params
        self.reason = reason

    def __str__(self) -> str:
        given = f"with parameters {self.params}" if self.params else "without parameters"
        return f"op {self.op_path} failed on sample {self.sample!r} {given}: {self.reason}"


class CollateError(AugflowError):
    """Samples of one batch differ in shape or dtype."""


class StateError(AugflowError):
    """A saved state belongs to another stream, or an iteration is misused."""


class EngineError(AugflowError):
    """Workers could not be started, did not answer in time, or were lost for good."""


class MaterializeError(AugflowError):
    """A dataset cannot be written where it was asked for."""


class TrainError(AugflowError):
    """Training cannot start or went wrong."""
