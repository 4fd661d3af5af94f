"""Parquet files through pyarrow, which is loaded by need; open files and row groups are kept by process."""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from augflow.errors import BadSampleError, SourceError
from augflow.regular import open_regular
from augflow.sources.index import printable
from augflow.sources.storage import local_path, shown
from augflow.sources.table import MAX_TABLE_BYTES, table_bytes

BATCH_ROWS = 1024
"""Rows of a row group that are decoded at a time, before its size is looked at again."""

MAX_GROUP_BYTES = 2 * 2**30
"""Of the columns of a row group that are read; compressed, it may be a few bytes."""

VALUE_BYTES = 16
"""What a value takes in Python besides its content, at the least."""

ROW_GROUPS_KEPT = 4
"""Row groups that one process holds: reading in order then loads each once."""


@cache
def pyarrow(module: str = "pyarrow") -> Any:
    """A module of pyarrow; raises SourceError where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise SourceError(
            ".parquet needs pyarrow, which is not installed: install the extra `tables`: "
            "pip install -e '.[tables]' in augflow's folder"
        ) from error


def damaged() -> tuple[type[Exception], ...]:
    """What pyarrow lets through on damaged files."""
    plain = (ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError)
    return (*plain, pyarrow().ArrowException)


def reason(error: Exception) -> str:
    """What an error says, on one line."""
    return printable(f"{error}" or type(error).__name__)


def column_batches(file: str, name: str, *, whole: bool = True) -> Iterator[Any]:
    """A column piece by piece, `whole` where all of it is kept as Python's values.

    Raises SourceError where it cannot be read, and where it would then take more than `MAX_TABLE_BYTES`: a
    file of a few bytes can say the same text a billion times.
    """
    size = 0
    opened = open_parquet(file)
    if name not in opened.schema_arrow.names:
        raise SourceError(f"{shown(file)}: has no column {name!r}")
    try:
        for batch in opened.iter_batches(columns=[name]):
            size += batch.nbytes + VALUE_BYTES * batch.num_rows
            if whole and size > MAX_TABLE_BYTES:
                raise SourceError(
                    f"{shown(file)}: column {name!r} takes more than {MAX_TABLE_BYTES:,} bytes; "
                    "split the file"
                )
            yield batch
    except damaged() as error:
        raise SourceError(f"{shown(file)}: column {name!r} cannot be read: {reason(error)}") from error


def column_values(file: str, name: str, rows: int) -> list[Any]:
    """All values of a column as Python's; raises SourceError as `column_batches` does, and where they are not
    as many as the file says."""
    values: list[Any] = []
    for batch in column_batches(file, name):
        try:
            values.extend(batch.column(0).to_pylist())
        except damaged() as error:  # texts that are not UTF-8
            raise SourceError(f"{shown(file)}: column {name!r} cannot be read: {reason(error)}") from error
    if len(values) != rows:
        raise SourceError(f"{shown(file)}: column {name!r} has {len(values):,} values for {rows:,} rows")
    return values


def open_parquet(file: str) -> Any:
    """The open file of a path or URL; raises SourceError where it is no Parquet file."""
    return _opened(_version(file), file)


def row_group(file: str, names: tuple[str, ...], group: int) -> Any:
    """Some columns of a row group; raises BadSampleError where they cannot be read."""
    return _row_group(_version(file), file, names, group)


def _version(file: str) -> tuple[int, ...]:
    """Process and state of a file: an open file does not survive a fork, nor what it held a rewrite."""
    path = local_path(file)
    if path is None or not os.path.exists(path):
        return (os.getpid(),)
    status = os.stat(path)
    return os.getpid(), status.st_mtime_ns, status.st_size, status.st_ino


@lru_cache(maxsize=ROW_GROUPS_KEPT)
def _opened(_version: tuple[int, ...], file: str) -> Any:
    path = local_path(file)
    try:
        if path is not None:
            open_regular(path).close()
        source = io.BytesIO(table_bytes(file)) if path is None else path
        return pyarrow("pyarrow.parquet").ParquetFile(source)
    except damaged() as error:
        raise SourceError(f"{shown(file)}: not readable as Parquet: {reason(error)}") from error


@lru_cache(maxsize=ROW_GROUPS_KEPT)
def _row_group(version: tuple[int, ...], file: str, names: tuple[str, ...], group: int) -> Any:
    place = f"{shown(file)}, row group {group}"
    batches, size, rows = [], 0, 0
    try:
        opened = _opened(version, file)
        for batch in opened.iter_batches(BATCH_ROWS, row_groups=[group], columns=list(names)):
            size, rows = size + batch.nbytes, rows + batch.num_rows
            if size > MAX_GROUP_BYTES:
                limit = f"more than {MAX_GROUP_BYTES:,} bytes"
                raise BadSampleError(place, f"has {limit}; write the file with smaller row groups")
            batches.append(batch)
        if not rows or rows != opened.metadata.row_group(group).num_rows:
            raise BadSampleError(place, f"has {rows:,} rows, and not those that it says; copy the file again")
        return pyarrow().Table.from_batches(batches)
    except SourceError as error:  # it was readable before
        raise BadSampleError(place, f"has changed: {error}") from error
    except damaged() as error:
        raise BadSampleError(place, f"cannot be read: {reason(error)}") from error
