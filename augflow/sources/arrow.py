"""Parquet files through pyarrow, which is loaded by need; open files and row groups are kept by process."""

from __future__ import annotations

import importlib
import io
import os
from functools import cache, lru_cache
from typing import Any

from augflow.errors import BadSampleError, SourceError
from augflow.sources.storage import local_path, shown
from augflow.sources.table import table_bytes

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
        source = io.BytesIO(table_bytes(file)) if path is None else path
        return pyarrow("pyarrow.parquet").ParquetFile(source)
    except (OSError, pyarrow().ArrowException) as error:
        raise SourceError(f"{shown(file)}: not readable as Parquet: {error}") from error


@lru_cache(maxsize=ROW_GROUPS_KEPT)
def _row_group(version: tuple[int, ...], file: str, names: tuple[str, ...], group: int) -> Any:
    try:
        return _opened(version, file).read_row_group(group, columns=list(names))
    except (OSError, SourceError, pyarrow().ArrowException) as error:
        raise BadSampleError(f"{shown(file)}, row group {group}", f"cannot be read: {error}") from error
