"""Batches of like length: who stands in which, and that it is the same for every rank and every resume."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.engine.arrangement import Arrangement
from augflow.errors import SpecError

from ..memory import Memory, assert_resumes_everywhere, digest, stream, texts, world_digest

REPOSITORY = Path(__file__).parents[3]
FINISH = [{"hash_tokens": {}}]


def source(n: int = 107) -> Memory:
    fields = texts(n)
    return Memory(fields, [k % 2 for k in range(n)], ("a", "b"), sizes=[len(item["text"]) for item in fields])


def spec(bucket: int | None = 4, **batch: Any) -> dict[str, Any]:
    return {"modality": "text", "seed": 3, "finish": FINISH, "batch": {"size": 8, "bucket": bucket, **batch}}


def order(data: Memory, epoch: int = 0, **batch: Any) -> list[int]:
    """The samples of an epoch in their order."""
    arrangement = Arrangement(augflow.load(spec(**batch)).plan, data, epoch, train=True, shuffle=True)
    return [arrangement[position][0] for position in range(len(data))]


@pytest.mark.parametrize("bucket", [1, 3, 4, 100])
@pytest.mark.parametrize("n", [5, 8, 96, 107])
def test_every_sample_stands_once_in_an_epoch(bucket: int, n: int) -> None:
    """Whatever the window, and whether or not the last one is whole."""
    assert sorted(order(source(n), bucket=bucket)) == list(range(n))


def test_a_window_holds_the_samples_that_it_would_hold_unsorted() -> None:
    """Batches of a window are made of its samples alone, sorted by length; they come in a drawn order."""
    data, plain = source(), order(source(), bucket=None)
    sorted_order = order(data)
    spans = []
    for first in range(0, 96, 32):
        window = sorted_order[first : first + 32]
        assert sorted(window) == sorted(plain[first : first + 32])
        batches = [[data.sizes[index] for index in window[start : start + 8]] for start in range(0, 32, 8)]
        ranges = sorted((min(batch), max(batch)) for batch in batches)
        assert all(low[1] <= high[0] for low, high in pairwise(ranges))
        spans.append(batches)
    ranks = [np.argsort(np.argsort([max(batch) for batch in batches])).tolist() for batches in spans]
    assert len(set(map(tuple, ranks))) > 1


def test_the_short_batch_stays_last_and_is_not_made_of_the_longest() -> None:
    """What `drop_last` drops is what it drops without buckets: no text is dropped for being long."""
    assert order(source(), bucket=4)[104:] == order(source(), bucket=None)[104:]
    found = [batch.size for batch in stream(spec(), source(), drop_last=False)]
    assert found == [8] * 13 + [3]
    dropped = np.zeros(107, int)
    for epoch in range(60):
        dropped[order(source(), epoch, bucket=100)[104:]] += 1
    lengths = np.array(source().sizes)
    assert abs(np.average(lengths, weights=dropped) - lengths.mean()) < 3 * lengths.std() / np.sqrt(180)


def test_the_order_is_a_function_of_seed_and_epoch() -> None:
    """The same again, in any order of asking; another epoch is another order."""
    plan, data = augflow.load(spec()).plan, source()
    backwards = Arrangement(plan, data, 0, train=True, shuffle=True)
    assert [backwards[position][0] for position in reversed(range(107))][::-1] == order(data)
    assert order(data, 1) != order(data)
    assert digest(stream(spec(), source())) == digest(stream(spec(), source()))


@pytest.mark.parametrize("batch", [{}, {"repeats": 2}, {"mix": {"cutmix": {}}}])
def test_every_rank_of_a_step_has_its_share_of_one_bucket(batch: dict[str, Any]) -> None:
    """World sizes 1, 2 and 4 deliver the same samples with the same bytes at every step."""
    for drop_last in (True, False):
        found = {world_digest(spec(**batch), source(), world, drop_last=drop_last) for world in (1, 2, 4)}
        assert len(found) == 1


@pytest.mark.parametrize("batch", [{}, {"repeats": 4}])
def test_resuming_after_any_step_goes_on(batch: dict[str, Any]) -> None:
    """The position is all that is needed."""
    assert_resumes_everywhere(spec(**batch), source(), drop_last=False)


def test_evaluation_keeps_the_order_of_the_source() -> None:
    """What is not shuffled is not put together by length."""
    found = [index for batch in stream(spec(), source(), train=False) for index in batch["index"].tolist()]
    assert found == list(range(107))
    found = [index for batch in stream(spec(), source(), shuffle=False) for index in batch["index"].tolist()]
    assert found == list(range(104))


def test_a_source_that_does_not_know_its_lengths_is_refused_where_they_are_needed() -> None:
    """Before anything is read, in training; evaluation needs none."""
    data = Memory(texts(20), [0] * 20, ("a",))
    with pytest.raises(SpecError, match=r"\$\.batch\.bucket: this source does not know how long"):
        stream(spec(), data)
    assert len(list(stream(spec(), data, train=False))) == 3


def test_the_window_is_in_the_fingerprint() -> None:
    """Another window, and with one another batch size, is another stream."""
    marks = {augflow.load(spec(bucket)).fingerprint for bucket in (None, 2, 4)}
    assert len(marks) == 3
    state = stream(spec(4), source()).state_dict()
    with pytest.raises(augflow.StateError, match="spec is"):
        stream(spec(2), source()).load_state_dict(state)


def test_memory_is_that_of_one_window() -> None:
    """Of a million samples, only a window is sorted and held."""

    class Many(Memory):
        def __len__(self) -> int:
            return 1_000_000

        def lengths(self) -> Any:
            return np.arange(1_000_000) % 97

    arrangement = Arrangement(augflow.load(spec(10)).plan, Many([]), 0, train=True, shuffle=True)
    found = {arrangement[position][0] for position in range(500_000, 500_160)}
    assert len(found) == 160
    assert len(arrangement._sorted) == 80


def test_real_texts_need_less_padding() -> None:
    """On 2,000 film reviews, batches of 32, sorted by characters: windows of 10 batches nearly halve padding,
    windows of 50 do better still (what is left is words of different lengths), and a window of one batch
    changes nothing."""
    file = Path(
        os.environ.get("AUGFLOW_TEST_DATA", REPOSITORY.parent / "shared" / "data"), "text/mr/train.tsv"
    )
    if not file.exists():
        pytest.skip(f"no test data at {file}; set AUGFLOW_TEST_DATA")
    lines = file.read_text().splitlines()[1:2001]
    fields = [{"text": line.partition("\t")[0]} for line in lines]
    data = Memory(fields, [0] * len(fields), ("a",), sizes=[len(item["text"]) for item in fields])
    padding = {bucket: fraction(bucket, data) for bucket in (None, 1, 10, 50)}
    assert padding[1] == padding[None]
    assert padding[10] < padding[None] * 0.6
    assert padding[50] < padding[10]


def fraction(bucket: int | None, data: Memory) -> float:
    found = stream(spec(bucket, size=32), data)
    samples: Sequence[int] = [batch.size for batch in found]
    assert sum(samples) == len(data) // 32 * 32
    return float(found.stats()["padding_fraction"])
