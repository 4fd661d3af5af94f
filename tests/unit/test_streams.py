"""The harness that all promises are tested with sees what it must see."""

from __future__ import annotations

from typing import Any

import pytest

from augflow.stream import BatchStream

from ..streams import Delivery, assert_exactly_once, assert_same_stream, deliver, received
from .memory import Memory, pictures, stream

SPEC: dict[str, Any] = {"modality": "image", "augment": [{"horizontal_flip": {}}], "batch": {"size": 8}}
SAMPLES, STEPS = 20, 3


def pixels(seed: int = 0, **options: Any) -> BatchStream:
    """Twenty pictures, three steps an epoch."""
    return stream({**SPEC, "seed": seed}, Memory(pictures(SAMPLES)), drop_last=False, **options)


def test_a_stream_is_itself_however_it_is_cut() -> None:
    """One rank, four ranks, and a run that is resumed elsewhere are one stream, each sample once."""
    whole = deliver(pixels())
    assert_same_stream(whole, [pixels(rank=rank, world_size=4) for rank in range(4)])
    first, found = pixels(), Delivery(pixels())
    list(received([first], found, STEPS + 1))
    second = [pixels(rank=rank, world_size=2) for rank in range(2)]
    for part in second:
        part.load_state_dict(first.state_dict())
    list(received(second, found, STEPS - 1))
    assert_same_stream(whole, found)
    assert_exactly_once(found, SAMPLES, epochs=2)


def test_other_bytes_are_another_stream() -> None:
    """A difference is named by epoch and step."""
    with pytest.raises(AssertionError, match=r"6 of 6 steps differ.*\(0, 0\)"):
        assert_same_stream(pixels(seed=1), pixels(seed=2))


def test_nothing_is_no_stream() -> None:
    """Two empty deliveries prove nothing."""
    with pytest.raises(AssertionError, match="nothing was delivered"):
        assert_same_stream(Delivery(pixels()), Delivery(pixels()))


@pytest.mark.parametrize("back", [0, 1, 2])
def test_a_step_too_few_or_twice_is_another_stream(back: int) -> None:
    """A run that goes on a step later or earlier than it stopped is caught by places and by the ledger."""
    source = pixels()
    found = Delivery(source)
    list(received([source], found, 2))
    state = source.state_dict()
    later = pixels()
    later.load_state_dict({**state, "step": back})
    list(received([later], found, 2 * STEPS - back))
    whole = deliver(pixels())
    if back == state["step"]:
        assert_same_stream(whole, found)
        return
    with pytest.raises(AssertionError):
        assert_same_stream(whole, found)
    with pytest.raises(AssertionError):
        assert_exactly_once(found, SAMPLES, epochs=2)


def test_ranks_that_do_not_fit_together_are_caught() -> None:
    """The same rank twice is half of the samples twice."""
    found = deliver([pixels(rank=0, world_size=2), pixels(rank=0, world_size=2)])
    with pytest.raises(AssertionError):
        assert_same_stream(deliver(pixels()), found)
    with pytest.raises(AssertionError):
        assert_exactly_once(found, SAMPLES, epochs=2)
