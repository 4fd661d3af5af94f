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
    out: Path = Path("build") / "benchmarks"
    """Where the questions that train keep a file for each finished run."""
    only: str | None = None
    """Of those that train: the runs with this in their name."""
    limit: int | None = None
    """Of those that train: at most so many new runs in this call; 0 only shows what is there."""
    processes: int = 2
    """Of those that train: runs side by side, one torch thread each; 1 stays in this process."""
    device: str | None = None
    """For `mixing_accelerator`: None takes CUDA and refuses to go on without it."""
    epochs: int | None = None
    """For `mixing_accelerator`: the length of its schedule."""

    def scaled(self, size: int, least: int = 1) -> int:
        """A size at this scale."""
        return max(least, round(size * self.scale))
