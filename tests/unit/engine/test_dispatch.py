"""The dispatcher: nothing lost with a worker, nobody waited for too long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augflow.engine.base import Task
from augflow.engine.dispatch import COLD_S, SHORTEST_S, Dispatcher, Job, WatchedClock
from augflow.engine.window import DEPTH, Window

from .simulation import ROW_S, TILE, Simulation, context, outcome_of, tasks


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


def test_a_worker_on_its_way_can_be_let_go() -> None:
    """It has not joined yet, so there is nothing that others would have to do."""
    simulation = Simulation(6, 1)
    simulation.fill()
    simulation.dispatcher.leave("on its way")
    assert simulation.dispatcher.workers == [1]
    assert simulation.run() == list(range(6))


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


def test_a_result_that_is_gone_is_made_again() -> None:
    """A node may take finished rows with it, and nobody is to blame."""
    simulation = Simulation(3, 1)
    simulation.fill()
    for _ in range(5):
        job = simulation.queues[1].pop(0)
        simulation.dispatcher.vanished(1, job, simulation.now)
        simulation.fill()
    assert simulation.run() == [0, 1, 2]


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
