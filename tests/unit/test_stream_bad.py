"""Samples that cannot be read: named, or replaced by a function of their key, within a budget."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import augflow
from augflow.batching.sizing import TaskSizer
from augflow.digest import digest_streams
from augflow.engine import ENGINE_VARIABLE
from augflow.errors import BadSampleBudgetError, BadSampleError, OpError, StateError
from augflow.stream import BatchStream

LENGTH = 64


class Pictures:
    """Pictures of which some cannot be read."""

    classes = ("a", "b")

    def __init__(self, bad: frozenset[int] = frozenset(), length: int = LENGTH) -> None:
        self.bad = bad
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        if index in self.bad:
            raise OSError(f"disk error at {index}")
        return np.random.default_rng(index).integers(0, 256, (4, 4, 3), np.uint8), index % 2


def stream(bad: set[int], *, mix: Any = None, max_bad: Any = "10%", **options: Any) -> BatchStream:
    spec = {
        "modality": "image",
        "source": {"max_bad": max_bad},
        "augment": [{"random_brightness_contrast": {"p": 1}}],
        "batch": {"size": 16, "mix": mix},
    }
    return augflow.load(spec).stream(Pictures(frozenset(bad)), **{"on_error": "replace", **options})


def rows(found: BatchStream) -> dict[int, tuple[Any, ...]]:
    """Every row of an epoch by its position."""
    return {
        batch.step * 16 + row: (bool(batch["replaced"][row]), int(batch["index"][row]), batch["image"][row])
        for batch in found
        for row in range(batch.size)
    }


def test_raise_names_the_sample() -> None:
    """The default: the first bad sample ends the epoch with its place, the reason and the cause."""
    found = stream({5}, on_error="raise", shuffle=False)
    with pytest.raises(BadSampleError, match=r"item 5 of .*Pictures: OSError: disk error at 5") as caught:
        list(found)
    assert isinstance(caught.value.__cause__, OSError)


def test_a_stand_in_is_marked_and_changes_no_other_row() -> None:
    """Only the bad sample's row differs from the stream without it; label and index are the stand-in's."""
    clean, found = rows(stream(set())), stream({5, 40})
    replaced = rows(found)
    assert [bad.place.split()[1] for bad in sorted(found.bad_samples, key=lambda b: b.place)] == ["40", "5"]
    differing = [p for p in clean if not np.array_equal(clean[p][2], replaced[p][2])]
    assert len(differing) == 2
    assert {clean[p][1] for p in differing} == {5, 40}
    assert [p for p in replaced if replaced[p][0]] == differing
    assert {bad.position for bad in found.bad_samples} == set(differing)
    for position in differing:
        assert replaced[position][1] not in (5, 40)


@pytest.mark.parametrize("mix", [None, {"mixup": {}}], ids=["apart", "mixed"])
def test_stand_ins_do_not_depend_on_world_size_or_task_size(
    mix: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are drawn by key: the digest is the same on 1, 2 and 8 ranks and for any tasks."""
    bad = {3, 17, 41}

    def digest(world: int, **options: Any) -> str:
        ranks = [stream(bad, mix=mix, rank=r, world_size=world, **options) for r in range(world)]
        return digest_streams(ranks, 2).hexdigest()

    whole = digest(1)
    assert digest(1) == digest(2) == digest(8) == whole
    monkeypatch.setenv(ENGINE_VARIABLE, "inprocess")
    monkeypatch.setattr(TaskSizer, "rows", lambda _self, positions, row: min(11, positions.total_rows - row))
    assert digest(2, num_workers=2) == whole
    assert digest_streams([stream(set(), mix=mix)], 2).hexdigest() != whole


def test_stand_ins_are_drawn_anew_each_epoch() -> None:
    """The key holds the epoch: one bad sample does not double the weight of one other."""
    found = stream({5})
    stand_ins = set()
    for _ in range(8):
        stand_ins |= {index for replaced, index, _ in rows(found).values() if replaced}
    assert len(stand_ins) > 3


