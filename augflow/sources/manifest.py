"""A dataset that augflow materialized: `manifest.jsonl`, and `augflow.json` with the class list."""

from __future__ import annotations

import math
import posixpath
from dataclasses import dataclass
from typing import Any

from augflow.errors import BadSampleError, SourceError
from augflow.sample import UNLABELED
from augflow.sources import storage
from augflow.sources.base import SINGLE_IMAGE, FieldRequest
from augflow.sources.classes import ClassList, counted, listed
from augflow.sources.decoding import NOUNS
from augflow.sources.files import FileSource, Folder, RemoteFolder, folder_of, refuse_suffix
from augflow.sources.index import FoundFile, SparseRow, build_index, id_of_path
from augflow.sources.jsonlines import MAX_LINE_BYTES, json_lines, json_object
from augflow.sources.storage import is_folder, join_place, read_file, split_place
from augflow.wording import shown

MANIFEST_FILE = "manifest.jsonl"
ABOUT_FILE = "augflow.json"

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


def open_manifest(path: str, frozen: ClassList | None, request: FieldRequest = SINGLE_IMAGE[0]) -> FileSource:
    """The files that a manifest lists, with hard or soft labels; `path` is the manifest or its folder.

    Raises SourceError with file:line for lines that are not what `materialize` writes, and for files
    that are absent or outside the folder.
    """
    file = join_place(path, MANIFEST_FILE) if is_folder(path) else path
    root = split_place(file)[0]
    own = _own_classes(join_place(root, ABOUT_FILE))
    classes = _Classes(own, frozen or ClassList(own))
    folder = folder_of(root, "sealed")
    place = storage.shown(file)
    lines = ((f"{place}:{number}", entry) for number, entry in json_lines(file) if entry is not None)
    files = [_found(folder, entry, classes, origin) for origin, entry in lines]
    if not files:
        raise SourceError(f"{place}: the manifest has no lines")
    labeled = any(found.label != UNLABELED or found.target for found in files)
    names = classes.used.names if labeled else ()
    told = f"manifest {place}: {counted(len(files), NOUNS[request.kind])}"
    told += f" of {counted(len(names), 'class')} ({listed(names)})" if labeled else ", unlabeled"
    for found in files:
        refuse_suffix(found.path, request, found.origin)
    return FileSource(root, build_index(files), names, told, request)


def _own_classes(file: str) -> tuple[str, ...]:
    place = storage.shown(file)
    try:
        about = json_object(read_file(file, MAX_LINE_BYTES), place)
    except BadSampleError as error:
        raise SourceError(f"{place}: {error.reason}; it stands beside the manifest") from error
    names = about.get("classes")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SourceError(f"{place}: `classes` must be a list of names, got {shown(names)}")
    return tuple(names)


def _found(folder: Folder | RemoteFolder, entry: dict[str, Any], classes: _Classes, origin: str) -> FoundFile:
    for key, rule in (("output", "a path"), ("source", "an id")):
        value = entry.get(key)
        if not isinstance(value, str) or not value:
            raise SourceError(f"{origin}: `{key}` must be {rule}, got {shown(value)}")
    for key in ("epoch", "position"):
        value = entry.get(key)
        if type(value) is not int or value < 0:
            raise SourceError(f"{origin}: `{key}` must be an integer of at least 0, got {shown(value)}")
    label = entry.get("label")
    if label is not None and not isinstance(label, str):
        raise SourceError(f"{origin}: `label` must be a class name or null, got {shown(label)}")
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
            f"{origin}: `target` must be null or {count} numbers in [0, 1], one a class, got {shown(target)}"
        )
    if abs(math.fsum(target) - 1) > SUM_TOLERANCE:
        raise SourceError(f"{origin}: the shares of `target` must add up to 1, got {math.fsum(target):g}")
    named = zip(classes.own, target, strict=True)
    return tuple((classes.label(name, origin), float(share)) for name, share in named if share)


def _is_share(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1
