"""Where the words of a text stand, for mixing by words."""

from __future__ import annotations

import re

_LONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Chinese and Japanese characters, which are written without blanks."""

_WORD = re.compile(rf"[{_LONE}]|[^\s{_LONE}]+")


def word_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of every run of characters that are no white space, and of every ideograph or kana."""
    return [found.span() for found in _WORD.finditer(text)]
