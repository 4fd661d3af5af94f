"""How large a benchmark is run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """What the command line chooses."""

    rounds: int = 6
    data: Path | None = None
    scale: float = 1.0
    """Of all sizes; below 1 only to see whether a benchmark still runs."""

    def scaled(self, size: int, least: int = 1) -> int:
        """A size at this scale."""
        return max(least, round(size * self.scale))
