"""Parquet files as tables: columns are loaded when asked for, encoded files by row group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from augflow.errors import SourceError
from augflow.sources.arrow import column_values, open_parquet, pyarrow, row_group
from augflow.sources.storage import shown
from augflow.sources.table import MAX_ROWS, Table, refuse_twice


@dataclass(frozen=True, eq=False)
class EncodedColumn:
    """A column of encoded files (binary, or a struct with `bytes` as Hugging Face writes it), read by row."""

    file: str
    name: str
    starts: NDArray[np.int64]
    """The first row of each row group, and the number of rows."""
    size: int
    """Bytes of the column in the file."""

    def __getitem__(self, row: int) -> bytes | None:
        """The bytes of a row's file; None where there are none."""
        group = int(np.searchsorted(self.starts, row, side="right")) - 1
        value = row_group(self.file, (self.name,), group).column(0)[row - int(self.starts[group])].as_py()
        if isinstance(value, dict):
            value = value.get("bytes")
        return value if isinstance(value, bytes) else None


class _Column(Sequence[Any]):
    """The values of a column as Python's, loaded at the first look."""

    def __init__(self, file: str, name: str, rows: int) -> None:
        self._file, self._name, self._rows = file, name, rows
        self._values: list[Any] | None = None

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, row: int) -> Any: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Any]: ...
    def __getitem__(self, row: int | slice) -> Any:
        if self._values is None:
            self._values = column_values(self._file, self._name, self._rows)
        return self._values[row]


def read_parquet(file: str) -> Table:
    """The table of a .parquet; raises SourceError for what is none, and where pyarrow is missing."""
    opened = open_parquet(file)
    names, rows = tuple(opened.schema_arrow.names), opened.metadata.num_rows
    refuse_twice(names, shown(file))
    if rows > MAX_ROWS:
        raise SourceError(
            f"{shown(file)}: {rows:,} rows, above the limit of {MAX_ROWS:,}; split it, or write shards"
        )
    return Table(file, rows, names, tuple(_Column(file, name, rows) for name in names), None)


def encoded_column(file: str, name: str) -> EncodedColumn | None:
    """The column as encoded files, where it holds bytes; None where it holds anything else."""
    types = pyarrow("pyarrow.types")
    opened = open_parquet(file)
    kind = opened.schema_arrow.field(name).type
    if types.is_struct(kind):
        inner = kind.get_field_index("bytes")
        kind = kind.field(inner).type if inner >= 0 else kind
    if not (types.is_binary(kind) or types.is_large_binary(kind)):
        return None
    groups = [opened.metadata.row_group(group) for group in range(opened.metadata.num_row_groups)]
    starts = np.cumsum([0, *(group.num_rows for group in groups)], dtype=np.int64)
    return EncodedColumn(file, name, starts, sum(group.total_byte_size for group in groups))
