"""The dispatcher under a clock of its own: nothing lost with a worker, nobody waited for too long."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import augflow
from augflow.engine.base import Probe, Task, TaskContext, TaskResult
from augflow.engine.dispatch import COLD_S, SHORTEST_S, TRIES, Dispatcher, Job, WatchedClock
from augflow.engine.window import DEPTH, TaskFailure, Window
from augflow.errors import AugflowError, BadSampleBudgetError, BadSampleError, EngineError
from augflow.sources import open_source

N = 64
TILE = 4
ROW_S = 0.01


def context(on_error: str = "raise", max_bad: int = 8) -> TaskContext:
    spec = {
        "modality": "image",
        "augment": [{"horizontal_flip": {}}],
        "batch": {"size": 16, "tile": TILE},
        "source": {"max_bad": max_bad},
    }
    source = open_source((np.zeros((N, 2, 2, 3), np.uint8), np.zeros(N, np.int64)))
    plan = augflow.load(spec).plan
    return TaskContext(plan, source, train=True, shuffle=False, replace_bad=on_error == "replace")


def tasks(count: int, rows: int = TILE) -> Iterator[Task]:
    return (Task(number, 0, ((number * rows, (number + 1) * rows),)) for number in range(count))


def outcome_of(job: Job) -> TaskResult | bool:
    if job.probe is not None:
        return True
    return TaskResult(
        job.task.number, {"index": np.zeros(job.rows, np.int64)}, seconds={"total": ROW_S * job.rows}
    )


class Simulation:
    """Workers that do jobs in order, one each tick, unless they are stopped or die over one."""

    def __init__(self, count: int, names: int, **options: Any) -> None:
        timeout = options.pop("timeout", None)
        rows = options.pop("rows", TILE)
        self.kills: Callable[[Job], bool] = options.pop("kills", lambda _: False)
        self.hangs: Callable[[Job], bool] = options.pop("hangs", lambda _: False)
        self.window = Window(tasks(count, rows))
        self.dispatcher = Dispatcher(context(**options), timeout)
        self.queues: dict[Hashable, list[Job]] = {}
        self.stopped: set[Hashable] = set()
        self.given: list[TaskResult] = []
        self.error: AugflowError | None = None
        self.now = 0.0
        self.names = 0
        self.deaths = 0
        for _ in range(names):
            self.add()

    def add(self, warm: bool = True) -> Hashable:
        self.names += 1
        self.dispatcher.join(self.names, warm)
        self.queues[self.names] = []
        return self.names

    def fill(self) -> None:
        while (assigned := self.dispatcher.assign(self.window, self.now)) is not None:
            worker, job = assigned
            self.queues[worker].append(job)
            queue = self.queues[worker]
            assert len(queue) <= DEPTH
            assert len(queue) == 1 or not any(other.probe and other.struck for other in queue)

    def finish(self, worker: Hashable) -> None:
        job = self.queues[worker].pop(0)
        self.dispatcher.finished(worker, job, outcome_of(job), self.now)

    def die(self, worker: Hashable) -> None:
        self.deaths += 1
        del self.queues[worker]
        self.stopped.discard(worker)
        self.dispatcher.lost(worker, "it died")
        self.add()

    def take(self) -> None:
        while (found := self.window.ready()) is not None:
            if isinstance(found, TaskFailure):
                self.error = found.error
                self.window.close()
                return
            self.given.append(found)

    def tick(self, seconds: float = 0.1) -> None:
        """Every worker does one job; then time passes."""
        self.fill()
        for worker in [worker for worker in self.queues if worker not in self.stopped]:
            queue = self.queues.get(worker)
            if not queue:
                continue
            if self.kills(queue[0]):
                self.die(worker)
            elif self.hangs(queue[0]):
                self.stopped.add(worker)
            else:
                self.finish(worker)
        self.now += seconds
        for worker in self.dispatcher.overdue(self.now):
            self.die(worker)
        self.take()

    def run(self, within_s: float = 1000.0) -> list[int]:
        """Until everything is given back; the tasks in the order in which they were."""
        while not self.window.done:
            self.tick()
            assert self.now < within_s, "it hangs"
        return [result.number for result in self.given]


@given(names=st.integers(1, 3), data=st.data())
@settings(max_examples=60, deadline=None)
def test_nothing_is_lost_with_a_worker(names: int, data: st.DataObject) -> None:
    """Workers die, stop, come and go at any time: each task is given back once, in order."""
    simulation = Simulation(15, names, rows=TILE)
    for _ in range(12):
        simulation.tick(data.draw(st.sampled_from([0.0, 0.1, 1.0])))
        what = data.draw(st.sampled_from(["nothing", "die", "stop", "come", "go"]))
        worker = data.draw(st.sampled_from(sorted(simulation.queues, key=str)))
        if what == "die":
            simulation.die(worker)
        elif what == "stop":
            simulation.stopped.add(worker)
        elif what == "come":
            simulation.dispatcher.leave("let go before it came")
            simulation.add()
        elif what == "go" and len(simulation.queues) > 1:
            del simulation.queues[worker]
            simulation.stopped.discard(worker)
            simulation.dispatcher.leave(worker)
    assert simulation.run() == list(range(15))
    assert simulation.error is None


def test_work_is_spread_and_repeated_first() -> None:
    """The next task goes to the worker with the least to do; those of a lost one before anything new."""
    simulation = Simulation(30, 3)
    simulation.fill()
    assert {len(queue) for queue in simulation.queues.values()} == {DEPTH}
    lost = [job.task.number for job in simulation.queues[2]]
    simulation.die(2)
    simulation.fill()
    assert [job.task.number for job in simulation.queues[4]] == lost


def test_a_stopped_worker_is_hedged_then_replaced() -> None:
    """Past the deadline another worker gets its task, and when that is done it is given up."""
    simulation = Simulation(12, 2)
    simulation.tick()
    simulation.fill()
    simulation.stopped.add(1)
    stuck = simulation.queues[1][0].task.number
    while simulation.deaths == 0:
        simulation.tick()
    assert SHORTEST_S < simulation.now < SHORTEST_S + 1
    assert stuck in [result.number for result in simulation.given]
    assert simulation.run() == list(range(12))


def test_a_late_worker_that_answers_first_stays() -> None:
    """A hedge is no verdict: whoever is first counts, and the worker is in time again."""
    simulation = Simulation(12, 2)
    simulation.tick()
    simulation.fill()
    simulation.stopped |= {1, 2}
    simulation.now += SHORTEST_S + 0.1
    simulation.finish(2)
    assert simulation.dispatcher.overdue(simulation.now) == []
    simulation.stopped.clear()
    simulation.finish(1)
    assert simulation.dispatcher.overdue(simulation.now) == []
    assert simulation.run() == list(range(12))
    assert simulation.deaths == 0


def test_the_only_worker_is_replaced_at_its_deadline() -> None:
    """Nobody else could be asked."""
    simulation = Simulation(6, 1)
    simulation.tick()
    simulation.fill()
    simulation.stopped.add(1)
    simulation.run()
    assert simulation.deaths == 1
    assert simulation.now < SHORTEST_S + 2


@pytest.mark.parametrize(
    ("timeout", "warm", "rows", "expected"),
    [
        (None, False, TILE, COLD_S),
        (None, True, TILE, SHORTEST_S),
        (None, True, 40, 20 * ROW_S * 40),
        (2.0, False, TILE, 2.0),
    ],
)
def test_deadlines_follow_what_a_row_takes(
    timeout: float | None, warm: bool, rows: int, expected: float
) -> None:
    """5 s or 20 times the median; longer for a worker that has done nothing yet; or what was asked for."""
    dispatcher = Dispatcher(context(), timeout)
    window = Window(iter([*tasks(3), Task(3, 0, ((0, rows),))]))
    dispatcher.join("first", warm=True)
    for _ in range(3):
        worker, job = dispatcher.assign(window, 0.0) or ("", Job(window, Task(0, 0, ())))
        dispatcher.finished(worker, job, outcome_of(job), 0.0)
    dispatcher.leave("first")
    dispatcher.join("second", warm)
    dispatcher.assign(window, 10.0)
    assert dispatcher.patience(10.0) == pytest.approx(expected)
    assert dispatcher.overdue(10.0 + expected) == []
    assert dispatcher.overdue(10.01 + expected) == ["second"]


def deadly(position: int, attempts: int = 1) -> Callable[[Job], bool]:
    """Whether a job touches a position whose first samples take the worker down."""

    def takes_down(job: Job) -> bool:
        condemned = job.task.condemned
        known = all((0, position, attempt) in condemned for attempt in range(attempts))
        if job.probe is not None:
            return job.probe.position == position and job.probe.attempt < attempts
        return not known and any(start <= position < stop for start, stop in job.task.spans)

    return takes_down


@pytest.mark.parametrize("how", ["kills", "hangs"])
@pytest.mark.parametrize("names", [1, 3])
def test_a_deadly_sample_is_condemned(how: str, names: int) -> None:
    """Two workers are lost over its task, three over the sample alone; then its stand-in takes its place."""
    simulation = Simulation(12, names, on_error="replace", **{how: deadly(17)})
    assert simulation.run() == list(range(12))
    assert list(simulation.dispatcher.condemned) == [(0, 17, 0)]
    assert "took its worker down 3 times, alone" in simulation.dispatcher.condemned[(0, 17, 0)]
    assert 2 + TRIES <= simulation.deaths <= 2 + TRIES + names


def test_deadly_stand_ins_are_condemned_one_by_one() -> None:
    """Each sample that is drawn in the place of a condemned one is tried like the first."""
    simulation = Simulation(12, 2, on_error="replace", kills=deadly(17, attempts=3))
    assert simulation.run() == list(range(12))
    assert sorted(simulation.dispatcher.condemned) == [(0, 17, attempt) for attempt in range(3)]


def test_where_none_may_be_replaced_the_first_deadly_sample_is_the_error() -> None:
    """What comes before its task is given first; the error names sample and reason."""
    simulation = Simulation(12, 2, kills=deadly(17))
    assert simulation.run() == [0, 1, 2, 3]
    assert isinstance(simulation.error, BadSampleError)
    assert simulation.error.sample == "item 17 of tuple"
    assert simulation.error.reason.startswith("took its worker down 3 times, alone: it died")


def test_deadly_samples_count_against_max_bad() -> None:
    """Above it the stream ends with a list of them, and no further workers are spent."""
    simulation = Simulation(
        12, 2, on_error="replace", max_bad=2, kills=lambda job: job.probe is None or job.probe.attempt == 0
    )
    simulation.run()
    assert isinstance(simulation.error, BadSampleBudgetError)
    assert str(simulation.error).count("took its worker down") == 3
    assert "max_bad (2) allows 2" in str(simulation.error)


def test_what_no_sample_explains_is_an_error_that_says_so() -> None:
    """A task that is lost again and again while each of its samples goes well: mixing, finish, memory."""
    simulation = Simulation(
        12, 2, on_error="replace", kills=lambda job: job.task.number == 4 and not job.probe
    )
    assert simulation.run() == [0, 1, 2, 3]
    assert isinstance(simulation.error, EngineError)
    assert "positions 16 to 19" in str(simulation.error)


def test_a_sample_is_tried_alone() -> None:
    """After the first loss over a sample, its worker has nothing else: nothing else can be to blame."""
    simulation = Simulation(12, 2, on_error="replace", kills=deadly(17))
    alone = 0
    while not simulation.window.done:
        simulation.fill()  # holds what it gives against the rule
        alone += sum(job.probe == Probe(0, 17, 0) and bool(job.struck) for job in _all(simulation))
        simulation.tick()
    assert alone == TRIES - 1


def _all(simulation: Simulation) -> list[Job]:
    return [job for queue in simulation.queues.values() for job in queue]


def split(**options: Any) -> Simulation:
    """One task over which two workers were lost: its samples are with the third worker, or waiting."""
    simulation = Simulation(1, 1, **options)
    for _ in range(2):
        simulation.fill()
        simulation.die(next(iter(simulation.queues)))
    simulation.fill()
    assert [job.probe.position for job in _all(simulation) if job.probe] == [0, 1, 2]
    return simulation


def test_an_answer_that_comes_twice_counts_once() -> None:
    """Worker and hedge may both answer: the other samples of the task are tried all the same."""
    simulation = split()
    (first, *_), worker = _all(simulation), simulation.names
    for _ in range(TILE):
        simulation.dispatcher.finished(worker, first, True, 0.0)
    simulation.die(worker)
    simulation.fill()
    assert [job.probe and job.probe.position for job in _all(simulation)][:1] == [1]
    assert simulation.run() == [0]


def test_a_task_that_was_tried_starts_anew() -> None:
    """If its samples are harmless, chance may have hit it twice, and may hit it twice again."""
    simulation = split()
    while not (jobs := _all(simulation)) or jobs[0].probe is not None:
        simulation.finish(simulation.names)
        simulation.fill()
    for _ in range(TRIES - 1):
        simulation.die(simulation.names)
        simulation.fill()
    assert simulation.run() == [0]
    assert simulation.error is None


def test_waiting_jobs_are_no_suspects() -> None:
    """A worker that dies again and again over other tasks is replaced each time."""
    simulation = Simulation(12, 1)
    for _ in range(10):
        simulation.fill()
        simulation.die(next(iter(simulation.queues)))
        simulation.fill()
        simulation.finish(next(iter(simulation.queues)))
        simulation.take()
    assert simulation.run() == list(range(12))
    assert not simulation.dispatcher.condemned


def test_a_result_that_is_gone_is_made_again() -> None:
    """A node may take finished rows with it, and nobody is to blame."""
    simulation = Simulation(3, 1)
    simulation.fill()
    for _ in range(5):
        job = simulation.queues[1].pop(0)
        simulation.dispatcher.vanished(1, job, simulation.now)
        simulation.fill()
    assert simulation.run() == [0, 1, 2]


def test_newcomers_warm_up_with_what_another_survived() -> None:
    """The first position of a finished task, never a condemned one."""
    simulation = Simulation(12, 2, on_error="replace", kills=deadly(16))
    assert simulation.dispatcher.harmless is None
    while not simulation.window.done:
        simulation.tick()
        assert simulation.dispatcher.harmless != Probe(0, 16, 0)
    assert simulation.dispatcher.harmless is not None


def test_two_windows_share_the_workers() -> None:
    """Results go to the window that asked, and what one closed window left is not done again."""
    simulation = Simulation(6, 2)
    other = Window(tasks(6))
    simulation.fill()
    assert simulation.dispatcher.assign(other, 0.0) is None  # all have enough
    simulation.window.close()
    simulation.die(1)
    assigned = simulation.dispatcher.assign(other, 0.0)
    assert assigned is not None
    assert assigned[1].window is other


def test_a_pause_of_the_trainer_makes_nobody_late() -> None:
    """Of a longer time between two looks one second counts."""
    times = iter([0.0, 0.5, 600.0, 600.25])
    clock = WatchedClock(lambda: next(times))
    assert [clock.tick() for _ in range(3)] == [0.5, 1.5, 1.75]
