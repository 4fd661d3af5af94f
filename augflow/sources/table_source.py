"""Tables as sources: .csv, .tsv, .jsonl and .parquet, and folders with a `labels.csv`.

The id of a sample is its `id` column, else the path of its first file, and samples are sorted by it. A
table of texts without ids has row numbers, from 0, as ids and keeps its order: rows that are added at
the end leave the draws of the others alone, rows that are put in between shift those that follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array, Sample
from augflow.sources.base import FieldRequest, TargetKind
from augflow.sources.classes import ClassList, counted, listed
from augflow.sources.columns import SCALARS, PackedColumns
from augflow.sources.decoding import NOUNS
from augflow.sources.files import FileSource, folder_of
from augflow.sources.index import Listing, SampleIndex, id_of_path, pack_index, printable, refuse_equal_ids
from augflow.sources.roles import Roles, roles_of
from augflow.sources.settings import Settings
from augflow.sources.storage import join_place, shown, split_place
from augflow.sources.table import Table, read_table
from augflow.sources.table_fields import Encoded, Files, TableField, Texts, table_field
from augflow.sources.targets import Targets, as_written, described, targets_of

LABELS_FILE = "labels.csv"


@dataclass(frozen=True, eq=False)
class TableSource:
    """The rows of a table, with the fields that were asked for. Frozen, picklable."""

    table: str
    """The file, for messages, with what stands before the number of a line."""
    lines: NDArray[np.int64]
    """(n,) the line of each sample, or its row in a .parquet."""
    fields: tuple[TableField, ...]
    index: SampleIndex
    classes: tuple[str, ...]
    description: str
    target_kind: TargetKind = "class"

    @property
    def columns(self) -> tuple[str, ...]:
        """The other columns of the table."""
        return self.index.rows.names

    def __len__(self) -> int:
        return len(self.index)

    def sample_id(self, index: int) -> str:
        """The id column, the path or the row number."""
        return self.index.sample_id(index)

    def place(self, index: int) -> str:
        """file:line."""
        return f"{self.table}{self.lines[index]}"

    def read(self, index: int) -> Sample:
        """The row with every field decoded; raises `BadSampleError`."""
        place = self.place(index)
        fields = {field.request.name: self._value(field, index, place) for field in self.fields}
        return self.index.sample(index, fields, len(self.classes), self.target_kind)

    def _value(self, field: TableField, index: int, place: str) -> Any:
        try:
            return field.value(index, place)
        except BadSampleError as error:
            named = f" ({printable(field.path(index))})" if isinstance(field, Files) else ""
            if len(self.fields) == 1 and not named:
                raise
            raise BadSampleError(place, f"{field.request.name}{named}: {error.reason}") from error

    def lengths(self) -> Array | None:
        """Words and marks of the first text, else bytes of the first file."""
        if any(isinstance(field, Encoded) for field in self.fields):
            return None
        texts = [field for field in self.fields if isinstance(field, Texts)]
        return texts[0].tokens if texts else self.index.sizes

    def fingerprint(self) -> str:
        """Hex digest of ids, targets, texts, sizes of files, and the other columns."""
        return self.index.fingerprint


def open_labels(
    root: str, settings: Settings, frozen: ClassList | None, requests: Sequence[FieldRequest]
) -> FileSource | TableSource:
    """The files that `labels.csv` in `root` names, of one split or of all.

    It must have labels, and its fields may be quoted unless `settings` says otherwise.
    """
    folder_of(root, settings.links).refuse_outside(LABELS_FILE)
    file = join_place(root, LABELS_FILE)
    table = replace(read_table(file, settings.quoting or "on"), note="")
    opened = _Opening(table, roles_of(table, requests, settings, labeled=True), settings)
    return opened.source(f"{LABELS_FILE} in {shown(root)}", frozen)


def open_table(
    file: str, settings: Settings, frozen: ClassList | None, requests: Sequence[FieldRequest]
) -> FileSource | TableSource:
    """The rows of a .csv, .tsv, .jsonl or .parquet. Paths in it are relative to its folder, or to the one
    subfolder that holds them, and lead nowhere else. Raises SourceError with file:line."""
    table = read_table(file, settings.quoting)
    opened = _Opening(table, roles_of(table, requests, settings), settings)
    return opened.source(f"table {table.place}", frozen)


@dataclass
class _Opening:
    """A table on its way to a source."""

    table: Table
    roles: Roles
    settings: Settings

    def source(self, told: str, frozen: ClassList | None) -> FileSource | TableSource:
        """The source over the rows of the split that is asked for."""
        table, kind = self.table, self.settings.target
        self._refuse_blank()
        rows = self._of_split()
        root = split_place(table.file)[0]
        folder = folder_of(root, self.settings.links)
        fields = [table_field(table, field, rows, folder) for field in self.roles.fields]
        ids = self._ids(rows, fields)
        if ids is not None:
            order = sorted(range(len(rows)), key=ids.__getitem__)
            rows, ids = [rows[place] for place in order], [ids[place] for place in order]
            fields = [field.taken(order) for field in fields]
            refuse_equal_ids(ids, lambda place: table.origin(rows[place]))
        targets = targets_of(table, self.roles.labels, rows, kind, frozen)
        index = self._index(rows, ids or [str(row) for row in rows], fields, targets)
        told += f": {self._told(fields, targets, rows, index.rows)}"
        if len(fields) == 1 and isinstance(fields[0], Files):
            return FileSource(root, index, targets.names, told, fields[0].request, kind)
        lines = np.array(rows if table.lines is None else [table.lines[row] for row in rows], np.int64)
        return TableSource(table.origin_form, lines, tuple(fields), index, targets.names, told, kind)

    def _refuse_blank(self) -> None:
        """A blank line names no file, so that nothing is lost with it; in a table of texts it may be one."""
        if self.table.blank and any(not field.is_path for field in self.roles.fields):
            raise SourceError(
                f"{self.table.place}:{self.table.blank[0]}: the line is blank; remove it, or write the text "
                "that belongs there"
            )

    def _of_split(self) -> list[int]:
        """The rows of the split that is asked for, of all without one."""
        split, table = self.settings.split, self.table
        if split is None:
            return list(range(len(table)))
        cells = self._splits()
        rows = [row for row, cell in enumerate(cells) if cell == split]
        if not rows:
            raise SourceError(
                f"{table.place}: no rows of split {split!r}; the splits are {listed(sorted(set(cells)))}"
            )
        return rows

    def _splits(self) -> list[str]:
        """The split of each row; "" for none."""
        if self.roles.split is None:
            return []
        return ["" if cell is None else str(cell) for cell in self.table.columns[self.roles.split]]

    def _ids(self, rows: list[int], fields: Sequence[TableField]) -> list[str] | None:
        """The ids of rows; None where they are their numbers."""
        if self.roles.id is not None:
            return [as_written(self.table, self.roles.id, row, "id") for row in rows]
        files = next((field for field in fields if isinstance(field, Files)), None)
        return None if files is None else [id_of_path(files.path(place)) for place in range(len(rows))]

    def _index(
        self, rows: list[int], ids: list[str], fields: Sequence[TableField], targets: Targets
    ) -> SampleIndex:
        table = self.table
        columns = {
            table.names[place]: [table.columns[place][row] for row in rows] for place in self.roles.others
        }
        plain = {
            name: values
            for name, values in columns.items()
            if all(value is None or isinstance(value, SCALARS) for value in values)
        }
        alone = fields[0] if len(fields) == 1 and isinstance(fields[0], Files) else None
        sized = next((field for field in fields if isinstance(field, Texts)), fields[0])
        return pack_index(
            Listing(
                ids=ids,
                labels=targets.labels,
                sizes=sized.sizes,
                paths=[alone.path(place) for place in range(len(rows))] if alone else (),
                targets=targets.rows,
                rows=PackedColumns.pack(tuple(plain), tuple(plain.values())),
                content=() if alone else fields,
            )
        )

    def _told(
        self, fields: Sequence[TableField], targets: Targets, rows: list[int], others: PackedColumns
    ) -> str:
        table, kind = self.table, self.settings.target
        noun = NOUNS[fields[0].request.kind] if len(fields) == 1 else "sample"
        told = counted(len(rows), noun)
        if len(fields) > 1:
            told += f" ({', '.join(field.request.name for field in fields)})"
        told += f"{' of' if targets.names else ','} {described(targets.names, kind)}"
        if self.settings.split is not None:
            told += f", split {self.settings.split}, {counted(len(table) - len(rows), 'row')} of others"
        elif splits := sorted({cell for cell in self._splits() if cell}):
            told += f", all splits together ({listed(splits)})"
        parts = [table.note, f"other columns: {listed(others.names)}" if others.names else ""]
        parts.append(f"{counted(len(table.blank), 'blank line')} passed over" if table.blank else "")
        return "; ".join([told, *filter(None, parts)])
