"""Where a trainer stands: saved at every step, through every reader, resumed on any number of ranks."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.distributed import checkpoint
from torch.distributed.checkpoint.stateful import Stateful

from augflow.errors import BadSampleError, StateError
from augflow.sample import Sample
from augflow.stream import BatchStream
from augflow.train import StreamDataset, StreamLoader

from ..memory import Memory, pictures, stream
from .readers import (
    CASES,
    CLASSES,
    IMAGES,
    LABELS,
    LOADERS,
    READERS,
    N,
    Open,
    copying_ahead,
    indices,
    itself,
    loader,
    marks,
    place,
)


@pytest.fixture
def images() -> Open:
    """Streams of three steps an epoch over the same mixed images."""
    return CASES["mixed images"]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", CASES)
def test_a_state_of_every_step_gives_the_rest(name: str, read: Callable[[BatchStream], Any]) -> None:
    """Before the first batch, after each of two epochs and at their ends: every byte of what is left."""
    opened = CASES[name]
    undisturbed = read(opened())
    epochs = [marks(undisturbed) for _ in range(3)]
    steps = len(epochs[0])
    assert steps >= 3
    reader = read(opened())
    states = [reader.state_dict()]
    for _ in range(2):
        for _batch in reader:
            states.append(reader.state_dict())
    for done, state in enumerate(states):
        text = json.dumps(state)
        assert len(text) < 1024
        resumed = read(opened())
        resumed.load_state_dict(json.loads(text))
        assert place(resumed) == divmod(done, steps)
        assert marks(resumed) == epochs[done // steps][done % steps :]
        if done < 2 * steps:
            assert marks(resumed) == epochs[done // steps + 1]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", CASES)
def test_a_state_goes_from_2_ranks_to_4_to_1(name: str, read: Callable[[BatchStream], Any]) -> None:
    """At any step: the global batches after a change of world size are those of one undisturbed rank."""
    opened = CASES[name]
    whole = indices(read(opened()))
    for second in range(1, len(whole)):
        found, state = [], None
        for world, stop in ((2, second - 1), (4, second), (1, len(whole))):
            ranks = [read(opened(rank=rank, world_size=world)) for rank in range(world)]
            if state is not None:
                for rank in ranks:
                    rank.load_state_dict(state)
            running = [iter(rank) for rank in ranks]
            while len(found) < stop:
                found.append([index for one in running for index in next(one)["index"].tolist()])
            states = [rank.state_dict() for rank in ranks]
            assert all(one == states[0] for one in states)
            state = states[0]
        assert found == whole


@pytest.mark.alone
@LOADERS
def test_state_and_seek_are_quick(images: Open, read: Callable[[BatchStream], Any]) -> None:
    """A state takes well under a millisecond; a resume reads the samples of its own batch and no other."""
    reader = read(images())
    next(iter(reader))
    started = time.perf_counter()
    for _ in range(100):
        reader.state_dict()
    assert (time.perf_counter() - started) / 100 < 1e-3
    source = Memory(pictures(64 * N), [0] * 64 * N, CLASSES)
    late = stream(IMAGES, source)
    late.load_state_dict({**stream(IMAGES, source).state_dict(), "epoch": 7, "step": len(late) - 1})
    next(iter(StreamLoader(late)))
    assert len(source.reads) == 8


@pytest.mark.parametrize("replace", [False, True])
def test_stream_and_loader_give_the_same_state(replace: bool) -> None:
    """What is copied ahead counts for neither, nor do bad samples in it; `peek` shows what comes next."""
    source = Unreadable(pictures(N), LABELS, CLASSES)
    source.bad = indices(CASES["mixed images"]())[1][0] if replace else -1
    lenient = {**IMAGES, "source": {"max_bad": 2}}
    plain, found = (stream(lenient, source, on_error="replace") for _ in range(2))
    reader = StreamLoader(found, copy_ahead=True)
    for one, other in zip(plain, reader, strict=True):
        assert one["index"].tolist() == other["index"].tolist()
        assert reader.state_dict() == found.state_dict() == plain.state_dict()
        assert indices([found.peek()]) == indices([plain.peek()])
    for _ in reader:
        break
    for _ in plain:
        break
    assert StreamLoader(found).state_dict() == found.state_dict() == plain.state_dict()
    assert indices([found.peek()]) == indices([plain.peek()])


@LOADERS
def test_a_state_loads_to_what_was_copied_ahead(images: Open, read: Callable[[BatchStream], Any]) -> None:
    """A state loaded into the stream itself, one batch on: that batch is left out, though it waits."""
    whole = indices(images())
    reader = read(images())
    running = iter(reader)
    next(running)
    reader.stream.load_state_dict({**reader.state_dict(), "step": 2})
    assert place(reader) == (0, 2)
    assert indices(running) == whole[2:]


@LOADERS
def test_a_state_loads_while_a_loop_runs(images: Open, read: Callable[[BatchStream], Any]) -> None:
    """Going back in the epoch that is being read: the next batch is the state's, not a copied one."""
    whole = indices(images())
    reader = read(images())
    running = iter(reader)
    next(running)
    state = reader.state_dict()
    next(running)
    for _ in range(2):
        reader.load_state_dict(copy.deepcopy(state))
        assert place(reader) == (0, 1)
        assert indices([next(running)]) == whole[1:2]
        assert place(reader) == (0, 2)
    assert indices(running) == whole[2:]


