"""The order of an epoch is a uniform bijection, cheap to seek in."""

from __future__ import annotations

import math
import pickle
import tracemalloc
from collections import Counter
from hashlib import blake2b

import numpy as np
import pytest

from augflow.sources import order as order_module
from augflow.sources.order import EXACT_LIMIT, EpochOrder, FeistelPermutation

SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 100, 1_000, 65_535, 65_536, 65_537, 100_003)
BILLION = 10**9


def key_of(number: int) -> bytes:
    return blake2b(str(number).encode(), digest_size=16).digest()


def feistel_order(length: int, number: int) -> tuple[int, ...]:
    permutation = FeistelPermutation(length, key_of(number))
    return tuple(permutation[position] for position in range(length))


def exact_order(length: int, number: int) -> tuple[int, ...]:
    return tuple(EpochOrder(length, number, 0, shuffle=True).take(np.arange(length)).tolist())


PATHS = {"feistel": feistel_order, "exact": exact_order}


def excess(counts: np.ndarray, expected: float) -> float:
    """How far chi-square lies above its mean, in standard deviations."""
    chi_square = float(((counts - expected) ** 2 / expected).sum())
    freedom = counts.size - 1
    return (chi_square - freedom) / math.sqrt(2 * freedom)


def excess_of_orders(path: str, length: int, draws: int) -> float:
    """Over all `length`! orders, among `draws` keys."""
    met = Counter(PATHS[path](length, number) for number in range(draws))
    counts = np.zeros(math.factorial(length))
    counts[: len(met)] = list(met.values())
    return excess(counts, draws / counts.size)


@pytest.mark.parametrize("length", SIZES)
def test_every_index_comes_once(length: int) -> None:
    """Over all positions an order holds every index exactly once."""
    for shuffle in (True, False):
        indices = EpochOrder(length, 7, 3, shuffle).take(np.arange(length))
        assert indices.dtype == np.int64
        np.testing.assert_array_equal(np.sort(indices), np.arange(length))


@pytest.mark.parametrize("length", SIZES)
def test_feistel_network_is_a_bijection_at_every_size(length: int) -> None:
    """The network permutes any length, not only those that augflow gives it."""
    indices = FeistelPermutation(length, key_of(1)).take(np.arange(length))
    np.testing.assert_array_equal(np.sort(indices), np.arange(length))


@pytest.mark.parametrize("length", [1, 2, 3, 1_000, 65_537, BILLION, 2**61 + 5])
@pytest.mark.parametrize("shuffle", [True, False])
def test_one_position_equals_many(length: int, shuffle: bool) -> None:
    """Plain integers and arrays of unsigned ones compute the same order, in any grouping."""
    order = EpochOrder(length, 11, 2, shuffle)
    positions = np.unique(np.linspace(0, length - 1, 50).astype(np.int64).clip(0, length - 1))
    expected = [order[int(position)] for position in positions]
    assert order.take(positions).tolist() == expected
    assert order.take(positions[::-1]).tolist() == expected[::-1]


@pytest.mark.parametrize("path", ["feistel", "exact"])
@pytest.mark.parametrize(("length", "draws"), [(2, 4_000), (3, 6_000), (4, 6_000), (5, 6_000)])
def test_all_orders_of_few_samples_are_equally_likely(path: str, length: int, draws: int) -> None:
    """Chi-square over all N! orders is what chance gives, from N = 2 upward."""
    assert excess_of_orders(path, length, draws) < 4


