"""A table in memory: .csv and .tsv, .jsonl and .parquet as named columns of plain values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from augflow.errors import BadSampleError, SourceError
from augflow.sources.index import first_twice
from augflow.sources.storage import read_file, shown
from augflow.wording import shown as cut

MAX_TABLE_BYTES = 4 * 2**30
"""Tables are held in memory while they are opened; larger files are refused before they are read."""

MAX_ROWS = 20_000_000
"""A million takes up to a gigabyte, and a .parquet can say any number of them in no bytes."""

MARK = b"\xef\xbb\xbf"
"""The byte-order mark that spreadsheets put before UTF-8."""


@dataclass(frozen=True)
class Table:
    """n rows of named columns."""

    file: str
    """Its path or URL."""
    rows: int
    names: tuple[str, ...]
    columns: tuple[Sequence[Any], ...]
    """One sequence of n values a name: strings in .csv and .tsv, JSON's values in .jsonl, Python's in
    .parquet; None where there is none."""
    lines: Sequence[int] | None
    """The line of the file, from 1, on which each row begins; None in .parquet, which has none."""
    note: str = ""
    """How the file was read, where that was to be decided."""
    hint: str = ""
    """What may be wrong with the file where a column is missing."""
    blank: tuple[int, ...] = ()
    """Lines of a .csv or .tsv that hold nothing; they are no rows."""

    def __len__(self) -> int:
        return self.rows

    @property
    def place(self) -> str:
        """The file, for messages."""
        return shown(self.file)

    @property
    def origin_form(self) -> str:
        """The file, with what stands before the number of a line or row."""
        return f"{self.place}, row " if self.lines is None else f"{self.place}:"

    def origin(self, row: int) -> str:
        """Where a row stands, as file:line."""
        return f"{self.origin_form}{row if self.lines is None else self.lines[row]}"

    @property
    def header(self) -> str:
        """Where the names of the columns stand."""
        return self.place if self.lines is None else f"{self.place}:1"


def refuse_twice(names: Sequence[str], origin: str) -> None:
    """Raise SourceError where two columns have one name."""
    if (twice := first_twice(names)) is not None:
        raise SourceError(f"{origin}: column {cut(twice)} stands there twice; rename one")


def table_bytes(file: str) -> bytes:
    """All of a table's file, without a byte-order mark."""
    try:
        return read_file(file, MAX_TABLE_BYTES).removeprefix(MARK)
    except BadSampleError as error:
        raise SourceError(f"{error.sample}: {error.reason}") from error


def decoded(data: bytes, place: str) -> str:
    """The text of a table; raises SourceError with byte and line where it is not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"{place}:{line}: not UTF-8 ({error.reason} 0x{data[error.start]:02x} at byte {error.start:,} of "
            "the text); save it as UTF-8"
        ) from error


def read_table(file: str, quoting: str | None) -> Table:
    """The table of a file, by its suffix; `quoting` is for .csv and .tsv.

    Raises SourceError with file:line for what cannot be read, and for a table without rows.
    """
    from augflow.sources.delimited import read_delimited
    from augflow.sources.jsonlines import read_jsonlines
    from augflow.sources.parquet import read_parquet

    suffix = file[file.rfind(".") :].lower()
    readers: dict[str, Callable[[str], Table]] = {".jsonl": read_jsonlines, ".parquet": read_parquet}
    if reader := readers.get(suffix):
        if quoting is not None:
            raise SourceError(f"{shown(file)}: quoting is for .csv and .tsv; leave it out")
        table = reader(file)
    else:
        table = read_delimited(file, "\t" if suffix == ".tsv" else ",", quoting)
    if not len(table):
        raise SourceError(f"{table.place}: the table has no rows")
    return table
