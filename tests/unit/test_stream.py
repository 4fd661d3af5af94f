"""The promise: a batch is a function of spec, dataset, seed, epoch and position, and the user owns it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import augflow
from augflow.batching.sizing import TaskSizer
from augflow.digest import digest_streams
from augflow.engine import ENGINE_VARIABLE
from augflow.errors import CollateError, OpError, SourceError, StateError
from augflow.stream import BatchStream

AUGMENT = [{"horizontal_flip": {}}, {"random_brightness_contrast": {"p": 0.7}}]
MIX = {"one_of": {"p": 0.8, "transforms": [{"mixup": {}}, {"cutmix": {}}]}}


def images(n: int, size: int = 6, **options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Random pictures of three classes; the first are the same whatever n."""
    pixels = [np.random.default_rng(i).integers(0, 256, (size, size, 3), np.uint8) for i in range(n)]
    return np.array(pixels), np.arange(n) % 3


def stream(n: int, size: int, *, mix: Any = None, augment: Any = AUGMENT, **options: Any) -> BatchStream:
    spec = {"modality": "image", "augment": augment, "batch": {"size": size, "mix": mix}}
    return augflow.load(spec).stream(images(n), **options)


def digest(*streams: BatchStream, epochs: int = 2) -> str:
    return digest_streams(streams, epochs).hexdigest()


def same(one: augflow.Batch, other: augflow.Batch) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[name], other[name]) for name in one)