@pytest.mark.parametrize("rounds", [4, 6])
def test_the_chi_square_test_sees_too_few_rounds(rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 4 or 6 rounds the same test fails, so passing it means something."""
    monkeypatch.setattr(order_module, "ROUNDS", rounds)
    assert excess_of_orders("feistel", 5, 6_000) > 8


@pytest.mark.parametrize("path", ["feistel", "exact"])
@pytest.mark.parametrize("length", [9, 10, 30])
def test_each_sample_stands_anywhere(path: str, length: int) -> None:
    """Over many keys, every index is equally often at every position."""
    draws = 1_500
    counts = np.zeros((length, length))
    for number in range(draws):
        if path == "feistel":
            indices = FeistelPermutation(length, key_of(number)).take(np.arange(length))
        else:
            indices = EpochOrder(length, number, 0, shuffle=True).take(np.arange(length))
        counts[np.arange(length), indices] += 1
    assert excess(counts, draws / length) < 4


@pytest.mark.parametrize("path", ["feistel", "exact"])
def test_even_and_odd_orders_are_equally_likely(path: str) -> None:
    """No parity is left out, which networks of shifts modulo odd numbers would do."""
    odd = 0
    for number in range(600):
        order = PATHS[path](9, number)
        odd += sum(a > b for i, a in enumerate(order) for b in order[i + 1 :]) % 2
    assert 240 < odd < 360


@pytest.mark.parametrize("length", [65_535, 100_003])
def test_neighbors_are_spread(length: int) -> None:
    """Where a block of positions goes does not depend on the block, nor does the step to the next."""
    indices = EpochOrder(length, 5, 1, shuffle=True).take(np.arange(length))
    blocks = 32
    counts = np.zeros((blocks, blocks))
    np.add.at(counts, (np.arange(length) * blocks // length, indices * blocks // length), 1)
    assert excess(counts, length / blocks**2) < 4
    steps = np.bincount(np.diff(indices) % length * blocks // length, minlength=blocks)
    assert excess(steps, (length - 1) / blocks) < 4


def test_a_billion_samples_take_no_memory_and_seek_at_once() -> None:
    """The end of an epoch of a billion samples is reached without the beginning."""
    tracemalloc.start()
    order = EpochOrder(BILLION, 1, 0, shuffle=True)
    last = order[BILLION - 1]
    near_the_end = order.take(np.arange(BILLION - 1_000, BILLION))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    assert near_the_end[-1] == last
    assert np.unique(near_the_end).size == 1_000
    assert 0 <= near_the_end.min() <= near_the_end.max() < BILLION


@pytest.mark.parametrize("length", [1_000, 100_003])
def test_seed_and_epoch_choose_the_order(length: int) -> None:
    """Another seed or epoch gives an unrelated order; the same ones give the same."""
    positions = np.arange(length)
    orders = [EpochOrder(length, *pair, True).take(positions) for pair in ((1, 0), (1, 1), (2, 0), (0, 1))]
    for i, one in enumerate(orders):
        for other in orders[i + 1 :]:
            assert (one == other).sum() < 12
    np.testing.assert_array_equal(EpochOrder(length, 1, 0, True).take(positions), orders[0])


def test_not_shuffled_is_the_order_of_the_source() -> None:
    """Without shuffling, position and index are the same in every epoch."""
    order = EpochOrder(100_003, 3, 9, shuffle=False)
    assert order[77] == 77
    assert order.take(np.array([5, 0, 100_002])).tolist() == [5, 0, 100_002]


def test_orders_do_not_change_between_releases() -> None:
    """A saved state names positions: other orders need a higher STREAM_FORMAT."""
    assert EpochOrder(10, 17, 0, True).take(np.arange(10)).tolist() == [6, 2, 7, 1, 3, 0, 9, 8, 5, 4]
    assert EpochOrder(BILLION, 17, 0, True).take(np.arange(4)).tolist() == [
        480368410,
        926555583,
        58917668,
        442404831,
    ]


@pytest.mark.parametrize("length", [EXACT_LIMIT - 1, BILLION])
def test_pickles_to_its_arguments(length: int) -> None:
    """An order costs a task a few bytes, whatever its length."""
    order = EpochOrder(length, 3, 4, shuffle=True)
    data = pickle.dumps(order)
    assert len(data) < 200
    assert pickle.loads(data)[12_345] == order[12_345]


@pytest.mark.parametrize("length", [10, 100_003])
def test_positions_outside_are_refused(length: int) -> None:
    """A position before 0 or past the end is an IndexError, never another sample."""
    for shuffle in (True, False):
        order = EpochOrder(length, 1, 0, shuffle)
        for position in (-1, length):
            with pytest.raises(IndexError, match=f"got {position}"):
                order[position]
            with pytest.raises(IndexError, match="positions must be in"):
                order.take(np.array([0, position]))
        assert order.take(np.array([], np.int64)).size == 0


def test_impossible_lengths_are_refused() -> None:
    """A length that the arithmetic does not hold is refused, not wrapped."""
    for length in (-1, 2**62):
        with pytest.raises(ValueError, match="length must be in"):
            EpochOrder(length, 0, 0, shuffle=True)
