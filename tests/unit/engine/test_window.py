"""The window: in order whatever comes back when, and a bounded way ahead."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augflow.engine.base import Task, TaskResult
from augflow.engine.window import AHEAD, DEPTH, FLIGHT_BYTES, TaskFailure, Window
from augflow.errors import CollateError


def tasks(count: int) -> Iterator[Task]:
    return (Task(number, 0, ((number, number + 1),)) for number in range(count))


def result(number: int, size: int = 1) -> TaskResult:
    return TaskResult(number, {"index": np.zeros(1, np.int64), "image": np.broadcast_to(np.uint8(0), size)})


def taken(window: Window, workers: int) -> list[int]:
    found = []
    while (task := window.take(workers)) is not None:
        found.append(task.number)
    return found


def given_back(window: Window) -> list[int]:
    found = []
    while (outcome := window.ready()) is not None:
        found.append(outcome.number)
    return found


@given(count=st.integers(0, 60), workers=st.integers(1, 4), data=st.data())
@settings(max_examples=100, deadline=None)
def test_results_come_in_order_whatever_the_order_of_completion(
    count: int, workers: int, data: st.DataObject
) -> None:
    """Any interleaving of completions gives each task once, in order, with few on their way."""
    window = Window(tasks(count))
    flying: list[int] = []
    given: list[int] = []
    sent = 0
    while not window.done:
        new = taken(window, workers)
        flying, sent = flying + new, sent + len(new)
        assert sent - len(given) <= AHEAD * DEPTH * workers
        if flying:
            window.finished(result(flying.pop(data.draw(st.integers(0, len(flying) - 1)))))
        given += given_back(window)
    assert given == list(range(count))


def test_a_result_that_comes_twice_is_dropped() -> None:
    """Late answers of a worker that was given up: before and after their task was given back."""
    window = Window(tasks(2))
    taken(window, 1)
    for number in (0, 0, 1):
        window.finished(result(number))
    assert given_back(window) == [0, 1]
    window.finished(result(0))
    assert window.ready() is None
    assert window.done


def test_a_failure_keeps_its_place() -> None:
    """What comes before it is given first, as where everything runs in one process."""
    window = Window(tasks(3))
    taken(window, 1)
    window.finished(TaskFailure(1, CollateError("unequal"), ValueError("why"), "where"))
    assert window.ready() is None
    window.finished(result(0))
    assert given_back(window) == [0, 1]
    failure = TaskFailure(1, CollateError("unequal"), ValueError("why"), "where")
    with pytest.raises(CollateError, match="unequal") as caught:
        failure.reraise()
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.__notes__ == ["in an augflow worker:\nwhere"]


def test_large_results_keep_the_window_short() -> None:
    """Once a size is known, tasks on their way stay within the bytes, but one a worker at least."""
    window = Window(tasks(60))
    first = taken(window, 2)
    window.finished(result(0, size=FLIGHT_BYTES // 2))
    assert given_back(window) == [0]
    for number in first[1:]:
        window.finished(result(number, size=FLIGHT_BYTES // 2))
    given_back(window)
    assert len(taken(window, 2)) == 3
    for number in range(len(first), len(first) + 3):
        window.finished(result(number, size=3 * FLIGHT_BYTES))
    given_back(window)
    assert len(taken(window, 2)) == 2


def test_a_closed_window_waits_for_nothing() -> None:
    """What still comes back is dropped."""
    window = Window(tasks(9))
    taken(window, 1)
    window.close()
    window.finished(result(0))
    assert (window.misses(1), window.ready(), window.take(1), window.done) == (False, None, None, True)
