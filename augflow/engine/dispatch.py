"""Who does what: jobs to workers, deadlines, and what a lost worker leaves behind. Knows no Ray, no clock.

Times are seconds that somebody looked (see `WatchedClock`): a trainer that pauses makes nobody late.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from augflow.engine.arrangement import position_count
from augflow.engine.base import Attempt, Probe, Task, TaskContext, TaskResult
from augflow.engine.trial import Trial
from augflow.engine.window import DEPTH, TaskFailure, Window
from augflow.errors import EngineError

COLD_S = 60.0
"""Deadline of the first job of a worker that starts cold: libraries are loaded and caches filled."""

SHORTEST_S = 5.0
MEDIANS = 20.0
"""All others have max(5 s, 20 x the median), by what a row took."""

REMEMBERED = 63
"""How many of the last tasks the median is of."""

TRIES = 3
"""How often a worker must be lost over a sample that it tries alone, until the sample is a bad one."""


Outcome = TaskResult | TaskFailure | bool
"""Of a task its rows or an error; of a probe whether it gave a sample."""


@dataclass(eq=False)
class Job:
    """What a worker is given: a task of a window, or a probe of a task that workers were lost over."""

    window: Window
    task: Task
    probe: Probe | None = None
    trial: Trial | None = None
    """Of a probe: what it belongs to. Of a task: what it went through."""
    parent: Job | None = None
    struck: list[str] = field(default_factory=list)
    """What happened to the workers that were lost over it."""
    done: bool = False

    @property
    def rows(self) -> int:
        """How many samples are computed."""
        return self.task.rows if self.probe is None else 1

    @property
    def alone(self) -> bool:
        """Whether nothing else may be with the worker that does it."""
        return self.probe is not None and bool(self.struck)

    @property
    def wanted(self) -> bool:
        """Whether anybody waits for it."""
        settled = self.done or (self.probe is not None and self.trial is not None and self.trial.over)
        return not settled and self.window.misses(self.task.number)


@dataclass(eq=False)
class Seat:
    """The jobs that a worker has, in the order in which it does them."""

    load: deque[Job] = field(default_factory=deque)
    since: float = 0.0
    """When its first job became the first, as far as we know."""
    late: bool = False
    warm: bool = False
    """Whether the worker has done something like it before."""


class Dispatcher:
    """The jobs of all windows of an engine on its workers.

    A job whose worker dies, or does not answer in time, goes to another one. A task over which two
    workers were lost is split into its samples, each probed on its own.
    """

    def __init__(self, context: TaskContext, timeout: float | None = None, depth: int = DEPTH) -> None:
        self._context = context
        self._timeout = timeout
        self._depth = depth
        self._seats: dict[Hashable, Seat] = {}
        self._again: deque[Job] = deque()
        self._row_s: deque[float] = deque(maxlen=REMEMBERED)
        self._median_s = 0.0
        self._length = position_count(context.plan, context.source, context.train)
        self.condemned: dict[Attempt, str] = {}
        self.repeated = 0
        self.harmless: Probe | None = None
        """Something that a worker has survived, for newcomers to warm up with."""

    @property
    def workers(self) -> list[Hashable]:
        """Those who can be given jobs or are busy."""
        return list(self._seats)

    def join(self, worker: Hashable, warm: bool) -> None:
        """A worker came."""
        self._seats[worker] = Seat(warm=warm)

    def leave(self, worker: Hashable) -> None:
        """A worker is let go, perhaps before it came; others do what it had."""
        seat = self._seats.pop(worker, None)
        if seat is not None:
            self._repeat(seat.load)

    def assign(self, window: Window, now: float) -> tuple[Hashable, Job] | None:
        """The next job and who is to do it; None while all have enough, or there is nothing to do."""
        while self._again and not self._again[0].wanted:
            self._again.popleft()
        alone = bool(self._again) and self._again[0].alone
        worker = self._free(1 if alone else self._depth)
        if worker is None:
            return None
        job = self._again.popleft() if self._again else self._new(window)
        if job is None:
            return None
        seat = self._seats[worker]
        if not seat.load:
            seat.since = now
        seat.load.append(job)
        return worker, job

    def _free(self, depth: int) -> Hashable | None:
        """The worker with the least to do, if it has less than `depth` jobs."""
        free = [
            (len(seat.load), number, worker)
            for number, (worker, seat) in enumerate(self._seats.items())
            if not seat.late and len(seat.load) < depth and not (seat.load and seat.load[0].alone)
        ]
        return min(free)[2] if free else None

    def _new(self, window: Window) -> Job | None:
        task = window.take(len(self._seats))
        if task is None:
            return None
        if self.condemned:
            task = replace(task, condemned=dict(self.condemned))
        return Job(window, task)

    def finished(self, worker: Hashable, job: Job, outcome: Outcome, now: float) -> None:
        """A job came back; one that came before is dropped."""
        seat = self._seats.get(worker)
        if seat is not None and job in seat.load:
            seat.load.remove(job)
            seat.since, seat.late, seat.warm = now, False, True
        if job.done:
            return
        job.done = True
        if isinstance(outcome, bool):
            self._follow(job, job.trial.answered(job.probe, outcome) if job.trial and job.probe else None)
            return
        if isinstance(outcome, TaskResult):
            self._row_s.append(outcome.seconds["total"] / job.rows)
            self._median_s = statistics.median(self._row_s)
            self._remember(job.task)
        job.window.finished(outcome)

    def _remember(self, task: Task) -> None:
        position = task.spans[0][0] % self._length
        if (task.epoch, position, 0) not in self.condemned:
            self.harmless = Probe(task.epoch, position, 0)

    def vanished(self, worker: Hashable, job: Job, now: float) -> None:
        """A job was done and its result is gone, with the node that held it."""
        seat = self._seats.get(worker)
        if seat is not None and job in seat.load:
            seat.load.remove(job)
            seat.since = now
        self._repeat([job])

    def lost(self, worker: Hashable, reason: str) -> None:
        """A worker died. What it did last is the suspect."""
        seat = self._seats.pop(worker, None)
        if seat is None or not seat.load:
            return
        suspect, rest = seat.load[0], list(seat.load)[1:]
        self._repeat(rest)
        if not seat.late:
            self._strike(suspect, reason)

    def overdue(self, now: float) -> list[Hashable]:
        """The workers to replace. A job past its deadline goes to another worker first; its own is given
        up when the other was quicker, or when there is no other, or after the same time once more."""
        given_up = []
        for worker, seat in list(self._seats.items()):
            if not seat.load:
                continue
            head, waited = seat.load[0], now - seat.since
            limit = self._limit(seat)
            if not seat.late and waited > limit:
                seat.late = True
                self._repeat(list(seat.load)[1:])
                self._strike(head, f"no answer within {limit:g} s")
                if any(not other.late for other in self._seats.values()):
                    continue
            if seat.late and (head.done or waited > 2 * limit or self._nobody_else()):
                given_up.append(worker)
        return given_up

    def _nobody_else(self) -> bool:
        return all(seat.late for seat in self._seats.values())

    def patience(self, now: float) -> float:
        """Seconds until the next deadline."""
        left = [
            seat.since + self._limit(seat) * (2 if seat.late else 1) - now
            for seat in self._seats.values()
            if seat.load
        ]
        return max(0.0, min(left, default=SHORTEST_S))

    def _limit(self, seat: Seat) -> float:
        """How long the first job of a seat may take."""
        if self._timeout is not None:
            return self._timeout
        usual = max(SHORTEST_S, MEDIANS * self._median_s * seat.load[0].rows)
        return usual if seat.warm else max(usual, COLD_S)

    def _repeat(self, jobs: list[Job] | deque[Job]) -> None:
        """Have jobs done by others, before anything new."""
        wanted = [job for job in jobs if job.wanted and job not in self._again]
        self._again.extendleft(reversed(wanted))
        self.repeated += len(wanted)

    def _strike(self, job: Job, reason: str) -> None:
        """A worker was lost over a job: it is repeated, or split, or what it tried is condemned."""
        if not job.wanted:
            return
        job.struck.append(reason)
        strikes = len(job.struck)
        if job.probe is not None and job.trial is not None:
            if strikes < TRIES:
                self._repeat([job])
                return
            job.done = True
            told = ", ".join(job.struck)
            self._follow(
                job, job.trial.condemn(job.probe, f"took its worker down {TRIES} times, alone: {told}")
            )
        elif job.trial is not None and strikes >= TRIES:
            job.done = True
            job.window.finished(TaskFailure(job.task.number, EngineError(_unexplained(job))))
        elif job.trial is None and strikes > 1:
            self._try_samples(job)
        else:
            self._repeat([job])

    def _try_samples(self, job: Job) -> None:
        job.trial = Trial(job.task, self._context, self.condemned)
        probes = [Job(job.window, job.task, probe, job.trial, job) for probe in job.trial.probes()]
        self._again.extendleft(reversed(probes))
        if job.trial.over:
            self._close(job)

    def _follow(self, job: Job, next_probe: Probe | None) -> None:
        """Go on with the trial that a probe belongs to."""
        if job.trial is None or job.parent is None:
            return
        if job.trial.over:
            self._close(job.parent)
        elif next_probe is not None:
            self._again.appendleft(Job(job.window, job.task, next_probe, job.trial, job.parent))

    def _close(self, job: Job) -> None:
        """A trial is over: the task runs again, knowing who is condemned, or fails."""
        if job.trial is None or job.done:
            return
        if job.trial.error is not None:
            job.done = True
            job.window.finished(TaskFailure(job.task.number, job.trial.error))
            return
        self.condemned.update(job.trial.condemned)
        job.struck.clear()
        job.task = replace(job.task, condemned=dict(self.condemned))
        self._repeat([job])


def _unexplained(job: Job) -> str:
    spans = ", ".join(f"{start} to {stop - 1}" for start, stop in job.task.spans)
    return (
        f"epoch {job.task.epoch}, positions {spans}: workers are lost over this task "
        f"({', '.join(job.struck)}), while each of its samples alone goes well; look at `finish`, at "
        "mixing and at the memory of the workers, or run with num_workers=0 to see what it does"
    )


class WatchedClock:
    """Seconds during which somebody looked: of a longer pause between two looks one second counts."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = clock()
        self.seconds = 0.0

    def tick(self) -> float:
        """Look."""
        now = self._clock()
        self.seconds += min(now - self._last, 1.0)
        self._last = now
        return self.seconds
