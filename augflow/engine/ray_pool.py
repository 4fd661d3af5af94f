"""Ray workers: long-lived actors that run tasks, a local Ray for one process or a cluster by address.

Restarts are ours (`max_restarts=0, max_task_retries=0`): with Ray's own retries queued calls run
again out of order and the error never says which call was running.
"""

from __future__ import annotations

import contextlib
import os
import traceback
import warnings
import weakref
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import ray
from ray import cloudpickle
from ray.exceptions import RayActorError, RayError

from augflow.engine.base import Task, TaskContext, TaskResult
from augflow.engine.ray_runtime import FLIGHT_BYTES, RUNTIME
from augflow.engine.window import Window
from augflow.engine.worker import TaskRunner
from augflow.environment import describe_environment
from augflow.errors import AugflowError, EngineError
from augflow.transforms.library import use_one_thread

START_SECONDS = 60.0
"""How long to wait for the first worker of a cluster."""

JOIN_SECONDS = 5.0
"""How long to wait for the others once the first has come."""


@dataclass(frozen=True)
class TaskFailure:
    """An error of a worker as data: augflow's own exception, what caused it, where."""

    number: int
    error: AugflowError
    cause: BaseException | None
    trace: str

    def reraise(self) -> None:
        """Raise in the caller what was raised in the worker."""
        self.error.add_note(f"in an augflow worker:\n{self.trace}")
        raise self.error from self.cause


class _Worker:
    """The actor. Runs one task after the other, in the order in which they were sent."""

    def __init__(self, context: TaskContext) -> None:
        use_one_thread()  # Ray itself sees to OMP_NUM_THREADS
        self._runner = TaskRunner(context)

    def environment(self) -> dict[str, str]:
        """Wheels and CPU class of this worker."""
        return describe_environment()

    def run_task(self, task: Task) -> TaskResult | TaskFailure:
        """The result, or the failure as data: Ray would wrap an exception in its own."""
        try:
            return self._runner.run_task(task)
        except AugflowError as error:
            return TaskFailure(task.number, error, _portable(error.__cause__), traceback.format_exc())


def _portable(cause: BaseException | None) -> BaseException | None:
    """An exception that survives the way to the caller: itself, or one that says the same."""
    if cause is None:
        return None
    try:
        cloudpickle.loads(cloudpickle.dumps(cause))  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - a user's exception class may raise anything here
        return RuntimeError(f"{type(cause).__name__}: {cause}")
    return cause


def _sent(context: TaskContext) -> Any:
    """A reference to the context in the store; raises `EngineError` for what cannot be pickled."""
    try:
        return ray.put(context)
    except Exception as error:
        reason = error.__cause__ or error
        raise EngineError(
            f"the source or an op cannot be sent to workers: {type(reason).__name__}: {reason}; make it "
            "picklable, or use num_workers=0"
        ) from error


class RayEngine:
    """N actors that live as long as the engine."""

    def __init__(self, context: TaskContext, num_workers: int, address: str | None = None) -> None:
        self.num_workers = num_workers
        address = address or os.environ.get("RAY_ADDRESS")
        address = None if address == "local" else address
        self._local = RUNTIME.acquire(num_workers, address)
        self._closed = False
        self._forget = weakref.finalize(self, RUNTIME.forget)
        self._forget.atexit = False
        self._names = iter(range(1 << 62))
        self._actors: dict[Hashable, Any] = {}
        try:
            self._context = _sent(context)
            for _ in range(num_workers):
                self._start_actor()
            self._check_environment()
        except BaseException:
            self.close()
            raise

    def _start_actor(self) -> Hashable:
        options = {
            "num_cpus": 0 if self._local else 1,
            "max_restarts": 0,
            "max_task_retries": 0,
        }
        name = next(self._names)
        self._actors[name] = ray.remote(_Worker).options(**options).remote(self._context)
        return name

    def _check_environment(self) -> None:
        """Wait for the workers and refuse a pool whose members would make different bytes."""
        calls = {actor.environment.remote(): name for name, actor in self._actors.items()}
        first, _ = ray.wait(list(calls), num_returns=1, timeout=START_SECONDS)
        if not first:
            raise EngineError(
                f"no worker started within {START_SECONDS:.0f} s; {self.num_workers} CPUs were asked for, "
                "which the cluster does not have free"
            )
        # On a Ray of our own no worker waits for a CPU, so all will come.
        patience = START_SECONDS if self._local else JOIN_SECONDS
        ready, late = ray.wait(list(calls), num_returns=len(calls), timeout=patience)
        if late:
            came = f"{len(ready)} of {self.num_workers} workers came within {patience:.0f} s"
            warnings.warn(f"augflow: {came}; going on with them", RuntimeWarning, stacklevel=2)
        for call in late:
            ray.kill(self._actors.pop(calls[call]))
        try:
            found = ray.get(ready)
        except RayError as error:
            # The last line of Ray's own account says what was raised; the rest is where.
            raise EngineError(f"a worker could not start: {str(error).strip().splitlines()[-1]}") from error
        for other in found[1:]:
            differing = [name for name in found[0] if found[0][name] != other.get(name)]
            if differing:
                values = ", ".join(f"{name} {found[0][name]} and {other.get(name)}" for name in differing)
                raise EngineError(f"workers would make different bytes: {values}; use equal nodes")

    def results(self, tasks: Iterator[Task]) -> Iterator[TaskResult]:
        """See `Engine.results`."""
        window = Window(tasks, list(self._actors), FLIGHT_BYTES * len(self._actors))
        calls: dict[Any, tuple[Hashable, Task]] = {}
        while True:
            while (assigned := window.assign()) is not None:
                worker, task = assigned
                calls[self._actors[worker].run_task.remote(task)] = assigned
            if window.done:
                return
            result = window.ready()
            if result is not None:
                yield result
                continue
            self._collect(window, calls)

    def _collect(self, window: Window, calls: dict[Any, tuple[Hashable, Task]]) -> None:
        """Wait for at least one call to end and hand what came to the window."""
        ready, _ = ray.wait(list(calls), num_returns=1)
        for call in ready:
            worker, _ = calls.pop(call)
            try:
                result = ray.get(call)
            except RayActorError:
                self._replace(worker, window, calls)
                continue
            except RayError as error:
                raise EngineError(f"a worker failed outside any op: {error}") from error
            if isinstance(result, TaskFailure):
                result.reraise()
            window.finished(worker, result)

    def _replace(self, worker: Hashable, window: Window, calls: dict[Any, tuple[Hashable, Task]]) -> None:
        """Start another worker in the place of a dead one; what it still delivered is taken first."""
        for call in [call for call, (name, _) in calls.items() if name == worker]:
            del calls[call]
            with contextlib.suppress(RayError):
                result = ray.get(call)
                if isinstance(result, TaskResult):
                    window.finished(worker, result)
        del self._actors[worker]
        window.lost(worker, self._start_actor())

    def close(self) -> None:
        """Kill the actors and stop the Ray that we started."""
        if self._closed:
            return
        self._closed = True
        self._forget.detach()
        for actor in self._actors.values():
            with contextlib.suppress(RayError):
                ray.kill(actor)
        self._actors = {}
        RUNTIME.release()
