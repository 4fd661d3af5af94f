"""Words of a text as spans, and edits of spans: what no edit covers survives byte for byte.

Positions count code points, from 0; `end` is exclusive. A word never cuts what people see as one
character: combining marks, joined emoji, flags and conjoining Hangul stay with their base.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum


class Kind(Enum):
    """What a word is made of."""

    WORD = "word"
    """Letters, with apostrophes and hyphens inside."""
    GLYPH = "glyph"
    """One ideograph or kana: a word of its own, in scripts that put no blanks between words."""
    UNIT = "unit"
    """A number with its signs and units, an address, a hashtag, a mention, a tag, an abbreviation with
    dots, an emoji: moved or deleted as a whole, never changed inside."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word: text[start:end]."""

    start: int
    end: int
    kind: Kind
    spared: bool = False
    """Whether it must stay as it is and where it is."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace text[start:end] by `new`; where start equals end, insert it there."""

    start: int
    end: int
    new: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made; positions are those of `text`.

    Edits must not overlap; insertions at one place come in the order given, before what replaces the
    span that begins there. Raises `ValueError` for overlapping edits.
    """
    pieces, at = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at:
            raise ValueError(f"edits overlap at {edit.start}: the one before ends at {at}")
        pieces += [text[at : edit.start], edit.new]
        at = edit.end
    return "".join([*pieces, text[at:]])


class _Classes(dict[int, str]):
    """A letter for each code point, found when the point first comes up: `text.translate` gives a string
    as long as the text, in which words can be searched for.

    `a` letter, `d` digit, `_`, `m` mark on what comes before, `z` joiner, `c` ideograph or kana, `e`
    emoji, `r` half a flag, `s` blank, `q` apostrophe, `h` hyphen, `x` at and hash, `p` the rest.
    """

    def __missing__(self, point: int) -> str:
        self[point] = found = _class_of(point)
        return found


SINGLE = {0x200D: "z", 0x200C: "m", 0x5F: "_", 0x23: "x", 0x40: "x"}
SINGLE |= dict.fromkeys([0x27, 0x2019, 0x2BC, 0xFF07], "q") | dict.fromkeys([0x2D, 0x2010, 0x2011], "h")
SINGLE |= dict.fromkeys([0xB7, 0x5F3, 0x5F4], "q")  # Catalan's middle dot, Hebrew's geresh and gershayim

RANGES = (
    (0x1F1E6, 0x1F1FF, "r"),
    (0x1F3FB, 0x1F3FF, "m"),  # skin tones
    (0x1F000, 0x1FAFF, "e"),
    (0x2600, 0x27BF, "e"),
    (0xE0020, 0xE007F, "m"),  # tags of regional flags
    (0x1160, 0x11FF, "m"),  # vowels and final consonants of decomposed Hangul
    (0xD7B0, 0xD7FF, "m"),
    (0x3005, 0x3007, "c"),
    (0x3041, 0x3096, "c"),
    (0x309D, 0x309F, "c"),
    (0x30A1, 0x30FA, "c"),
    (0x30FC, 0x30FC, "m"),  # the long vowel mark
    (0x30FD, 0x30FF, "c"),
    (0x31F0, 0x31FF, "c"),
    (0x3400, 0x4DBF, "c"),
    (0x4E00, 0x9FFF, "c"),
    (0xF900, 0xFAFF, "c"),
    (0x20000, 0x3FFFF, "c"),
)


def _class_of(point: int) -> str:
    if point in SINGLE:
        return SINGLE[point]
    for low, high, found in RANGES:
        if low <= point <= high:
            return found
    character = chr(point)
    if character.isspace():
        return "s"
    category = unicodedata.category(character)
    return "e" if category == "So" else {"L": "a", "M": "m", "N": "d"}.get(category[0], "p")


CLASSES = _Classes()

ADDRESS_END = r"[^\s<>\".,;:!?'()\[\]{}\u2019\u201d]"
FIXED = re.compile(
    rf"(?:https?|ftp)://[^\s<>\"]*{ADDRESS_END}|\bwww\.[^\s<>\"]*{ADDRESS_END}"
    r"|(?<![\w.+-])[\w.+-]+@\w[\w-]*(?:\.\w[\w-]*)+"
    r"|</?[A-Za-z][^<>]{0,200}>|&\#?\w{1,10};"
    r"|\b(?:[^\W\d_]\.){2,}"
    r"|(?<![\w.,'\u2019-])[-+\u2212]?[$\u00a3\u20ac\u00a5]?[^\W\d_]*\d+(?:[.,:/\u2013-]\d+)*"
    r"(?:[ \u00a0]?[%\u2030\u00b0])?[^\W_]*[$\u00a3\u20ac\u00a5%]?"
)
"""Addresses, mail addresses, tags and entities, abbreviations with dots, numbers with signs and units."""

WORDS = re.compile(
    r"(?P<unit>Uu*[mz]*|(?<![acd_])x[acd_][mz]*(?:[acd_][mz]*)*|rr[mz]*|[er]m*(?:ze?m*)*)"
    r"|(?P<glyph>c[mz]*)"
    r"|(?P<word>[ad_][mz]*(?:[qh]?[ad_][mz]*)*)"
)
"""Over classes; `Uu*` is what `FIXED` found."""

CLUSTER = re.compile(r".[mz]*")

BLANK_CHARACTERS = frozenset(" \t\u00a0\u3000")
"""Blanks between words; line ends are not among them."""


def class_of(character: str) -> str:
    """The class of one character, see `_Classes`."""
    return CLASSES[ord(character)]


def clusters(word: str) -> list[str]:
    """What people see as the characters of a word."""
    if word.isascii():
        return list(word)
    return [word[found.start() : found.end()] for found in CLUSTER.finditer(word.translate(CLASSES))]


def folded(word: str) -> str:
    """A word as tables and lists know it: without case, composed."""
    return word.casefold() if word.isascii() else unicodedata.normalize("NFC", word).casefold()


@dataclass(frozen=True, slots=True)
class Words:
    """A text and its words in order."""

    text: str
    all: tuple[Word, ...]

    def __getitem__(self, index: int) -> str:
        word = self.all[index]
        return self.text[word.start : word.end]

    def free(self) -> list[int]:
        """Which words may be changed, moved or deleted."""
        return [index for index, word in enumerate(self.all) if not word.spared]

    def plain(self) -> list[int]:
        """Which of them are made of letters."""
        return [i for i, word in enumerate(self.all) if word.kind is Kind.WORD and not word.spared]


Phrases = Mapping[str, tuple[tuple[str, ...], ...]]
"""Phrases, each a tuple of folded words, the longer first, by their first word."""


def find_words(text: str, spared: Phrases | None = None) -> Words:
    """The words of a text; those of `spared` phrases are one word each and marked."""
    classes = text.translate(CLASSES)
    units = (Edit(*found.span(), "U" + "u" * (len(found[0]) - 1)) for found in FIXED.finditer(text))
    words = Words(text, tuple(_words(apply_edits(classes, units))))
    return _with_spared(words, spared) if spared else words


def _words(classes: str) -> Iterator[Word]:
    for found in WORDS.finditer(classes):
        start, end = found.span()
        kind = Kind(found.lastgroup)
        if kind is Kind.WORD and ("d" in found[0] or "_" in found[0]):
            kind = Kind.UNIT
        yield Word(start, end, kind)


def phrases_of(entries: Iterable[str]) -> Phrases:
    """Phrases to look for, from texts; one without any word is left out, as no op ever changes it."""
    found: dict[str, set[tuple[str, ...]]] = {}
    for entry in entries:
        words = find_words(entry)
        phrase = tuple(folded(words[index]) for index in range(len(words.all)))
        if phrase:
            found.setdefault(phrase[0], set()).add(phrase)
    return {first: tuple(sorted(each, key=lambda p: (-len(p), p))) for first, each in found.items()}


def phrase_end(words: Words, index: int, phrases: Phrases) -> int | None:
    """The index behind the longest phrase that begins with a word, None where none does.

    Between the words of a phrase there are blanks or nothing.
    """
    for phrase in phrases.get(folded(words[index]), ()):
        end = index + len(phrase)
        if end <= len(words.all) and all(
            folded(words[at]) == part and not _gap(words, at).strip()
            for at, part in enumerate(phrase[1:], index + 1)
        ):
            return end
    return None


def _gap(words: Words, index: int) -> str:
    """What stands between a word and the one before."""
    return words.text[words.all[index - 1].end : words.all[index].start]


def _with_spared(words: Words, spared: Phrases) -> Words:
    merged: list[Word] = []
    index = 0
    while index < len(words.all):
        end = phrase_end(words, index, spared)
        first = words.all[index]
        if end is None:
            merged.append(first)
            index += 1
        else:
            merged.append(replace(first, end=words.all[end - 1].end, spared=True))
            index = end
    return Words(words.text, tuple(merged))
