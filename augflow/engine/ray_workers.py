"""The Ray actors of an engine: they come when there is room for them, and are replaced when they are lost.

Restarts are ours (`max_restarts=0, max_task_retries=0`): with Ray's own retries queued calls run
again out of order and the error never says which call was running.
"""

from __future__ import annotations

import contextlib
import traceback
import warnings
from collections.abc import Hashable
from typing import Any

import ray
from ray import cloudpickle
from ray.exceptions import ActorDiedError, ActorUnavailableError, GetTimeoutError, RayError

from augflow.engine.base import Probe, Task, TaskContext, TaskResult
from augflow.engine.dispatch import Job
from augflow.engine.window import TaskFailure
from augflow.engine.worker import TaskRunner
from augflow.environment import describe_environment
from augflow.errors import AugflowError, EngineError
from augflow.transforms.library import use_one_thread

START_SECONDS = 60.0
"""How long to wait for a worker while there is none. In the first such time, and while the pool has not been
complete, a worker that would make other bytes is an error; later it is only refused."""

ANSWER_SECONDS = 10.0
"""How long the first answer of a worker, which is there, may take to be read."""

JOIN_SECONDS = 5.0
"""How long a cluster is given to bring all workers before it is said that some are missing."""

NODE_LABEL = "ray.io/node-id"
"""By this label Ray keeps workers off nodes."""

FAILED_STARTS = 3
"""How many workers in a row may fail to start before it is an error."""


NAMESPACE = "augflow"
"""Where Ray keeps the names of actors that ranks share."""

NODE_DIED = "its node has died"
"""In Ray's account of a worker whose end says nothing about the worker."""


class OutOfMemory:
    """A worker's answer when it has no memory for a job."""


class _Worker:
    """The actor. Does one job after the other, in the order in which they were sent."""

    def __init__(self, context: TaskContext) -> None:
        use_one_thread()  # Ray itself sees to OMP_NUM_THREADS
        self._runner = TaskRunner(context, expendable=True)

    def begin(self, harmless: Probe | None) -> tuple[dict[str, str], str]:
        """Warm up with a probe that another worker has survived; wheels and CPU class of this worker, and
        the id of its node."""
        if harmless is not None:
            self._runner.run_probe(harmless)
        return describe_environment(), ray.get_runtime_context().get_node_id()

    def run(self, job: Task | Probe) -> TaskResult | TaskFailure | OutOfMemory | bool:
        """The outcome of a job, failures as data: Ray would wrap an exception in its own."""
        try:
            return self._runner.run_task(job) if isinstance(job, Task) else self._runner.run_probe(job)
        except MemoryError:
            return OutOfMemory()
        except AugflowError as error:
            number = job.number if isinstance(job, Task) else -1
            return TaskFailure(number, error, _portable(error.__cause__), traceback.format_exc())


def _portable(cause: BaseException | None) -> BaseException | None:
    """An exception that survives the way to the caller: itself, or one that says the same."""
    if cause is None:
        return None
    try:
        cloudpickle.loads(cloudpickle.dumps(cause))  # type: ignore[no-untyped-call]
    except Exception:  # noqa: BLE001 - a user's exception class may raise anything here
        return RuntimeError(f"{type(cause).__name__}: {cause}")
    return cause


def sent(context: TaskContext) -> Any:
    """A reference to the context in the store; raises `EngineError` for what cannot be pickled."""
    try:
        return ray.put(context)
    except Exception as error:
        reason = error.__cause__ or error
        raise EngineError(
            f"the source or an op cannot be sent to workers: {type(reason).__name__}: {reason}; make it "
            "picklable, or use num_workers=0"
        ) from error