@given(
    n=st.integers(1, 70),
    rows=st.integers(1, 12),
    world=st.sampled_from([1, 2, 3, 8]),
    drop_last=st.booleans(),
    train=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_each_position_comes_once_over_all_ranks(
    n: int, rows: int, world: int, drop_last: bool, train: bool
) -> None:
    """All ranks have as many steps; their valid rows in order are the epoch, whatever the world size."""
    size = rows * world
    if drop_last and n < size:
        return
    options: dict[str, Any] = {"augment": [], "train": train, "drop_last": drop_last}
    streams = [stream(n, size, rank=r, world_size=world, **options) for r in range(world)]
    assert len({len(s) for s in streams}) == 1
    rows_of_all = [
        (index, valid)
        for batches in zip(*streams, strict=True)
        for batch in batches
        for index, valid in zip(batch["index"].tolist(), batch["valid"].tolist(), strict=True)
    ]
    found = [index for index, valid in rows_of_all if valid]
    count = n - n % size if drop_last else n
    assert len(found) == len(set(found)) == count
    whole = [i for batch in stream(n, size, **options) for i in batch["index"].tolist()]
    assert found == whole
    padding = [valid for _, valid in rows_of_all[count:]]
    assert len(padding) == (-count % size if world > 1 else 0)
    assert not any(padding)


@pytest.mark.parametrize(("size", "worlds"), [(96, [2, 3, 8]), (100, [2]), (256, [2, 8])])
def test_the_digest_does_not_depend_on_the_world_size(size: int, worlds: list[int]) -> None:
    """With mixing, also where slices cut tiles: 1, 2, 3 and 8 ranks together deliver the same bytes."""
    n = 300
    whole = digest(stream(n, size, mix=MIX), epochs=1)
    for world in worlds:
        ranks = [stream(n, size, mix=MIX, rank=r, world_size=world) for r in range(world)]
        assert digest(*ranks, epochs=1) == whole


@pytest.mark.parametrize(("world", "cuts"), [(4, False), (8, True)])
def test_a_cut_tile_names_its_partner_or_says_that_it_is_elsewhere(world: int, cuts: bool) -> None:
    """partner is a row of the batch whose pixels were mixed in, -1 only where that is on another rank."""
    options: dict[str, Any] = {"mix": {"mixup": {"alpha": 1.0}}, "augment": []}
    whole = next(iter(stream(64, 40, **options)))
    source, rows, elsewhere = images(64)[0], 40 // world, 0
    for rank in range(world):
        batch = next(iter(stream(64, 40, rank=rank, world_size=world, **options)))
        start = rank * rows
        assert np.array_equal(batch["image"], whole["image"][start : start + rows])
        for row, partner in enumerate(batch["partner"].tolist()):
            true = int(whole["partner"][start + row])
            assert partner == (true - start if start <= true < start + rows else -1)
            elsewhere += partner == -1
            if partner >= 0:
                lam = batch["lam"][row]
                own, other = (source[batch["index"][r]].astype(np.float32) for r in (row, partner))
                assert np.array_equal(batch["image"][row], np.rint(lam * own + (np.float32(1) - lam) * other))
    assert bool(elsewhere) is cuts


def test_two_streams_of_one_spec_are_equal_and_another_seed_is_not() -> None:
    """Runs repeat; seed and epoch change what comes."""
    one = digest(stream(40, 16, mix=MIX))
    assert digest(stream(40, 16, mix=MIX)) == one
    assert digest(stream(40, 16, mix=MIX, seed=1)) != one
    epochs = stream(40, 16, augment=AUGMENT, shuffle=False)
    (first, _), (second, _) = list(epochs), list(epochs)
    assert np.array_equal(first["index"], second["index"])
    assert not np.array_equal(first["image"], second["image"])


def test_a_new_sample_does_not_redraw_the_others() -> None:
    """Draws are keyed by id: in source order and unmixed, the first 40 samples keep their bytes."""
    options: dict[str, Any] = {"shuffle": False, "drop_last": False}
    few = np.concatenate([b["image"] for b in stream(40, 16, **options)])
    more = np.concatenate([b["image"] for b in stream(50, 16, **options)])
    assert np.array_equal(few, more[:40])


@given(seed=st.integers(0, 10**6), world=st.sampled_from([1, 2, 3]))
@settings(max_examples=12, deadline=None)
def test_task_sizes_never_change_bytes(seed: int, world: int) -> None:
    """Tasks of any number of rows, across steps and tiles, give the batches of the reference."""
    chance = random.Random(seed)

    def rows(sizer: TaskSizer, positions: Any, first: int) -> int:
        return min(positions.total_rows - first, chance.randint(1, 40))

    for rank in range(world):
        options: dict[str, Any] = {"mix": MIX, "drop_last": False, "rank": rank, "world_size": world}
        reference = list(stream(50, 24, **options))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(TaskSizer, "rows", rows)
            patch.setenv(ENGINE_VARIABLE, "inprocess")
            cut = list(stream(50, 24, num_workers=2, **options))
        assert len(cut) == len(reference)
        assert all(same(one, other) for one, other in zip(reference, cut, strict=True))


def test_batches_belong_to_the_user() -> None:
    """Writing to a batch changes neither the next batch, nor the source, nor the same batch made again."""
    source = images(32)
    before = source[0].copy()
    spec = {"modality": "image", "batch": {"size": 16}}
    found = augflow.load(spec).stream(source, shuffle=False)
    kept = []
    for batch in found:
        kept.append(batch["image"].copy())
        for name in batch:
            if name != "id":
                batch[name][...] = 0
    assert np.array_equal(np.concatenate(kept), before)
    assert np.array_equal(source[0], before)
    first, second = list(found)
    assert not np.shares_memory(first["image"], second["image"])


def test_every_column_has_its_dtype_and_shape() -> None:
    """Names, dtypes and shapes of every column, images in the source's own layout."""
    batch = next(iter(stream(40, 16, mix=MIX)))
    found = {name: (str(column.dtype), column.shape) for name, column in batch.items()}
    assert found == {
        "image": ("uint8", (16, 6, 6, 3)),
        "target": ("float32", (16, 3)),
        "label": ("int64", (16,)),
        "index": ("int64", (16,)),
        "id": ("object", (16,)),
        "partner": ("int64", (16,)),
        "lam": ("float32", (16,)),
        "box": ("int32", (16, 4)),
        "valid": ("bool", (16,)),
        "replaced": ("bool", (16,)),
    }
    assert np.array_equal(batch["label"], batch["index"] % 3)
    assert batch["id"].tolist() == [str(index) for index in batch["index"]]


def test_training_drops_the_last_batch_and_evaluation_keeps_it_short() -> None:
    """drop_last is true in training; the last global batch of evaluation is short on one rank."""
    assert [b.size for b in stream(40, 16)] == [16, 16]
    assert [b.size for b in stream(40, 16, train=False)] == [16, 16, 8]
    assert [b.size for b in stream(40, 16, drop_last=False)] == [16, 16, 8]
    two = [stream(40, 16, train=False, rank=r, world_size=2) for r in range(2)]
    assert [[int(b["valid"].sum()) for b in part] for part in two] == [[8, 8, 8], [8, 8, 0]]


def test_evaluation_is_in_source_order_and_the_same_every_epoch() -> None:
    """Neither shuffled nor augmented, and no mixing."""
    found = stream(40, 16, mix=MIX, train=False)
    one, other = list(found), list(found)
    assert [i for b in one for i in b["index"]] == list(range(40))
    assert all(same(a, b) for a, b in zip(one, other, strict=True))
    assert np.array_equal(np.concatenate([b["image"] for b in one]), images(40)[0])
    assert all((b["lam"] == 1).all() for b in one)


def test_fewer_samples_than_a_batch_is_an_error_that_says_so() -> None:
    """Silence would be an epoch without steps."""
    with pytest.raises(SourceError, match=r"10 samples make no batch of 16 .* at most 10 or drop_last=False"):
        stream(10, 16)
    assert len(stream(10, 16, train=False)) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rank": 2, "world_size": 2}, r"rank must be in \[0, world_size\), got rank 2 of 2"),
        ({"rank": 0, "world_size": 3}, "batch size 16 .* multiple of world_size 3; use 15 or 18"),
    ],
)
def test_ranks_must_share_the_batch(options: dict[str, int], message: str) -> None:
    """G counts over all ranks, so W must divide it; the error names near sizes."""
    with pytest.raises(StateError, match=message):
        stream(40, 16, **options)


