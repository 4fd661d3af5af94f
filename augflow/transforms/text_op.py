"""What every text op has: words that it spares, a count of words, edits on the original text.

A text op is a frozen dataclass whose fields are its parameters; `TextOp` is its entry in the catalog.
Parameters have nlpaug's names and meaning, but counts are exact and nothing of strength 0 changes
anything.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from augflow.rng import KeyedRandom, PhiloxRandom
from augflow.sample import Drawn, Fields
from augflow.transforms.catalog import Param, ParamProblem, Params, Size, Transform
from augflow.transforms.signatures import SignatureParams
from augflow.transforms.spans import Edit, Phrases, Words, apply_edits, find_words, folded, phrases_of

Share = Annotated[float, Field(ge=0, le=1)]
Whole = Annotated[int, Field(ge=0)]


def _word_list(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({folded(word) for word in words}))


WordList = Annotated[tuple[str, ...], AfterValidator(_word_list)]
"""Words in any case and order."""


@dataclass(frozen=True)
class Change:
    """What an op does to one text."""

    edits: Sequence[Edit]
    operation: str = ""
    """Which of several operations it drew."""


@dataclass(frozen=True, kw_only=True)
class TextEdit:
    """A text op with its parameters. `stopwords` and `protected` are words (or phrases) that stay as they
    are and where they are, in any case; they differ in name only."""

    stopwords: WordList = ()
    protected: WordList = ()

    @cached_property
    def spared(self) -> Phrases:
        """What stays as it is."""
        return phrases_of((*self.stopwords, *self.protected))

    def change(self, words: Words, python: PhiloxRandom) -> Change:
        """What to do to a text, which has at least one word."""
        raise NotImplementedError

    def problems(self) -> list[ParamProblem]:
        """What is wrong with the parameters together."""
        return []


@dataclass(frozen=True, kw_only=True)
class Counted(TextEdit):
    """An op on a share `aug_p` of a text's words, rounded up, at least `aug_min` and at most `aug_max`
    (null: any number) of them. With `aug_p` 0 or `aug_max` 0 nothing changes."""

    aug_p: Share = 0.1
    aug_min: Whole = 1
    aug_max: Whole | None = None

    def count(self, size: int) -> int:
        """How many of `size` words."""
        return amount(size, self.aug_p, self.aug_min, self.aug_max)

    def problems(self) -> list[ParamProblem]:
        """The bounds must agree."""
        return bounds_problem("aug_min", self.aug_min, "aug_max", self.aug_max)


def amount(size: int, share: float, least: int, most: int | None) -> int:
    """A share of `size` things, rounded up and kept within bounds; none of a share of 0."""
    if share == 0 or size == 0:
        return 0
    # 0.07 * 100 is a little more than 7.
    count = max(ceil(round(share * size, 9)), least)
    return min(count, size if most is None else min(most, size))


def bounds_problem(low_name: str, low: int, high_name: str, high: int | None) -> list[ParamProblem]:
    """A lower bound above the upper one, which would make the count a matter of taste."""
    if high is None or high == 0 or low <= high:
        return []
    return [ParamProblem(high_name, f"must not be below {low_name}, which is {low}, got {high}")]


@dataclass(frozen=True)
class Option:
    """A span that an op can replace, and how: a function that draws the new text."""

    start: int
    end: int
    draw: Callable[[PhiloxRandom], str]


@dataclass(frozen=True, kw_only=True)
class Substitution(Counted):
    """An op that replaces words one by one. The share is of all words of the text, as in nlpaug; where
    fewer can be replaced, all of those are."""

    def options(self, words: Words) -> list[Option]:
        """Every word that can be replaced."""
        raise NotImplementedError

    def change(self, words: Words, python: PhiloxRandom) -> Change:
        """See `TextEdit.change`."""
        count = self.count(len(words.all))
        options = self.options(words) if count else []
        chosen = sorted(python.sample(range(len(options)), min(count, len(options))))
        return Change(
            [Edit(options[i].start, options[i].end, options[i].draw(python)) for i in chosen],
        )


@dataclass(frozen=True)
class TextTransform:
    """A text op on the text of a sample."""

    edit: TextEdit

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """New fields; `changed`: pairs of the old and the new text of each span, in order."""
        text = fields["text"]
        if not isinstance(text, str):
            raise TypeError(f"needs a str, got {type(text).__name__}; put text ops before tokenizing")
        words = find_words(text, self.edit.spared)
        if not words.all:
            return fields, {"changed": []}
        change = self.edit.change(words, rng.python)
        edits = sorted(change.edits, key=lambda edit: (edit.start, edit.end))
        drawn: dict[str, Any] = {"operation": change.operation} if change.operation else {}
        drawn["changed"] = [[text[edit.start : edit.end], edit.new] for edit in edits]
        return {**fields, "text": apply_edits(text, edits)}, drawn


@dataclass(frozen=True)
class TextOp:
    """A catalog entry for a text op."""

    name: str
    kind: type[TextEdit]
    library: str = "augflow"

    modality = "text"
    version = 1
    default_p = 1.0
    carries: frozenset[str] = frozenset()

    def __getstate__(self) -> dict[str, Any]:
        """Without what was worked out from the class, which cannot travel."""
        return {"name": self.name, "kind": self.kind, "library": self.library}

    @cached_property
    def _signature(self) -> SignatureParams:
        return SignatureParams(self.kind)

    @property
    def summary(self) -> str:
        """The first line of the op's description."""
        return (inspect.getdoc(self.kind) or "").partition("\n")[0]

    @property
    def params(self) -> Mapping[str, Param]:
        """Parameters by name, `p` not among them."""
        return self._signature.described

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters and everything wrong with those given."""
        canonical, problems = self._signature.check(params)
        return canonical, problems or self.kind(**canonical).problems()

    def build(self, params: Params) -> Transform:
        """The transform for canonical parameters."""
        return TextTransform(self.kind(**params))

    def is_random(self, _params: Params) -> bool:
        """Every text op chooses among words."""
        return True

    def output_size(self, _params: Params, size: Size) -> Size:
        """A text has no height and width."""
        return size
