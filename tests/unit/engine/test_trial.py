"""Samples that take their worker down: found, condemned after three losses alone, replaced or told of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from augflow.engine.base import Probe
from augflow.engine.dispatch import TRIES, Job
from augflow.errors import BadSampleBudgetError, BadSampleError, EngineError

from .simulation import TILE, Simulation


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


def test_newcomers_warm_up_with_what_another_survived() -> None:
    """The first position of a finished task, never a condemned one."""
    simulation = Simulation(12, 2, on_error="replace", kills=deadly(16))
    assert simulation.dispatcher.harmless is None
    while not simulation.window.done:
        simulation.tick()
        assert simulation.dispatcher.harmless != Probe(0, 16, 0)
    assert simulation.dispatcher.harmless is not None
