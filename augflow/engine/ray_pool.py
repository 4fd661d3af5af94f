"""The engine of Ray workers: a local Ray for one process, or a cluster by address."""

from __future__ import annotations

import contextlib
import os
import time
import weakref
from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import ray
from ray.exceptions import (
    GetTimeoutError,
    NodeDiedError,
    ObjectLostError,
    OutOfMemoryError,
    RayActorError,
    RayError,
    WorkerCrashedError,
)

from augflow.engine.base import Attempt, Crew, Task, TaskContext, TaskResult
from augflow.engine.dispatch import Dispatcher, Job, WatchedClock
from augflow.engine.ranks import shared_pool
from augflow.engine.ray_runtime import RUNTIME
from augflow.engine.ray_workers import JOIN_SECONDS, OutOfMemory, Workers, sent
from augflow.engine.window import DEPTH, TaskFailure, Window
from augflow.errors import EngineError

LOOK_S = 0.5
"""The longest wait without looking at deadlines."""

FETCH_S = 10.0
"""How long a result that is there may take to be read."""

DEATHS = (RayActorError, OutOfMemoryError, NodeDiedError, WorkerCrashedError)
"""What Ray raises for a call whose worker is gone."""


class RayEngine:
    """N actors that live as long as the engine, for all streams that share it."""

    def __init__(
        self,
        context: TaskContext,
        num_workers: int,
        address: str | None = None,
        task_timeout: float | None = None,
        mixed_workers: bool = False,
    ) -> None:
        address = address or os.environ.get("RAY_ADDRESS")
        local = RUNTIME.acquire(num_workers, None if address == "local" else address)
        pool, ranks = shared_pool(context)
        self._closed = False
        self._forget = weakref.finalize(self, RUNTIME.forget)
        self._forget.atexit = False
        self._calls: dict[Any, tuple[Hashable, Job]] = {}
        self._clock = WatchedClock(time.monotonic)
        self._dispatcher = Dispatcher(context, task_timeout, -(-DEPTH // ranks))
        self._workers: Workers | None = None
        try:
            # On a Ray of our own no worker waits for a CPU, so all will come.
            with RUNTIME.inside():
                self._workers = Workers(sent(context), num_workers, 0 if local else 1, mixed_workers, pool)
            while not self._dispatcher.workers or (not local and self._some_may_come()):
                with RUNTIME.inside():
                    self._look()
        except BaseException:
            self.close()
            raise

    def _some_may_come(self) -> bool:
        """Whether a cluster is still given time to bring all workers: a pool that is mixed is refused before
        the first batch."""
        return bool(self._staff.starting) and self._clock.seconds < JOIN_SECONDS

    @property
    def condemned(self) -> Mapping[Attempt, str]:
        """See `Engine.condemned`."""
        return self._dispatcher.condemned

    def crew(self) -> Crew:
        """See `Engine.crew`."""
        lost = self._workers.lost if self._workers else 0
        return Crew(len(self._dispatcher.workers), lost, self._dispatcher.repeated)

    def set_workers(self, number: int) -> None:
        """See `Engine.set_workers`."""
        with RUNTIME.inside():
            for worker in self._staff.resize(number):
                self._dispatcher.leave(worker)
            self._staff.fill()

    @property
    def _staff(self) -> Workers:
        if self._workers is None:
            raise EngineError("this engine is closed")
        return self._workers

    def results(self, tasks: Iterator[Task]) -> Iterator[TaskResult]:
        """See `Engine.results`."""
        window = Window(tasks)
        try:
            while True:
                with RUNTIME.inside():
                    self._send(window)
                    outcome = window.ready()
                    if outcome is None and not window.done:
                        self._look()
                        continue
                if outcome is None:
                    return
                if isinstance(outcome, TaskFailure):
                    outcome.reraise()
                yield outcome  # and held here until Ray is known to be there: see `Watch`
        finally:
            window.close()

    def _send(self, window: Window) -> None:
        now = self._clock.tick()
        while (assigned := self._dispatcher.assign(window, now)) is not None:
            worker, job = assigned
            self._calls[self._staff.call(worker, job)] = assigned

    def _look(self) -> None:
        """Wait until something has happened, or may have to, and see to it."""
        staff = self._staff
        staff.fill(self._dispatcher.harmless)
        calls = [*self._calls, *staff.starting]
        patience = min(LOOK_S, self._dispatcher.patience(self._clock.tick()))
        ready, others = ray.wait(calls, num_returns=1, timeout=patience)
        if ready and others:
            ready += ray.wait(others, num_returns=len(others), timeout=0)[0]
        now = self._clock.tick()
        for call in ready:
            RUNTIME.check()
            if call in staff.starting:
                came = staff.started(call)
                if came is not None:
                    self._dispatcher.join(*came)
            elif call in self._calls:
                self._answered(call, now)
        RUNTIME.check()
        for worker in self._dispatcher.overdue(now):
            self._lost(worker, "it was replaced")
        staff.check(now)

    def _answered(self, call: Any, now: float) -> None:
        """A call has ended, well or not."""
        worker, job = self._calls.pop(call)
        try:
            outcome = ray.get(call, timeout=FETCH_S)
        except DEATHS as error:
            self._lost(worker, _reason(error))
        except (ObjectLostError, GetTimeoutError):
            self._dispatcher.vanished(worker, job, now)
        except RayError as error:
            raise EngineError(f"a worker failed outside any op: {error}") from error
        else:
            if isinstance(outcome, OutOfMemory):
                self._lost(worker, "out of memory")
            else:
                self._dispatcher.finished(worker, job, outcome, now)

    def _lost(self, worker: Hashable, reason: str) -> None:
        """Take what a worker still delivered, and do without it."""
        mine = [call for call, (name, _) in self._calls.items() if name == worker]
        done = set(ray.wait(mine, num_returns=len(mine), timeout=0)[0]) if mine else set()
        for call in mine:
            _, job = self._calls.pop(call)
            if call not in done:
                continue
            try:
                outcome = ray.get(call, timeout=0)
            except (RayError, TimeoutError):
                continue
            if not isinstance(outcome, OutOfMemory):
                self._dispatcher.finished(worker, job, outcome, self._clock.seconds)
        self._dispatcher.lost(worker, reason)
        self._staff.discard(worker)
        self._staff.fill(self._dispatcher.harmless)

    def close(self) -> None:
        """Kill the actors and stop the Ray that we started."""
        if self._closed:
            return
        self._closed = True
        self._forget.detach()
        if self._workers is not None:
            with contextlib.suppress(EngineError), RUNTIME.inside():
                self._workers.close()
        self._calls = {}
        RUNTIME.release()


def _reason(error: RayError) -> str:
    """Why a worker is gone, in a few words."""
    return "out of memory" if isinstance(error, OutOfMemoryError) else "it died"
