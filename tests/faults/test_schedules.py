"""Any schedule of kills, stops, resumes and topologies delivers the stream of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import augflow

from ..processes import own_workers
from ..streams import Delivery, assert_exactly_once, assert_same_stream, received
from .grid import TASK_TIMEOUT_S, Ground, state_of, world_of
from .material import SAMPLES, SPECS, STEPS
from .tally import TALLY

pytestmark = pytest.mark.usefixtures("shared_ray")

TOTAL = 2 * STEPS
MOST_WORKERS = 3


@dataclass(frozen=True)
class Event:
    """What happens once `after` steps of a run have come: a signal to a worker, or another number of them."""

    after: int
    kind: str
    choice: int
    """Which worker, of those alive; or how many there are to be."""


@dataclass(frozen=True)
class Run:
    """One process of a training that is stopped and resumed: how many steps on which topology."""

    workers: int
    world: int
    steps: int
    events: tuple[Event, ...]


events = st.builds(
    Event,
    after=st.integers(1, STEPS),
    kind=st.sampled_from(["kill", "stop", "resize"]),
    choice=st.integers(0, MOST_WORKERS - 1),
)
runs = st.builds(
    Run,
    workers=st.integers(0, MOST_WORKERS),
    world=st.sampled_from([1, 2, 4]),
    steps=st.integers(0, STEPS + 2),
    events=st.lists(events, max_size=3).map(tuple),
)
schedules = st.lists(runs, min_size=1, max_size=3)

some = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink would take minutes
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=2,
)


def happen(event: Event, stream: augflow.BatchStream, others: set[psutil.Process]) -> None:
    """Do it, if there is a worker that it can be done to."""
    if event.kind == "resize":
        stream.set_workers(event.choice + 1)
        return
    workers = sorted(set(own_workers()) - others, key=lambda process: process.pid)
    if workers:
        victim = workers[event.choice % len(workers)]
        victim.kill() if event.kind == "kill" else victim.suspend()
        TALLY.harms[event.kind] += 1


def play(ground: Ground, spec: str, schedule: list[Run]) -> Delivery:
    """The runs one after the other, each from the state of the one before; the last goes to the end."""
    material = ground.materials[spec]
    found = Delivery(material.stream())
    state: dict[str, Any] | None = None
    for number, run in enumerate(schedule):
        left = TOTAL - len(found.places)
        steps = left if number == len(schedule) - 1 else min(run.steps, left)
        others = set(own_workers())
        with world_of(material, run.workers, run.world, task_timeout=TASK_TIMEOUT_S) as ranks:
            for stream in ranks if state is not None else ():
                stream.load_state_dict(state or {})
            for done, _ in enumerate(received(ranks, found, steps), start=1):
                for event in run.events if run.workers else ():
                    if event.after == done:
                        happen(event, ranks[0], others)
            state = state_of(ranks)
    return found


def check(ground: Ground, spec: str, schedule: list[Run]) -> None:
    """Byte for byte the reference, every sample once an epoch."""
    reference = ground.reference(spec)
    ground.trap.clear()
    found = play(ground, spec, schedule)
    assert_same_stream(reference, found)
    assert_exactly_once(found, SAMPLES, epochs=2)
    TALLY.compared("schedule", found)


@pytest.mark.timeout(150)
@settings(some)
@given(spec=st.sampled_from(list(SPECS)), schedule=schedules)
def test_any_schedule(ground: Ground, spec: str, schedule: list[Run]) -> None:
    """A few drawn schedules in every test run."""
    check(ground, spec, schedule)


@pytest.mark.long
@pytest.mark.timeout(600)
@settings(some, max_examples=25)
@given(spec=st.sampled_from(list(SPECS)), schedule=schedules)
def test_many_schedules(ground: Ground, spec: str, schedule: list[Run]) -> None:
    """More of them."""
    check(ground, spec, schedule)
