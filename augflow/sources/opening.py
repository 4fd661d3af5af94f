"""From what the user gives as SOURCE to a source."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from augflow.errors import SourceError
from augflow.sources.base import SINGLE_IMAGE, FieldRequest, Source
from augflow.sources.classes import ClassList, frozen_classes
from augflow.sources.files import FileSource
from augflow.sources.folder import open_folder
from augflow.sources.index import printable
from augflow.sources.labels import LABELS_FILE, open_labels
from augflow.sources.manifest import ABOUT_FILE, MANIFEST_FILE, open_manifest
from augflow.sources.objects import open_object

KINDS = ("folder", "labels", "manifest")

OPTIONS = ("kind", "split")
"""What may follow a path, as in `PATH?split=train`."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class SourceSettings(Protocol):
    """What opening needs of a spec's `source`; `augflow.spec.model.SourceSpec` is one."""

    @property
    def kind(self) -> str | None:
        """One of `KINDS`; None means: look and say."""
        ...

    @property
    def split(self) -> str | None:
        """The rows of a `labels.csv` to take; None takes all."""
        ...

    @property
    def columns(self) -> Mapping[Any, str]:
        """Names of the columns of a `labels.csv`, by what they mean."""
        ...

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The class list, frozen; None takes the classes that are met."""
        ...


def open_source(
    source: object,
    spec: SourceSettings | None = None,
    *,
    classes: Sequence[str] | None = None,
    fields: Sequence[FieldRequest] = SINGLE_IMAGE,
) -> Source:
    """Samples from a path (`PATH` or `PATH?split=train`) or from a Python object.

    `classes`, or the spec's, freezes the class list: other classes are an error, and listed classes
    may have no samples. Raises `SourceError` for what cannot be opened.
    """
    frozen = frozen_classes(classes, spec.classes if spec else None)
    settings: dict[str, Any] = {}
    if spec is not None:
        settings = {"kind": spec.kind, "split": spec.split, "columns": dict(spec.columns)}
    if isinstance(source, str | bytes | os.PathLike):
        return _open_path(os.fsdecode(source), settings, frozen)
    for option, value in settings.items():
        if value:
            raise SourceError(
                f"source.{option} is for paths, and the source is a Python object; leave it out of the spec"
            )
    return open_object(source, frozen)


def _open_path(source: str, settings: dict[str, Any], frozen: ClassList | None) -> FileSource:
    if _URL.match(source):
        raise SourceError(
            f"{printable(source)}: remote sources cannot be opened yet; copy the data to a local folder"
        )
    path, options = _with_options(source)
    settings = settings | options
    split, columns = settings.get("split"), settings.get("columns") or {}
    path = os.path.abspath(path)
    if not os.path.exists(path):
        raise SourceError(f"{printable(path)}: no such file or folder")
    kind = settings.get("kind") or _kind(path)
    if kind != "manifest" and not os.path.isdir(path):
        raise SourceError(
            f"{printable(path)}: not a folder; give a folder of images, or the {MANIFEST_FILE} of a dataset"
        )
    if kind != "labels":
        _refuse_table_options(path, kind, split, columns)
        return open_manifest(path, frozen) if kind == "manifest" else open_folder(path, frozen)
    return open_labels(path, columns, split, frozen)


def _with_options(source: str) -> tuple[str, dict[str, str]]:
    """The path and its options; a path that exists as it stands has none."""
    path, mark, query = source.partition("?")
    if not mark or os.path.exists(source):
        return source, {}
    options = {}
    for option in query.split("&"):
        key, equals, value = option.partition("=")
        if key not in OPTIONS or not equals or not value:
            raise SourceError(
                f"{printable(source)}: after ? stand options such as split=train, one of "
                f"{', '.join(OPTIONS)}; got {option!r}"
            )
        options[key] = value
    if options.get("kind", KINDS[0]) not in KINDS:
        raise SourceError(
            f"{printable(source)}: kind must be one of {', '.join(KINDS)}, got {options['kind']!r}"
        )
    return path, options


def _kind(path: str) -> str:
    """What a path looks like."""
    if os.path.isfile(path):
        return "manifest" if path.endswith(".jsonl") else "folder"
    if all(os.path.isfile(os.path.join(path, name)) for name in (MANIFEST_FILE, ABOUT_FILE)):
        return "manifest"
    return "labels" if os.path.isfile(os.path.join(path, LABELS_FILE)) else "folder"


def _refuse_table_options(path: str, kind: str, split: str | None, columns: Mapping[str, str]) -> None:
    if split is not None:
        inner = os.path.join(path, split)
        remedy = f"open {printable(inner)} instead" if os.path.isdir(inner) else "leave it out"
        raise SourceError(
            f"{printable(path)}: split={split!r} selects rows of a {LABELS_FILE}, and this was taken "
            f"for a {kind}; {remedy}"
        )
    if columns:
        raise SourceError(
            f"{printable(path)}: columns name the columns of a {LABELS_FILE}, and this was taken for a "
            f"{kind}; leave them out"
        )