def test_an_op_that_raises_counts_as_a_bad_sample() -> None:
    """A picture that an op cannot take is replaced like one that cannot be read."""

    class OneSmall(Pictures):
        def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
            side = 2 if index == 7 else 4
            return np.zeros((side, side, 3), np.uint8), 0

    spec = {
        "modality": "image",
        "augment": [{"random_crop": {"height": 3, "width": 3}}],
        "batch": {"size": 16},
    }
    with pytest.raises(OpError, match="random_crop failed on sample 'item 7"):
        list(augflow.load(spec).stream(OneSmall()))
    found = augflow.load(spec).stream(OneSmall(), on_error="replace")
    assert sum(int(batch["replaced"].sum()) for batch in found) == 1
    assert "random_crop" in found.bad_samples[0].reason


def test_too_many_bad_samples_end_the_stream_with_a_list() -> None:
    """The budget is a share of the source or a count; the error lists every place and reason so far."""
    found = stream({1, 5, 9}, max_bad=2, shuffle=False)
    with pytest.raises(BadSampleBudgetError) as caught:
        list(found)
    message = str(caught.value)
    assert message.startswith("3 bad samples, max_bad (2) allows 2:\n")
    assert [line.split()[1] for line in message.splitlines()[1:]] == ["1", "5", "9"]
    assert "disk error at 9" in message
    list(stream({1, 5, 9}, max_bad=3))
    list(stream({1, 5, 9}, max_bad="5%"))
    with pytest.raises(BadSampleBudgetError):
        list(stream({1, 5, 9}, max_bad="4%"))
    with pytest.raises(BadSampleBudgetError):
        list(stream({1}, max_bad=0))


def test_the_budget_is_counted_by_position(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which batch raises does not depend on how many rows a task holds, nor does the state."""
    monkeypatch.setenv(ENGINE_VARIABLE, "inprocess")
    bad = {2, 20, 50, 60}
    states = []
    for size in (1, 7, 64):
        monkeypatch.setattr(TaskSizer, "rows", lambda _s, p, row, n=size: min(n, p.total_rows - row))
        found = stream(bad, max_bad=2, shuffle=False, num_workers=2)
        iterator = iter(found)
        counts = []
        for _ in range(3):
            next(iterator)
            counts.append((found.state_dict()["bad"], len(found.bad_samples)))
        states.append(counts)
        with pytest.raises(BadSampleBudgetError):
            next(iterator)
    assert states == [[(1, 1), (2, 2), (2, 2)]] * 3


def test_the_budget_goes_on_after_a_resume_and_starts_anew_each_epoch() -> None:
    """What was spent stands in the state; an epoch has the whole budget."""
    source = stream({2, 20, 50}, max_bad=2, shuffle=False)
    iterator = iter(source)
    next(iterator), next(iterator)
    found = stream({2, 20, 50}, max_bad=2, shuffle=False)
    found.load_state_dict(source.state_dict())
    with pytest.raises(BadSampleBudgetError, match="3 bad samples"):
        list(found)
    again = stream({2, 20}, max_bad=2)
    for _ in range(3):
        list(again)
        assert len(again.bad_samples) == 2


def test_padding_is_not_counted_twice() -> None:
    """A bad sample that stands in an epoch and again in its padding is one bad sample."""
    spec = {"modality": "image", "source": {"max_bad": 1}, "batch": {"size": 16}}
    parts = [
        augflow.load(spec).stream(
            Pictures(frozenset({3}), 20), train=False, on_error="replace", rank=r, world_size=2
        )
        for r in range(2)
    ]
    for part in parts:
        list(part)
    assert [len(part.bad_samples) for part in parts] == [1, 0]


def test_when_nothing_can_stand_in_the_stream_says_so() -> None:
    """At most 8 tries: a source that cannot be read at all ends with the place of the first."""

    class Rotten(Pictures):
        def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
            if index:
                raise OSError("gone")
            return super().__getitem__(index)

    spec = {"modality": "image", "batch": {"size": 16}, "source": {"max_bad": "100%"}}
    found = augflow.load(spec).stream(Rotten(length=4000), on_error="replace")
    with pytest.raises(BadSampleError, match="8 samples drawn to replace it were bad as well"):
        list(found)


def test_a_stream_cannot_skip() -> None:
    """Leaving rows out would shift the stream; skip is for materialize."""
    with pytest.raises(StateError, match="skip` is for materialize"):
        list(stream(set(), on_error="skip"))
