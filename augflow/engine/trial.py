"""Which samples of a task take their worker down: each is attempted on its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from augflow.engine.arrangement import Arrangement, position_count
from augflow.engine.base import REPLACEMENT_TRIES, Attempt, Probe, Task, TaskContext
from augflow.errors import AugflowError, BadSampleBudgetError, BadSampleError


class Trial:
    """The probes of one task, sample by sample. Workers answer them, or are lost over them.

    It ends early, with an error, when a bad sample may not be replaced or `max_bad` is exceeded.
    """

    def __init__(self, task: Task, context: TaskContext, known: Mapping[Attempt, str]) -> None:
        self.condemned: dict[Attempt, str] = {}
        self.error: AugflowError | None = None
        self._context = context
        self._known = known
        self._first = [Probe(task.epoch, position, 0) for position in _positions(task, context)]
        self._open = len(self._first)

    def probes(self) -> list[Probe]:
        """What to begin with."""
        return [probe for first in self._first if (probe := self._unknown(first)) is not None]

    def answered(self, probe: Probe, good: bool) -> Probe | None:
        """A worker survived a probe; returns the next sample to try at the same position, if any."""
        return self._after(None if good else probe)

    def condemn(self, probe: Probe, reason: str) -> Probe | None:
        """No worker survives a probe; returns the next sample to try at the same position, if any."""
        self.condemned[(probe.epoch, probe.position, probe.attempt)] = reason
        if probe.attempt == 0:
            self.error = self._error(probe)
        return self._after(probe)

    def _error(self, probe: Probe) -> AugflowError | None:
        context = self._context
        found = {**self._known, **self.condemned}
        own = [
            (position, reason)
            for (epoch, position, attempt), reason in found.items()
            if epoch == probe.epoch and attempt == 0
        ]
        if not context.replace_bad:
            return BadSampleError(self._place(probe.epoch, own[-1][0]), own[-1][1])
        spec = context.plan.spec.source
        budget = spec.bad_budget(len(context.source)) * context.plan.repeats(context.train)
        if len(own) <= budget:
            return None
        listed = "\n".join(f"  {self._place(probe.epoch, position)}: {reason}" for position, reason in own)
        return BadSampleBudgetError(
            f"{len(own)} samples take their workers down, max_bad ({spec.max_bad}) allows {budget} bad "
            f"samples:\n{listed}"
        )

    def _place(self, epoch: int, position: int) -> str:
        context = self._context
        order = Arrangement(context.plan, context.source, epoch, context.train, context.shuffle)
        return context.source.place(order[position][0])

    def _unknown(self, probe: Probe) -> Probe | None:
        """A probe, or the next one whose outcome is not known."""
        if (probe.epoch, probe.position, probe.attempt) in self._known:
            return self._after(probe)
        return probe

    def _after(self, bad: Probe | None) -> Probe | None:
        if bad is not None and self._context.replace_bad and bad.attempt < REPLACEMENT_TRIES:
            return self._unknown(Probe(bad.epoch, bad.position, bad.attempt + 1))
        self._open -= 1
        return None

    @property
    def over(self) -> bool:
        """Whether there is nothing more to try."""
        return self._open == 0 or self.error is not None


def _positions(task: Task, context: TaskContext) -> Iterator[int]:
    """The positions of the tiles that a task touches, each once: its rows and all they are mixed with."""
    length, tile = position_count(context.plan, context.source, context.train), context.plan.tile
    tiles = {position % length // tile for start, stop in task.spans for position in range(start, stop)}
    for number in sorted(tiles):
        yield from range(number * tile, min(length, (number + 1) * tile))
