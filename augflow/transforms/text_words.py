"""Ops that move, delete, split and mark words."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from augflow.rng import PhiloxRandom
from augflow.transforms.catalog import ParamProblem
from augflow.transforms.spans import Kind, Word, Words, class_of, clusters
from augflow.transforms.text_edits import disjoint_neighbors, moved, pairs, removed
from augflow.transforms.text_op import Change, Counted, Option, Share, Substitution, Whole
from augflow.transforms.text_thesaurus import in_case_of


def _without_blanks(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts or not all(text.strip() for text in texts):
        raise ValueError("must hold texts that are not blank")
    return texts


Texts = Annotated[tuple[str, ...], AfterValidator(_without_blanks)]


def _pick(texts: Sequence[str], python: PhiloxRandom) -> str:
    return python.choice(texts)


@dataclass(frozen=True, kw_only=True)
class RandomSwap(Counted):
    """Exchange pairs of words: neighbors, or any two of the text.

    The share of words counts the exchanges. No word takes part in two of them, so that none undoes
    another; at most half of the words' number of exchanges fit. Spared words keep their places, and
    neighbors are those among the others.
    """

    distance: Literal["adjacent", "any"] = "adjacent"

    def change(self, words: Words, python: PhiloxRandom) -> Change:
        """See `TextEdit.change`."""
        free = words.free()
        draw = disjoint_neighbors if self.distance == "adjacent" else pairs
        sources: dict[int, int] = {}
        for i, j in draw(self.count(len(words.all)), len(free), python):
            sources |= {free[i]: free[j], free[j]: free[i]}
        return Change(moved(words, sources))


@dataclass(frozen=True, kw_only=True)
class RandomDeletion(Counted):
    """Delete words. One always stays."""

    def change(self, words: Words, python: PhiloxRandom) -> Change:
        """See `TextEdit.change`."""
        free = words.free()
        most = len(free) - (len(free) == len(words.all))
        return Change(removed(words, python.sample(free, min(self.count(len(words.all)), most))))


@dataclass(frozen=True, kw_only=True)
class SpanDeletion(Counted):
    """Delete a run of words that follow each other (nlpaug's `crop`). One word always stays."""

    def change(self, words: Words, python: PhiloxRandom) -> Change:
        """See `TextEdit.change`."""
        size = len(words.all)
        count = min(self.count(size), size - 1)
        starts = [s for s in range(size - count + 1) if not any(w.spared for w in words.all[s : s + count])]
        if not count or not starts:
            return Change([])
        start = python.choice(starts)
        return Change(removed(words, range(start, start + count)))


@dataclass(frozen=True, kw_only=True)
class WordOrder(Counted):
    """Shuffle words so that none moves more than `window` places (Lample et al. 2018, arXiv:1711.00043).

    A word's place plus a number from [0, window + 1) gives the new order. The share of words takes
    part, the others keep their places.
    """

    aug_p: Share = 1.0
    window: Whole = 3

    def change(self, words: Words, python: PhiloxRandom) -> Change:
        """See `TextEdit.change`."""
        free = words.free()
        count = min(self.count(len(words.all)), len(free)) if self.window else 0
        places = sorted(python.sample(free, count))
        keys = {place: place + (self.window + 1) * python.random() for place in places}
        return Change(moved(words, dict(zip(places, sorted(places, key=keys.__getitem__), strict=True))))


@dataclass(frozen=True, kw_only=True)
class RandomSubstitution(Substitution):
    """Replace words by a word of a list, `_` where none is given, as if they had not been understood."""

    target_words: Texts = ("_",)

    def options(self, words: Words) -> list[Option]:
        """See `Substitution.options`."""
        found = []
        for index in words.free():
            word = words.all[index]
            others = [new for new in self.target_words if new != words[index]]
            if others and word.kind is not Kind.UNIT:
                found.append(Option(word.start, word.end, partial(_pick, others)))
        return found


@dataclass(frozen=True, kw_only=True)
class Split(Substitution):
    """Split words by a blank at a random place; those with fewer than `min_char` characters stay."""

    min_char: Annotated[int, Field(ge=2)] = 4

    def options(self, words: Words) -> list[Option]:
        """See `Substitution.options`."""
        found = []
        for index in words.plain():
            word, parts = words.all[index], clusters(words[index])
            if len(parts) >= self.min_char:
                found.append(Option(word.start, word.end, partial(_split, parts)))
        return found


def _split(parts: Sequence[str], python: PhiloxRandom) -> str:
    at = python.randrange(1, len(parts))
    return f"{''.join(parts[:at])} {''.join(parts[at:])}"


def _groups(groups: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    for group in groups:
        if len(set(_without_blanks(group))) < 2:
            raise ValueError(f"a group needs at least two expressions, got {list(group)}")
    return groups


Groups = Annotated[tuple[tuple[str, ...], ...], AfterValidator(_groups)]


@dataclass(frozen=True, kw_only=True)
class Reserved(Substitution):
    """Replace expressions by others of their group, such as [[FWD, Fwd, FW], [Sincerely, Best regards]].

    Longer expressions are found first, of an expression in several groups the last one counts, and
    blanks match any blanks. Without `case_sensitive` they are found in any case and take the case found.
    """

    reserved_tokens: Groups
    case_sensitive: bool = True

    def problems(self) -> list[ParamProblem]:
        """See `TextEdit.problems`."""
        alone = not self.reserved_tokens
        return super().problems() + ([ParamProblem("reserved_tokens", "needs a group")] if alone else [])

    def _key(self, expression: str) -> str:
        expression = " ".join(expression.split())
        return expression if self.case_sensitive else expression.casefold()

    @cached_property
    def _group_of(self) -> dict[str, tuple[str, ...]]:
        return {self._key(each): group for group in self.reserved_tokens for each in group}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        expressions = sorted({e for group in self.reserved_tokens for e in group}, key=lambda e: (-len(e), e))
        found = "|".join(_bounded(expression) for expression in expressions)
        return re.compile(found, re.NOFLAG if self.case_sensitive else re.IGNORECASE)

    def options(self, words: Words) -> list[Option]:
        """See `Substitution.options`."""
        whole = [word for word in words.all if word.spared or word.kind is Kind.UNIT]
        options = []
        for found in self._pattern.finditer(words.text):
            start, end = found.span()
            group = self._group_of.get(self._key(found[0]), ())
            others = [new for new in group if self._key(new) != self._key(found[0])]
            if others and not any(_cuts(start, end, word) for word in whole):
                options.append(Option(start, end, self._draw(found[0], others)))
        return options

    def _draw(self, old: str, others: Sequence[str]) -> Callable[[PhiloxRandom], str]:
        def draw(python: PhiloxRandom) -> str:
            new = python.choice(others)
            return new if self.case_sensitive else in_case_of(old, new)

        return draw


def _cuts(start: int, end: int, word: Word) -> bool:
    """Whether a replacement would change a spared word, or a part of a unit."""
    meets = word.start < end and start < word.end
    return meets and (word.spared or not (start <= word.start and word.end <= end))


def _bounded(expression: str) -> str:
    """A pattern for an expression that is not part of a longer word."""
    inner = r"\s+".join(re.escape(part) for part in expression.split())
    before = r"(?<!\w)" if class_of(expression[0]) in "ad_" else ""
    after = r"(?!\w)" if class_of(expression[-1]) in "adm_" else ""
    return before + inner + after
