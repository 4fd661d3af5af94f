"""Recipes from papers: EDA and AEDA.

- EDA: Wei & Zou 2019, arXiv:1901.11196
- AEDA: Karimi, Rossi & Prati 2021, arXiv:2108.13230

The authors' code for EDA takes the text to small letters and strips punctuation; here all that an
operation does not touch stays as it is. Its synonyms come from all meanings of a word; here from the
first `senses`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from augflow.rng import PhiloxRandom
from augflow.transforms.spans import Edit, Words, folded
from augflow.transforms.text_edits import inserted, moved, removed
from augflow.transforms.text_op import Change, Share, TextEdit
from augflow.transforms.text_thesaurus import Thesaurus, in_case_of
from augflow.transforms.text_words import Texts


@dataclass(frozen=True, kw_only=True)
class Eda(Thesaurus):
    """Easy data augmentation: one of four operations, each equally likely (Wei & Zou 2019).

    Of n words, `max(1, int(alpha * n))` are replaced by synonyms (`alpha_sr`, a word wherever it
    occurs), inserted (`alpha_ri`) or exchanged in pairs (`alpha_rs`), or each is deleted with the
    chance `alpha_rd`, but never all. The authors recommend 0.05 for small datasets. An operation
    whose alpha is 0 is not drawn.
    """

    alpha_sr: Share = 0.1
    alpha_ri: Share = 0.1
    alpha_rs: Share = 0.1
    alpha_rd: Share = 0.1

    def change(self, words: Words, python: PhiloxRandom) -> Change:
        """See `TextEdit.change`."""
        alphas = {
            "synonym_replacement": self.alpha_sr,
            "random_insertion": self.alpha_ri,
            "random_swap": self.alpha_rs,
            "random_deletion": self.alpha_rd,
        }
        usable = [name for name, alpha in alphas.items() if alpha > 0]
        if not usable:
            return Change([])
        operation = python.choice(usable)
        count = max(1, int(alphas[operation] * len(words.all)))
        if operation == "synonym_replacement":
            return Change(self._replaced(words, count, python), operation)
        if operation == "random_insertion":
            return Change(inserted(words, self.news(words, count, python)), operation)
        if operation == "random_swap":
            return Change(_swapped(words, count, python), operation)
        return Change(_thinned(words, self.alpha_rd, python), operation)

    def _replaced(self, words: Words, count: int, python: PhiloxRandom) -> list[Edit]:
        places: dict[str, list[tuple[int, int, Sequence[str]]]] = defaultdict(list)
        for begin, end, new in self.alternatives(words):
            old = words.text[words.all[begin].start : words.all[end - 1].end]
            places[folded(old)].append((words.all[begin].start, words.all[end - 1].end, new))
        edits = []
        for word in python.sample(sorted(places), min(count, len(places))):
            chosen = python.choice(places[word][0][2])
            for start, end, _ in places[word]:
                edits.append(Edit(start, end, in_case_of(words.text[start:end], chosen)))
        return edits


def _swapped(words: Words, count: int, python: PhiloxRandom) -> list[Edit]:
    free = words.free()
    order = list(free)
    for _ in range(count if len(free) > 1 else 0):
        i, j = python.sample(range(len(order)), 2)
        order[i], order[j] = order[j], order[i]
    return moved(words, dict(zip(free, order, strict=True)))


def _thinned(words: Words, chance: float, python: PhiloxRandom) -> list[Edit]:
    gone = [index for index in words.free() if python.random() < chance]
    if len(gone) == len(words.all):
        gone.remove(python.choice(gone))
    return removed(words, gone)


@dataclass(frozen=True, kw_only=True)
class Aeda(TextEdit):
    """Insert punctuation before random words (Karimi et al. 2021): of n words, before 1 to punc_ratio * n."""

    punc_ratio: Annotated[float, Field(ge=0, le=1)] = 0.3
    marks: Texts = (".", ";", "?", ":", "!", ",")

    def change(self, words: Words, python: PhiloxRandom) -> Change:
        """See `TextEdit.change`."""
        if self.punc_ratio == 0:
            return Change([])
        size = len(words.all)
        count = python.randint(1, max(1, int(self.punc_ratio * size)))
        places = sorted(python.sample(range(size), count))
        return Change(inserted(words, [(place, python.choice(self.marks)) for place in places]))
