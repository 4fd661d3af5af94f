"""Which column of a table means what: fields, label, id and split, and all others."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from augflow.errors import SourceError
from augflow.sources.base import FieldRequest
from augflow.sources.classes import listed
from augflow.sources.index import printable
from augflow.sources.settings import Settings
from augflow.sources.table import Table

PATH_COLUMNS = ("path", "filename")
TEXT_COLUMN = "text"
LABEL_COLUMN = "label"


@dataclass(frozen=True)
class FieldColumn:
    """Where a field stands."""

    request: FieldRequest
    column: int
    is_path: bool
    """Whether the column holds paths of files rather than the texts themselves."""


@dataclass(frozen=True)
class Roles:
    """The columns of a table by what they mean, each as its place in the header."""

    fields: tuple[FieldColumn, ...]
    labels: tuple[int, ...]
    """One, or those of a regression; () where samples have no label."""
    id: int | None
    split: int | None
    others: tuple[int, ...]


def roles_of(
    table: Table, requests: Sequence[FieldRequest], settings: Settings, *, labeled: bool = False
) -> Roles:
    """The columns that the fields are read from, and the rest.

    A field stands in the column that its `from` names, else in `columns.text` or `columns.path`, else in
    one of the default names, or of its own. `labeled` demands a label. Raises SourceError for a column
    that is named and absent, naming those that there are.
    """
    fields = tuple(_field(table, request, settings, len(requests) > 1) for request in requests)
    _refuse_unused(requests, fields, table, settings)
    labels = _labels(table, settings, labeled)
    identity = _optional(table, settings, "id", needed=False)
    split = _optional(table, settings, "split", needed=settings.split is not None)
    used = {field.column for field in fields} | {*labels, identity, split}
    others = tuple(place for place in range(len(table.names)) if place not in used)
    return Roles(fields, labels, identity, split, others)


def _field(table: Table, request: FieldRequest, settings: Settings, several: bool) -> FieldColumn:
    path, text = settings.column("path"), settings.column("text") if request.kind == "text" else None
    paths = (path,) if path is not None else PATH_COLUMNS
    if request.origin is not None:
        place = _found(table, (request.origin,), "from")
        return FieldColumn(request, place, request.kind != "text" or request.origin == path)
    if request.kind == "text" and text is None and path is None:
        own = (request.name, TEXT_COLUMN) if several else (TEXT_COLUMN, request.name)
        place = _found(table, (*dict.fromkeys(own), *PATH_COLUMNS), "text")
        return FieldColumn(request, place, table.names[place] in PATH_COLUMNS)
    if text is not None:
        return FieldColumn(request, _found(table, (text,), "text"), is_path=text == path)
    if path is None:
        paths = (request.name, *paths) if several else (*paths, request.name)
    return FieldColumn(request, _found(table, paths, "path"), is_path=True)


def _refuse_unused(
    requests: Sequence[FieldRequest], fields: Sequence[FieldColumn], table: Table, settings: Settings
) -> None:
    """Raise SourceError for a named column that no field takes, and for one that two take unasked."""
    taken = [table.names[field.column] for field in fields]
    for meaning in ("text", "path"):
        named = settings.column(meaning)
        if named is not None and named not in taken:
            kinds = ", ".join(f"{request.name} ({request.kind})" for request in requests)
            raise SourceError(
                f"{table.place}: columns.{meaning} names {named!r}, which no field is read from (the fields "
                f"are {kinds}); leave it out, or say `from: {named}` in its field"
            )
    for field, name in zip(fields, taken, strict=True):
        if field.request.origin is None and taken.count(name) > 1:
            raise SourceError(
                f"{table.place}: the field {field.request.name} and another would both be read from column "
                f"{name!r}; say `from: COLUMN` in each; the columns are {listed(table.names)}"
            )


def _labels(table: Table, settings: Settings, labeled: bool) -> tuple[int, ...]:
    named = settings.labels()
    if not named and not labeled and settings.target == "class" and LABEL_COLUMN not in table.names:
        return ()
    return tuple(_found(table, (name,), "label") for name in named or (LABEL_COLUMN,))


def _optional(table: Table, settings: Settings, meaning: str, needed: bool) -> int | None:
    named = settings.column(meaning)
    if named is None and not needed and meaning not in table.names:
        return None
    return _found(table, (named or meaning,), meaning)


def _found(table: Table, names: Sequence[str], meaning: str) -> int:
    """The place of the first of `names` that is a column."""
    for name in names:
        if name in table.names:
            return table.names.index(name)
    near = difflib.get_close_matches(names[0], table.names, n=1, cutoff=0.6) or table.names[:1]
    example = printable(near[0]) if near else "NAME"
    remedy = f"from: {example}" if meaning == "from" else f"columns: {{{meaning}: {example}}}"
    raise SourceError(
        f"{table.header}: no column {' or '.join(map(repr, names))}; the columns are {listed(table.names)}: "
        f"name the right one, as in {remedy}{table.hint}"
    )
