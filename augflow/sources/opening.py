"""From what the user gives as SOURCE to a source."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from augflow.errors import SourceError
from augflow.sources.annotations import open_annotated
from augflow.sources.base import SINGLE_IMAGE, FieldKind, FieldRequest, Links, Source, TargetKind
from augflow.sources.classes import ClassList, frozen_classes
from augflow.sources.files import FileSource, suffix_of
from augflow.sources.folder import TABLE_SUFFIXES, open_folder
from augflow.sources.manifest import ABOUT_FILE, MANIFEST_FILE, open_manifest
from augflow.sources.objects import open_object
from augflow.sources.settings import Settings, SourceSettings
from augflow.sources.storage import (
    exists,
    is_folder,
    is_url,
    join_place,
    list_remote,
    local_path,
    shown,
    split_place,
)
from augflow.sources.table_source import LABELS_FILE, open_labels, open_table
from augflow.sources.webdataset import open_webdataset
from augflow.sources.written import is_written, open_written

__all__ = ["KINDS", "OPTIONS", "SourceSettings", "open_source"]

KINDS = ("folder", "labels", "manifest", "table", "webdataset")

COLUMNS = ("text", "label", "path", "id")

PLACES: Mapping[str, FieldKind] = {"masks": "mask", "boxes": "boxes", "keypoints": "keypoints"}
"""Options that say where lies what follows an image."""

OPTIONS = ("kind", "split", "quoting", "target", "links", *COLUMNS, *PLACES)
"""What may follow a path, as in `PATH?split=train&label=stars`."""

CHOICES = {"kind": KINDS, "quoting": ("on", "off"), "target": get_args(TargetKind), "links": get_args(Links)}

FOLLOWERS = ("mask", "boxes", "keypoints")

_OPTION = re.compile(rf"({'|'.join(OPTIONS)})=")
_BRACES = re.compile(r"\{[^{}]*(,|\.\.)[^{}]*\}")


def open_source(
    source: object,
    spec: SourceSettings | None = None,
    *,
    classes: Sequence[str] | None = None,
    fields: Sequence[FieldRequest] = SINGLE_IMAGE,
) -> Source:
    """Samples from a path or URL (`PATH` or `PATH?split=train`) or from a Python object.

    Every sample holds the `fields` that are asked for. `classes`, or the spec's, freezes the class list:
    other classes are an error, and listed classes may have no samples. Raises `SourceError` for what
    cannot be opened.
    """
    frozen = frozen_classes(classes, spec.classes if spec else None)
    settings = Settings.of(spec)
    if isinstance(source, str | bytes | os.PathLike):
        return _open_path(os.fsdecode(source), settings, frozen, fields)
    return open_object(source, frozen, fields, settings)


def _open_path(
    source: str, settings: Settings, frozen: ClassList | None, fields: Sequence[FieldRequest]
) -> Source:
    path, options = _with_options(source)
    path = local_path(path) or path
    fields = _placed(path, fields, {name: options.pop(name) for name in PLACES if name in options})
    settings = replace(settings, **_merged(settings, options))
    if is_url(path):
        _refuse_links(path, "URL", settings)
    kind = settings.kind or _kind(path)
    if kind == "webdataset":
        return open_webdataset(path, vars(settings), frozen, fields)
    if settings.kind is None and is_written(path):
        _refuse_table_options(path, "dataset that augflow wrote", settings)
        _refuse_links(path, "dataset that augflow wrote", settings)
        return open_written(path, frozen, fields)
    kinds = [field.kind for field in fields]
    independent = [field for field in fields if field.kind not in FOLLOWERS]
    if len(independent) == len(fields):
        return _open_plain(path, kind, settings, frozen, fields)
    if len(independent) != 1 or independent[0].kind != "image":
        asked = ", ".join(f"{field.name} ({field.kind})" for field in fields)
        raise SourceError(
            f"{shown(path)}: masks, boxes and keypoints follow one image, and the fields are {asked}; "
            "ask for one image beside them"
        )
    images = _open_plain(path, kind, settings, None if "boxes" in kinds else frozen, independent)
    if not isinstance(images, FileSource):
        raise SourceError(
            f"{images.description}: masks, boxes and keypoints follow images that are files; name them in a "
            "column of paths, or give a folder"
        )
    return open_annotated(images, fields, frozen, settings.links)


def _placed(path: str, fields: Sequence[FieldRequest], options: Mapping[str, str]) -> Sequence[FieldRequest]:
    """The fields, those that follow an image with the places that options give."""
    kinds = {PLACES[name]: place for name, place in options.items()}
    unasked = [name for name in options if PLACES[name] not in {field.kind for field in fields}]
    if unasked:
        raise SourceError(
            f"{shown(path)}: {unasked[0]}={options[unasked[0]]} says where {unasked[0]} are, and no field of "
            "the spec follows its image as such; leave it out, or add the field"
        )
    return [replace(field, origin=kinds.get(field.kind, field.origin)) for field in fields]


def _open_plain(
    path: str, kind: str, settings: Settings, frozen: ClassList | None, fields: Sequence[FieldRequest]
) -> Source:
    """A path or URL, taken for a kind, without anything that follows."""
    if kind == "table":
        if suffix_of(path) not in TABLE_SUFFIXES:
            raise SourceError(f"{shown(path)}: a table is one of {', '.join(TABLE_SUFFIXES)}")
        return open_table(path, settings, frozen, fields)
    if kind != "manifest" and not is_folder(path):
        raise SourceError(
            f"{shown(path)}: not a folder; give a folder of files, the {MANIFEST_FILE} of a dataset, or "
            f"a table ({', '.join(TABLE_SUFFIXES)})"
        )
    if kind == "labels":
        return open_labels(path, settings, frozen, fields)
    _refuse_table_options(path, kind, settings)
    if len(fields) != 1:
        names = ", ".join(field.name for field in fields)
        raise SourceError(
            f"{shown(path)}: this was taken for a {kind}, which gives one field, and {len(fields)} are "
            f"asked for ({names}); name them as columns of a table, or give a Python object"
        )
    if kind == "manifest":
        _refuse_links(path, kind, settings)
        return open_manifest(path, frozen, fields[0])
    return open_folder(path, frozen, fields[0], settings.links)


def _merged(settings: Settings, options: dict[str, str]) -> dict[str, Any]:
    """What the options behind a path change; they go before what the spec says."""
    changed: dict[str, Any] = {name: value for name, value in options.items() if name not in COLUMNS}
    columns = {name: value for name, value in options.items() if name in COLUMNS}
    return {**changed, "columns": {**settings.columns, **columns}}


def _with_options(source: str) -> tuple[str, dict[str, str]]:
    """The path and its options; a path that exists as it stands has none."""
    path, mark, query = source.partition("?")
    if not mark or os.path.exists(source) or (is_url(source) and not _OPTION.match(query)):
        return source, {}
    options = {}
    for option in query.split("&"):
        key, equals, value = option.partition("=")
        if key not in OPTIONS or not equals or not value:
            raise SourceError(
                f"{shown(source)}: after ? stand options such as split=train, one of "
                f"{', '.join(OPTIONS)}; got {option!r}"
            )
        if value not in CHOICES.get(key, (value,)):
            raise SourceError(
                f"{shown(source)}: {key} must be one of {', '.join(CHOICES[key])}, got {value!r}"
            )
        options[key] = value
    return path, options


def _kind(path: str) -> str:
    """What a path or URL looks like; raises SourceError where nothing is there."""
    name = split_place(path)[1].partition("?")[0]
    if suffix_of(name) == ".tar" or (
        _BRACES.search(path) and not (local_path(path) and os.path.exists(path))
    ):
        return "webdataset"
    if not is_folder(path):
        if name == MANIFEST_FILE:
            return "manifest"
        return "table" if suffix_of(name) in TABLE_SUFFIXES else "folder"
    if all(exists(join_place(path, beside)) for beside in (MANIFEST_FILE, ABOUT_FILE)):
        return "manifest"
    if exists(join_place(path, LABELS_FILE)):
        return "labels"
    return "webdataset" if _holds_shards(path) else "folder"


def _holds_shards(path: str) -> bool:
    """Whether a folder holds tar archives right inside."""
    if local_path(path) is None:
        return any(suffix_of(file.path) == ".tar" for file in list_remote(path, deep=False))
    with os.scandir(path) as entries:
        return any(suffix_of(entry.name) == ".tar" and not entry.name.startswith(".") for entry in entries)


def _refuse_links(path: str, kind: str, settings: Settings) -> None:
    if settings.links == "follow":
        raise SourceError(
            f"{shown(path)}: links=follow is for folders, tables and archives of this machine, and this "
            f"was taken for a {kind}; leave it out"
        )


def _refuse_table_options(path: str, kind: str, settings: Settings) -> None:
    taken = f"and this was taken for a {kind}"
    if settings.split is not None:
        inner = join_place(path, settings.split)
        there = local_path(path) is not None and os.path.isdir(inner)
        remedy = f"open {shown(inner)} instead" if there else "leave it out"
        raise SourceError(
            f"{shown(path)}: split={settings.split!r} selects rows of a table or {LABELS_FILE}, {taken}; "
            f"{remedy}"
        )
    given = {
        "columns": settings.columns,
        "quoting": settings.quoting,
        "target": settings.target if settings.target != "class" else None,
    }
    for name, value in given.items():
        if value:
            remedy = f"leave {'them' if name == 'columns' else 'it'} out"
            raise SourceError(f"{shown(path)}: {name} is for tables and {LABELS_FILE}, {taken}; {remedy}")
