"""The grid: what meets what, and how one case is run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
import psutil

import augflow

from ..processes import alive, own_workers
from ..streams import Delivery, assert_exactly_once, assert_same_stream, deliver, received
from .covering import covering_array
from .material import SAMPLES, SPECS, STEPS, Material
from .tally import TALLY
from .trap import Trap

TASK_TIMEOUT_S = 2.5
"""Deadline of a task where a worker is to miss it."""

ALWAYS_ARMED = (3, 29)
"""Samples at which the op raises wherever it meets them."""

RESUME_STEPS = {"first": 0, "second": 1, "middle": STEPS // 2, "last": STEPS - 1, "end": STEPS}

FACTORS: dict[str, tuple[Any, ...]] = {
    "spec": tuple(SPECS),
    "workers": (0, 1, 2, 3),
    "world": (1, 2, 4),
    "fault": ("none", "kill", "stop", "raylet", "exception", "slow", "hang", "memory"),
    "resume": tuple(RESUME_STEPS),
    "before": ("in process", "alike", "other"),
}
"""`before` is what ran up to the step of the resume: this process, the topology of the case, or another."""

FATAL = {"kill": "kill", "stop": "stop", "raylet": "raylet", "hang": "hang", "memory": "short"}
"""Faults that cost a worker its life, and what springs the trap."""

CLOSE_S = 10.0
"""Within which workers end once their stream is closed."""

Wait = Callable[..., None]


@dataclass(frozen=True)
class Case:
    """One point of the grid."""

    spec: str
    workers: int
    world: int
    fault: str
    resume: str
    before: str

    def __str__(self) -> str:
        return "-".join(str(value).replace(" ", "_") for value in asdict(self).values())

    @property
    def topology_before(self) -> tuple[int, int]:
        """(workers, world size) up to the resume."""
        match self.before:
            case "in process":
                return 0, 1
            case "alike":
                return self.workers, self.world
            case _:
                return (2 if self.workers < 2 else 1), {1: 2, 2: 4, 4: 1}[self.world]

    def options(self) -> dict[str, Any]:
        """What the fault asks of a stream."""
        if self.fault in ("stop", "hang"):
            return {"task_timeout": TASK_TIMEOUT_S}
        return {"on_error": "replace"} if self.fault == "exception" else {}

    def draws(self) -> np.random.Generator:
        """Where the fault hits; another place in every case."""
        return np.random.default_rng(int.from_bytes(blake2b(str(self).encode(), digest_size=8).digest()))


def allowed(case: Mapping[str, Any]) -> bool:
    """Without workers there is none to lose."""
    return case["workers"] > 0 or case["fault"] not in FATAL


ARRAY = [Case(**case) for case in covering_array(FACTORS, allowed)]


def ended(number: int) -> bool:
    """Whether a process, by id, runs no more."""
    try:
        return not alive(psutil.Process(number))
    except psutil.NoSuchProcess:
        return True


@contextmanager
def world_of(
    material: Material, workers: int, world: int, **options: Any
) -> Iterator[list[augflow.BatchStream]]:
    """The streams of all ranks, on one pool of workers; closed at the end, and no worker outlives that."""
    before = set(own_workers())
    first = material.stream(num_workers=workers, rank=0, world_size=world, **options)
    ranks = [first, *(first.for_rank(rank) for rank in range(1, world))]
    try:
        yield ranks
    finally:
        started = set(own_workers()) - before
        for stream in reversed(ranks):
            stream.close()
        _, left = psutil.wait_procs(started, timeout=CLOSE_S)
        for process in left:
            process.kill()
    assert not left, "workers, stopped ones perhaps, are left after close"


def state_of(ranks: list[augflow.BatchStream]) -> dict[str, Any]:
    """The state as a checkpoint keeps it, which is that of the first rank."""
    state: dict[str, Any] = json.loads(json.dumps(ranks[0].state_dict()))
    return state


@dataclass(repr=False)
class Ground:
    """What cases run on: the data, the trap, and the streams that they are held against."""

    materials: Mapping[str, Material]
    trap: Trap
    wait_until: Wait
    address: str | None = None
    references: dict[tuple[str, bool], Delivery] = field(default_factory=dict)

    def reference(self, spec: str, *, armed: bool = False) -> Delivery:
        """Two epochs made by this process, undisturbed, or with the samples that are always armed."""
        if (spec, armed) not in self.references:
            self.trap.clear()
            self._arm_always(armed)
            options = {"on_error": "replace"} if armed else {}
            self.references[spec, armed] = deliver(self.materials[spec].stream(**options))
        return self.references[spec, armed]

    def _arm_always(self, armed: bool) -> None:
        for number in ALWAYS_ARMED if armed else ():
            self.trap.arm(number, "raise")

    def run(self, case: Case) -> None:
        """Up to the step of the resume on one topology, the rest on another, with harm on the way; the
        whole must be the stream of the reference."""
        reference = self.reference(case.spec, armed=case.fault == "exception")
        resumed_at = RESUME_STEPS[case.resume]
        found = Delivery(self.materials[case.spec].stream())
        state = self._part(case, case.topology_before, found, (None, 0, resumed_at))
        self._part(case, (case.workers, case.world), found, (state, resumed_at, len(reference.places)))
        assert_same_stream(reference, found)
        if case.fault == "exception":
            assert found.replaced == reference.replaced == 2 * len(ALWAYS_ARMED)
        else:
            assert_exactly_once(found, SAMPLES, epochs=2)
        TALLY.compared(case.fault, found)

    def _part(
        self,
        case: Case,
        topology: tuple[int, int],
        found: Delivery,
        way: tuple[dict[str, Any] | None, int, int],
    ) -> dict[str, Any]:
        """Steps [start, stop), counted over the epochs; returns the state at the end."""
        workers, world = topology
        state, start, stop = way
        options = {**case.options(), **({"address": self.address} if workers and self.address else {})}
        self.trap.clear()
        self._arm_always(case.fault == "exception")
        before = set(own_workers())
        with world_of(self.materials[case.spec], workers, world, **options) as ranks:
            for stream in ranks if state is not None else ():
                stream.load_state_dict(state or {})
            harmed = stop > start and self._arm(case, workers, (start, stop), again=state is None)
            for _ in received(ranks, found, stop - start):
                pass
            after = state_of(ranks)
            if stop > start:
                self._check_place(workers)
            if harmed:
                self._check_harm(case, ranks, before)
        return after

    def _arm(self, case: Case, workers: int, steps: tuple[int, int], *, again: bool) -> bool:
        """Set the trap at a sample of these steps; returns whether a fault will come. Nodes die once a case:
        a new one takes seconds."""
        fatal = case.fault in FATAL and workers and not (again and case.fault == "raylet")
        if not fatal and case.fault != "slow":
            return False
        draws = case.draws()
        reference, number = self.reference(case.spec), int(draws.integers(*steps))
        index = int(draws.choice(reference.order[number]))
        self.trap.arm(index, FATAL.get(case.fault, "slow"), reference.places[number][0])
        return True

    def _check_place(self, workers: int) -> None:
        """Without workers everything ran here, with workers nothing did."""
        seen, here = self.trap.seen(), os.getpid()
        assert seen == {here} if workers == 0 else seen and here not in seen

    def _check_harm(self, case: Case, ranks: list[augflow.BatchStream], before: set[psutil.Process]) -> None:
        """The harm was done, to a worker, which is gone; another has taken its place."""
        victims = self.trap.victims(FATAL.get(case.fault, "slow"))
        assert len(victims) == 1, "no process walked into the trap"
        workers = max(stream.options.num_workers for stream in ranks)
        if case.fault not in FATAL:
            lost = [stream.stats()["workers_lost"] for stream in ranks] if workers else [0]
            assert lost == [0] * len(lost), "a slow sample is no fault"
            return
        TALLY.harms[case.fault] += 1
        assert victims[0] != os.getpid()
        if case.fault == "raylet":
            psutil.Process(victims[0]).kill()  # it outlives its node, and would for as long as the op runs
            victims = self.trap.victims("node")
        self.wait_until(lambda: ended(victims[0]), "the victim has ended")
        assert max(stream.stats()["workers_lost"] for stream in ranks) >= 1
        assert max(stream.stats()["tasks_repeated"] for stream in ranks) >= 1
        if case.fault == "raylet":  # where there is room, the others of the node when they are missed
            assert set(own_workers()) - before, "nobody is left"
        else:
            self.wait_until(lambda: len(set(own_workers()) - before) == workers, "the worker is replaced")