@LOADERS
@pytest.mark.parametrize("through_the_stream", [False, True])
def test_another_epoch_ends_the_loop_that_runs(
    images: Open, read: Callable[[BatchStream], Any], through_the_stream: bool
) -> None:
    """`set_epoch` in mid-epoch, of the loader or its stream: no batch of the old epoch comes any more."""
    reader = read(images())
    running = iter(reader)
    next(running)
    (reader.stream if through_the_stream else reader).set_epoch(5)
    assert place(reader) == (5, 0)
    assert list(running) == []
    expected = images()
    expected.set_epoch(5)
    assert indices(reader) == indices(expected)


@LOADERS
def test_breaking_off_again_and_again(images: Open, read: Callable[[BatchStream], Any]) -> None:
    """After `break` the state is in mid-epoch and the next loop is the next epoch, also at the last batch."""
    undisturbed = images()
    epochs = [indices(undisturbed) for _ in range(4)]
    reader = read(images())
    for epoch, steps in enumerate((1, 2, 3)):
        seen = []
        for batch in reader:
            seen.append(batch["index"].tolist())
            if len(seen) == steps:
                break
        assert seen == epochs[epoch][:steps]
        assert place(reader) == divmod(3 * epoch + steps, 3)
    assert indices(reader) == epochs[3]


@LOADERS
def test_an_error_in_the_loop_leaves_the_position(images: Open, read: Callable[[BatchStream], Any]) -> None:
    """What the loop raises costs no batch: the state goes on with the one after the failed step."""
    reader = read(images())

    def loop() -> None:
        for _ in reader:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        loop()
    assert place(reader) == (0, 1)
    resumed = read(images())
    resumed.load_state_dict(reader.state_dict())
    assert indices(resumed) == indices(images())[1:]


class Unreadable(Memory):
    """Samples of which one cannot be read while `broken`."""

    broken = True

    def read(self, index: int) -> Sample:
        if index == self.bad and self.broken:
            raise BadSampleError(self.place(index), "cut off")
        return super().read(index)


@LOADERS
@pytest.mark.parametrize("step", [0, 1, 2])
def test_an_error_of_the_stream_leaves_the_position(read: Callable[[BatchStream], Any], step: int) -> None:
    """A batch that could not be made was not received; with the file repaired its state goes on."""
    source = Unreadable(pictures(N), LABELS, CLASSES)
    source.bad, source.broken = -1, False
    whole = indices(stream(IMAGES, source))
    source.bad, source.broken = whole[step][3], True
    reader = read(stream(IMAGES, source))
    seen = []
    with pytest.raises(BadSampleError):
        seen.extend(batch["index"].tolist() for batch in reader)
    assert seen == whole[: len(seen)]
    assert place(reader) == (0, len(seen))
    source.broken = False
    resumed = read(stream(IMAGES, source))
    resumed.load_state_dict(reader.state_dict())
    assert seen + indices(resumed) == whole


def test_a_loader_made_anew_each_epoch_goes_on(images: Open) -> None:
    """The epochs are the stream's, whoever reads it."""
    found = images()
    undisturbed = images()
    for _ in range(3):
        assert indices(StreamLoader(found)) == indices(undisturbed)


@LOADERS
def test_two_loaders_on_one_stream_take_turns(images: Open, read: Callable[[BatchStream], Any]) -> None:
    """Both at once is refused before a batch is lost; one after the other both know the position."""
    found = images()
    one, other = read(found), read(found)
    running = iter(one)
    first = indices([next(running)])
    with pytest.raises(StateError, match="is being iterated already"):
        next(iter(other))
    assert first + indices(running) == indices(images())
    assert place(one) == place(other) == (1, 0)
    list(other)
    assert place(one) == place(other) == (2, 0)


def test_training_and_evaluation_keep_their_own_places(images: Open) -> None:
    """An evaluation within an epoch moves nothing of the training stream; their states are not mistaken."""
    reader, judged = StreamLoader(images()), StreamLoader(images(train=False))
    seen = []
    for batch in reader:
        before = reader.state_dict()
        assert indices(judged) == [list(range(at, at + 8)) for at in range(0, N, 8)]
        assert reader.state_dict() == before
        seen.append(batch["index"].tolist())
    assert seen == indices(images())
    with pytest.raises(StateError, match="spec is"):
        judged.load_state_dict(reader.state_dict())


@LOADERS
def test_a_refused_state_moves_no_loader(images: Open, read: Callable[[BatchStream], Any]) -> None:
    """In mid-epoch, with a batch copied ahead, a refusal leaves the loop as it was."""
    reader = read(images())
    running = iter(reader)
    next(running)
    with pytest.raises(StateError, match="seed is 0 here and 1 there"):
        reader.load_state_dict({**reader.state_dict(), "seed": 1})
    assert place(reader) == (0, 1)
    assert indices(running) == indices(images())[1:]


@pytest.mark.parametrize("read", [itself, loader, copying_ahead, StreamDataset])
@pytest.mark.filterwarnings("ignore")
def test_torchs_distributed_checkpoint_keeps_it(
    images: Open, read: Callable[[BatchStream], Any], tmp_path: Any
) -> None:
    """`Stateful` by torch's own protocol: saved beside a model and loaded without a word about positions."""
    reader = read(images())
    assert isinstance(reader, Stateful)
    running = iter(reader)
    next(running)
    model = torch.nn.Linear(2, 2)
    checkpoint.save({"data": reader, "model": model}, checkpoint_id=tmp_path, no_dist=True)
    rest = marks(running)
    resumed = read(images())
    checkpoint.load({"data": resumed, "model": model}, checkpoint_id=tmp_path, no_dist=True)
    assert marks(resumed) == rest
