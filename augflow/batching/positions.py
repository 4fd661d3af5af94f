"""Which positions of an epoch make which step, on which rank: arithmetic, O(1) in memory and seek."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

Span = tuple[int, int]
"""Positions [start, stop) of an epoch."""


@dataclass(frozen=True)
class Positions:
    """The steps of one epoch as one rank sees them.

    Step s covers positions [s * batch_size, (s + 1) * batch_size) over all ranks; rank r takes the
    r-th slice. Without `drop_last` the last step is short on one rank; on several it is padded by
    positions at or beyond `length`, which wrap round.
    """

    length: int
    batch_size: int
    drop_last: bool
    rank: int = 0
    world_size: int = 1

    @property
    def steps(self) -> int:
        """Steps an epoch, the same on every rank."""
        whole, rest = divmod(self.length, self.batch_size)
        return whole if self.drop_last or rest == 0 else whole + 1

    @property
    def rows(self) -> int:
        """Rows of a full step on this rank."""
        return self.batch_size // self.world_size

    def span(self, step: int) -> Span:
        """The positions of a step on this rank; those at or beyond `length` are padding."""
        start = step * self.batch_size + self.rank * self.rows
        stop = start + self.rows
        return (start, stop) if self.world_size > 1 else (start, min(stop, self.length))

    def row_position(self, row: int) -> int:
        """The position of this rank's `row`, counted over the whole epoch."""
        step, offset = divmod(row, self.rows)
        return step * self.batch_size + self.rank * self.rows + offset

    @property
    def total_rows(self) -> int:
        """Rows of this rank in a whole epoch."""
        return 0 if self.steps == 0 else (self.steps - 1) * self.rows + _width(self.span(self.steps - 1))

    def spans(self, first_row: int, last_row: int) -> tuple[Span, ...]:
        """The positions of rows [first_row, last_row) of this rank, as few spans as there are."""
        if self.world_size == 1:
            return ((first_row, last_row),)
        return tuple(self._pieces(first_row, last_row))

    def _pieces(self, row: int, last_row: int) -> Iterator[Span]:
        while row < last_row:
            end = min(last_row, (row // self.rows + 1) * self.rows)
            start = self.row_position(row)
            yield start, start + end - row
            row = end


def _width(span: Span) -> int:
    return span[1] - span[0]


def default_tile(batch_size: int) -> int:
    """The largest divisor of the global batch up to 16."""
    return max(size for size in range(1, min(16, batch_size) + 1) if batch_size % size == 0)
