"""A folder of images with a `labels.csv` that names them, their classes and their splits."""

from __future__ import annotations

import csv
import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from augflow.errors import SourceError
from augflow.sources.classes import ClassList, counted, listed
from augflow.sources.files import IMAGE_SUFFIXES, FileSource, Folder, suffix_of
from augflow.sources.index import FoundFile, build_index, id_of_path, printable

LABELS_FILE = "labels.csv"

DEFAULT_COLUMNS = {"path": ("path", "filename"), "label": ("label",), "id": ("id",), "split": ("split",)}
REQUIRED_COLUMNS = ("path", "label")


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    origin: str
    """file:line"""
    path: str
    label: str
    id: str | None
    split: str | None


def open_labels(
    root: str, columns: Mapping[str, str], split: str | None, frozen: ClassList | None
) -> FileSource:
    """The images that `labels.csv` in `root` names, of one split or of all.

    Paths are relative to `root`, or to its one subfolder that holds them. The classes are those of
    the whole table, so that each split has the same. Raises SourceError with file:line.
    """
    rows = list(_rows(os.path.join(root, LABELS_FILE), columns, split))
    chosen = _of_split(rows, split, root)
    folder = Folder(root)
    base = _base(folder, chosen[0])
    classes = frozen or ClassList.met(row.label for row in rows)
    files = [_found(folder, base, row, classes) for row in chosen]
    shown = printable(root)
    told = (
        f"{LABELS_FILE} in {shown}: {counted(len(files), 'image')} of {counted(len(classes.names), 'class')}"
    )
    told += f" ({listed(classes.names)})"
    if split is not None:
        told += f", split {split}, {counted(len(rows) - len(chosen), 'row')} of others"
    elif splits := sorted({row.split for row in rows if row.split}):
        told += f", all splits together ({listed(splits)})"
    return FileSource(root, build_index(files), classes.names, told)


def _rows(file: str, asked: Mapping[str, str], split: str | None) -> Iterator[Row]:
    lines = _lines(file)
    first = next(lines, None)
    if first is None:
        raise SourceError(f"{printable(file)}: the table is empty; its first line names the columns")
    origin, header = first
    columns = _columns(header, asked, split, origin)
    for origin, values in lines:
        if len(values) != len(header):
            raise SourceError(
                f"{origin}: {counted(len(values), 'field')}, where the first line has {len(header)}; quote "
                "fields that hold commas"
            )
        cells = {name: values[place] for name, place in columns.items()}
        for name in (*REQUIRED_COLUMNS, "id"):
            if not cells.get(name, "-").strip():
                raise SourceError(f"{origin}: the {name} is empty; fill it in or remove the row")
        yield Row(origin, cells["path"], cells["label"], cells.get("id"), cells.get("split"))


def _lines(file: str) -> Iterator[tuple[str, list[str]]]:
    """Lines of the table that are not blank, each with its file:line."""
    shown, number = printable(file), 1
    try:
        with open(file, encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            for values in reader:
                number = reader.line_num + 1
                if values:
                    yield f"{shown}:{reader.line_num}", values
    except OSError as error:
        raise SourceError(f"{shown}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{shown}: not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from error
    except csv.Error as error:
        raise SourceError(f"{shown}:{number}: not readable as CSV: {error}") from error


def _columns(header: list[str], asked: Mapping[str, str], split: str | None, origin: str) -> dict[str, int]:
    """The place of each column that is there, by what it means."""
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise SourceError(f"{origin}: column {twice[0]!r} stands there twice; rename one")
    columns = {}
    for meaning, defaults in DEFAULT_COLUMNS.items():
        named = asked.get(meaning)
        names = defaults if named is None else (named,)
        place = next((header.index(name) for name in names if name in header), None)
        needed = meaning in REQUIRED_COLUMNS or named or (meaning == "split" and split is not None)
        if place is not None:
            columns[meaning] = place
        elif needed:
            raise SourceError(
                f"{origin}: no column {' or '.join(map(repr, names))}; the columns are {listed(header)}: "
                f"name the right one, as in columns: {{{meaning}: {printable(header[0])}}}"
            )
    return columns


def _of_split(rows: list[Row], split: str | None, root: str) -> list[Row]:
    chosen = [row for row in rows if split is None or row.split == split]
    if chosen:
        return chosen
    shown = printable(os.path.join(root, LABELS_FILE))
    if not rows:
        raise SourceError(f"{shown}: the table has no rows")
    splits = sorted({row.split or "" for row in rows})
    raise SourceError(f"{shown}: no rows of split {split!r}; the splits are {listed(splits)}")


def _base(folder: Folder, row: Row) -> str:
    """What goes before the paths of the table: nothing, or the one subfolder where they lie."""
    if os.path.lexists(os.path.join(folder.root, row.path)):
        return ""
    with os.scandir(folder.root) as entries:
        names = [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
    holding = [name for name in names if os.path.lexists(os.path.join(folder.root, name, row.path))]
    return f"{holding[0]}/" if len(holding) == 1 else ""


def _found(folder: Folder, base: str, row: Row, classes: ClassList) -> FoundFile:
    suffix = suffix_of(row.path)
    if suffix and suffix not in IMAGE_SUFFIXES:
        raise SourceError(
            f"{row.origin}: no image files: found {suffix}; images are {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    path = posixpath.normpath(base + row.path)
    size = folder.size_of(path, row.origin)
    identity = id_of_path(path) if row.id is None else row.id
    return FoundFile(identity, path, classes.label(row.label, row.origin), size, row.origin)
