"""What pydantic found, said as rule, value and remedy."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel

LATER = {
    "fields": "several fields are not supported yet; use `modality: image`",
    "views": "`views` is not supported yet",
    "repeats": "`repeats` is not supported yet",
}


def closest(name: str, known: Iterable[str]) -> str:
    """`; did you mean a or b?` for a misspelled name, or the list where that is short."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; known are {', '.join(names)}" if 0 < len(names) <= 20 else ""


def shown(value: Any) -> str:
    """A value as a person wrote it, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def problem_message(detail: Mapping[str, Any], root: type[BaseModel]) -> str:
    """One pydantic error as a sentence."""
    kind, loc, value = detail["type"], detail["loc"], detail["input"]
    if kind == "extra_forbidden":
        name = str(loc[-1])
        if name in LATER:
            return LATER[name]
        return f"unknown key {name!r}{closest(name, _fields_at(root, loc[:-1]))}"
    if kind == "missing":
        return "is required and missing"
    if loc == ("modality",):
        return f"must be image, got {shown(value)}; text and audio are not supported yet"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    rule = str(detail["msg"]).replace("Input should be", "must be")
    remedy = ""
    if isinstance(value, str) and kind in ("int_type", "float_type", "bool_type"):
        remedy = "; remove the quotes" if value.strip("+-").replace(".", "", 1).isdigit() else ""
    return f"{rule}, got {shown(value)}{remedy}"


def _fields_at(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """The names a mapping at `loc` may have."""
    for part in loc:
        field = model.model_fields.get(part)
        if field is None:
            return []
        choices = [field.annotation, *get_args(field.annotation)]
        nested = [c for c in choices if isinstance(c, type) and issubclass(c, BaseModel)]
        if not nested:
            return []
        model = nested[0]
    return list(model.model_fields)
