"""nlpaug's tables of keyboard neighbors, characters that look alike and misspellings.

augflow reads the tables out of the installed wheel and draws itself. nlpaug's own code stays unloaded:
importing any of its modules imports pandas (1.5 s, 330 MB in every worker); its tokenizer damages text
that it does not change; it draws from the global generators; and its spelling table is in an order that
differs from process to process.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from augflow.transforms.library import LibraryMissingError

NLPAUG = "1.1.11"
REMEDY = "install the extra `text`: pip install -e '.[text]' in augflow's folder"

Language = Literal["de", "en", "es", "fr", "he", "it", "nl", "pl", "th", "tr", "uk"]
"""Languages of nlpaug's keyboards."""

Table = Mapping[str, tuple[str, ...]]


@cache
def resources() -> Path:
    """The folder of nlpaug's tables, once its version is known to be right."""
    spec = importlib.util.find_spec("nlpaug")
    if spec is None or not spec.submodule_search_locations:
        raise LibraryMissingError(f"this op needs nlpaug, which is not installed: {REMEDY}")
    version = importlib.metadata.version("nlpaug")
    if version != NLPAUG:
        raise LibraryMissingError(
            f"this op needs nlpaug {NLPAUG}, found {version}, whose tables may differ: {REMEDY}"
        )
    return Path(spec.submodule_search_locations[0]) / "res"


def _json(*path: str) -> Any:
    return json.loads(resources().joinpath(*path).read_text(encoding="utf-8"))


@cache
def keyboard(lang: str) -> Table:
    """The keys next to each key, small letters."""
    return {
        key: tuple(sorted(set(near) - {key}))
        for key, near in _json("char", "keyboard", f"{lang}.json").items()
    }


@cache
def look_alikes() -> Table:
    """Characters that a scanner takes for each other, both ways."""
    found: dict[str, set[str]] = {}
    for character, others in _json("char", "ocr", "en.json").items():
        for other in others:
            found.setdefault(character, set()).add(other)
            found.setdefault(other, set()).add(character)
    return {character: tuple(sorted(others)) for character, others in found.items()}


@cache
def misspellings(include_reverse: bool) -> Table:
    """How people misspell a word; with `include_reverse` also what a misspelling stands for."""
    found: dict[str, set[str]] = {}
    text = resources().joinpath("word", "spelling", "spelling_en.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        word, *wrong = line.split()
        for each in wrong:
            found.setdefault(word, set()).add(each)
            if include_reverse:
                found.setdefault(each, set()).add(word)
    return {word: tuple(sorted(others - {word})) for word, others in found.items() if others - {word}}
