"""Edits that move, delete and insert words and leave the blanks around them in order."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from augflow.rng import PhiloxRandom
from augflow.transforms.spans import BLANK_CHARACTERS, Edit, Kind, Words, class_of

CLOSING = frozenset(
    ".,;:!?\u2026%'\"\u2019\u201d\u3001\u3002\uff0c\uff01\uff1f\uff1b\uff1a\u060c\u061b\u061f"
)
OPENING = frozenset("'\"\u2018\u201c\u00a1\u00bf")


def moved(words: Words, sources: Mapping[int, int]) -> list[Edit]:
    """Put the word at `sources[i]` in the place of word i; what stands between words stays.

    Where nothing stood between, a blank keeps words of letters apart that would now run together.
    """
    edits = []
    for index, word in enumerate(words.all):
        new = words[sources.get(index, index)]
        parted = ""
        if index and words.all[index - 1].end == word.start:
            before = words[sources.get(index - 1, index - 1)]
            meet_anew = (before, new) != (words[index - 1], words[index])
            parted = " " if meet_anew and _run_together(before[-1], new[0]) else ""
        if parted or new != words[index]:
            edits.append(Edit(word.start, word.end, parted + new))
    return edits


def _run_together(before: str, after: str) -> bool:
    return class_of(before) in "adem_z" and class_of(after) in "ade_x"


def disjoint_neighbors(count: int, size: int, python: PhiloxRandom) -> list[tuple[int, int]]:
    """`count` pairs (i, i+1) of positions 0..size-1 without a common one, every such set equally likely.

    Leaving out the second position of each pair maps them onto the sets of `count` positions among
    size-count. At most size//2 pairs.
    """
    count = min(count, size // 2)
    firsts = sorted(python.sample(range(size - count), count))
    return [(first + before, first + before + 1) for before, first in enumerate(firsts)]


def pairs(count: int, size: int, python: PhiloxRandom) -> list[tuple[int, int]]:
    """`count` pairs of positions 0..size-1 without a common one; at most size//2."""
    drawn = python.sample(range(size), 2 * min(count, size // 2))
    return list(zip(drawn[::2], drawn[1::2], strict=True))


def removed(words: Words, indices: Iterable[int]) -> list[Edit]:
    """Delete words, with one of the two blanks that would meet; blanks that were double stay double."""
    return [_removal(words.text, start, end) for start, end in _runs(words, sorted(indices))]


def _runs(words: Words, indices: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Spans of the words, those with only blanks between them as one."""
    start = end = -1
    for index in indices:
        word = words.all[index]
        if start >= 0 and not words.text[end : word.start].strip("".join(BLANK_CHARACTERS)):
            end = word.end
            continue
        if start >= 0:
            yield start, end
        start, end = word.start, word.end
    if start >= 0:
        yield start, end


def _removal(text: str, start: int, end: int) -> Edit:
    before, after = start, end
    while before > 0 and text[before - 1] in BLANK_CHARACTERS:
        before -= 1
    while after < len(text) and text[after] in BLANK_CHARACTERS:
        after += 1
    open_before = before == 0 or text[before - 1] in "\r\n"
    open_after = after == len(text) or text[after] in "\r\n"
    has_before, has_after = before < start, after > end
    if not (open_before or open_after or has_before or has_after):
        return Edit(start, end, " " if _run_together(text[before - 1], text[after]) else "")
    if after < len(text) and class_of(text[after]) in "mz":
        return Edit(start, end, "")  # a mark sits on the blank
    if has_before and has_after and not (open_before or open_after):
        return Edit(before, end, "") if start - before < after - end else Edit(start, after, "")
    if has_before and (open_after or (not has_after and start - before == 1 and _closes(text[after]))):
        return Edit(before, end, "")
    if has_after and (open_before or (not has_before and after - end == 1 and _opens(text[before - 1]))):
        return Edit(start, after, "")
    return Edit(start, end, "")


def _closes(character: str) -> bool:
    """Whether a blank before the character would look wrong."""
    return character in CLOSING or unicodedata.category(character) in ("Pe", "Pf")


def _opens(character: str) -> bool:
    """Whether a blank after the character would look wrong."""
    return character in OPENING or unicodedata.category(character) in ("Ps", "Pi")


def inserted(words: Words, news: Sequence[tuple[int, str]]) -> list[Edit]:
    """Insert new words, each before the word of an index; the index behind the last means the end.

    Blanks come with them, except among words of scripts that have none.
    """
    return [_insertion(words, index, new) for index, new in news]


def _insertion(words: Words, index: int, new: str) -> Edit:
    glyph = class_of(new[0]) in "cp"
    if index == len(words.all):
        last = words.all[-1]
        close = last.kind is Kind.GLYPH and glyph
        return Edit(last.end, last.end, new if close else f" {new}")
    word = words.all[index]
    before = words.text[word.start - 1 : word.start]
    close = word.kind is Kind.GLYPH and glyph
    clings = bool(before) and not glyph and class_of(before) in "acdem_z"
    return Edit(word.start, word.start, f"{' ' if clings else ''}{new}{'' if close else ' '}")
