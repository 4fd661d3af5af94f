"""Contenders side by side: each in a process tree of its own, taking turns in interleaved rounds.

A contender makes batches as fast as it can. In each round it first makes some that are not counted
(what it had ready from before, and the way back to a steady state), then those that are. CPU-seconds
are those of its whole process tree, so that helpers and daemons cannot hide.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Protocol

import psutil

SETTLE_S = 0.7
"""Pause after a turn, in which the one whose turn it was fills its queues and comes to rest."""

REPLY_S = 300.0


class Contender(Protocol):
    """Something that makes batches. Built and used inside its seat."""

    def consume(self, batches: int) -> int:
        """Make that many batches, touch each, and return how many rows they had."""
        ...

    def close(self) -> None:
        """Stop its processes."""
        ...


@dataclass(frozen=True)
class Turn:
    """What one contender did in one round."""

    rows: int
    wall_s: float
    cpu_s: dict[str, float]
    """By kind of process; see `process_kind`."""

    @property
    def rows_per_s(self) -> float:
        """Throughput of the turn."""
        return self.rows / self.wall_s

    @property
    def cpu_s_per_1000(self) -> float:
        """CPU-seconds of all processes for 1,000 rows."""
        return 1000 * sum(self.cpu_s.values()) / self.rows


@dataclass
class Record:
    """All turns of one contender."""

    name: str
    first_batch_s: float = 0.0
    """From a fresh process to the first batch: imports, start of workers, first rows."""
    turns: list[Turn] = field(default_factory=list)

    def median(self, value: Callable[[Turn], float]) -> float:
        """Of a value over the turns."""
        return statistics.median(value(turn) for turn in self.turns)


def process_kind(process: psutil.Process) -> str:
    """Client aside, what a process of the tree is: `worker`, a daemon of Ray, or `helper`."""
    name = process.name()
    if name.startswith("ray::"):
        return "agent" if "Agent" in name else "worker"
    if name in ("raylet", "gcs_server"):
        return name
    line = " ".join(process.cmdline())
    if "agent" in line or "ray/_private" in line or "log_monitor" in line or "dashboard" in line:
        return "agent"
    return "helper" if "resource_tracker" in line else "worker"


CpuTimes = dict[int, tuple[str, float]]
"""Kind and CPU-seconds so far, by process id."""


def tree_cpu_s() -> CpuTimes:
    """The CPU times of this process (`client`) and of all below it."""
    own = psutil.Process()
    times = own.cpu_times()
    found = {own.pid: ("client", times.user + times.system)}
    for child in own.children(recursive=True):
        try:
            times = child.cpu_times()
            found[child.pid] = (process_kind(child), times.user + times.system)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def spent_cpu_s(before: CpuTimes, after: CpuTimes) -> dict[str, float]:
    """CPU-seconds between two looks, by kind. A process that ended in between does not count: what it
    had used before would otherwise be taken off."""
    spent: dict[str, float] = {}
    for pid, (kind, seconds) in after.items():
        spent[kind] = spent.get(kind, 0.0) + seconds - before.get(pid, (kind, 0.0))[1]
    return spent


def _sit(pipe: Connection, build: Callable[[], Contender]) -> None:
    """The seat's process: build, then a turn for each (uncounted, counted) that comes; None ends it."""
    contender = build()
    try:
        contender.consume(1)
        pipe.send(None)
        while (request := pipe.recv()) is not None:
            before, counted = request
            contender.consume(before)
            cpu, started = tree_cpu_s(), time.perf_counter()
            rows = contender.consume(counted)
            wall = time.perf_counter() - started
            pipe.send(Turn(rows, wall, spent_cpu_s(cpu, tree_cpu_s())))
    finally:
        contender.close()


class Seat:
    """One contender in a spawned process."""

    def __init__(self, name: str, build: Callable[[], Contender]) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        started = time.perf_counter()
        self._process = context.Process(target=_sit, args=(other, build), name=name)
        self._process.start()
        other.close()
        self.record = Record(name)
        try:
            self._reply()
        except BaseException:
            self.close()
            raise
        self.record.first_batch_s = time.perf_counter() - started

    def _reply(self) -> Any:
        if not self._pipe.poll(REPLY_S):
            raise TimeoutError(f"{self._process.name} gave no sign for {REPLY_S:.0f} s")
        try:
            return self._pipe.recv()
        except EOFError:
            raise RuntimeError(f"{self._process.name} ended; what it said stands above") from None

    def turn(self, before: int, counted: int) -> None:
        """One turn, kept in the record."""
        self._pipe.send((before, counted))
        self.record.turns.append(self._reply())

    def close(self) -> None:
        """End the process and what it started."""
        if self._process.is_alive():
            with contextlib.suppress(BrokenPipeError):
                self._pipe.send(None)
            self._process.join(30)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join()


def play(
    contenders: Sequence[tuple[str, Callable[[], Contender]]], rounds: int, before: int, counted: int
) -> dict[str, Record]:
    """All contenders in turn, `rounds` times, the order turned round in every second round."""
    seats: list[Seat] = []
    try:
        for name, build in contenders:
            seats.append(Seat(name, build))
            time.sleep(SETTLE_S)
        for number in range(rounds):
            for seat in seats if number % 2 == 0 else reversed(seats):
                seat.turn(before, counted)
                time.sleep(SETTLE_S)
    finally:
        for seat in seats:
            seat.close()
    return {seat.record.name: seat.record for seat in seats}
