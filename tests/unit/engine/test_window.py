"""The window: in order whatever comes back when, bounded, and nothing lost with a worker."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augflow.engine.base import Task, TaskResult
from augflow.engine.window import AHEAD, DEPTH, MAX_DEATHS, Window
from augflow.errors import EngineError

UNBOUNDED = 10**12


def tasks(count: int) -> Iterator[Task]:
    return (Task(number, 0, ((number, number + 1),)) for number in range(count))


def result(number: int, size: int = 1) -> TaskResult:
    return TaskResult(number, {"index": np.zeros(1, np.int64), "image": np.zeros(size, np.uint8)})


class Workers:
    """Carries out the assignments of a window by hand: each worker has a queue."""

    def __init__(self, window: Window, names: list[Hashable]) -> None:
        self.window = window
        self.queues: dict[Hashable, deque[Task]] = {name: deque() for name in names}
        self.given: list[int] = []
        self.sent: list[int] = []
        self.next_name = len(names)

    def fill(self) -> None:
        while (assigned := self.window.assign()) is not None:
            worker, task = assigned
            self.queues[worker].append(task)
            self.sent.append(task.number)

    def take(self) -> None:
        while (ready := self.window.ready()) is not None:
            self.given.append(ready.number)

    def finish(self, worker: Hashable, place: int = 0) -> None:
        queue = self.queues[worker]
        task = queue[place]
        del queue[place]
        self.window.finished(worker, result(task.number))

    def die(self, worker: Hashable) -> None:
        del self.queues[worker]
        replacement = self.next_name
        self.next_name += 1
        self.window.lost(worker, replacement)
        self.queues[replacement] = deque()

    @property
    def outstanding(self) -> int:
        return sum(map(len, self.queues.values()))


def started(count: int, names: int, max_bytes: int = UNBOUNDED) -> Workers:
    return Workers(Window(tasks(count), list(range(names)), max_bytes), list(range(names)))


@given(count=st.integers(0, 60), names=st.integers(1, 4), data=st.data())
@settings(max_examples=100, deadline=None)
def test_results_come_in_order_whatever_the_order_of_completion(
    count: int, names: int, data: st.DataObject
) -> None:
    """Any interleaving of completions gives each task once, in order, with few in flight or waiting."""
    workers = started(count, names)
    while not workers.window.done:
        workers.fill()
        assert all(len(queue) <= DEPTH for queue in workers.queues.values())
        assert len(workers.sent) - len(workers.given) <= AHEAD * DEPTH * names
        busy = [name for name, queue in workers.queues.items() if queue]
        if busy:
            name = data.draw(st.sampled_from(busy))
            workers.finish(name, data.draw(st.integers(0, len(workers.queues[name]) - 1)))
        workers.take()
    assert workers.given == list(range(count))
    assert sorted(workers.sent) == list(range(count))


@given(count=st.integers(1, 40), names=st.integers(1, 3), data=st.data())
@settings(max_examples=100, deadline=None)
def test_nothing_is_lost_with_a_worker(count: int, names: int, data: st.DataObject) -> None:
    """Workers die at any time: their tasks are sent again, and the order holds."""
    workers = started(count, names)
    deaths = 0
    while not workers.window.done:
        workers.fill()
        busy = [name for name, queue in workers.queues.items() if queue]
        name = data.draw(st.sampled_from(busy)) if busy else None
        if name is not None and deaths < MAX_DEATHS - 1 and data.draw(st.booleans()):
            workers.die(name)
            deaths += 1
        elif name is not None:
            workers.finish(name)
        workers.take()
    assert workers.given == list(range(count))


def test_a_result_that_comes_twice_is_dropped() -> None:
    """Late answers of a worker that was given up, before and after its task was done again."""
    workers = started(3, 2)
    workers.fill()
    workers.die(0)  # had task 0
    workers.window.finished(0, result(0))
    workers.take()
    workers.fill()
    for name in list(workers.queues):
        while workers.queues[name]:
            workers.finish(name)
    workers.window.finished(0, result(0))
    workers.take()
    assert workers.given == [0, 1, 2]
    assert workers.window.done


def test_tasks_of_a_lost_worker_go_first() -> None:
    """What others wait for in order is sent again before anything new."""
    workers = started(20, 2)
    workers.fill()
    lost = [task.number for task in workers.queues[0]]
    workers.die(0)
    already = len(workers.sent)
    workers.fill()
    assert workers.sent[already : already + len(lost)] == lost


def test_a_task_that_kills_its_workers_ends_it() -> None:
    """The task that ran is the suspect; after MAX_DEATHS the error says which rows, and what to do."""
    workers = started(20, 1)
    for death in range(MAX_DEATHS):
        workers.fill()
        (name,) = workers.queues
        assert workers.queues[name][0].number == 0
        if death == MAX_DEATHS - 1:
            with pytest.raises(
                EngineError, match=r"epoch 0, positions \(\(0, 1\),\): 3 workers died .* num_workers=0"
            ):
                workers.die(name)
        else:
            workers.die(name)


def test_waiting_tasks_are_no_suspects() -> None:
    """A worker that dies again and again over different tasks is replaced each time."""
    workers = started(12, 1)
    for _ in range(10):
        workers.fill()
        (name,) = workers.queues
        workers.die(name)
        workers.fill()
        (name,) = workers.queues
        workers.finish(name)
        workers.take()
    assert workers.given == list(range(10))


def test_an_idle_worker_may_be_lost() -> None:
    """One without tasks counts against none."""
    workers = started(1, 3)
    workers.fill()
    for name in [name for name, queue in workers.queues.items() if not queue]:
        workers.die(name)
    (busy,) = (name for name, queue in workers.queues.items() if queue)
    workers.finish(busy)
    workers.take()
    assert workers.given == [0]


def test_large_results_keep_the_window_short() -> None:
    """Once a size is known, tasks in flight and waiting stay within the bytes, one a worker at least."""
    workers = started(60, 2, max_bytes=4000)
    workers.fill()
    first = workers.queues[0].popleft()
    workers.window.finished(0, result(first.number, size=1000))
    workers.take()
    for _ in range(40):
        workers.fill()
        name = max(workers.queues, key=lambda worker: len(workers.queues[worker]))
        if workers.queues[name]:
            task = workers.queues[name].popleft()
            workers.window.finished(name, result(task.number, size=1000))
        workers.take()
    assert len(workers.sent) - len(workers.given) <= 4
    assert len(workers.given) > 20


def test_work_is_spread() -> None:
    """The next task goes to the worker with the least to do."""
    workers = started(100, 3)
    workers.fill()
    assert {len(queue) for queue in workers.queues.values()} == {DEPTH}
    assert {queue[0].number for queue in workers.queues.values()} == {0, 1, 2}
