"""How a stream runs, and as which rank."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from typing import Literal, get_args

from augflow.engine import EngineOptions

OnError = Literal["raise", "replace", "skip"]


@dataclass(frozen=True)
class StreamOptions:
    """How a stream runs. Only `train`, `shuffle` and `drop_last` decide which samples come when."""

    train: bool = True
    shuffle: bool | None = None
    """None: shuffled in training, in source order in evaluation."""
    drop_last: bool | None = None
    """None: dropped in training, kept in evaluation."""
    num_workers: int = 0
    address: str | None = None
    task_timeout: float | None = None
    """Seconds after which a task goes to another worker; None: max(5 s, 20 x the median task)."""
    mixed_workers: bool = False
    """Whether workers of other wheels or another CPU class than the first may join: bytes may differ."""
    rank: int | None = None
    world_size: int | None = None
    on_error: OnError | None = None
    """None: what the spec says."""

    def __post_init__(self) -> None:
        known = get_args(OnError)
        if self.on_error is not None and self.on_error not in known:
            raise ValueError(f"on_error must be one of {', '.join(known)}, got {self.on_error!r}")

        _ = self.engine  # refuses what it cannot be

    @property
    def engine(self) -> EngineOptions:
        """Where the work runs."""
        return EngineOptions(self.num_workers, self.address, self.task_timeout, self.mixed_workers)

    def resolved(self) -> StreamOptions:
        """With every None replaced by what it stands for, ranks from torch.distributed or the environment."""
        rank, world_size = distributed_rank()
        return replace(
            self,
            shuffle=self.train if self.shuffle is None else self.shuffle,
            drop_last=self.train if self.drop_last is None else self.drop_last,
            rank=rank if self.rank is None else self.rank,
            world_size=world_size if self.world_size is None else self.world_size,
        )


def distributed_rank() -> tuple[int, int]:
    """(rank, world size) of torch.distributed where it is in use, else of RANK and WORLD_SIZE."""
    distributed = sys.modules.get("torch.distributed")
    if distributed is not None and distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
