"""An op whose strength is a schedule: built anew for each epoch, the same on every worker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from augflow.errors import Problem, SpecError
from augflow.transforms.catalog import Op, Params, Size
from augflow.transforms.chain import OpStep, Step
from augflow.transforms.lookup import OpUnavailable, resolve_op
from augflow.transforms.schedule import Linear, values_at


def size_of_all(sizes: Sequence[Callable[[Size], Size]], size: Size) -> Size:
    """The size after an op that all its epochs agree on, None where they differ."""
    found = {after(size) for after in sizes}
    return found.pop() if len(found) == 1 else None


@dataclass(frozen=True)
class ScheduledOp(OpStep):
    """Its own parameters are those of the first epochs; `at_epoch` gives those of any."""

    written: Mapping[str, Any] = field(default_factory=dict)
    """Parameters as the spec has them, those without a schedule."""
    name: str = ""
    """The op's name as the spec has it."""
    modality: str = ""
    schedules: Mapping[str, Linear] = field(default_factory=dict)
    """By parameter, `p` among them."""
    own: Op | None = field(default=None, compare=False)
    """A user's own op, which other processes do not know by name."""

    def at_epoch(self, epoch: int) -> Step:
        """See `Step.at_epoch`; raises `SpecError` where the op refuses a value between the two ends."""
        params: Params = values_at(dict(self.written), self.schedules, epoch)
        p = float(params.pop("p", self.p))
        op = self.own
        if op is None:
            try:
                op, params, _ = resolve_op(self.name, params, self.modality)
            except OpUnavailable as error:
                raise self._refused(epoch, str(error)) from error
        params, problems = op.check(params)
        if problems:
            raise self._refused(epoch, "; ".join(f"{found.name}: {found.message}" for found in problems))
        return OpStep(
            path=self.path,
            p=p,
            weight=self.weight,
            when=self.when,
            op=op.name,
            params=params,
            version=op.version,
            random=self.random,
            transform=op.build(params),
            size=partial(op.output_size, params),
        )

    def _refused(self, epoch: int, reason: str) -> SpecError:
        return SpecError(
            (Problem("", self.path, f"the schedule's value in epoch {epoch} is refused: {reason}"),)
        )

    def canonical(self) -> dict[str, Any]:
        """See `Step.canonical`."""
        schedules = {name: schedule.canonical() for name, schedule in self.schedules.items()}
        return {**super().canonical(), "schedules": schedules}
