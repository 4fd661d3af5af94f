"""The compact index of a source: it is sent to every worker, so it holds buffers, not objects."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from operator import attrgetter, eq
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from augflow.errors import SourceError
from augflow.sample import Array, Fields, Sample
from augflow.sources.base import TargetKind
from augflow.sources.columns import PackedColumns, PackedNames

FINGERPRINT_BYTES = 16

RAW = "surrogateescape"

SparseRow = tuple[tuple[int, float], ...]
"""The entries of a target that are written down, as (class, value); all others are 0."""


@dataclass(frozen=True, eq=False)
class SoftTargets:
    """Targets of n samples, of which few entries may be other than 0.

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
class SampleIndex:
    """Which samples a source holds, n of them: those with ids of their own in the order of their ids."""

    paths: PackedNames
    """Relative to the source, as the file system has them; of length 0 where samples are no files."""
    ids: PackedNames | None
    """UTF-8; None where the ids are the paths or, without those, 0 to n - 1."""
    labels: NDArray[np.int32]
    """(n,), `UNLABELED` for none."""
    sizes: NDArray[np.int64]
    """(n,) bytes of the file, or characters of the text."""
    targets: SoftTargets | None
    """None where every sample has a plain label or none."""
    rows: PackedColumns
    """What else a table says of each sample."""
    fingerprint: str
    """Hex digest of all that the index holds, and of the texts of a table."""

    def __len__(self) -> int:
        return len(self.labels)

    def path(self, index: int) -> str:
        """The path below the source, for the file system."""
        return self.paths[index].decode("utf-8", RAW)

    def sample_id(self, index: int) -> str:
        """The id of a sample; see `id_of_path` for what it is where the index holds paths alone."""
        if self.ids is not None:
            return self.ids[index].decode()
        return id_of_path(self.path(index)) if len(self.paths) else str(index)

    def sample(self, index: int, fields: Fields, classes: int, kind: TargetKind) -> Sample:
        """The sample with fields that have been read; without any of several labels its target is 0."""
        target = self.targets.row(index, classes) if self.targets is not None else None
        if target is None and kind == "multi_label" and classes:
            target = np.zeros(classes, np.float32)
        label = int(self.labels[index])
        return Sample(self.sample_id(index), index, fields, label, target, self.rows.row(index))


def id_of_path(path: str) -> str:
    r"""The id of a relative path: NFC, so that a copy on another file system keeps its draws.

    Bytes that are not UTF-8 are written out as \xff, so that an id can be printed and stored anywhere.
    """
    if path.isascii():
        return path
    readable = path.encode("utf-8", RAW).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", readable)


def is_text(text: str) -> bool:
    """Whether a text says something that UTF-8 can hold: half of a surrogate pair it cannot."""
    try:
        return bool(text.encode())
    except UnicodeEncodeError:
        return False


def first_twice(names: Iterable[str]) -> str | None:
    """The first name that stands there more than once."""
    return next((name for name, count in Counter(names).items() if count > 1), None)


def printable(place: str) -> str:
    r"""A place for messages, on one line: control characters written out as \n or \x1b."""
    return place if place.isprintable() else ascii(place)[1:-1]


def build_index(files: list[FoundFile]) -> SampleIndex:
    """The index of files, sorted by id by code point; raises SourceError where two of them share one."""
    files = sorted(files, key=attrgetter("id"))
    refuse_equal_ids([file.id for file in files], lambda n: files[n].origin or ascii(files[n].path))
    return pack_index(
        Listing(
            paths=[file.path for file in files],
            ids=[file.id for file in files],
            labels=[file.label for file in files],
            sizes=[file.size for file in files],
            targets=[file.target for file in files],
        )
    )


class HasContent(Protocol):
    """What can give all that it holds to a fingerprint."""

    def content(self) -> Iterator[bytes]:
        """All of it, in one order."""
        ...


@dataclass
class Listing:
    """The samples of a source while its index is built, in their order, one list an aspect."""

    ids: Sequence[str]
    labels: Sequence[int]
    sizes: Sequence[int] | NDArray[np.int64]
    paths: Sequence[str] = ()
    """() where samples are no files."""
    targets: Sequence[SparseRow] = ()
    """() where there are none at all."""
    rows: PackedColumns = field(default_factory=PackedColumns)
    content: Sequence[HasContent] = ()
    """What the fingerprint hashes beyond the index: the fields of a table."""


def pack_index(listing: Listing) -> SampleIndex:
    """The index of samples in their order; the fingerprint hashes all that stands in the listing but
    paths, which may differ where ids are given."""
    labels = np.array(listing.labels, np.int32)
    sizes = np.array(listing.sizes, np.int64)
    ids = PackedNames.pack([identity.encode() for identity in listing.ids])
    hasher = blake2b(ids.blob, digest_size=FINGERPRINT_BYTES)
    for numbers in (ids.offsets, labels.astype(np.int64), sizes):
        hasher.update(numbers.astype("<i8").tobytes())
    targets = None
    if any(listing.targets):
        targets = SoftTargets.pack(listing.targets)
        for array, dtype in ((targets.offsets, "<i8"), (targets.columns, "<i4"), (targets.values, "<f4")):
            hasher.update(array.astype(dtype).tobytes())
    for packed in (*listing.content, listing.rows):
        for part in packed.content():
            hasher.update(part)
    paths = PackedNames.pack([path.encode("utf-8", RAW) for path in listing.paths])
    plain = map(id_of_path, listing.paths) if len(paths) else map(str, range(len(labels)))
    kept = None if all(map(eq, listing.ids, plain)) else ids
    return SampleIndex(paths, kept, labels, sizes, targets, listing.rows, fingerprint=hasher.hexdigest())


def refuse_equal_ids(ids: Sequence[str], place: Callable[[int], str]) -> None:
    """Raise SourceError for the first two of sorted ids that are equal; `place` names where one stands."""
    for number, (first, second) in enumerate(pairwise(ids)):
        if first == second:
            raise SourceError(
                f"two samples have the id {printable(first)!r}: {place(number)} and {place(number + 1)}; ids "
                "must differ, also after Unicode normalization (NFC): rename or remove one, or give a "
                "table a column `id`"
            )
