"""Keys and generators: the only place that constructs random generators.

Every draw comes from a counter-based Philox generator (Salmon et al. 2011, "Parallel random
numbers: as easy as 1, 2, 3") whose 128-bit key is the blake2b hash of what the draw is for. Nothing
is kept between draws, so any draw can be made again anywhere, in any order.
"""

from __future__ import annotations

import random
import struct
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from typing import Any

import numpy as np

STREAM_FORMAT = 1
"""Raised by a release that changes the bytes of a stream."""

KEY_BYTES = 16

_GLOBALS = threading.RLock()
"""Held while the generators of the process are replaced."""


class PhiloxRandom(random.Random):
    """`random.Random` that draws from a Philox bit generator.

    Libraries that want a `random.Random` beside a numpy `Generator` get both from one key.
    """

    def __new__(cls, philox: np.random.Philox) -> PhiloxRandom:
        """The base class hashes its arguments as a seed, so it gets none."""
        return super().__new__(cls)

    def __init__(self, philox: np.random.Philox) -> None:
        self._raw = philox.random_raw
        super().__init__()

    def random(self) -> float:
        """A float in [0, 1) with 53 random bits."""
        return float(self._raw() >> 11) * 2.0**-53

    def getrandbits(self, k: int, /) -> int:
        """An int of `k` random bits."""
        words = (k + 63) // 64
        value = 0
        for _ in range(words):
            value = (value << 64) | int(self._raw())
        return value >> (64 * words - k)

    def forget(self) -> None:
        """Drop the second half of a pair that `gauss` keeps: it belongs to the key before."""
        self.gauss_next = None


class KeyedRandom:
    """One generator, set anew for every op of every sample.

    `generator` (numpy) and `python` (standard library) draw from the same Philox. Not shared
    between threads.
    """

    def __init__(self) -> None:
        self._philox = np.random.Philox(key=0)
        self._state: Any = dict(self._philox.state)
        self._inner = {"counter": np.zeros(4, np.uint64), "key": np.zeros(2, np.uint64)}
        self._state["state"] = self._inner
        self.generator = np.random.Generator(self._philox)
        self.python = PhiloxRandom(self._philox)

    def rekey(self, key: bytes) -> None:
        """Start the stream of draws that belongs to a 16-byte key."""
        self._inner["key"] = np.frombuffer(key, dtype="<u8")
        self._philox.state = self._state
        self.python.forget()

    @contextmanager
    def as_global(self) -> Iterator[None]:
        """Inside, `random` and `np.random` draw from the key; after it they go on as if nothing had been.

        For libraries that take no generator. One at a time in a process: other threads wait here, and
        must not draw from the global generators meanwhile.
        """
        with _GLOBALS:
            python = random.getstate()
            numpy = np.random.get_bit_generator()  # type: ignore[attr-defined]
            # A second half of a pair of normals is kept outside the bit generator.
            legacy: Any = np.random.get_state(legacy=False)  # noqa: NPY002
            try:
                random.seed(self.python.getrandbits(128))
                np.random.set_bit_generator(self._philox)  # type: ignore[attr-defined]
                yield
            finally:
                np.random.set_bit_generator(numpy)  # type: ignore[attr-defined]
                if legacy["has_gauss"]:
                    np.random.set_state(legacy)  # noqa: NPY002
                random.setstate(python)


class Key:
    """The key of one sample (or tile) at one epoch; `at` gives the key of one op in it."""

    __slots__ = ("_prefix",)

    def __init__(self, kind: str, seed: int, epoch: int, name: str, copy: int = 0) -> None:
        text = unicodedata.normalize("NFC", name).encode("utf-8", "surrogatepass")
        head = struct.pack("<HQQQQ", STREAM_FORMAT, seed, epoch, copy, len(text))
        self._prefix = blake2b(kind.encode() + b"\0" + head + text, digest_size=KEY_BYTES)

    def at(self, path: bytes = b"") -> bytes:
        """The 16-byte key for an op path."""
        hasher = self._prefix.copy()
        hasher.update(path)
        return hasher.digest()


def sample_key(seed: int, epoch: int, sample_id: str, copy: int = 0) -> Key:
    """The key of a sample's own draws: its id, not its position."""
    return Key("sample", seed, epoch, sample_id, copy)


def tile_key(seed: int, epoch: int, tile: int) -> Key:
    """The key of what is drawn once for a tile: partners, lambdas, boxes."""
    return Key("tile", seed, epoch, str(tile))


def order_key(seed: int, epoch: int) -> Key:
    """The key of an epoch's order."""
    return Key("order", seed, epoch, "")
