"""Ops that change characters inside words: typing, scanning and spelling errors, noise, case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from string import ascii_lowercase
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from augflow.rng import PhiloxRandom
from augflow.transforms.catalog import ParamProblem
from augflow.transforms.library import LibraryMissingError
from augflow.transforms.spans import Words, clusters, folded
from augflow.transforms.text_nlpaug import Language, keyboard, look_alikes, misspellings, resources
from augflow.transforms.text_op import Option, Share, Substitution, Whole, amount, bounds_problem
from augflow.transforms.text_thesaurus import in_case_of

Choices = Mapping[int, Sequence[str]]
"""What each character of a word may become, by its place; those that can change."""


def missing_nlpaug() -> list[ParamProblem]:
    """The problem of an op whose tables are not installed."""
    try:
        resources()
    except LibraryMissingError as error:
        return [ParamProblem("", str(error))]
    return []


@dataclass(frozen=True, kw_only=True)
class CharacterNoise(Substitution):
    """An op on a share `aug_char_p` of the characters of each chosen word, at least `aug_char_min` and at
    most `aug_char_max` (null: any number). Words with fewer than `min_char` characters stay, and so do
    numbers, addresses and scripts that the op has no table for. Marks stay with their letters."""

    aug_char_p: Share = 0.1
    aug_char_min: Whole = 1
    aug_char_max: Whole | None = None
    min_char: Annotated[int, Field(ge=1)] = 4

    def options(self, words: Words) -> list[Option]:
        """See `Substitution.options`."""
        found = []
        for index in words.plain():
            characters = clusters(words[index])
            count = amount(len(characters), self.aug_char_p, self.aug_char_min, self.aug_char_max)
            if count and len(characters) >= self.min_char:
                draw = self.noise(characters, count)
                if draw is not None:
                    found.append(Option(words.all[index].start, words.all[index].end, draw))
        return found

    def noise(self, characters: Sequence[str], count: int) -> Callable[[PhiloxRandom], str] | None:
        """How to change `count` characters, None where none of them can be changed."""
        raise NotImplementedError

    def problems(self) -> list[ParamProblem]:
        """See `TextEdit.problems`."""
        bounds = bounds_problem("aug_char_min", self.aug_char_min, "aug_char_max", self.aug_char_max)
        return super().problems() + bounds


def replaced(characters: Sequence[str], choices: Choices, count: int, python: PhiloxRandom) -> str:
    """The word with `count` of its characters changed, or as many as can be."""
    result = list(characters)
    for place in sorted(python.sample(sorted(choices), min(count, len(choices)))):
        result[place] = python.choice(choices[place])
    return "".join(result)


@dataclass(frozen=True, kw_only=True)
class Keyboard(CharacterNoise):
    """Press keys next to the right ones (nlpaug's keyboards of 11 languages).

    Case is kept. `include_special_char`, `include_numeric`: neighbors that are neither letters nor
    digits, or digits, count too; `include_upper_case`: the case of the wrong key is random.
    """

    include_special_char: bool = False
    include_numeric: bool = False
    include_upper_case: bool = False
    lang: Language = "en"

    @cached_property
    def _keys(self) -> Mapping[str, tuple[str, ...]]:
        return {key: tuple(filter(self._allowed, near)) for key, near in keyboard(self.lang).items()}

    def _allowed(self, key: str) -> bool:
        if key.isdigit():
            return self.include_numeric
        # Thai puts vowel signs on keys; they are marks and no letters of their own.
        return key.isalpha() or (self.include_special_char and key.isprintable())

    def _near(self, character: str) -> Sequence[str]:
        near = self._keys.get(character.lower(), ())
        if self.include_upper_case:
            return sorted({new for key in near for new in (key, key.upper())})
        return [key.upper() for key in near] if character.isupper() else near

    def noise(self, characters: Sequence[str], count: int) -> Callable[[PhiloxRandom], str] | None:
        """See `CharacterNoise.noise`."""
        choices = {i: near for i, each in enumerate(characters) if (near := self._near(each))}
        return partial(replaced, characters, choices, count) if choices else None

    def problems(self) -> list[ParamProblem]:
        """See `TextEdit.problems`."""
        return super().problems() + missing_nlpaug()


@dataclass(frozen=True, kw_only=True)
class Ocr(CharacterNoise):
    """Put characters that a scanner would confuse (nlpaug's table of Latin letters and digits)."""

    min_char: Annotated[int, Field(ge=1)] = 1

    def noise(self, characters: Sequence[str], count: int) -> Callable[[PhiloxRandom], str] | None:
        """See `CharacterNoise.noise`."""
        table = look_alikes()
        choices = {i: table[each] for i, each in enumerate(characters) if each in table}
        return partial(replaced, characters, choices, count) if choices else None

    def problems(self) -> list[ParamProblem]:
        """See `TextEdit.problems`."""
        return super().problems() + missing_nlpaug()


@dataclass(frozen=True, kw_only=True)
class Spelling(Substitution):
    """Misspell English words as people do (nlpaug's table of 13,550 words).

    With `include_reverse` a misspelling in the text, or a word that is one of another, may also become
    the word it stands for.
    """

    include_reverse: bool = False

    def options(self, words: Words) -> list[Option]:
        """See `Substitution.options`."""
        table = misspellings(self.include_reverse)
        found = []
        for index in words.plain():
            word = words[index]
            known = table.get(word) or table.get(folded(word), ())
            wrong = [in_case_of(word, new.lower()) for new in known if folded(new) != folded(word)]
            if wrong:
                found.append(Option(words.all[index].start, words.all[index].end, partial(_pick, wrong)))
        return found

    def problems(self) -> list[ParamProblem]:
        """See `TextEdit.problems`."""
        return super().problems() + missing_nlpaug()


def _pick(texts: Sequence[str], python: PhiloxRandom) -> str:
    return python.choice(texts)


def _not_blank(texts: tuple[str, ...]) -> tuple[str, ...]:
    if not texts or not all(text.strip() for text in texts):
        raise ValueError("must hold characters that are not blank")
    return texts


@dataclass(frozen=True, kw_only=True)
class RandomChar(CharacterNoise):
    """Insert, substitute, swap or delete characters at random (Belinkov & Bisk 2018, arXiv:1711.02173).

    New characters are drawn from `candidates`, the small letters a to z where none are given.
    `swap_mode`: which characters change places: neighbors, any but the first and last, or any;
    capitals stay in their places. No word is deleted whole.
    """

    action: Literal["insert", "substitute", "swap", "delete"] = "substitute"
    candidates: Annotated[tuple[str, ...], AfterValidator(_not_blank)] = tuple(ascii_lowercase)
    swap_mode: Literal["adjacent", "middle", "random"] = "adjacent"

    def noise(self, characters: Sequence[str], count: int) -> Callable[[PhiloxRandom], str] | None:
        """See `CharacterNoise.noise`."""
        if self.action == "swap":
            return partial(self._swapped, characters, count) if self._swaps(characters) else None
        if self.action == "insert":
            return partial(self._inserted, characters, count)
        if self.action == "delete":
            return partial(_shortened, characters, count) if len(characters) > 1 else None
        choices = {i: new for i, each in enumerate(characters) if (new := self._others(each))}
        return partial(replaced, characters, choices, count) if choices else None

    def _others(self, character: str) -> list[str]:
        return [new for new in self.candidates if new != character]

    def _inserted(self, characters: Sequence[str], count: int, python: PhiloxRandom) -> str:
        places = set(python.sample(range(len(characters)), min(count, len(characters))))
        return "".join(
            (python.choice(self.candidates) if place in places else "") + each
            for place, each in enumerate(characters)
        )

    def _swaps(self, characters: Sequence[str]) -> list[tuple[int, int]]:
        """Pairs of places whose exchange shows."""
        size = len(characters)
        inner = range(1, size - 1) if self.swap_mode == "middle" else range(size)
        reach = 1 if self.swap_mode == "adjacent" else size
        found = [(i, j) for i in inner for j in inner if i < j <= i + reach]
        return [(i, j) for i, j in found if characters[i].lower() != characters[j].lower()]

    def _swapped(self, characters: Sequence[str], count: int, python: PhiloxRandom) -> str:
        result, moved = list(characters), set[int]()
        found = self._swaps(characters)
        for i, j in python.sample(found, len(found)):
            if len(moved) < 2 * count and not moved & {i, j}:
                moved |= {i, j}
                result[i] = _in_case(characters[i], characters[j])
                result[j] = _in_case(characters[j], characters[i])
        return "".join(result)


def _in_case(old: str, new: str) -> str:
    return new.upper() if old.isupper() else new.lower() if old.islower() else new


def _shortened(characters: Sequence[str], count: int, python: PhiloxRandom) -> str:
    kept = max(len(characters) - count, 1)
    return "".join(characters[i] for i in sorted(python.sample(range(len(characters)), kept)))


@dataclass(frozen=True, kw_only=True)
class RandomCase(CharacterNoise):
    """Change the case of words: of single `letters`, or of the word to `upper`, `lower` or `title` case.

    The shares of characters count for `letters` alone.
    """

    mode: Literal["letters", "upper", "lower", "title"] = "letters"
    min_char: Annotated[int, Field(ge=1)] = 1

    def noise(self, characters: Sequence[str], count: int) -> Callable[[PhiloxRandom], str] | None:
        """See `CharacterNoise.noise`."""
        if self.mode == "letters":
            choices = {i: [each.swapcase()] for i, each in enumerate(characters) if each.swapcase() != each}
            return partial(replaced, characters, choices, count) if choices else None
        word = "".join(characters)
        new = {"upper": word.upper(), "lower": word.lower(), "title": word.capitalize()}[self.mode]
        return partial(_pick, [new]) if new != word else None
