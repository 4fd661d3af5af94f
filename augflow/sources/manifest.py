"""A dataset that augflow materialized: `manifest.jsonl`, and `augflow.json` with the class list."""

from __future__ import annotations

import json
import math
import os
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from augflow.errors import SourceError
from augflow.sample import UNLABELED
from augflow.sources.classes import ClassList, counted, listed
from augflow.sources.files import FileSource, Folder
from augflow.sources.index import FoundFile, SparseRow, build_index, id_of_path, printable

MANIFEST_FILE = "manifest.jsonl"
ABOUT_FILE = "augflow.json"

MAX_LINE_BYTES = 8 * 2**20
"""Enough for soft labels over 100,000 classes; longer lines are refused before they are parsed."""

SUM_TOLERANCE = 1e-3
"""How far the shares of a soft label may be from 1 in all."""


@dataclass(frozen=True)
class _Classes:
    """The manifest's own class names, and the list that labels are counted in."""

    own: tuple[str, ...]
    used: ClassList

    def label(self, name: str, origin: str) -> int:
        """The label of one of the manifest's own classes."""
        if name not in self.own:
            raise SourceError(f"{origin}: label {name!r} is not among the classes of {ABOUT_FILE}")
        return self.used.label(name, origin)


def open_manifest(path: str, frozen: ClassList | None) -> FileSource:
    """The files that a manifest lists, with hard or soft labels; `path` is the manifest or its folder.

    Raises SourceError with file:line for lines that are not what `materialize` writes, and for files
    that are absent or outside the folder.
    """
    file = os.path.join(path, MANIFEST_FILE) if os.path.isdir(path) else path
    root = os.path.dirname(file)
    own = _own_classes(os.path.join(root, ABOUT_FILE))
    classes = _Classes(own, frozen or ClassList(own))
    folder = Folder(root)
    files = [_found(folder, entry, classes, origin) for origin, entry in _entries(file)]
    shown = printable(file)
    if not files:
        raise SourceError(f"{shown}: the manifest has no lines")
    labeled = any(found.label != UNLABELED or found.target for found in files)
    names = classes.used.names if labeled else ()
    told = f"manifest {shown}: {counted(len(files), 'image')}"
    told += f" of {counted(len(names), 'class')} ({listed(names)})" if labeled else ", unlabeled"
    return FileSource(root, build_index(files), names, told)


def _own_classes(file: str) -> tuple[str, ...]:
    shown = printable(file)
    try:
        with open(file, "rb") as stream:
            about = _parsed(stream.read(MAX_LINE_BYTES + 1), shown)
    except OSError as error:
        raise SourceError(
            f"{shown}: cannot be read: {error.strerror}; it stands beside the manifest"
        ) from error
    names = about.get("classes")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SourceError(f"{shown}: `classes` must be a list of names, got {_short(names)}")
    return tuple(names)


def _entries(file: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The lines of the manifest that are not blank, each with its file:line."""
    shown = printable(file)
    try:
        with open(file, "rb") as stream:
            number = 0
            while line := stream.readline(MAX_LINE_BYTES + 1):
                number += 1
                if line.strip():
                    yield f"{shown}:{number}", _parsed(line, f"{shown}:{number}")
    except OSError as error:
        raise SourceError(f"{shown}: cannot be read: {error.strerror}") from error


def _parsed(text: bytes, origin: str) -> dict[str, Any]:
    if len(text) > MAX_LINE_BYTES:
        raise SourceError(f"{origin}: longer than {MAX_LINE_BYTES:,} bytes, which augflow does not write")
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{origin}: not JSON: {error}") from error
    if not isinstance(entry, dict):
        raise SourceError(f"{origin}: must be a JSON object, got {_short(entry)}")
    return entry


def _found(folder: Folder, entry: dict[str, Any], classes: _Classes, origin: str) -> FoundFile:
    for key, rule in (("output", "a path"), ("source", "an id")):
        value = entry.get(key)
        if not isinstance(value, str) or not value:
            raise SourceError(f"{origin}: `{key}` must be {rule}, got {_short(value)}")
    for key in ("epoch", "position"):
        value = entry.get(key)
        if type(value) is not int or value < 0:
            raise SourceError(f"{origin}: `{key}` must be an integer of at least 0, got {_short(value)}")
    label = entry.get("label")
    if label is not None and not isinstance(label, str):
        raise SourceError(f"{origin}: `label` must be a class name or null, got {_short(label)}")
    number = UNLABELED if label is None else classes.label(label, origin)
    target = _sparse(entry.get("target"), classes, origin)
    path = posixpath.normpath(entry["output"])
    size = folder.size_of(path, origin)
    return FoundFile(id_of_path(path), path, number, size, origin, target)


def _sparse(target: Any, classes: _Classes, origin: str) -> SparseRow:
    """The entries of a soft label that are not 0, by the label of their class."""
    if target is None:
        return ()
    count = len(classes.own)
    if not isinstance(target, list) or len(target) != count or not all(map(_is_share, target)):
        raise SourceError(
            f"{origin}: `target` must be null or {count} numbers in [0, 1], one a class, got {_short(target)}"
        )
    if abs(math.fsum(target) - 1) > SUM_TOLERANCE:
        raise SourceError(f"{origin}: the shares of `target` must add up to 1, got {math.fsum(target):g}")
    named = zip(classes.own, target, strict=True)
    return tuple((classes.label(name, origin), float(share)) for name, share in named if share)


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
