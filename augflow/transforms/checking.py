"""Checks that every family of ops shares: from wrong values to one message a parameter."""

from __future__ import annotations

import math
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import ValidationError

from augflow.transforms.catalog import ParamProblem, Params
from augflow.wording import closest

NUMBERS = (int, float)
RANGE_SUFFIXES = ("_range", "_limit")
NOT_A_RANGE = frozenset({"size", "grid", "xy", "hw", "yx", "shape", "padding"})
"""Words in the name of a pair that holds two things rather than a low and a high end."""

BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}
"""pydantic's error types for numbers out of bounds: words, and the key of the bound."""


def unknown_params(given: Iterable[str], known: Sequence[str]) -> list[ParamProblem]:
    """One problem for every parameter that the op does not have."""
    return [
        ParamProblem(
            name, f"is not a parameter of this op{closest(name, known) or '; it takes no parameters'}"
        )
        for name in given
        if name not in known
    ]


def plain(value: Any) -> Any:
    """The value as JSON would give it back: tuples as lists, numpy scalars as numbers, no negative zero."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item") and not hasattr(value, "__len__"):
        value = value.item()
    return value + 0.0 if isinstance(value, float) else value


def floats(value: Any) -> Any:
    """The value with its whole numbers as floats, so that 1 and 1.0 are written alike."""
    if isinstance(value, dict):
        return {key: floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [floats(item) for item in value]
    return float(value) if type(value) is int else value


def leaves(value: Any) -> Iterator[Any]:
    """Every scalar inside nested lists and maps."""
    if isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def parts(annotation: Any) -> Iterator[Any]:
    """The alternatives of a type, unions and annotations opened."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from parts(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from parts(part)
    else:
        yield annotation


def scalar_types(annotation: Any) -> set[type]:
    """The types of the scalars that a type admits anywhere inside; empty means any."""
    found: set[type] = set()
    for part in parts(annotation):
        origin = get_origin(part)
        if part is Any:
            return set()
        if origin is Literal:
            found.update(type(value) for value in get_args(part))
        elif origin is None:
            found.add(part)
        else:
            inner = [item for item in get_args(part) if item is not Ellipsis]
            kinds = [scalar_types(item) for item in inner]
            if not all(kinds):
                return set()
            found.update(*kinds)
    return found


def value_problem(annotation: Any, value: Any) -> str | None:
    """What pydantic would let pass: booleans and text as numbers, numbers as booleans, NaN."""
    admitted = scalar_types(annotation)
    for leaf in leaves(value):
        if isinstance(leaf, float) and not math.isfinite(leaf):
            return f"must be finite, got {value!r}"
        kind = type(leaf)
        wrong_kind = kind in (bool, str) and kind not in admitted
        number_as_bool = kind in NUMBERS and bool in admitted and not admitted & set(NUMBERS)
        if admitted and (wrong_kind or number_as_bool):
            return f"must be {describe(annotation)}, got {value!r}"
    return None


def is_pair_of_numbers(annotation: Any) -> bool:
    """Whether a type admits `[low, high]`, itself or as the values of a map."""
    for part in parts(annotation):
        inner = get_args(part)
        if get_origin(part) is tuple and len(inner) == 2 and Ellipsis not in inner:
            return True
        if get_origin(part) is dict and is_pair_of_numbers(inner[1]):
            return True
    return False


def range_problem(name: str, annotation: Any, value: Any) -> str | None:
    """A range whose low end is above its high end, which libraries let pass."""
    words = set(name.split("_"))
    if (not name.endswith(RANGE_SUFFIXES) and words & NOT_A_RANGE) or not is_pair_of_numbers(annotation):
        return None
    pairs = value.values() if isinstance(value, Mapping) else [value]
    for pair in pairs:
        numbers = isinstance(pair, list | tuple) and len(pair) == 2 and all(type(n) in NUMBERS for n in pair)
        if numbers and pair[0] > pair[1]:
            low, high = pair
            return f"the low end must not be above the high end, got [{low}, {high}]; write [{high}, {low}]"
    return None


def describe(annotation: Any) -> str:
    """A type in words."""
    names = list(dict.fromkeys(_describe_part(part) for part in parts(annotation)))
    return " or ".join(names)


def _describe_part(part: Any) -> str:
    words: dict[Any, str] = {
        int: "a whole number",
        float: "a number",
        bool: "true or false",
        str: "text",
        type(None): "null",
        Any: "any value",
    }
    if part in words:
        return words[part]
    origin, inner = get_origin(part), get_args(part)
    if origin is Literal:
        return "one of " + ", ".join("null" if value is None else str(value) for value in inner)
    if origin is tuple and Ellipsis not in inner:
        whole = all(kind is int for kind in inner)
        return f"a list of {len(inner)} {'whole numbers' if whole else 'numbers'}"
    if origin in (tuple, list) or (origin is not None and issubclass(origin, Sequence)):
        return "a list"
    return "a map" if origin is dict else getattr(part, "__name__", str(part))


def validation_problems(
    error: ValidationError, annotations: Mapping[str, Any], given: Params
) -> list[ParamProblem]:
    """One problem a parameter, however many alternatives of its type refused the value."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for item in error.errors():
        name = str(item["loc"][0]) if item["loc"] else ""
        grouped.setdefault(name, []).append(item)
    return [
        ParamProblem(name, _message(items, annotations.get(name, Any), given.get(name)))
        for name, items in grouped.items()
    ]


def _message(items: list[Mapping[str, Any]], annotation: Any, value: Any) -> str:
    first = items[0]
    if first["type"] == "missing" and len(first["loc"]) == 1:
        return f"is required: {describe(annotation)}"
    for item in items:
        if item["type"] in ("value_error", "assertion_error"):
            text = str(item["msg"]).partition(", ")[2] or str(item["msg"])
            return text if value is None else f"{_lowered(text)} (given: {value!r})"
    if first["type"] in BOUNDS and len(items) == 1:
        words, key = BOUNDS[first["type"]]
        return f"must be {words} {first['ctx'][key]}, got {value!r}"
    hint = ""
    if isinstance(value, str):
        hint = closest(value, [str(name) for name in _literals(annotation)])
    return f"must be {describe(annotation)}, got {value!r}{hint}"


def _literals(annotation: Any) -> list[Any]:
    return [value for part in parts(annotation) if get_origin(part) is Literal for value in get_args(part)]


def _lowered(text: str) -> str:
    first_word = text.partition(" ")[0]
    return text[:1].lower() + text[1:] if first_word.istitle() else text