class Workers:
    """As many actors as are wanted, some of them on their way.

    Every wait is the caller's: nothing here blocks. Engines that give the same `pool` share their actors:
    who comes first makes them, and who misses one first replaces it.
    """

    def __init__(
        self, context: Any, wanted: int, cpus: int, mixed: bool = False, pool: str | None = None
    ) -> None:
        self._context = context
        self._wanted = wanted
        self._cpus = cpus
        self._mixed = mixed
        self._pool = pool
        self._settled = False
        self._refused: list[str] = []
        self._names = iter(range(1 << 62))
        self._places: dict[Hashable, int] = {}
        self._actors: dict[Hashable, Any] = {}
        self._environment: dict[str, str] | None = None
        self._failed = 0
        self._here_at = self._whole_at = 0.0
        """When there was a worker, and when all were there."""
        self._told = False
        self.starting: dict[Any, tuple[Hashable, bool]] = {}
        """Calls that workers answer once they have started; who, and whether it is warm then."""
        self.lost = 0

    def call(self, worker: Hashable, job: Job) -> Any:
        """Give a worker a job; a reference to the outcome."""
        return self._actors[worker].run.remote(job.probe or job.task)

    def fill(self, harmless: Probe | None = None) -> None:
        """Ask for the workers that are missing."""
        for place in sorted(set(range(self._wanted)) - set(self._places.values())):
            name = next(self._names)
            self._places[name] = place
            self._actors[name] = ray.remote(_Worker).options(**self._options(place)).remote(self._context)
            self.starting[self._actors[name].begin.remote(harmless)] = name, harmless is not None

    def _options(self, place: int) -> dict[str, Any]:
        options: dict[str, Any] = {"num_cpus": self._cpus, "max_restarts": 0, "max_task_retries": 0}
        if self._pool is not None:
            options |= {"name": f"{self._pool}-{place}", "namespace": NAMESPACE, "get_if_exists": True}
        if self._refused:
            options["label_selector"] = {NODE_LABEL: f"!in({','.join(self._refused)})"}
        return options

    def started(self, call: Any) -> tuple[Hashable, bool] | None:
        """Who has answered its first call, and whether it is warm; None where it is of no use.

        Raises `EngineError` when workers fail to start again and again, and for a pool that is mixed from
        the start.
        """
        worker, warm = self.starting.pop(call)
        try:
            environment, node = ray.get(call, timeout=ANSWER_SECONDS)
        except RayError as error:
            self._let_go(worker)
            # A shared one may have been found just as it died, again and again.
            self._failed += self._pool is None and NODE_DIED not in str(error)
            died = isinstance(error, (ActorDiedError, ActorUnavailableError, GetTimeoutError))
            if self._failed == FAILED_STARTS or not died or "creation task" in str(error):
                raise EngineError(f"a worker could not start: {_last_line(error)}") from error
            return None
        self._failed = 0
        if self._environment is None:
            self._environment = environment
        differing = [] if self._mixed else _differing(self._environment, environment)
        if differing:
            self._refuse(worker, node, ", ".join(differing))
            return None
        return worker, warm

    def _refuse(self, worker: Hashable, node: str, differing: str) -> None:
        """Do without a worker that would make other bytes, and without its node."""
        told = f"workers would make different bytes: {differing}"
        if not self._settled:
            raise EngineError(f"{told}; use equal nodes, or mixed_workers=True where that does no harm")
        self._let_go(worker)
        if node not in self._refused:
            self._refused.append(node)
            warnings.warn(f"augflow: {told}; node {node[:8]} is left out", RuntimeWarning, stacklevel=2)

    def _let_go(self, worker: Hashable, useless: bool = True) -> None:
        """Kill a worker, unless other ranks may have use for it: it ends with the process that made it."""
        actor = self._actors.pop(worker)
        del self._places[worker]
        if useless or self._pool is None:
            with contextlib.suppress(RayError):
                ray.kill(actor)

    def discard(self, worker: Hashable) -> None:
        """Let go of a worker that is dead, or does not answer: killed, and not waited for."""
        if worker in self._actors:
            self.lost += 1
            self._let_go(worker)

    def resize(self, wanted: int) -> list[Hashable]:
        """Want another number of workers; returns those to be let go of."""
        self._wanted = wanted
        surplus = [worker for worker, place in self._places.items() if place >= wanted]
        coming = {name: call for call, (name, _) in self.starting.items()}
        for worker in surplus:
            self.starting.pop(coming.get(worker), None)
            self._let_go(worker, useless=False)
        return surplus

    def check(self, now: float) -> None:
        """Raise `EngineError` where there has been no worker for too long; warn where some are missing."""
        here = len(self._actors) - len(self.starting)
        self._here_at = now if here else self._here_at
        if here == self._wanted:
            self._whole_at, self._settled = now, True
        if now - self._here_at > START_SECONDS:
            raise EngineError(self._nobody())
        missing_s = now - self._whole_at
        self._settled |= missing_s > START_SECONDS
        if here and missing_s > JOIN_SECONDS and self._cpus and not self._told:
            self._told = True
            came = f"{here} of {self._wanted} workers are there, the others join when there is room"
            warnings.warn(f"augflow: {came}", RuntimeWarning, stacklevel=2)

    def _nobody(self) -> str:
        told = f"there was no worker for {START_SECONDS:.0f} s; {self._wanted} CPUs were asked for, which "
        told += "the cluster does not have free"
        if self._refused:
            told += f" beside the nodes that would make other bytes ({len(self._refused)})"
        return f"{told}; add nodes, then go on from the stream's state"

    def close(self) -> None:
        """Let go of all of them."""
        for worker in list(self._actors):
            self._let_go(worker, useless=False)
        self.starting = {}


def _last_line(error: BaseException) -> str:
    """What was raised: Ray's own account ends with it; the rest is where."""
    return str(error).strip().splitlines()[-1]


def _differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    return [f"{name} {one[name]} and {other.get(name)}" for name in one if one[name] != other.get(name)]
