"""A part of a source held back for validation: which part a sample falls in depends on its id alone."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augflow.errors import SourceError
from augflow.sample import Array, Sample
from augflow.sources.base import Source, TargetKind

SHARES = 1 << 32


@dataclass(frozen=True)
class Part:
    """Some samples of a source, with its classes and ids; `index` stays that of the whole source."""

    whole: Source
    indices: NDArray[np.int64]
    name: str

    @property
    def classes(self) -> tuple[str, ...]:
        """See `Source.classes`."""
        return self.whole.classes

    @property
    def target_kind(self) -> TargetKind:
        """See `Source.target_kind`."""
        return self.whole.target_kind

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Source.columns`."""
        return self.whole.columns

    @property
    def description(self) -> str:
        """See `Source.description`."""
        return f"{self.name}, {len(self)} of {len(self.whole)}: {self.whole.description}"

    def __len__(self) -> int:
        return len(self.indices)

    def sample_id(self, index: int) -> str:
        """See `Source.sample_id`."""
        return self.whole.sample_id(int(self.indices[index]))

    def place(self, index: int) -> str:
        """See `Source.place`."""
        return self.whole.place(int(self.indices[index]))

    def read(self, index: int) -> Sample:
        """See `Source.read`."""
        return self.whole.read(int(self.indices[index]))

    def lengths(self) -> Array | None:
        """See `Source.lengths`."""
        lengths = self.whole.lengths()
        return None if lengths is None else lengths[self.indices]

    def fingerprint(self) -> str:
        """See `Source.fingerprint`."""
        text = f"{self.whole.fingerprint()} {hashlib.sha256(self.indices.tobytes()).hexdigest()}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def split_source(source: Source, held_back: float) -> tuple[Source, Source]:
    """(training part, validation part) with about `held_back` of the samples in the second.

    A sample stays in its part when others come or go. Classes are not balanced. Raises `SourceError`
    where a part would be empty.
    """
    if not 0 < held_back < 1:
        raise SourceError(f"the share held back must be between 0 and 1, got {held_back}")
    shares = np.fromiter((_share(source.sample_id(index)) for index in range(len(source))), np.float64)
    chosen = shares < held_back
    parts = [
        Part(source, np.flatnonzero(mask).astype(np.int64), name)
        for mask, name in ((~chosen, "training part"), (chosen, "validation part"))
    ]
    if not all(len(part) for part in parts):
        raise SourceError(f"{len(source)} samples are too few to hold back a share of {held_back}")
    return parts[0], parts[1]


def _share(sample_id: str) -> float:
    text = unicodedata.normalize("NFC", sample_id).encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(text, digest_size=4).digest(), "little") / SHARES
