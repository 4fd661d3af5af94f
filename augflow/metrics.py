"""Stage statistics of a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter


@dataclass
class StreamStats:
    """What a stream has done since it was opened. Times are in seconds."""

    batches: int = 0
    samples: int = 0
    first_batch_s: float = 0.0
    """Until the first batch, the start of the workers included."""
    wait_s: float = 0.0
    """Time that the caller spent waiting for batches. Near zero: the trainer is the bottleneck."""
    longest_wait_s: float = 0.0
    """The longest wait for a batch after the first one."""
    worker_s: dict[str, float] = field(default_factory=dict)
    """Time of all workers by stage: `read`, `ops`, `mix`; `total` holds them all."""
    cells: int = 0
    """Cells of padded fields along their ragged axis."""
    empty: int = 0
    """How many of them were padding."""
    _first: float | None = None
    _before: int = 0
    _last: float = 0.0

    def delivered(self, samples: int, wait_s: float) -> None:
        """A batch of `samples` rows was handed out after a wait."""
        self._last = perf_counter()
        if self._first is None:
            self._first, self._before = self._last, samples
            self.first_batch_s = wait_s
        else:
            self.longest_wait_s = max(self.longest_wait_s, wait_s)
        self.batches += 1
        self.samples += samples
        self.wait_s += wait_s

    def padded(self, cells: int, empty: int) -> None:
        """A batch had so many cells, some of them padding."""
        self.cells += cells
        self.empty += empty

    def worked(self, seconds: dict[str, float]) -> None:
        """A task came back."""
        for stage, value in seconds.items():
            self.worker_s[stage] = self.worker_s.get(stage, 0.0) + value

    def as_dict(self) -> dict[str, float | int | dict[str, float]]:
        """Numbers for people and programs; `samples_per_s` counts from the first batch on."""
        span = self._last - self._first if self._first is not None else 0.0
        return {
            "batches": self.batches,
            "samples": self.samples,
            "samples_per_s": (self.samples - self._before) / span if span else 0.0,
            "first_batch_s": self.first_batch_s,
            "wait_s": self.wait_s,
            "longest_wait_s": self.longest_wait_s,
            "padding_fraction": self.empty / self.cells if self.cells else 0.0,
            "worker_s": dict(self.worker_s),
        }
