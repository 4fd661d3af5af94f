"""The fields of a table's samples: texts that the table holds, files that it names, encoded files in it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augflow.errors import BadSampleError, SourceError
from augflow.sources.base import FieldRequest
from augflow.sources.columns import PackedNames
from augflow.sources.decoding import checked_text, decode, read
from augflow.sources.files import Folder, RemoteFolder, refuse_suffix
from augflow.sources.index import RAW
from augflow.sources.parquet import EncodedColumn, encoded_column
from augflow.sources.roles import FieldColumn
from augflow.sources.storage import join_place
from augflow.sources.table import Table
from augflow.wording import shown

_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, eq=False)
class Texts:
    """A text field whose values the table holds, packed as UTF-8."""

    request: FieldRequest
    packed: PackedNames
    characters: NDArray[np.int64]
    """(n,)"""

    def taken(self, order: Sequence[int]) -> Texts:
        """The samples at some places."""
        return replace(self, packed=self.packed.taken(order), characters=self.characters[np.array(order)])

    def value(self, index: int, place: str) -> str:
        """The text of a sample; raises `BadSampleError` where it is empty."""
        return checked_text(self.packed[index].decode(), place)

    def content(self) -> Iterator[bytes]:
        """All of it, for a fingerprint."""
        yield from self.packed.content()

    @property
    def sizes(self) -> NDArray[np.int64]:
        """(n,) characters."""
        return self.characters

    @cached_property
    def tokens(self) -> NDArray[np.int64]:
        """(n,) words and marks: nearer than characters to the tokens of a model, and so to its padding."""
        texts = (self.packed[row].decode() for row in range(len(self.packed)))
        return np.fromiter((len(_TOKEN.findall(text)) for text in texts), np.int64, len(self.packed))


@dataclass(frozen=True, eq=False)
class Files:
    """A field whose files the table names."""

    request: FieldRequest
    root: str
    paths: PackedNames
    sizes: NDArray[np.int64]
    """(n,) bytes."""

    def taken(self, order: Sequence[int]) -> Files:
        """The samples at some places."""
        return replace(self, paths=self.paths.taken(order), sizes=self.sizes[np.array(order)])

    def path(self, index: int) -> str:
        """Relative to the table."""
        return self.paths[index].decode("utf-8", RAW)

    def value(self, index: int, place: str) -> Any:
        """What the file of a sample holds; raises `BadSampleError`."""
        return read(self.request.kind, join_place(self.root, self.path(index)), place)

    def content(self) -> Iterator[bytes]:
        """Paths and sizes, for a fingerprint."""
        yield from self.paths.content()
        yield self.sizes.astype("<i8").tobytes()


@dataclass(frozen=True, eq=False)
class Encoded:
    """A field whose encoded files stand in a column of a .parquet."""

    request: FieldRequest
    column: EncodedColumn
    rows: NDArray[np.int64]
    """(n,) the row of each sample."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """(n,) zeros: the bytes of each are not known without reading all."""
        return np.zeros(len(self.rows), np.int64)

    def taken(self, order: Sequence[int]) -> Encoded:
        """The samples at some places."""
        return replace(self, rows=self.rows[np.array(order)])

    def value(self, index: int, place: str) -> Any:
        """What the bytes of a sample hold; raises `BadSampleError`."""
        data = self.column[int(self.rows[index])]
        if data is None:
            raise BadSampleError(place, f"column {self.column.name!r} holds no bytes here")
        return decode(self.request.kind, data, place)

    def content(self) -> Iterator[bytes]:
        """The number of rows and the size of the file, for a fingerprint."""
        yield f"{len(self.rows)} {self.column.size}".encode()


TableField = Texts | Files | Encoded


def table_field(
    table: Table, where: FieldColumn, rows: Sequence[int], folder: Folder | RemoteFolder
) -> TableField:
    """One field of the samples in some rows of a table. Raises SourceError with file:line for a value of
    another kind, and for a file that is absent or outside the table's folder."""
    if table.file.lower().endswith(".parquet"):
        column = encoded_column(table.file, table.names[where.column])
        if column is not None:
            return Encoded(where.request, column, np.array(rows, np.int64))
    values = table.columns[where.column]
    for row in rows:
        value = values[row]
        if value is None or (where.is_path and isinstance(value, str) and not value.strip()):
            name = table.names[where.column]
            raise SourceError(f"{table.origin(row)}: the {name} is empty; fill it in or remove the row")
        if not isinstance(value, str):
            name = table.names[where.column]
            raise SourceError(f"{table.origin(row)}: {name!r} must be a string, got {shown(value)}")
    if not where.is_path:
        characters = np.fromiter((len(values[row]) for row in rows), np.int64, len(rows))
        return Texts(where.request, PackedNames.pack([values[row].encode() for row in rows]), characters)
    return _files(table, where, rows, folder)


def _files(table: Table, where: FieldColumn, rows: Sequence[int], folder: Folder | RemoteFolder) -> Files:
    values = table.columns[where.column]
    base = folder.base_of(values[rows[0]])
    paths, sizes = [], []
    for row in rows:
        origin, path = table.origin(row), posixpath.normpath(base + values[row])
        refuse_suffix(path, where.request, origin)
        sizes.append(folder.size_of(path, origin))
        paths.append(path.encode("utf-8", RAW))
    return Files(where.request, folder.root, PackedNames.pack(paths), np.array(sizes, np.int64))
