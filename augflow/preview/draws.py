"""What ops drew, in words: which fired, with which parameters."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from augflow.preview.markup import Html, tag
from augflow.preview.matrices import matrix_words
from augflow.transforms.chain import Container, Step

BRIEF = 160
"""Characters of parameters that are told at once."""

LONG = 80
"""A longer value is folded away, however few there are."""

PAIRS = 8
"""So many changes of a text are told."""

DIGITS = 4


def leaves(steps: Sequence[Step]) -> Iterator[Step]:
    """The ops of a list, those inside of containers among them."""
    for step in steps:
        if isinstance(step, Container):
            yield from leaves(step.children)
        else:
            yield step


def draws(drawn: Mapping[str, Any], steps: Sequence[Step]) -> Html:
    """Which of the steps fired, with what they drew, and which did not."""
    paths = [step.path for step in leaves(steps)]
    fired = [path for path in paths if path in drawn]
    idle = ", ".join(short_name(path) for path in paths if path not in drawn)
    listed = [tag("li", tag("b", short_name(path), title=path), _told(drawn[path])) for path in fired]
    if not paths:
        return tag("p", "no random ops", class_="idle")
    nothing = tag("li", "nothing fired", class_="idle") if not fired else None
    left = tag("li", f"not fired: {idle}", class_="idle") if idle and fired else None
    return tag("ul", nothing, listed, left, class_="draws")


def short_name(path: str) -> str:
    """The last part of an op's path."""
    return path.rpartition("/")[2]


def parameters(values: Mapping[str, Any]) -> Html | None:
    """Parameters by name; many of them together are folded away, and each that is long by itself."""
    short = [f"{name} {readable(value)}" for name, value in values.items() if not _is_long(value)]
    long = [_folded(name, value) for name, value in values.items() if _is_long(value)]
    told = ", ".join(short)
    if not told and not long:
        return None
    if len(told) <= BRIEF:
        return tag("span", told, " " if told and long else None, long)
    return tag("details", tag("summary", f"{len(values)} values"), told, " ", long)


def _folded(name: str, value: Any) -> Html:
    return tag("details", tag("summary", f"{name} {matrix_words(value) or '...'}"), " ", readable(value))


def _is_long(value: Any) -> bool:
    return matrix_words(value) is not None or len(readable(value)) > LONG


def _told(drawn: Mapping[str, Any]) -> Html | None:
    found = parameters(drawn)
    return None if found is None else tag("span", " ", found)


def readable(value: Any) -> str:
    """A value as people write it: four digits, matrices row by row, changes of a text as arrows."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {readable(inner)}" for key, inner in value.items()) or "none"
    if isinstance(value, list | tuple):
        return _sequence(value)
    return str(value)


def number(value: float) -> str:
    """At most four significant digits."""
    if not math.isfinite(value):
        return str(value)
    if value != 0 and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.{DIGITS - 1}g}"
    places = DIGITS - 1 - (math.floor(math.log10(abs(value))) if value else 0)
    text = f"{value:.{max(0, places)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _sequence(values: Sequence[Any]) -> str:
    if values and all(_is_change(value) for value in values):
        told = [_change(old, new) for old, new in values[:PAIRS]]
        more = [f"{len(values) - PAIRS} more"] if len(values) > PAIRS else []
        return "; ".join(told + more)
    if len(values) > 1 and all(isinstance(value, list | tuple) for value in values):
        return f"[{'; '.join(' '.join(map(readable, value)) for value in values)}]"
    return f"[{', '.join(map(readable, values))}]"


def _is_change(value: Any) -> bool:
    return (
        isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(part, str) for part in value)
    )


def _change(old: str, new: str) -> str:
    """What became of a piece of text."""
    if not old:
        return f"put in {_quoted(new)}"
    return f"{_quoted(old)} → {_quoted(new)}" if new else f"took out {_quoted(old)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
