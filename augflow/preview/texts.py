"""Texts as HTML: what an augmentation took away and put in, word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from augflow.batching.words import word_spans
from augflow.preview.markup import Html, tag

SHOWN_CHARACTERS = 3000
"""Longer texts are cut, for show."""

COMPARED_CHARACTERS = 20_000
"""The words of longer texts are not counted: comparing takes time in the square of their number."""


@dataclass(frozen=True)
class Word:
    """A word and the white space behind it."""

    text: str
    gap: str


def plain_text(text: str) -> Html:
    """A text as it is."""
    return _paragraph([shortened(text)] if text.strip() else [text, tag("span", "no words", class_="idle")])


def text_difference(old: str, new: str) -> Html:
    """The new text, with what it lacks of the old struck out and what the old lacks underlined.

    All of it but what is struck out is the new text, byte for byte.
    """
    if old == new:
        return plain_text(new)
    return _paragraph(list(_changes(shortened(old), shortened(new))))


def difference_words(old: str, new: str) -> str:
    """How much changed."""
    if old == new:
        return "unchanged"
    if len(old) + len(new) > COMPARED_CHARACTERS:
        return "changed"
    before, after = words_of(old), words_of(new)
    removed = added = 0
    for kind, first, last, start, stop in _opcodes(before, after):
        if kind != "equal":
            removed, added = removed + last - first, added + stop - start
    if not removed and not added:
        return "only white space differs"
    return f"{added} in, {removed} out"


def shortened(text: str) -> str:
    """The beginning of a text that is long."""
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS]} [... {len(text) - SHOWN_CHARACTERS:,} more characters]"


def words_of(text: str) -> list[Word]:
    """The words of a text; all together are the text again, but for white space at its beginning."""
    spans = word_spans(text)
    ends = [*(start for start, _ in spans[1:]), len(text)][: len(spans)]
    return [
        Word(text[start:end], text[end:following])
        for (start, end), following in zip(spans, ends, strict=True)
    ]


def _changes(old: str, new: str) -> Iterator[str]:
    before, after = words_of(old), words_of(new)
    yield new[: word_spans(new)[0][0]] if after else new
    for kind, first, last, start, stop in _opcodes(before, after):
        if kind == "equal":
            yield "".join(word.text + word.gap for word in after[start:stop])
            continue
        if first < last:
            yield tag("del", "".join(word.text + word.gap for word in before[first:last]))
        if start < stop:
            *others, end = after[start:stop]
            yield tag("ins", "".join(word.text + word.gap for word in others) + end.text)
            yield end.gap


def _opcodes(before: list[Word], after: list[Word]) -> Sequence[tuple[str, int, int, int, int]]:
    matcher = SequenceMatcher(
        None, [word.text for word in before], [word.text for word in after], autojunk=False
    )
    return matcher.get_opcodes()


def _paragraph(content: list[str]) -> Html:
    return tag("p", content, class_="text", dir="auto")
