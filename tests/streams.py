"""What "the same stream" means, in one place.

Every test of determinism, resuming, ranks, engines and faults compares through `assert_same_stream`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from time import perf_counter

import numpy as np

from augflow.digest import StreamDigest
from augflow.sample import Batch
from augflow.stream import BatchStream

EPOCHS = 2
"""How far two streams are compared that no test has run already."""

Place = tuple[int, int]
"""(epoch, step)."""


class Delivery:
    """What a trainer received, in the order in which it came, whoever delivered it: one stream, the ranks of
    a world, or several worlds one after the other."""

    def __init__(self, like: BatchStream) -> None:
        self._digest = StreamDigest(like.plan.ragged)
        self._batch_size = like.batch_size
        self.places: list[Place] = []
        self.positions: Counter[Place] = Counter()
        """How often each (epoch, position) came."""
        self.indices: Counter[Place] = Counter()
        """How often each (epoch, index of the dataset) came; stand-ins are left out."""
        self.order: list[list[int]] = []
        """The indices of each step."""
        self.replaced = 0
        self.longest_wait_s = 0.0
        """The longest wait for a step, the first of every stream left out: it starts the workers."""

    def take(self, batches: Sequence[Batch]) -> None:
        """One step: the batches of all ranks, in the order of the ranks."""
        (place,) = {(batch.epoch, batch.step) for batch in batches}
        epoch, step = place
        if not self.places or self.places[-1][0] != epoch:
            self._digest.start_epoch(epoch)
        self._digest.add(batches)
        self.places.append(place)
        valid = np.concatenate([batch["valid"] for batch in batches])
        index = np.concatenate([batch["index"] for batch in batches])[valid]
        own = ~np.concatenate([batch["replaced"] for batch in batches])[valid]
        first = step * self._batch_size
        self.positions.update((epoch, first + int(row)) for row in np.flatnonzero(valid))
        self.indices.update((epoch, int(number)) for number in index[own])
        self.order.append([int(number) for number in index])
        self.replaced += int((~own).sum())

    @property
    def steps(self) -> dict[Place, str]:
        """The hash of each step."""
        return dict(zip(self.places, self._digest.steps, strict=True))

    def hexdigest(self) -> str:
        """What `augflow digest` prints for the same epochs."""
        return self._digest.hexdigest()


Delivered = BatchStream | Sequence[BatchStream] | Delivery


def received(ranks: Sequence[BatchStream], into: Delivery, steps: int) -> Iterator[Place]:
    """Receive that many steps, one epoch after the other, and yield the place of each, so that harm can be
    done in between; all ranks must end their epochs together."""
    iterators = [iter(stream) for stream in ranks]
    done = 0
    while done < steps:
        started = perf_counter()
        found = [next(iterator, None) for iterator in iterators]
        waited = perf_counter() - started
        batches = [batch for batch in found if batch is not None]
        if not batches:
            iterators = [iter(stream) for stream in ranks]
            continue
        assert len(batches) == len(ranks), f"{len(batches)} of {len(ranks)} ranks had a step more"
        into.take(batches)
        into.longest_wait_s = max(into.longest_wait_s, waited if done else 0.0)
        done += 1
        yield into.places[-1]


def deliver(ranks: BatchStream | Sequence[BatchStream], steps: int | None = None) -> Delivery:
    """What a stream, or the ranks of a world, deliver from epoch 0 on: two epochs, or so many steps."""
    streams = [ranks] if isinstance(ranks, BatchStream) else ranks
    delivery = Delivery(streams[0])
    for stream in streams:
        stream.set_epoch(0)
    for _ in received(streams, delivery, EPOCHS * len(streams[0]) if steps is None else steps):
        pass
    return delivery


def assert_same_stream(one: Delivered, other: Delivered) -> None:
    """The promise: both deliver the same steps with the same bytes, none left out and none twice.

    A stream, or a list of the streams of all ranks, delivers two epochs.
    """
    first = one if isinstance(one, Delivery) else deliver(one)
    second = other if isinstance(other, Delivery) else deliver(other)
    assert first.places, "nothing was delivered"
    assert second.places == first.places
    differing = [place for place in first.places if first.steps[place] != second.steps[place]]
    assert not differing, (
        f"{len(differing)} of {len(first.places)} steps differ, first (epoch, step): {differing[0]}"
    )
    assert set(second.positions.values()) == {1}, "positions came more than once"
    assert second.positions == first.positions
    assert second.hexdigest() == first.hexdigest()


def assert_exactly_once(delivery: Delivery, samples: int, epochs: int) -> None:
    """The ledger: every sample of the dataset came once in every epoch, and nothing else came."""
    assert delivery.replaced == 0
    assert delivery.indices == Counter((epoch, index) for epoch in range(epochs) for index in range(samples))
