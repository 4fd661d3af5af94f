"""What a materialization is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from augflow.errors import MaterializeError

Format = Literal["folder", "webdataset", "parquet", "jsonl"]


@dataclass(frozen=True)
class MaterializeOptions:
    """How to write a dataset. `copies` epochs of the stream, every position of each."""

    copies: int = 1
    mix: bool = True
    """False leaves samples apart, which gives class folders."""
    finish: bool = True
    """False leaves `finish` out: words are written in place of tokens, sounds in place of spectrograms."""
    num_workers: int = 0
    address: str | None = None
    on_error: Literal["raise", "skip"] | None = None
    """`skip` leaves bad samples out, up to `max_bad`; None takes the spec's, `replace` read as `skip`."""
    jpeg: int | None = None
    """JPEG quality 1..100 in place of PNG; what is written is then not what the stream delivers."""
    limit: int | None = None
    """Only the first positions of each epoch."""
    on_progress: Callable[[int, int], None] | None = None
    """Called with samples done and samples in all."""
    format: Format = "folder"
    """A file a field, tar shards, parquet files, or lines of JSON (texts only)."""
    samples_per_file: int = 1000
    """How many samples a shard or a parquet file holds; an interrupted run goes on at the last whole one."""

    def __post_init__(self) -> None:
        formats = get_args(Format)
        rules = (
            ("copies", self.copies >= 1, "at least 1", self.copies),
            ("jpeg", self.jpeg is None or 1 <= self.jpeg <= 100, "a quality from 1 to 100", self.jpeg),
            ("limit", self.limit is None or self.limit >= 1, "at least 1", self.limit),
            ("format", self.format in formats, f"one of {', '.join(formats)}", repr(self.format)),
            ("samples_per_file", self.samples_per_file >= 1, "at least 1", self.samples_per_file),
        )
        for name, holds, rule, value in rules:
            if not holds:
                raise MaterializeError(f"{name} must be {rule}, got {value}")
