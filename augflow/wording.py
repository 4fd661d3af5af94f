"""How messages name what was meant and show what was given."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

LISTED = 20
"""So many names are listed whole where none is near."""

SHOWN_CHARACTERS = 60


def closest(name: str, known: Iterable[str]) -> str:
    """`; did you mean a or b?` for a misspelled name, or the names where they are few, or nothing."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; known are {', '.join(names)}" if 0 < len(names) <= LISTED else ""


def shown(value: Any) -> str:
    """A value as a person wrote it, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}..."
