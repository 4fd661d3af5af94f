"""What every source offers to the rest of augflow."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from augflow.sample import Sample


@runtime_checkable
class Source(Protocol):
    """Samples by index. Picklable and compact: it is sent to every worker once."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the labels; empty where samples have no label."""
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
        """Read and decode one sample; raises `BadSampleError` where that cannot be done."""
        ...

    def fingerprint(self) -> str:
        """Hex digest of ids, labels and sizes; of (type, length) for a Python object without ids."""
        ...
