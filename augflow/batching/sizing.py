"""How many rows a task has: enough work to be worth a call, little enough to spread and to hold."""

from __future__ import annotations

from augflow.batching.positions import Positions
from augflow.batching.rows import Columns, column_bytes

TARGET_S = 0.2
"""Work a task should hold: a call costs client and raylet about 3 ms of CPU between them."""

MAX_TASK_BYTES = 12 * 2**20
SMOOTHING = 0.3


class TaskSizer:
    """Learns what a row costs. Sizes change speed, never bytes."""

    def __init__(self, tile: int) -> None:
        self._tile = tile
        self._row_s: float | None = None
        self._row_bytes = 1

    def learn(self, columns: Columns, seconds: float) -> None:
        """What the rows of a task were and took."""
        rows = len(columns["index"])
        measured = seconds / rows
        self._row_s = measured if self._row_s is None else self._row_s + SMOOTHING * (measured - self._row_s)
        self._row_bytes = max(1, column_bytes(columns) // rows)

    def rows(self, positions: Positions, first_row: int) -> int:
        """Rows of the task that starts at `first_row`. It ends with a step where it holds whole ones, so
        that batches come evenly, else with a tile where it can."""
        left = positions.total_rows - first_row
        wanted = self._tile
        if self._row_s is not None:
            wanted = min(int(TARGET_S / max(self._row_s, 1e-9)), MAX_TASK_BYTES // self._row_bytes)
        if wanted >= positions.rows:
            return min(left, (first_row + wanted) // positions.rows * positions.rows - first_row)
        tiles = max(1, wanted // self._tile)
        return min(left, tiles * self._tile - positions.row_position(first_row) % self._tile)
