"""Workers that carry out a dispatcher's jobs by hand, under a clock of their own."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np

import augflow
from augflow.engine.base import Task, TaskContext, TaskResult
from augflow.engine.dispatch import Dispatcher, Job
from augflow.engine.window import DEPTH, TaskFailure, Window
from augflow.errors import AugflowError
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