def test_a_batch_for_the_model_to_mix_needs_whole_tiles_on_every_rank() -> None:
    """With `by: model` a partner on another rank would be out of reach."""
    with pytest.raises(StateError, match="8 samples a rank is not a multiple of the tile 16"):
        stream(40, 16, mix={"mixup": {}, "by": "model"}, rank=0, world_size=2)


def test_more_than_one_rank_is_announced(capsys: pytest.CaptureFixture[str]) -> None:
    """Global batch, rank and samples a rank are printed, on standard error."""
    stream(40, 16, rank=1, world_size=2)
    captured = capsys.readouterr()
    assert captured.err == "augflow: global batch 16, rank 1 of 2, 8 samples a rank\n"
    assert captured.out == ""
    stream(40, 16)
    assert capsys.readouterr().err == ""


def test_ranks_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """RANK and WORLD_SIZE are read where nobody says otherwise."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert (stream(40, 16).rank, stream(40, 16).world_size) == (1, 2)
    assert stream(40, 16, rank=0, world_size=1).world_size == 1


class Uneven:
    """Pictures of two sizes, six of the one and then six of the other."""

    classes = ("a",)

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> tuple[np.ndarray, int]:
        side = 8 if index < 6 else 9
        return np.zeros((side, side, 3), np.uint8), 0

    def sample_id(self, index: int) -> str:
        return f"picture-{index}"


def load(augment: list[Any], size: int = 12, **batch: Any) -> augflow.Pipeline:
    return augflow.load({"modality": "image", "augment": augment, "batch": {"size": size, **batch}})


def test_shapes_that_differ_name_two_samples_and_the_remedy() -> None:
    """Both samples, both shapes and what to add, with mixing and without."""
    item, shape = r"'(item|picture)[^']*'.*", r"\(\d, \d, 3\).*"
    remedy = "add resize or a crop"
    for mix, expected in (
        (None, f"{item}{shape}{item}{shape}{remedy}"),
        ({"mixup": {}}, f"{item}{item}{shape}{shape}{remedy}"),
    ):
        with pytest.raises(CollateError, match=expected):
            next(iter(load([], mix=mix).stream(Uneven(), shuffle=False)))


def test_a_crop_larger_than_the_image_names_op_and_sample() -> None:
    """What the library raises arrives as OpError with path and sample."""
    found = load([{"random_crop": {"height": 50, "width": 50}}]).stream(Uneven(), shuffle=False)
    with pytest.raises(OpError, match=r"op image/augment/random_crop failed on sample 'item 0 of .*Uneven'"):
        next(iter(found))


def test_after_an_error_the_stream_does_not_look_finished() -> None:
    """The same iterator raises again, and a new one starts over: never a silent end of the epoch."""
    found = load([{"random_crop": {"height": 50, "width": 50}}]).stream(Uneven())
    iterator = iter(found)
    for _ in range(3):
        with pytest.raises(OpError):
            next(iterator)
    del iterator
    with pytest.raises(OpError):
        list(found)


def test_unknown_options_are_named() -> None:
    """A misspelled option is not swallowed, nor a policy that does not exist."""
    with pytest.raises(TypeError, match=r"unknown option 'num_worker'; known are .*num_workers"):
        stream(40, 16, num_worker=2)
    with pytest.raises(ValueError, match="on_error must be one of raise, replace, skip, got 'ignore'"):
        stream(40, 16, on_error="ignore")


def test_statistics_count_what_was_delivered() -> None:
    """Batches, samples and the seconds of each stage."""
    found = stream(40, 16)
    list(found)
    stats = found.stats()
    assert (stats["batches"], stats["samples"]) == (2, 32)
    assert stats["first_batch_s"] <= stats["wait_s"]
    assert set(stats["worker_s"]) == {"read", "ops", "mix", "total"}


def test_a_closed_stream_can_be_read_again() -> None:
    """close() gives the workers back and keeps the position."""
    found: Callable[..., BatchStream] = stream
    with found(40, 16) as opened:
        first = next(iter(opened))
    assert same(opened.replay(0, 0).batch, first)
    assert len(list(opened)) == 2
