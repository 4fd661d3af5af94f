"""Iterating, saving and going on: the rules of positions, against StatefulDataLoader's known bugs."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.errors import StateError
from augflow.stream import BatchStream

SPEC: dict[str, Any] = {
    "modality": "image",
    "augment": [{"horizontal_flip": {}}],
    "batch": {"size": 16, "mix": {"mixup": {}}},
}
PIXELS = np.random.default_rng(0).integers(0, 256, (72, 4, 4, 3), np.uint8)
LABELS = np.arange(72) % 3


def stream(spec: dict[str, Any] = SPEC, n: int = 72, **options: Any) -> BatchStream:
    return augflow.load(spec).stream((PIXELS[:n], LABELS[:n]), **options)


def marks(batches: Any) -> list[bytes]:
    """What makes a batch this batch: its rows and its pixels."""
    return [batch["index"].tobytes() + batch["image"].tobytes() for batch in batches]


@pytest.fixture(scope="module")
def epochs() -> list[list[bytes]]:
    """Three epochs of an undisturbed stream, four steps each."""
    found = stream()
    return [marks(found) for _ in range(3)]


def test_each_iteration_is_the_next_epoch(epochs: list[list[bytes]]) -> None:
    """Epochs differ, have their number, and follow one another, also after break."""
    assert len({mark for epoch in epochs for mark in epoch}) == 12
    found = stream()
    assert [(b.epoch, b.step) for b in found] == [(0, s) for s in range(4)]
    for batch in found:
        assert (batch.epoch, batch.step) == (1, 0)
        break
    assert marks(found) == epochs[2]


def test_break_at_the_last_step_is_the_end_of_the_epoch(epochs: list[list[bytes]]) -> None:
    """Whether the loop breaks at its last batch or runs out, the next epoch is the next one."""
    found = stream()
    for batch in found:
        if batch.step == 3:
            break
    assert marks(found) == epochs[1]


def test_a_second_live_iterator_is_an_error() -> None:
    """Two loops over one position would each miss what the other takes."""
    found = stream()
    one = iter(found)
    next(one)
    with pytest.raises(StateError, match="is being iterated already"):
        iter(found)
    del one
    assert next(iter(found)).epoch == 1


def test_a_finished_iterator_stays_finished(epochs: list[list[bytes]]) -> None:
    """Asked again, it does not run into the next epoch."""
    found = stream()
    one = iter(found)
    assert len(list(one)) == 4
    assert list(one) == []
    assert marks(found) == epochs[1]


def test_set_epoch_chooses_the_next_epoch(epochs: list[list[bytes]]) -> None:
    """From the start, again, and back; a negative one is refused."""
    found = stream()
    found.set_epoch(2)
    assert marks(found) == epochs[2]
    found.set_epoch(0)
    assert marks(found) == epochs[0]
    assert marks(found) == epochs[1]
    with pytest.raises(StateError, match="at least 0, got -1"):
        found.set_epoch(-1)


def test_set_epoch_of_the_loaded_epoch_keeps_the_position(epochs: list[list[bytes]]) -> None:
    """Lightning loads, then calls set_epoch with the same epoch; any other epoch starts at its step 0."""
    source = stream()
    iterator = iter(source)
    next(iterator), next(iterator)
    state = source.state_dict()
    for epoch, expected in ((0, epochs[0][2:]), (1, epochs[1])):
        found = stream()
        found.load_state_dict(state)
        found.set_epoch(epoch)
        assert marks(found) == expected
    found = stream()
    found.load_state_dict(state)
    list(found)
    found.set_epoch(0)  # no longer just loaded
    assert marks(found) == epochs[0]


def test_a_state_of_every_step_gives_the_rest(epochs: list[list[bytes]]) -> None:
    """Saved before the first batch, after each step and at the end, through JSON, in under 1 KB."""
    source = stream()
    states = [source.state_dict()]
    for _ in range(2):
        for _batch in source:
            states.append(source.state_dict())
    for done, state in enumerate(states):
        text = json.dumps(state)
        assert len(text) < 1024
        found = stream()
        found.load_state_dict(json.loads(text))
        assert (state["epoch"], state["step"]) == divmod(done, 4)
        assert marks(found) == epochs[done // 4][done % 4 :]
        if done < 8:
            assert marks([next(iter(found))]) == epochs[done // 4 + 1][:1]


def test_saving_does_not_disturb(epochs: list[list[bytes]]) -> None:
    """State taken twice, while iterating and between, is the same and moves nothing."""
    found = stream()
    seen = []
    for batch in found:
        assert found.state_dict() == found.state_dict()
        seen += marks([batch])
    assert seen == epochs[0]
    assert found.state_dict()["epoch"] == 1


def test_a_state_loads_twice_in_one_epoch(epochs: list[list[bytes]]) -> None:
    """Going back to a saved step again and again gives the same rest, also on the stream that saved it."""
    found = stream()
    iterator = iter(found)
    next(iterator)
    state = found.state_dict()
    list(iterator)
    for _ in range(2):
        found.load_state_dict(state)
        assert marks(found) == epochs[0][1:]
    assert marks(found) == epochs[1]


def test_a_state_after_break_goes_on_in_the_epoch(epochs: list[list[bytes]]) -> None:
    """What was handed out is what counts, not what the loop would have done next."""
    source = stream()
    for _ in source:
        break
    found = stream()
    found.load_state_dict(source.state_dict())
    assert marks(found) == epochs[0][1:]


def test_a_state_goes_to_another_world_size() -> None:
    """Saved on one rank, resumed on two: the same samples with the same bytes."""
    source = stream()
    iterator = iter(source)
    next(iterator)
    state = source.state_dict()
    rest = list(iterator)
    ranks = [stream(rank=rank, world_size=2) for rank in range(2)]
    for part in ranks:
        part.load_state_dict(state)
    for whole, *halves in zip(rest, *ranks, strict=True):
        assert np.array_equal(whole["image"], np.concatenate([half["image"] for half in halves]))


def changed(**sections: Any) -> dict[str, Any]:
    return {**SPEC, **sections}


def batched(**batch: Any) -> dict[str, Any]:
    return changed(batch={**SPEC["batch"], **batch})


@pytest.mark.parametrize(
    ("other", "names"),
    [
        (lambda: stream(seed=1), ["seed"]),
        (lambda: stream(n=71), ["dataset"]),
        (lambda: stream(batch_size=24), ["batch_size", "spec"]),
        (lambda: stream(changed(augment=[{"vertical_flip": {}}])), ["spec"]),
        (lambda: stream(shuffle=False), ["shuffle"]),
        (lambda: stream(drop_last=False), ["drop_last"]),
        (lambda: stream(train=False), ["shuffle", "drop_last", "spec"]),
        (lambda: stream(on_error="replace"), ["on_error"]),
        (lambda: stream(classes=["0", "1", "2", "3"]), ["classes"]),
        (lambda: stream(batched(mix=None)), ["spec"]),
        (lambda: stream(batched(mix={"mixup": {"alpha": 0.3}})), ["spec"]),
        (lambda: stream(batched(mix={"mixup": {}, "by": "model"})), ["spec"]),
        (lambda: stream(batched(tile=8)), ["spec"]),
        (lambda: stream(batched(mix=None, views=2)), ["spec"]),
        (lambda: stream(batched(repeats=2)), ["spec"]),
        (lambda: stream(changed(output={"dtype": "float32"})), ["spec"]),
    ],
)
def test_another_streams_state_is_refused_by_what_differs(other: Any, names: list[str]) -> None:
    """Each difference is named with both values, and nothing else is."""
    with pytest.raises(StateError) as caught:
        other().load_state_dict(stream().state_dict())
    message = str(caught.value)
    assert message.startswith("the state belongs to another stream: ")
    told = [part.strip().partition(" is ")[0] for part in message.partition(": ")[2].split(";")]
    assert set(told) <= {*names, "spec"}
    assert set(names) <= set(told)


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"version": 2},
        {"step": 4},
        {"step": -1},
        {"step": True},
        {"step": 1.0},
        {"epoch": "1"},
        {"epoch": None},
        {"epoch": 2**63},
        {"bad": -1},
        {"bad": "1"},
        {"bad": None},
    ],
)
def test_a_broken_state_is_refused(broken: dict[str, Any]) -> None:
    """Neither an empty state nor one past the end is taken for a position."""
    state = {**stream().state_dict(), **broken} if broken else {}
    with pytest.raises(StateError):
        stream().load_state_dict(state)


@pytest.mark.parametrize("state", [None, [], "{}", 3])
def test_what_is_no_state_is_refused(state: Any) -> None:
    """A state that was never saved, or is still JSON, is told from one of another stream."""
    with pytest.raises(StateError, match="a state is a mapping"):
        stream().load_state_dict(state)


def test_a_state_belongs_to_its_caller() -> None:
    """Whatever is done to a state changes no other."""
    found = stream()
    before = json.dumps(found.state_dict())
    state = found.state_dict()
    state["environment"].clear()
    state.clear()
    assert json.dumps(found.state_dict()) == before


def test_epochs_of_numpy_are_numbers() -> None:
    """`for epoch in np.arange(3)` leaves a state that is JSON; what is no epoch is refused at once."""
    found = stream()
    found.set_epoch(np.int64(1))
    assert json.loads(json.dumps(found.state_dict()))["epoch"] == 1
    for epoch in (1.5, "1", None, True, 2**63):
        with pytest.raises(StateError, match="epoch must be an integer"):
            found.set_epoch(epoch)  # type: ignore[arg-type]
    assert next(iter(found)).epoch == 1


def test_a_refused_state_moves_nothing(epochs: list[list[bytes]]) -> None:
    """After a refusal the stream is where it was."""
    found = stream()
    list(found)
    with pytest.raises(StateError):
        found.load_state_dict(stream(seed=1).state_dict())
    assert marks(found) == epochs[1]


def test_loading_where_wheels_differ_warns() -> None:
    """Equal bytes are promised for equal wheels and CPU class; another place is named, not refused."""
    state = stream().state_dict()
    state["environment"] = {**state["environment"], "cpu": "sparc"}
    with pytest.warns(UserWarning, match="cpu sparc -> "):
        stream().load_state_dict(state)


def test_peek_does_not_move(epochs: list[list[bytes]]) -> None:
    """The next batch can be looked at before the first step, between steps, after break and at the end."""
    found = stream()
    assert marks([found.peek()]) == marks([found.peek()]) == epochs[0][:1]
    for batch in found:
        ahead = epochs[0][batch.step + 1] if batch.step < 3 else epochs[1][0]
        assert marks([found.peek()]) == [ahead]
    for _ in found:
        break
    assert marks([found.peek()]) == epochs[2][:1]
    assert marks(found) == epochs[2]


def test_replay_is_the_batch_with_what_was_drawn(epochs: list[list[bytes]]) -> None:
    """Any batch can be made again, with one mapping of op path to parameters a row."""
    found = stream()
    for epoch, step in ((0, 0), (2, 3)):
        again = found.replay(epoch, step)
        assert marks([again.batch]) == [epochs[epoch][step]]
        assert (again.batch.epoch, again.batch.step) == (epoch, step)
        assert len(again.drawn) == 16
        for row, drawn in enumerate(again.drawn):
            assert drawn["batch/mix"]["lam"] == pytest.approx(again.batch["lam"][row])
            partner = again.batch["partner"][row]
            assert drawn["batch/mix"]["partner"] == again.batch["id"][partner]
    fired = sum("image/augment/horizontal_flip" in drawn for drawn in found.replay(0, 0).drawn)
    assert 0 < fired < 16
    for epoch, step in ((0, 4), (0, -1), (-1, 0)):
        with pytest.raises(StateError, match="step in"):
            found.replay(epoch, step)
    assert marks(found) == epochs[0]


def test_ranks_replay_their_own_rows() -> None:
    """A rank's replay is what the rank delivers."""
    part = stream(rank=1, world_size=2)
    batch = list(part)[1]
    assert np.array_equal(part.replay(0, 1).batch["image"], batch["image"])


def test_fingerprints_tell_tile_stream_and_spec_apart() -> None:
    """Tile: what decides bytes; stream: batch and order too; spec: regularization too, not the dataset."""
    base = stream().fingerprints()
    assert set(base) == {"tile", "stream", "spec"}

    def differing(other: BatchStream) -> set[str]:
        found = other.fingerprints()
        return {name for name in base if base[name] != found[name]}

    bigger = {**SPEC, "batch": {**SPEC["batch"], "size": 32}}
    assert differing(stream()) == set()
    assert differing(stream(bigger)) == {"stream", "spec"}
    assert differing(stream(changed(regularize={"dropout": 0.1}))) == {"spec"}
    assert differing(stream(n=71)) == {"tile", "stream"}
    assert differing(stream(shuffle=False)) == {"tile", "stream"}
    assert differing(stream(drop_last=False)) == {"stream"}
    assert differing(stream(on_error="replace")) == {"tile", "stream"}
    assert differing(stream(seed=5)) == {"tile", "stream", "spec"}
