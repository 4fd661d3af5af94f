"""Which positions make which step on which rank: every position once, equal steps everywhere."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from augflow.batching.assembly import Assembler, Collate
from augflow.batching.positions import Positions, default_tile
from augflow.batching.rows import empty_columns
from augflow.batching.sizing import MAX_TASK_BYTES, TARGET_S, TaskSizer
from augflow.errors import CollateError

SHAPES = {
    "length": st.integers(1, 300),
    "rows": st.integers(1, 24),
    "world": st.integers(1, 8),
    "drop_last": st.booleans(),
}


def ranks(length: int, rows: int, world: int, drop_last: bool) -> list[Positions]:
    return [Positions(length, rows * world, drop_last, rank, world) for rank in range(world)]


@given(**SHAPES)
@settings(max_examples=300, deadline=None)
def test_every_position_stands_once_in_the_steps_of_all_ranks(
    length: int, rows: int, world: int, drop_last: bool
) -> None:
    """Ranks one after the other give the epoch in order; what is beyond its end is padding."""
    all_ranks = ranks(length, rows, world, drop_last)
    steps = {positions.steps for positions in all_ranks}
    assert len(steps) == 1
    seen: list[int] = []
    for step in range(steps.pop()):
        for positions in all_ranks:
            seen += range(*positions.span(step))
    size = rows * world
    end = length - length % size if drop_last else length
    assert seen[:end] == list(range(end))
    padding = seen[end:]
    assert padding == (list(range(end, -(-end // size) * size)) if world > 1 else [])
    assert all(position >= length for position in padding)


@given(**SHAPES, cuts=st.lists(st.integers(1, 40), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_rows_and_spans_tell_the_same_story(
    length: int, rows: int, world: int, drop_last: bool, cuts: list[int]
) -> None:
    """However an epoch's rows are cut into tasks, their spans are the steps' positions in order."""
    for positions in ranks(length, rows, world, drop_last):
        expected = [p for step in range(positions.steps) for p in range(*positions.span(step))]
        assert positions.total_rows == len(expected)
        row, found, turn = 0, [], 0
        while row < positions.total_rows:
            stop = min(positions.total_rows, row + cuts[turn % len(cuts)])
            for start, end in positions.spans(row, stop):
                assert start < end
                found += range(start, end)
            row, turn = stop, turn + 1
        assert found == expected
        assert [positions.row_position(row) for row in range(len(expected))] == expected


def test_an_epoch_of_a_billion_costs_nothing() -> None:
    """Positions are arithmetic: any step is found at once."""
    positions = Positions(10**9, 96, False, 2, 3)
    assert positions.span(positions.steps - 1)[1] <= 10**9 + 96
    assert (
        positions.spans(positions.total_rows - 40, positions.total_rows)[-1][1]
        == positions.span(positions.steps - 1)[1]
    )


@given(st.integers(1, 10_000))
def test_the_default_tile_is_the_largest_divisor_up_to_16(size: int) -> None:
    """The tile divides the global batch, whatever the world size."""
    tile = default_tile(size)
    assert size % tile == 0
    assert not any(size % larger == 0 for larger in range(tile + 1, 17))


def columns(count: int, first: int, width: int = 2) -> dict[str, Any]:
    """Rows of a task: the position in every column, partner the next one."""
    found = empty_columns(count, 2)
    position = np.arange(first, first + count)
    found["index"][:] = position
    found["partner"][:] = position
    found["id"][:] = [str(p) for p in position]
    found["image"] = np.repeat(position.astype(np.uint8), width).reshape(count, width)
    return found


@given(
    length=st.integers(1, 60),
    rows=st.integers(1, 12),
    world=st.integers(1, 4),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=150, deadline=None)
def test_batches_do_not_depend_on_how_rows_arrive(length: int, rows: int, world: int, seed: int) -> None:
    """Results of any sizes assemble to the same batches, `partner` points into the batch or is -1."""
    chance = random.Random(seed)
    for positions in ranks(length, rows, world, False):
        for step in range(positions.steps):
            start, stop = positions.span(step)
            assembler = Assembler(Collate(positions), step)
            at = start
            while assembler.missing:
                count = chance.randint(1, assembler.missing + 3)  # a result may hold rows of the next step
                task = columns(count, at)
                wrapped = task["index"] % length
                task["index"][:] = wrapped
                task["partner"][:] = (wrapped + 1) % length
                at += assembler.take(task, 0)
            batch = assembler.columns()
            assert batch["index"].tolist() == [p % length for p in range(start, stop)]
            assert batch["valid"].tolist() == [p < length for p in range(start, stop)]
            for row, partner in enumerate(batch["partner"]):
                wanted = (batch["index"][row] + 1) % length
                here = [r for r in range(stop - start) if batch["index"][r] == wanted and batch["valid"][r]]
                if partner >= 0:
                    assert batch["index"][partner] == wanted
                elif batch["valid"][row]:
                    assert not here  # on another rank


def test_padding_keeps_its_partner_where_it_is_in_the_batch() -> None:
    """A padded row's partner is the padded partner beside it."""
    positions = Positions(10, 8, False, 1, 2)
    assembler = Assembler(Collate(positions), 1)
    task = columns(4, 12)
    task["partner"][:] = [3, 2, 5, 0]  # positions 12..15 are 2..5 again
    assembler.take(task, 0)
    assert assembler.columns()["partner"].tolist() == [1, 0, 3, -1]


def test_rows_of_other_shapes_name_two_samples_and_the_remedy() -> None:
    """Tasks whose images differ in size cannot make a batch."""
    assembler = Assembler(Collate(Positions(8, 8, False)), 0)
    assembler.take(columns(4, 0), 0)
    assembler.take(columns(4, 4, width=3), 0)
    with pytest.raises(CollateError, match=r"'0' is \(2,\) uint8, of '4' \(3,\) uint8; add resize or a crop"):
        assembler.columns()


@given(
    length=st.integers(1, 2000),
    rows=st.integers(1, 64),
    world=st.integers(1, 4),
    cost=st.floats(1e-7, 1.0),
    width=st.integers(1, 10**7),
)
@settings(max_examples=150, deadline=None)
def test_task_sizes_advance_and_stay_bounded(
    length: int, rows: int, world: int, cost: float, width: int
) -> None:
    """A task has at least a row, never more than are left, and holds neither too much work nor memory."""
    positions = Positions(length, rows * world, False, 0, world)
    assume(positions.total_rows)
    tile = default_tile(rows * world)
    sizer = TaskSizer(tile)
    first = sizer.rows(positions, 0)
    assert 1 <= first <= tile
    task = {"index": np.zeros(4, np.int64), "image": np.empty((4, width), np.uint8)}
    sizer.learn(task, 4 * cost)
    row = 0
    for _ in range(3):
        count = sizer.rows(positions, row)
        assert 1 <= count <= positions.total_rows - row
        assert count <= max(tile, TARGET_S / cost, 1)
        assert count <= max(tile, MAX_TASK_BYTES / width)
        row = (row + count) % positions.total_rows
