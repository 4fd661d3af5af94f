"""Keys and generators: what every byte of every stream rests on."""

from __future__ import annotations

import random
import threading
import unicodedata
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augflow.rng import Key, KeyedRandom, order_key, sample_key, tile_key


@pytest.fixture(scope="module")
def keyed() -> KeyedRandom:
    return KeyedRandom()


def draws(rng: KeyedRandom, key: bytes) -> list[float]:
    rng.rekey(key)
    return [*rng.generator.random(3), rng.python.random(), rng.generator.normal()]


def test_golden_keys() -> None:
    """Literal keys: who changes them changes every stream, and must raise STREAM_FORMAT and say so.

    Relied on by every saved state, every materialized dataset and every published digest.
    """
    assert sample_key(0, 0, "a").at(b"image/augment/rotate").hex() == "b863586e33a93b201bbc4f88b38c9a9e"
    assert sample_key(17, 3, "cats/ä.png", copy=1).at(b"x").hex() == "4f2dfaf50c3961142feab1bd33258e3d"
    assert tile_key(17, 3, 5).at(b"batch/mix").hex() == "462aa3a2bd738b59c6f748d1d72701d2"
    assert order_key(17, 3).at().hex() == "2d5e25273a50abd5d4629251e592a359"
    assert Key("replace", 17, 3, "a").at(b"0").hex() == "cb21add87e2780e75b4eaae8a09ef0c6"


def test_golden_draws(keyed: KeyedRandom) -> None:
    """Literal draws of one key, raw words, floats and bits: relied on like the keys."""
    keyed.rekey(sample_key(17, 3, "a").at(b"x"))
    words = keyed.generator.bit_generator.random_raw(2)
    keyed.rekey(sample_key(17, 3, "a").at(b"x"))
    found = [keyed.python.random(), keyed.python.getrandbits(70), keyed.python.randrange(1000)]
    keyed.rekey(sample_key(17, 3, "a").at(b"x"))
    floats = keyed.generator.random(2)
    assert [int(word) for word in words] == [14461937768784564426, 13431196429687336518]
    assert found == [0.7839832173633197, 859596571499989537193, 797]
    assert floats.tolist() == [0.7839832173633197, 0.728106617407328]


def test_rekeying_forgets_everything_that_was_drawn_before(keyed: KeyedRandom) -> None:
    """Draws depend on the key alone, also after halves of words and of pairs were left in store."""
    key, other = sample_key(1, 2, "a").at(b"op"), sample_key(1, 2, "b").at(b"op")

    def all_kinds() -> list[object]:
        keyed.rekey(key)
        first = [keyed.python.gauss(0, 1), keyed.generator.integers(10, dtype=np.uint32)]
        return [*first, keyed.generator.standard_normal(3).tolist(), keyed.python.random()]

    expected = all_kinds()
    keyed.rekey(other)
    keyed.python.gauss(0, 1)  # keeps the second of a pair
    keyed.generator.integers(10, dtype=np.uint32)  # keeps half of a word
    keyed.generator.bytes(3)
    assert all_kinds() == expected


def test_gauss_after_rekeying_is_not_the_half_of_the_key_before(keyed: KeyedRandom) -> None:
    """`gauss` makes two numbers and keeps one; the kept one must not answer for the next key."""
    key = sample_key(0, 0, "a").at(b"op")
    keyed.rekey(key)
    expected = keyed.python.gauss(0, 1)
    keyed.rekey(sample_key(0, 0, "b").at(b"op"))
    keyed.python.gauss(0, 1)
    keyed.rekey(key)
    assert keyed.python.gauss(0, 1) == expected


def test_two_generators_agree(keyed: KeyedRandom) -> None:
    """What was drawn before, and by which object, does not matter: the key decides."""
    key = sample_key(3, 1, "x").at(b"y")
    keyed.generator.random(1000)
    assert draws(keyed, key) == draws(KeyedRandom(), key)


def test_neither_seed_and_epoch_nor_seed_and_id_are_added_up() -> None:
    """Seed 1 with index 5 is not seed 2 with index 4, and an id does not run into the op's path."""
    numbers = range(6)
    keys = {sample_key(s, e, str(i)).at(b"op") for s, e, i in product(numbers, numbers, numbers)}
    assert len(keys) == 6**3
    assert sample_key(1, 0, "5").at() != sample_key(2, 0, "4").at()
    assert sample_key(0, 0, "a").at(b"bc") != sample_key(0, 0, "ab").at(b"c")
    assert sample_key(0, 0, "a").at() != sample_key(0, 0, "a", copy=1).at()


def test_kinds_are_apart() -> None:
    """A sample whose id is a number shares nothing with the tile of that number, nor with an order."""
    keys = [sample_key(1, 1, "3"), tile_key(1, 1, 3), Key("replace", 1, 1, "3"), sample_key(1, 1, "")]
    assert len({key.at() for key in (*keys, order_key(1, 1))}) == 5


def test_ids_count_in_their_composed_form() -> None:
    """One name in NFC and NFD, as Linux and macOS list it, has one key."""
    name = "é/Å.png"
    assert unicodedata.normalize("NFD", name) != name
    assert sample_key(0, 0, unicodedata.normalize("NFD", name)).at() == sample_key(0, 0, name).at()


