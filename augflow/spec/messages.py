"""What pydantic found, said as rule, value and remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from augflow.wording import closest, shown

ELSEWHERE = {
    "views": "`views` belongs under `batch`",
    "repeats": "`repeats` belongs under `batch`",
    "mix": "`mix` belongs under `batch`",
}
"""Keys that are looked for at the top."""


def form_problems(
    error: ValidationError, data: Any, root: type[BaseModel]
) -> list[tuple[tuple[str | int, ...], str]]:
    """Place and message of everything that pydantic found; one a place where the alternatives of a type
    all refused a value."""
    grouped: dict[tuple[str | int, ...], list[Mapping[str, Any]]] = {}
    for detail in error.errors():
        grouped.setdefault(_place(detail, data), []).append(detail)
    return [(place, _joined(details, root)) for place, details in grouped.items()]


def _place(detail: Mapping[str, Any], data: Any) -> tuple[str | int, ...]:
    """The location as far as the data goes: pydantic adds the names of types that it tried."""
    loc = tuple(detail["loc"])
    if detail["type"] == "missing":
        return loc
    for depth, part in enumerate(loc):
        inside = part in data if isinstance(data, dict) else isinstance(data, list) and isinstance(part, int)
        if not inside:
            return loc[:depth]
        data = data[part]
    return loc


def _joined(details: list[Mapping[str, Any]], root: type[BaseModel]) -> str:
    rules = [str(detail["msg"]).removeprefix("Input should be ") for detail in details]
    if len(details) == 1 or any(detail["type"] == "value_error" for detail in details):
        return problem_message(details[-1], root)
    return f"must be {' or '.join(dict.fromkeys(rules))}, got {shown(details[0]['input'])}"


def problem_message(detail: Mapping[str, Any], root: type[BaseModel]) -> str:
    """One pydantic error as a sentence."""
    kind, loc, value = detail["type"], detail["loc"], detail["input"]
    if kind == "extra_forbidden":
        name = str(loc[-1])
        if len(loc) == 1 and name in ELSEWHERE:
            return f"{ELSEWHERE[name]}; move it there"
        return f"unknown key {name!r}{closest(name, _fields_at(root, loc[:-1]))}"
    if kind == "missing":
        return "is required and missing"
    if kind == "value_error":
        return str(detail["ctx"]["error"])
    rule = str(detail["msg"]).replace("Input should be", "must be")
    remedy = ""
    if isinstance(value, str) and kind in ("int_type", "float_type", "bool_type"):
        remedy = "; remove the quotes" if _is_number(value) else ""
    return f"{rule}, got {shown(value)}{remedy}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fields_at(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """The names a mapping at `loc` may have."""
    parts = iter(loc)
    for part in parts:
        field = model.model_fields.get(part)
        if field is None:
            return []
        choices = [field.annotation, *get_args(field.annotation)]
        nested = [c for c in choices if isinstance(c, type) and issubclass(c, BaseModel)]
        if not nested:
            return []
        model = nested[0]
        if get_origin(field.annotation) is Mapping:
            next(parts, None)  # the key, which is the user's own
    return [field.alias or name for name, field in model.model_fields.items()]
