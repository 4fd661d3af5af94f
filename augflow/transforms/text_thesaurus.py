"""Ops that put one word for another: synonyms, antonyms, and the insertion of synonyms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated

from pydantic import Field

from augflow.rng import PhiloxRandom
from augflow.transforms.spans import Kind, Words, folded, phrase_end
from augflow.transforms.text_edits import inserted
from augflow.transforms.text_op import Change, Counted, Option, Substitution, TextEdit
from augflow.transforms.text_tables import TablePath, WordTable, english, first_senses, word_table

Senses = Annotated[int, Field(ge=1, le=2)]
SHORT_ACRONYM = 3
"""Capitals up to this length are taken for an acronym in a text that is not all capitals."""


def in_case_of(old: str, new: str) -> str:
    """The new word in the case of the old: as it is, with a capital, or in capitals."""
    if len(old) > 1 and old.isupper():
        return new.upper()
    return new[0].upper() + new[1:] if old[0].isupper() else new


def looks_like_a_name(words: Words, index: int) -> bool:
    """Whether an English word is written as names are: a capital inside a sentence, several in a row,
    capitals inside the word, or a short acronym."""
    word = words[index]
    if word.islower():
        return False
    if word.isupper() and len(word) > 1:
        return len(word) <= SHORT_ACRONYM and not words.text.isupper()
    if not word[1:].islower() and len(word) > 1:
        return True
    if not _begins_sentence(words, index):
        return True
    follows = index + 1 < len(words.all) and not _begins_sentence(words, index + 1)
    return follows and words[index + 1][0].isupper() and words[index + 1] != "I"


def _begins_sentence(words: Words, index: int) -> bool:
    before = words.text[words.all[index - 1].end : words.all[index].start] if index else "\n"
    return any(mark in before for mark in ".!?:\n\u2026")


@dataclass(frozen=True, kw_only=True)
class Thesaurus(TextEdit):
    """Looks words up: in the shipped table of English, or in the user's `table`, a file whose content is
    part of the fingerprint and is read when the spec is checked. `senses`: how many of a word's
    meanings count, the most usual first (shipped table only)."""

    senses: Senses = 1
    table: TablePath | None = None

    def __post_init__(self) -> None:
        """The user's table is looked up here, so that it travels with the op."""
        _ = self.own

    @cached_property
    def own(self) -> WordTable | None:
        """The user's table."""
        return None if self.table is None else word_table(self.table)

    def alternatives(self, words: Words) -> list[tuple[int, int, Sequence[str]]]:
        """For every word or phrase that the table knows: the indices where it begins and ends, and what
        it may become."""
        if self.own is not None:
            return _own_alternatives(words, self.own)
        table = english(self._shipped())
        found: list[tuple[int, int, Sequence[str]]] = []
        for index in words.plain():
            word = words[index]
            new = first_senses(table, folded(word).replace("\u2019", "'"), self.senses)
            if new and not looks_like_a_name(words, index):
                found.append((index, index + 1, new))
        return found

    def news(self, words: Words, count: int, python: PhiloxRandom) -> list[tuple[int, str]]:
        """What to insert before which words: nothing where the table knows no word of the text."""
        known = self.alternatives(words) if count else []
        if not known:
            return []
        loud = words.text.isupper()
        drawn = []
        for _ in range(count):
            new = python.choice(python.choice(known)[2])
            drawn.append((python.randrange(len(words.all) + 1), new.upper() if loud else new))
        return drawn

    def _shipped(self) -> str:
        return "synonyms"


def _own_alternatives(words: Words, table: WordTable) -> list[tuple[int, int, Sequence[str]]]:
    found: list[tuple[int, int, Sequence[str]]] = []
    index = 0
    while index < len(words.all):
        end = phrase_end(words, index, table.phrases)
        if end is None or any(word.spared or word.kind is Kind.UNIT for word in words.all[index:end]):
            index += 1
            continue
        phrase = tuple(folded(words[at]) for at in range(index, end))
        found.append((index, end, table.entries[phrase]))
        index = end
    return found


@dataclass(frozen=True, kw_only=True)
class Synonym(Thesaurus, Substitution):
    """Replace words by a synonym (English: WordNet 3.0; other languages: a table of your own).

    A word is replaced in the form in which the dictionary has it, by words of its most usual meaning and
    part of speech, in its own case. Function words, names, numbers and addresses stay. A replaced word
    can ask for another article ("a film" becomes "a picture", but "an" stays "an").
    """

    def options(self, words: Words) -> list[Option]:
        """See `Substitution.options`."""
        return [self._option(words, *found) for found in self.alternatives(words)]

    def _option(self, words: Words, begin: int, end: int, new: Sequence[str]) -> Option:
        start, stop = words.all[begin].start, words.all[end - 1].end
        old = words.text[start:stop]

        def draw(python: PhiloxRandom) -> str:
            return in_case_of(old, python.choice(new))

        return Option(start, stop, draw)


@dataclass(frozen=True, kw_only=True)
class Antonym(Synonym):
    """Replace words by their opposite: verbs, adjectives and adverbs (Niu & Bansal 2018, arXiv:1809.02079).

    Mind the label: an opposite can turn it round.
    """

    def _shipped(self) -> str:
        return "antonyms"


@dataclass(frozen=True, kw_only=True)
class RandomInsertion(Thesaurus, Counted):
    """Insert synonyms of random words at random places (Wei & Zou 2019, arXiv:1901.11196)."""

    def change(self, words: Words, python: PhiloxRandom) -> Change:
        """See `TextEdit.change`."""
        return Change(inserted(words, self.news(words, self.count(len(words.all)), python)))
