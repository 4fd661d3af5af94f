"""Rows of what augflow writes, read one by one: of .parquet by row group, of .jsonl by line, of a manifest
with the files that it names."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array
from augflow.sources.arrow import (
    column_batches,
    column_values,
    damaged,
    open_parquet,
    pyarrow,
    reason,
    row_group,
)
from augflow.sources.files import Folder, folder_of
from augflow.sources.jsonlines import json_lines, json_object
from augflow.sources.storage import is_url, join_place, read_file, read_range, shown, split_place
from augflow.sources.table import table_bytes
from augflow.wording import shown as cut

MAX_SAMPLE_BYTES = 256 * 2**20
"""Larger files of one sample are refused before they are read."""

SHAPE = "_shape"
"""What follows the name of an array of several axes in the name of the column with their lengths."""

Values = dict[str, Any]
"""One row by column: texts, numbers, bytes, arrays."""


class Rows(Protocol):
    """The rows of one file; picklable."""

    @property
    def file(self) -> str:
        """Its path or URL."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...

    def about(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """All values of short columns, None where there is no such column."""
        ...

    def sizes(self, name: str) -> NDArray[np.int64]:
        """(n,) how long the values of a column are: characters, bytes or numbers."""
        ...

    def read(self, row: int, names: Sequence[str]) -> Values:
        """Values of one row, of those columns that there are; raises `BadSampleError`."""
        ...


@dataclass(frozen=True, eq=False)
class ParquetRows:
    """The rows of a .parquet."""

    file: str
    starts: tuple[int, ...]
    """The first row of each row group, and the number of rows."""
    columns: frozenset[str]

    @classmethod
    def open(cls, file: str) -> ParquetRows:
        """Raises SourceError for what is no .parquet, and where pyarrow is missing."""
        opened = open_parquet(file)
        counts = [opened.metadata.row_group(group).num_rows for group in range(opened.num_row_groups)]
        starts = tuple(int(start) for start in np.cumsum([0, *counts]))
        return cls(file, starts, frozenset(opened.schema_arrow.names))

    def __len__(self) -> int:
        return self.starts[-1]

    def about(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """See `Rows.about`."""
        return {
            name: column_values(self.file, name, len(self)) if name in self.columns else [None] * len(self)
            for name in names
        }

    def sizes(self, name: str) -> NDArray[np.int64]:
        """See `Rows.sizes`."""
        compute, types = pyarrow("pyarrow.compute"), pyarrow("pyarrow.types")
        found = [np.zeros(0, np.int64)]
        for batch in column_batches(self.file, name, whole=False):
            column = batch.column(0)
            try:
                if types.is_string(column.type):
                    lengths = compute.utf8_length(column)
                elif types.is_binary(column.type):
                    lengths = compute.binary_length(column)
                else:
                    lengths = compute.list_value_length(column)
            except damaged() as error:
                place = f"{shown(self.file)}: column {name!r}"
                raise SourceError(f"{place} is of no type that augflow writes: {column.type}") from error
            found.append(lengths.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64))
        return np.concatenate(found)

    def read(self, row: int, names: Sequence[str]) -> Values:
        """See `Rows.read`."""
        group = int(np.searchsorted(self.starts, row, side="right")) - 1
        wanted = tuple(name for each in names for name in (each, each + SHAPE) if name in self.columns)
        table = row_group(self.file, wanted, group)
        cells = {name: table.column(name)[row - self.starts[group]] for name in wanted}
        found: Values = {}
        for name in self.columns.intersection(names):
            cell = cells[name]
            if not hasattr(cell, "values"):
                found[name] = cell.as_py()
                continue
            try:
                array: Array = cell.values.to_numpy(zero_copy_only=False)
                found[name] = array.reshape(cells[name + SHAPE].as_py()) if name + SHAPE in cells else array
            except damaged() as error:
                place = f"{shown(self.file)}, row {row}"
                raise BadSampleError(place, f"column {name!r} holds no array: {reason(error)}") from error
        return found


@dataclass(frozen=True, eq=False)
class LineRows:
    """The rows of a .jsonl: where each line lies."""

    file: str
    lines: NDArray[np.int64]
    """(n, 2): the first byte and the number of bytes."""

    @classmethod
    def open(cls, file: str) -> LineRows:
        """Raises SourceError where the file cannot be read."""
        sizes = [len(line) for line in io.BytesIO(table_bytes(file))]
        starts = np.cumsum([0, *sizes[:-1]])[: len(sizes)]
        return cls(file, np.stack([starts, np.array(sizes, np.int64)], axis=1).astype(np.int64))

    def __len__(self) -> int:
        return len(self.lines)

    def about(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """See `Rows.about`."""
        found: dict[str, list[Any]] = {name: [] for name in names}
        for number, entry in json_lines(self.file):
            if entry is None:
                raise SourceError(f"{shown(self.file)}:{number}: the line is blank; remove it")
            for name in names:
                found[name].append(entry.get(name))
        return found

    def sizes(self, name: str) -> NDArray[np.int64]:
        """See `Rows.sizes`."""
        values = self.about([name])[name]
        return np.array([len(value) if isinstance(value, str | list) else 0 for value in values], np.int64)

    def read(self, row: int, names: Sequence[str]) -> Values:
        """See `Rows.read`."""
        start, size = map(int, self.lines[row])
        try:
            entry = json_object(read_range(self.file, start, size), f"{shown(self.file)}:{row + 1}")
        except SourceError as error:  # it was readable when the source was opened
            raise BadSampleError(f"{shown(self.file)}:{row + 1}", str(error)) from error
        try:
            return {
                name: np.array(value, np.int64) if isinstance(value, list) else value
                for name, value in ((name, entry.get(name)) for name in names)
            }
        except (ArithmeticError, TypeError, ValueError) as error:
            place = f"{shown(self.file)}:{row + 1}"
            raise BadSampleError(place, f"lists must be of whole numbers: {error}") from error


@dataclass(frozen=True, eq=False)
class ManifestRows:
    """The samples of a `manifest.jsonl`: a field is a file of its own, or stands in the line."""

    lines: LineRows
    first: str
    """The field that is `output` where a line names but one."""

    @property
    def file(self) -> str:
        """The manifest."""
        return self.lines.file

    def __len__(self) -> int:
        return len(self.lines)

    def about(self, names: Sequence[str]) -> dict[str, list[Any]]:
        """See `Rows.about`; the id is the path of the first file."""
        found = self.lines.about(["output" if name == "id" else name for name in names])
        return {name: found["output" if name == "id" else name] for name in names}

    def sizes(self, name: str) -> NDArray[np.int64]:
        """See `Rows.sizes`; raises SourceError for files that are absent or outside the folder."""
        folder = folder_of(split_place(self.file)[0], "sealed")
        entries = self.lines.about(["output", "fields"])
        sizes = []
        for number, (output, fields) in enumerate(zip(entries["output"], entries["fields"], strict=True), 1):
            origin = f"{shown(self.file)}:{number}"
            place = _held(fields, self.first, output, origin).get(name)
            sizes.append(folder.size_of(place, origin) if isinstance(place, str) else 0)
        return np.array(sizes, np.int64)

    def read(self, row: int, names: Sequence[str]) -> Values:
        """See `Rows.read`; a file as its bytes."""
        entry = self.lines.read(row, ["output", "fields"])
        held = _held(entry["fields"], self.first, entry["output"], f"{shown(self.file)}:{row + 1}")
        return {
            name: self._bytes(held[name]) if isinstance(held[name], str) else held[name]
            for name in names
            if name in held
        }

    def _bytes(self, path: str) -> bytes:
        root = split_place(self.file)[0]
        place = join_place(root, path)
        if os.path.isabs(path) or ".." in path.split("/"):
            raise BadSampleError(shown(place), "leads out of the dataset; paths are relative to it")
        if not is_url(root):
            Folder(root, "sealed").refuse_outside(path)
        return read_file(place, MAX_SAMPLE_BYTES)


def _held(fields: Any, first: str, output: Any, origin: str) -> dict[str, Any]:
    """What a line of a manifest holds by field; raises SourceError where it is no map."""
    held = fields or {first: output}
    if not isinstance(held, dict):
        raise SourceError(f"{origin}: `fields` must be a map of fields, got {cut(held)}")
    return held
