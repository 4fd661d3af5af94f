"""Samples that take their worker down whenever they are touched, and memory that was short once."""

from __future__ import annotations

import os
from time import monotonic

import pytest

import augflow

from ..streams import Delivery, assert_exactly_once, assert_same_stream, deliver, received
from .grid import TASK_TIMEOUT_S, Ground, world_of
from .material import SAMPLES, STEPS
from .tally import TALLY

pytestmark = [pytest.mark.timeout(180), pytest.mark.usefixtures("shared_ray")]

SPLIT_AFTER = 2
"""How many workers are lost over a task until its samples are tried one by one."""

TRIES = 3
"""How often a sample that runs alone may take its worker down before it counts as bad."""

BOUND_S = 90.0
"""Within which the verdict comes: two deaths of the task and three of the sample, on busy cores."""

POISONED = 17

long = pytest.mark.long
POISONS = ["exit", *(pytest.param(poison, marks=long) for poison in ("segfault", "memory", "loop"))]
EVERYWHERE = [
    ("text in buckets", "exit", 1, (5, 6)),
    ("audio mixed", "segfault", 2, (POISONED,)),
    ("text mixed", "loop", 4, (POISONED,)),
    ("audio in buckets", "memory", 1, (POISONED,)),
]


def options_of(poison: str) -> dict[str, float]:
    """An endless loop is found by the clock alone."""
    return {"task_timeout": TASK_TIMEOUT_S} if poison == "loop" else {}


def assert_replaced(ground: Ground, spec: str, poison: str, world: int, numbers: tuple[int, ...]) -> None:
    """With poison in some samples two workers deliver what this process delivers where the op raises for
    the same samples; every sample has taken its toll, and none but them counts as bad."""
    material = ground.materials[spec]
    ground.trap.clear()
    for number in numbers:
        ground.trap.arm(number, "raise", epoch=0)
    reference = deliver(material.stream(on_error="replace"), steps=STEPS)
    ground.trap.clear()
    for number in numbers:
        ground.trap.arm(number, poison, epoch=0)
    with world_of(material, 2, world, on_error="replace", **options_of(poison)) as ranks:
        found = Delivery(ranks[0])
        for _ in received(ranks, found, STEPS):
            pass
        bad = {sample.place for stream in ranks for sample in stream.bad_samples}
        lost = max(stream.stats()["workers_lost"] for stream in ranks)
    assert_same_stream(reference, found)
    assert found.replaced == reference.replaced == len(numbers)
    assert bad == {material.path(number) for number in numbers}
    victims = ground.trap.victims(poison)
    assert os.getpid() not in ground.trap.seen()
    assert len(victims) >= TRIES * len(numbers)
    assert lost >= TRIES * len(numbers)
    TALLY.harms[poison] += len(victims)
    TALLY.compared(poison, found)


@pytest.mark.parametrize("poison", POISONS)
def test_poison_is_replaced(ground: Ground, poison: str) -> None:
    """`replace`: a sample that kills, hangs or starves its worker has the stand-in of one that raises."""
    assert_replaced(ground, "image mixed", poison, 1, (POISONED,))


@long
@pytest.mark.parametrize(("spec", "poison", "world", "numbers"), EVERYWHERE)
def test_poison_is_replaced_everywhere(
    ground: Ground, spec: str, poison: str, world: int, numbers: tuple[int, ...]
) -> None:
    """The same for texts and sounds, for ranks that share a cut tile, and for two samples of an epoch."""
    assert_replaced(ground, spec, poison, world, numbers)


@pytest.mark.parametrize("poison", POISONS)
def test_poison_is_named(ground: Ground, poison: str) -> None:
    """`raise`: within a bounded time BadSampleError names the path and says what became of the workers."""
    material = ground.materials["image mixed"]
    ground.trap.clear()
    ground.trap.arm(POISONED, poison, epoch=0)
    started = monotonic()
    with (
        material.stream(num_workers=2, **options_of(poison)) as stream,
        pytest.raises(augflow.BadSampleError) as caught,
    ):
        list(stream)
    took_s = monotonic() - started
    assert caught.value.sample == material.path(POISONED)
    assert caught.value.reason
    assert len(ground.trap.victims(poison)) >= TRIES
    assert took_s < BOUND_S
    TALLY.harms[poison] += len(ground.trap.victims(poison))
    TALLY.notes.append(f"{poison} for ever: named as a bad sample after {took_s:.1f} s")


def test_bad_luck_makes_no_bad_sample(ground: Ground) -> None:
    """A sample over which four workers are lost, two of them while it ran alone, is as good as any."""
    reference = ground.reference("audio mixed")
    ground.trap.clear()
    ground.trap.arm(POISONED, "kill", epoch=0, times=SPLIT_AFTER + TRIES - 1)
    with ground.materials["audio mixed"].stream(num_workers=2) as stream:
        found = deliver(stream)
        assert stream.stats()["workers_lost"] >= SPLIT_AFTER + TRIES - 1
    assert len(ground.trap.victims("kill")) == SPLIT_AFTER + TRIES - 1
    assert_same_stream(reference, found)
    assert_exactly_once(found, SAMPLES, epochs=2)
    TALLY.harms["kill"] += SPLIT_AFTER + TRIES - 1
    TALLY.compared("kill", found)


def test_memory_short_once_makes_no_bad_sample(ground: Ground) -> None:
    """A MemoryError costs the worker, whose neighbors may have used the memory up, and not the sample."""
    reference = ground.reference("image apart")
    ground.trap.clear()
    ground.trap.arm(POISONED, "short", epoch=0)
    with ground.materials["image apart"].stream(num_workers=2) as stream:
        found = deliver(stream)
        assert stream.bad_samples == []
        assert stream.stats()["workers_lost"] >= 1
    assert_same_stream(reference, found)
    assert_exactly_once(found, SAMPLES, epochs=2)
    assert len(ground.trap.victims("short")) == 1
    TALLY.compared("memory", found)
