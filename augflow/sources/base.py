"""What every source offers to the rest of augflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from augflow.sample import Array, Sample

FieldKind = Literal["image", "text", "audio", "mask", "boxes", "keypoints"]

TargetKind = Literal["class", "multi_label", "regression"]
"""What a sample is to be told apart by: one class, any number of classes, or numbers."""

Links = Literal["inside", "follow"]
"""Symbolic links in a folder of this machine: those that stay inside of it, or wherever they lead."""


@dataclass(frozen=True)
class FieldRequest:
    """One field that a spec wants of every sample."""

    name: str
    """In the sample."""
    kind: FieldKind
    origin: str | None = None
    """The spec's `from`: a column of a table, a folder or file beside the source, or the key of an item;
    None means what the kind and the source suggest."""


SINGLE_IMAGE = (FieldRequest("image", "image"),)


@runtime_checkable
class Source(Protocol):
    """Samples by index. Picklable and compact: it is sent to every worker once."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the labels, or the names of the numbers of a regression; empty
        where samples have no label."""
        ...

    @property
    def target_kind(self) -> TargetKind:
        """What targets mean; `Sample.target` is always there for kinds other than `class`."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """The keys of every `Sample.row`."""
        ...

    @property
    def description(self) -> str:
        """What the source was taken for and what was passed over, in one line for people."""
        ...

    def __len__(self) -> int:
        """How many samples there are."""
        ...

    def sample_id(self, index: int) -> str:
        """The stable id that keys the sample's draws: a relative path, a key column or the index."""
        ...

    def place(self, index: int) -> str:
        """Where the sample lies, for messages: its path, or what names it best."""
        ...

    def read(self, index: int) -> Sample:
        """Read and decode one sample, with every field that was asked for; raises `BadSampleError`
        where that cannot be done."""
        ...

    def lengths(self) -> Array | None:
        """How long each sample is, int64 (n,), in units that compare within the source (characters,
        bytes, seconds); None where that takes reading them. For batches of like length."""
        ...

    def fingerprint(self) -> str:
        """Hex digest of ids, labels and sizes; of (type, length) for a Python object without ids."""
        ...
