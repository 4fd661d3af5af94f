r"""Comma- and tab-separated tables, with and without quoting.

With quoting, a field that begins with `"` ends with the next single `"`, which a separator or the end
of the line must follow; it may hold separators and line breaks, and `""` stands for `"` (RFC 4180).
Without, every byte between two separators is the field, and every line is a row.

Where nobody declares which, the whole file is read both ways. A reading stands if it gives every row as
many fields as the first line. If only one stands, it is that one. If both stand and differ:

- a quoted name of a column means quoting;
- else, where the number of rows differs, a quote has swallowed line breaks whose pieces are rows of their
  own: off (for a single column, where every piece is a row, it has to be declared);
- else a .csv has quoting;
- else a .tsv has quoting if a whole column is quoted, or a quoted field holds `""`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from augflow.errors import SourceError
from augflow.sources.classes import counted
from augflow.sources.storage import shown
from augflow.sources.table import Table, decoded, refuse_twice, table_bytes

MAX_LINE_CHARACTERS = 8 * 2**20

NAMES = {",": "comma", "\t": "tab"}


class _NotReadable(Exception):
    """A reading of the file that gives no table; the message says where and why."""


@dataclass
class _Reading:
    """The file read one way: rows without the header, and the line on which each begins."""

    quoting: str
    rows: list[Sequence[str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    """Lines without anything."""
    header: Sequence[str] = ()


def read_delimited(file: str, separator: str, quoting: str | None) -> Table:
    """The table of a .csv or .tsv; blank lines are kept out, and told or refused by who knows what the
    table holds. Raises SourceError with file:line."""
    place = shown(file)
    text = decoded(table_bytes(file), place)
    if quoting is not None or '"' not in text:
        asked = quoting or "off"
        try:
            reading = _read(text, separator, asked)
        except _NotReadable as error:
            raise SourceError(f"{place}:{error}") from error
        note = f"quoting {quoting}" if quoting else "quoting off (it holds no quotes)"
    else:
        reading, note = _detected(text, separator, place)
    if not reading.header:
        raise SourceError(f"{place}: the table is empty; its first line names the columns")
    refuse_twice(reading.header, f"{place}:1")
    hint = ""
    if len(reading.header) == 1:
        hint = f"; the first line has no {NAMES[separator]}, which separates the fields of this table"
    names, columns = tuple(reading.header), tuple(zip(*reading.rows, strict=True))
    blank = tuple(reading.blank)
    return Table(file, len(reading.rows), names, columns, reading.lines, note=note, hint=hint, blank=blank)


def _detected(text: str, separator: str, place: str) -> tuple[_Reading, str]:
    readings, failures = {}, {}
    for quoting in ("on", "off"):
        try:
            readings[quoting] = _read(text, separator, quoting)
        except _NotReadable as error:
            failures[quoting] = f"{error}"
    if not readings:
        raise SourceError(f"{place}:{failures['on']}; with quoting off, line {failures['off']}")
    if len(readings) == 1:
        quoting, reading = next(iter(readings.items()))
        other, failure = next(iter(failures.items()))
        return reading, f"quoting {quoting} (with quoting {other}, line {failure})"
    on, off = readings["on"], readings["off"]
    if (on.header, on.rows) == (off.header, off.rows):
        return off, "quoting off (no field is quoted)"
    return _chosen(on, off, separator, place)


def _chosen(on: _Reading, off: _Reading, separator: str, place: str) -> tuple[_Reading, str]:
    """One of two readings that both stand and differ."""
    if any(name.startswith('"') for name in off.header):
        return on, "quoting on (its first line is quoted)"
    if len(on.rows) != len(off.rows):
        rows = f"{counted(len(on.rows), 'row')} with quoting on, {len(off.rows):,} with quoting off"
        if len(on.header) == 1:
            raise SourceError(f"{place}: may be read with quoting on or off: {rows}; declare `quoting`")
        return off, f"quoting off ({rows})"
    if separator == ",":
        return on, "quoting on (as in every .csv that it fits)"
    if _seems_quoted(on, off):
        return on, "quoting on (its quoted fields are quoted throughout)"
    return off, "quoting off (some fields begin and end with a quote, which stays)"


def _seems_quoted(on: _Reading, off: _Reading) -> bool:
    raw, read = list(zip(*off.rows, strict=True)), list(zip(*on.rows, strict=True))
    if any(all(cell.startswith('"') for cell in column) for column in raw):
        return True
    pairs = (pair for cells in zip(raw, read, strict=True) for pair in zip(*cells, strict=True))
    return any('""' in cell[1:-1] for cell, value in pairs if cell != value)


def _read(text: str, separator: str, quoting: str) -> _Reading:
    """One reading of the whole file; raises `_NotReadable` where it gives no table."""
    reading = _Reading(quoting)
    for line, fields in _quoted(text, separator) if quoting == "on" else _plain(text, separator):
        if not fields:
            reading.blank.append(line)
        elif not reading.header:
            reading.header = fields
        elif len(fields) != len(reading.header):
            count = counted(len(fields), "field")
            rule = f"where the first line has {len(reading.header)}{_remedy(separator, quoting)}"
            raise _NotReadable(f"{line}: {count}, {rule}")
        else:
            reading.rows.append(fields)
            reading.lines.append(line)
    return reading


def _remedy(separator: str, quoting: str) -> str:
    noun = f"{NAMES[separator]}s"
    return f"; quote fields that hold {noun}" if quoting == "on" else f"; unquoted fields hold no {noun}"


def _plain(text: str, separator: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Each line with its fields; none where it is blank. Line breaks are those of the first line."""
    lines = text.split("\n")
    end = "\r" if lines[0].endswith("\r") else ""
    if not lines[-1]:
        lines.pop()
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE_CHARACTERS:
            raise _NotReadable(f"{number}: longer than {MAX_LINE_CHARACTERS:,} characters")
        line = line.removesuffix(end)
        yield number, line.split(separator) if line else ()


def _quoted(text: str, separator: str) -> Iterator[tuple[int, Sequence[str]]]:
    start = 1
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=separator, strict=True)
    try:
        for fields in reader:
            yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:
        reason = str(error).replace("\t", "tab")
        raise _NotReadable(f"{start}: not readable as CSV: {reason}") from error
