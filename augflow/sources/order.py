"""The order of an epoch: which sample stands at which position.

Short sources get an exact keyed permutation. Long ones get a Feistel network over a grid of a x b
cells with cycle walking (Black and Rogaway 2002, "Ciphers with arbitrary finite domains"): nothing
is stored, and any position of a billion is found at once.
"""

from __future__ import annotations

import math
from hashlib import shake_128

import numpy as np
from numpy.typing import NDArray

from augflow.rng import KeyedRandom, order_key

EXACT_LIMIT = 65_536
"""Sources of this many samples and more are ordered by the Feistel network."""

LENGTH_LIMIT = 2**62

ROUNDS = 24
"""With ideal round functions, the mean squared relative deviation from a uniform choice among all
orders of 5 samples is 2e-1 after 4 rounds, 1e-2 after 8, 8e-5 after 16 and 9e-7 after 24 (computed
exactly); of 8 samples it is 1e-4 after 24. Longer sources mix faster."""

_MASK = 2**64 - 1
# The multipliers of the splitmix64 finalizer (Steele, Lea and Flood 2014).
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB

Int64s = NDArray[np.int64]
UInt64s = NDArray[np.uint64]


class FeistelPermutation:
    """A permutation of 0..length-1 chosen by a 16-byte key, in constant memory.

    Index L * b + R of an a x b grid is shuffled by adding to L a keyed function of R modulo a, then
    to R one of L modulo b, and so on. `a` is even, since shifts modulo odd numbers alone would give
    even permutations only. Cells past the end are sent through again until they fall inside.
    """

    __slots__ = ("_a", "_b", "_keys", "_length")

    def __init__(self, length: int, key: bytes) -> None:
        side = math.isqrt(max(length, 1) - 1) + 1
        self._length = length
        self._a = side + side % 2
        self._b = -(-length // self._a)
        words = shake_128(key).digest(8 * ROUNDS)
        self._keys = [int.from_bytes(words[8 * i : 8 * i + 8], "little") for i in range(ROUNDS)]

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, position: int) -> int:
        index = self._pass(position)
        while index >= self._length:
            index = self._pass(index)
        return index

    def take(self, positions: Int64s) -> Int64s:
        """Indices (n,) int64 at positions (n,) int64, each in [0, length)."""
        indices = self._pass_all(positions.astype(np.uint64))
        outside = np.flatnonzero(indices >= self._length)
        while outside.size:
            indices[outside] = self._pass_all(indices[outside])
            outside = outside[indices[outside] >= self._length]
        return indices.astype(np.int64)

    def _pass(self, index: int) -> int:
        a, b = self._a, self._b
        left, right = divmod(index, b)
        for number, key in enumerate(self._keys):
            if number % 2:
                right = (right + _draw(left, key, b)) % b
            else:
                left = (left + _draw(right, key, a)) % a
        return left * b + right

    def _pass_all(self, indices: UInt64s) -> UInt64s:
        a, b = np.uint64(self._a), np.uint64(self._b)
        left, right = np.divmod(indices, b)
        for number, key in enumerate(self._keys):
            if number % 2:
                right = _shifted(right, _draw_all(left, np.uint64(key), b), b)
            else:
                left = _shifted(left, _draw_all(right, np.uint64(key), a), a)
        return left * b + right


def _draw(value: int, key: int, size: int) -> int:
    """A keyed function of `value`, in [0, size): splitmix64's mixing, then a multiply for the range."""
    x = value ^ key
    x = ((x ^ (x >> 30)) * _MIX_1) & _MASK
    x = ((x ^ (x >> 27)) * _MIX_2) & _MASK
    return ((x >> 32) * size) >> 32


def _draw_all(values: UInt64s, key: np.uint64, size: np.uint64) -> UInt64s:
    """`_draw` for an array; unsigned arithmetic wraps as the mask does."""
    x = values ^ key
    x ^= x >> np.uint64(30)
    x *= np.uint64(_MIX_1)
    x ^= x >> np.uint64(27)
    x *= np.uint64(_MIX_2)
    x >>= np.uint64(32)
    x *= size
    x >>= np.uint64(32)
    return x


def _shifted(values: UInt64s, by: UInt64s, size: np.uint64) -> UInt64s:
    """(values + by) modulo size, both below it: where nothing is taken off, taking off wraps to more."""
    by += values
    shifted: UInt64s = np.minimum(by, by - size)
    return shifted


def _exact_permutation(length: int, key: bytes) -> Int64s:
    """A uniform permutation (length,) int64: the places of sorted 64-bit draws.

    The raw words of Philox are fixed for good, which numpy's own shuffling is not.
    """
    rng = KeyedRandom()
    rng.rekey(key)
    words = rng.generator.bit_generator.random_raw(length)
    return np.argsort(words, kind="stable").astype(np.int64)


class EpochOrder:
    """Index of the sample at each position of one epoch: a bijection of 0..length-1.

    `shuffle=False` leaves the samples in the order of the source. Pickles to its four arguments.
    """

    def __init__(self, length: int, seed: int, epoch: int, shuffle: bool) -> None:
        if not 0 <= length < LENGTH_LIMIT:
            raise ValueError(f"length must be in [0, 2**62), got {length}")
        self._arguments = (length, seed, epoch, shuffle)
        self._length = length
        self._exact: Int64s | None = None
        self._feistel: FeistelPermutation | None = None
        if not shuffle:
            return
        key = order_key(seed, epoch).at()
        if length < EXACT_LIMIT:
            self._exact = _exact_permutation(length, key)
        else:
            self._feistel = FeistelPermutation(length, key)

    def __reduce__(self) -> tuple[type[EpochOrder], tuple[int, int, int, bool]]:
        return EpochOrder, self._arguments

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, position: int) -> int:
        if not 0 <= position < self._length:
            raise IndexError(f"position must be in [0, {self._length}), got {position}")
        if self._exact is not None:
            return int(self._exact[position])
        if self._feistel is not None:
            return self._feistel[position]
        return position

    def take(self, positions: Int64s) -> Int64s:
        """Indices (n,) int64 at positions (n,) int64; raises IndexError where one is out of range."""
        if positions.size and not 0 <= positions.min() <= positions.max() < self._length:
            raise IndexError(
                f"positions must be in [0, {self._length}), got {positions.min()} to {positions.max()}"
            )
        if self._exact is not None:
            return self._exact[positions]
        if self._feistel is not None:
            return self._feistel.take(positions)
        return positions.astype(np.int64)
