"""What a preview is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class PreviewOptions:
    """What a preview shows."""

    samples: int = 12
    """How many samples, those that come first in epoch 0."""
    copies: int = 3
    """How many augmented copies of each, those of the epochs 0, 1, ..."""
    max_bytes: int = 32_000_000
    """Samples that would make the page larger are left out, which the page says."""
    on_progress: Callable[[int, int], None] | None = None
    """Called with the number of samples done, and of all."""

    def __post_init__(self) -> None:
        for name in ("samples", "copies", "max_bytes"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")


@dataclass(frozen=True)
class PreviewResult:
    """What was written."""

    page: str
    samples: int
    """How many samples are shown, bad ones among them."""
    bad: int
    """How many of them could not be read or augmented."""
    left_out: int
    """How many had no room."""
    mixed: int
    """How many mixed rows are shown."""
    bytes: int
    source: str
    """What the source was taken for."""
    fingerprint: str
