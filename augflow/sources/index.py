"""The compact index of a source of files: it is sent to every worker, so it holds buffers, not objects."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from augflow.errors import SourceError
from augflow.sample import Array

FINGERPRINT_BYTES = 16

RAW = "surrogateescape"

SparseRow = tuple[tuple[int, float], ...]
"""The entries of a soft target that are not 0, as (class, share)."""


@dataclass(frozen=True, eq=False)
class PackedNames:
    """Many names in one blob, so that millions of them pickle and load as two buffers."""

    blob: bytes
    offsets: NDArray[np.int64]
    """(n + 1,): name i is blob[offsets[i]:offsets[i + 1]]."""

    @classmethod
    def pack(cls, names: Sequence[bytes]) -> PackedNames:
        """Names in their order."""
        offsets = np.zeros(len(names) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, names), np.int64, len(names)), out=offsets[1:])
        return cls(b"".join(names), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> bytes:
        return self.blob[self.offsets[index] : self.offsets[index + 1]]


@dataclass(frozen=True, eq=False)
class SoftTargets:
    """Targets of n samples, of which few entries are not 0.

    Row i has values[offsets[i]:offsets[i + 1]] in the columns of the same places; a row without any
    stands for "as the label says".
    """

    offsets: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[np.float32]

    @classmethod
    def pack(cls, rows: Sequence[SparseRow]) -> SoftTargets:
        """Rows in their order."""
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, rows), np.int64, len(rows)), out=offsets[1:])
        entries = [entry for row in rows for entry in row]
        columns = np.array([column for column, _ in entries], np.int32)
        return cls(offsets, columns, np.array([value for _, value in entries], np.float32))

    def row(self, index: int, num_classes: int) -> Array | None:
        """Target (K,) float32 of one sample, or None."""
        part = slice(self.offsets[index], self.offsets[index + 1])
        if part.start == part.stop:
            return None
        target = np.zeros(num_classes, np.float32)
        target[self.columns[part]] = self.values[part]
        return target


@dataclass(frozen=True, slots=True)
class FoundFile:
    """One file of a source while its index is built."""

    id: str
    path: str
    """Relative to the source, / between folders, undecodable bytes as Python's surrogate escapes."""
    label: int
    size: int
    """In bytes."""
    origin: str = ""
    """Where it was named, as file:line; "" for one found by looking."""
    target: SparseRow = ()


@dataclass(frozen=True, eq=False)
class PathIndex:
    """Which files a source holds, n of them in the order of their ids."""

    paths: PackedNames
    """Relative to the source, as the file system has them."""
    ids: PackedNames | None
    """UTF-8; None where the ids are the paths."""
    labels: NDArray[np.int32]
    """(n,), `UNLABELED` for none."""
    sizes: NDArray[np.int64]
    """(n,) in bytes."""
    targets: SoftTargets | None
    """None where every sample has a plain label or none."""
    fingerprint: str

    def __len__(self) -> int:
        return len(self.paths)

    def path(self, index: int) -> str:
        """The path below the source, for the file system."""
        return self.paths[index].decode("utf-8", RAW)

    def sample_id(self, index: int) -> str:
        """The id of a sample; see `id_of_path` for what it is where the index holds paths alone."""
        if self.ids is None:
            return id_of_path(self.path(index))
        return self.ids[index].decode()


def id_of_path(path: str) -> str:
    r"""The id of a relative path: NFC, so that a copy on another file system keeps its draws.

    Bytes that are not UTF-8 are written out as \xff, so that an id can be printed and stored anywhere.
    """
    if path.isascii():
        return path
    readable = path.encode("utf-8", RAW).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", readable)


def printable(place: str) -> str:
    r"""A place for messages, on one line: control characters written out as \n or \x1b."""
    return place if place.isprintable() else ascii(place)[1:-1]


def build_index(files: list[FoundFile]) -> PathIndex:
    """The index of files, sorted by id by code point; raises SourceError where two of them share one.

    The fingerprint hashes ids, labels, sizes and soft targets.
    """
    files = sorted(files, key=attrgetter("id"))
    _refuse_equal_ids(files)
    labels = np.fromiter((file.label for file in files), np.int32, len(files))
    sizes = np.fromiter((file.size for file in files), np.int64, len(files))
    ids = PackedNames.pack([file.id.encode() for file in files])
    paths = PackedNames.pack([file.path.encode("utf-8", RAW) for file in files])
    hasher = blake2b(ids.blob, digest_size=FINGERPRINT_BYTES)
    for numbers in (ids.offsets, labels.astype(np.int64), sizes):
        hasher.update(numbers.astype("<i8").tobytes())
    targets = None
    if any(file.target for file in files):
        targets = SoftTargets.pack([file.target for file in files])
        for part, dtype in ((targets.offsets, "<i8"), (targets.columns, "<i4"), (targets.values, "<f4")):
            hasher.update(part.astype(dtype).tobytes())
    ids_are_paths = all(file.id == id_of_path(file.path) for file in files)
    return PathIndex(
        paths, None if ids_are_paths else ids, labels, sizes, targets, fingerprint=hasher.hexdigest()
    )


def _refuse_equal_ids(files: list[FoundFile]) -> None:
    for first, second in pairwise(files):
        if first.id == second.id:
            places = " and ".join(file.origin or ascii(file.path) for file in (first, second))
            raise SourceError(
                f"two samples have the id {printable(first.id)!r}: {places}; ids must differ, also after "
                "Unicode normalization (NFC): rename or remove one"
            )