def test_ids_that_are_not_unicode_have_keys() -> None:
    """File names that are not UTF-8 reach Python as lone surrogates."""
    assert sample_key(0, 0, "\udcff").at() != sample_key(0, 0, "\udcfe").at()


@given(st.integers(0, 300), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_getrandbits_has_the_bits_that_were_asked_for(k: int, salt: int) -> None:
    """For any k, also beyond a word and 0, values lie in [0, 2**k) and reach the upper half."""
    rng = KeyedRandom()
    rng.rekey(sample_key(salt, 0, "bits").at())
    values = [rng.python.getrandbits(k) for _ in range(40)]
    assert all(0 <= value < 2**k for value in values)
    if k:
        assert max(values) >= 2 ** (k - 1)  # fails by chance once in 2**40


def test_random_is_uniform_in_the_half_open_interval(keyed: KeyedRandom) -> None:
    """Floats of both generators lie in [0, 1) with the mean and variance of a uniform choice."""
    keyed.rekey(sample_key(0, 0, "u").at())
    for values in (
        np.array([keyed.python.random() for _ in range(20_000)]),
        keyed.generator.random(20_000),
    ):
        assert values.min() >= 0
        assert values.max() < 1
        assert abs(values.mean() - 0.5) < 0.01  # standard error 0.002
        assert abs(values.var() - 1 / 12) < 0.003


def test_largest_word_is_below_one() -> None:
    """Even a word of 64 ones gives a float below 1, where `random()` times n must stay below n."""
    rng = KeyedRandom()
    rng.python._raw = lambda: 2**64 - 1
    assert rng.python.random() == 1 - 2**-53


def test_helpers_of_the_standard_library_draw_from_the_key(keyed: KeyedRandom) -> None:
    """choice, shuffle, sample, uniform and randint use the keyed bits, not a seed of their own."""

    def found() -> list[object]:
        keyed.rekey(sample_key(5, 5, "h").at())
        python: random.Random = keyed.python
        items = list(range(10))
        python.shuffle(items)
        drawn = [python.choice("abc"), python.sample(range(100), 5), python.uniform(1, 2)]
        return [*drawn, python.randint(0, 9), python.randbytes(5), items]

    random.seed(1)
    first = found()
    random.seed(2)
    np.random.seed(3)  # noqa: NPY002
    assert found() == first


def test_neighboring_keys_are_uncorrelated(keyed: KeyedRandom) -> None:
    """First draws of 5,000 consecutive ids, epochs and tiles: no pair of the three correlates."""
    columns = []
    for make in (
        lambda i: sample_key(1, 0, str(i)),
        lambda i: sample_key(1, i, "0"),
        lambda i: tile_key(1, 0, i),
    ):
        column = []
        for i in range(5000):
            keyed.rekey(make(i).at(b"op"))
            column.append(keyed.python.random())
        columns.append(column)
    table = np.corrcoef(columns)
    lagged = [np.corrcoef(column[1:], column[:-1])[0, 1] for column in columns]
    assert np.abs(table[np.triu_indices(3, 1)]).max() < 0.06  # 4 standard errors
    assert np.abs(lagged).max() < 0.06


def global_draws() -> list[object]:
    """What a library draws that takes no generator."""
    legacy = [np.random.random(), np.random.normal(), np.random.randint(1000)]  # noqa: NPY002
    return [random.random(), random.randint(0, 999), random.choice("abc"), *legacy]


def test_global_generators_draw_from_the_key_inside(keyed: KeyedRandom) -> None:
    """Inside, both global generators depend on the key alone: drawn again, seeded otherwise before."""
    found = []
    for seed, name in ((1, "a"), (2, "a"), (1, "b")):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        np.random.normal()  # noqa: NPY002  # keeps the second of a pair
        keyed.rekey(sample_key(0, 0, name).at(b"op"))
        with keyed.as_global():
            found.append(global_draws())
    assert found[0] == found[1]
    assert found[0] != found[2]


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_global_generators_go_on_undisturbed(keyed: KeyedRandom, kept: bool, fails: bool) -> None:
    """Outside, draws are those of a program without the block, also after an error and halfway in a pair."""

    def start() -> None:
        random.seed(7)
        random.gauss(0, 1)
        np.random.seed(7)  # noqa: NPY002
        if kept:
            np.random.normal()  # noqa: NPY002

    def after() -> list[object]:
        return [random.gauss(0, 1), np.random.normal(), *global_draws()]  # noqa: NPY002

    start()
    expected = after()
    start()
    try:
        with keyed.as_global():
            global_draws()
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        assert fails
    assert after() == expected


def test_global_generators_are_lent_to_one_thread_at_a_time() -> None:
    """A second thread waits until the first has put the generators back, then draws from its own key."""
    inside = threading.Event()
    found: list[list[object]] = []

    def draw() -> None:
        rng = KeyedRandom()
        rng.rekey(sample_key(0, 0, "b").at(b"op"))
        with rng.as_global():
            inside.set()
            found.append(global_draws())

    draw()
    inside.clear()
    second = threading.Thread(target=draw)
    with KeyedRandom().as_global():
        second.start()
        assert not inside.wait(0.05)
    second.join()
    assert found[0] == found[1]
