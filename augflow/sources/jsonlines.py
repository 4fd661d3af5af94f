"""Files of one JSON object a line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

from augflow.errors import SourceError
from augflow.sources import storage
from augflow.sources.index import first_twice
from augflow.sources.table import Table, table_bytes
from augflow.wording import shown

MAX_LINE_BYTES = 8 * 2**20
"""Longer lines are refused before they are parsed; it is enough for soft labels over 100,000 classes."""

MAX_SPARSE_CELLS = 10_000_000
MAX_GAPS = 50
"""A table of more cells may have so many empty ones for each that is filled: a gap takes memory, and no byte
of the file."""


def read_jsonlines(file: str) -> Table:
    """The table of a .jsonl: its columns are the keys of all lines, None where a line lacks one.

    Raises SourceError with file:line; a blank line is an error, for it may stand for a lost row.
    """
    lines, entries = [], []
    for number, entry in json_lines(file):
        if entry is None:
            raise SourceError(f"{storage.shown(file)}:{number}: the line is blank; remove it")
        lines.append(number)
        entries.append(entry)
    names = tuple(dict.fromkeys(name for entry in entries for name in entry))
    cells, filled = len(entries) * len(names), sum(map(len, entries))
    if cells > MAX_SPARSE_CELLS and cells > MAX_GAPS * filled:
        raise SourceError(
            f"{storage.shown(file)}: {len(names):,} different keys in {len(entries):,} lines, of which a "
            f"line has {filled / len(entries):.1f}: that is no table; give the lines the same keys"
        )
    columns = tuple([entry.get(name) for entry in entries] for name in names)
    return Table(file, len(entries), names, columns, lines)


def json_lines(file: str) -> Iterator[tuple[int, dict[str, Any] | None]]:
    """The objects of a file with the number of their line; None for a blank line."""
    place, number = storage.shown(file), 0
    with io.BytesIO(table_bytes(file)) as stream:
        while line := stream.readline(MAX_LINE_BYTES + 1):
            number += 1
            yield number, json_object(line, f"{place}:{number}") if line.strip() else None


def json_object(text: bytes, origin: str) -> dict[str, Any]:
    """A JSON object of strings that are text; raises SourceError naming `origin` for anything else."""
    if len(text) > MAX_LINE_BYTES:
        raise SourceError(f"{origin}: longer than {MAX_LINE_BYTES:,} bytes")
    try:
        entry = json.loads(text.decode(), object_pairs_hook=_object)
        if b"\\u" in text:  # the only way to write half of a surrogate pair
            json.dumps(entry, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{origin}: not JSON: not UTF-8 ({error.reason} 0x{text[error.start]:02x} at byte {error.start} "
            "of the line); save it as UTF-8"
        ) from error
    except UnicodeEncodeError as error:
        raise SourceError(f"{origin}: holds half of a surrogate pair, which is no text") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{origin}: not JSON: {error}") from error
    if not isinstance(entry, dict):
        raise SourceError(f"{origin}: must be a JSON object, got {shown(entry)}")
    return entry


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entry = dict(pairs)
    if len(entry) != len(pairs):
        raise ValueError(f"key {shown(first_twice(key for key, _ in pairs))} stands there twice")
    return entry
