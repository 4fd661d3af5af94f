"""run_task: every row of its spans, from nothing but the task and the context."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from augflow.batching.wire import to_wire
from augflow.engine import ENGINE_VARIABLE, EngineOptions, Pool, open_engine
from augflow.engine.base import Task, TaskContext, TaskResult
from augflow.engine.inprocess import InProcessEngine
from augflow.engine.worker import TaskRunner
from augflow.errors import CollateError, EngineError
from augflow.plan import load_plan
from augflow.sources import open_source

N = 50
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 6, 6, 3), np.uint8)


def context(**options: Any) -> TaskContext:
    spec = {
        "modality": "image",
        "augment": [{"rotate": {"limit": 30}}, {"horizontal_flip": {}}],
        "batch": {"size": 32, "mix": {"mixup": {"p": 0.5}}},
    }
    source = open_source((PIXELS, np.arange(N) % 2))
    return TaskContext(load_plan(spec), source, **{"train": True, "shuffle": True, **options})


def copied(result: TaskResult) -> dict[str, np.ndarray]:
    """The columns, safe from the next task."""
    return {name: column.copy() for name, column in result.columns.items()}


def rows(runner: TaskRunner, *spans: tuple[int, int], epoch: int = 0) -> dict[str, np.ndarray]:
    return copied(runner.run_task(Task(0, epoch, spans)))


def equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


def test_a_task_does_not_depend_on_those_before_it() -> None:
    """Run again, out of order, between other epochs, or on another runner: the same bytes."""
    runner = TaskRunner(context())
    first = rows(runner, (5, 25))
    rows(runner, (0, 50), epoch=3)
    rows(runner, (30, 31), epoch=0)
    assert equal(rows(runner, (5, 25)), first)
    assert equal(rows(TaskRunner(context()), (5, 25)), first)
    assert not equal(rows(runner, (5, 25), epoch=1), first)


def test_a_runner_travels() -> None:
    """The context is what is sent to a worker: pickled, it gives the same bytes."""
    there = pickle.loads(pickle.dumps(context()))
    assert equal(rows(TaskRunner(there), (0, 20)), rows(TaskRunner(context()), (0, 20)))


def test_spans_are_cut_anywhere() -> None:
    """A row is the same in a task of its own and in the whole epoch; partner is a position."""
    runner = TaskRunner(context())
    whole = rows(runner, (0, N))
    for position in range(N):
        one = rows(runner, (position, position + 1))
        assert all(np.array_equal(one[name][0], whole[name][position]) for name in whole)
    spread = rows(runner, (3, 5), (20, 29), (49, 50))
    picked = [3, 4, *range(20, 29), 49]
    assert all(np.array_equal(spread[name], whole[name][picked]) for name in whole)


def test_positions_beyond_the_end_wrap_round() -> None:
    """Padding is made of the first rows, however often it goes round."""
    runner = TaskRunner(context())
    whole = rows(runner, (0, N))
    wrapped = rows(runner, (N - 2, 2 * N + 3))
    picked = [position % N for position in range(N - 2, 2 * N + 3)]
    assert all(np.array_equal(wrapped[name], whole[name][picked]) for name in whole)


def test_what_was_drawn_comes_back_where_it_was_asked_for() -> None:
    """Recording changes no byte."""
    recorded = TaskRunner(context(record=True)).run_task(Task(0, 0, ((0, 20),)))
    assert len(recorded.drawn) == 20
    assert equal(copied(recorded), rows(TaskRunner(context()), (0, 20)))
    assert TaskRunner(context()).run_task(Task(0, 0, ((0, 20),))).drawn == []


def test_an_encoder_gets_the_finished_rows() -> None:
    """Encoded rows come back in place of pixels, in order, with everything else."""
    found = TaskRunner(context(encoder=lambda row: row["image"].tobytes())).run_task(Task(0, 0, ((7, 20),)))
    plain = rows(TaskRunner(context()), (7, 20))
    assert found.encoded == [image.tobytes() for image in plain["image"]]
    assert "image" not in found.columns
    assert equal(copied(found), {name: plain[name] for name in plain if name != "image"})


def test_seconds_are_told_by_stage() -> None:
    """read, ops and mix are parts of the total."""
    seconds = TaskRunner(context()).run_task(Task(0, 0, ((0, 20),))).seconds
    assert set(seconds) == {"read", "ops", "mix", "total"}
    assert min(seconds.values()) >= 0
    assert max(seconds.values()) == seconds["total"]


def test_results_of_the_engine_come_in_the_order_of_the_tasks() -> None:
    """The reference engine runs a task when its result is asked for, not before."""
    asked: list[int] = []

    def tasks() -> Any:
        for number in range(5):
            asked.append(number)
            yield Task(number, 0, ((number, number + 1),))

    engine = InProcessEngine(context())
    results = engine.results(tasks())
    assert asked == []
    assert next(results).number == 0
    assert asked == [0]
    assert [result.number for result in results] == [1, 2, 3, 4]
    engine.close()
    engine.close()


def test_engines_are_chosen_by_number_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """0 workers run here; the variable brings any number home; nonsense is named."""
    assert isinstance(open_engine(context(), EngineOptions()), InProcessEngine)
    monkeypatch.setenv(ENGINE_VARIABLE, "inprocess")
    assert isinstance(open_engine(context(), EngineOptions(8)), InProcessEngine)
    monkeypatch.setenv(ENGINE_VARIABLE, "local")
    with pytest.raises(EngineError, match="must be `inprocess` or unset, got 'local'"):
        open_engine(context(), EngineOptions(8))
    monkeypatch.delenv(ENGINE_VARIABLE)
    with pytest.raises(EngineError, match="at least 0, got -1"):
        EngineOptions(-1)
    with pytest.raises(EngineError, match="above 0 seconds, got 0"):
        EngineOptions(2, task_timeout=0)


def test_workers_are_set_within_one_kind_of_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number of workers never turns one engine into another; the variable overrides it as ever."""
    with pytest.raises(EngineError, match="open it with num_workers=2"):
        Pool(context(), EngineOptions(0)).set_workers(2)
    pool = Pool(context(), EngineOptions(2))
    with pytest.raises(EngineError, match="at least 1 worker, got 0"):
        pool.set_workers(0)
    monkeypatch.setenv(ENGINE_VARIABLE, "inprocess")
    assert isinstance(pool.engine(), InProcessEngine)
    pool.set_workers(3)
    assert pool.crew().workers == 0


def test_the_wire_has_one_dtype() -> None:
    """uint8 becomes float32 in [0, 1] where asked for; float never becomes uint8 in silence."""
    levels = np.arange(256, dtype=np.uint8)
    assert to_wire(levels, "image", "uint8", "a") is levels
    floats = to_wire(levels, "image", "float32", "a")
    assert floats.dtype == np.float32
    assert (floats[0], floats[-1]) == (0, 1)
    assert np.array_equal(np.rint(floats * 255).astype(np.uint8), levels)
    with pytest.raises(CollateError, match=r"'a' ends as float32 where output.dtype is uint8; set `output"):
        to_wire(floats, "image", "uint8", "a")


def test_the_source_is_not_changed() -> None:
    """Ops and mixing work on copies of what the source gives out."""
    before = PIXELS.copy()
    rows(TaskRunner(replace(context(), shuffle=False)), (0, N))
    assert np.array_equal(PIXELS, before)
