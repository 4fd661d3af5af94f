"""The text catalog: augflow's own ops, and the names under which people know them elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from augflow.transforms.aliases import Foreign
from augflow.transforms.catalog import Op
from augflow.transforms.text_chars import Keyboard, Ocr, RandomCase, RandomChar, Spelling
from augflow.transforms.text_eda import Aeda, Eda
from augflow.transforms.text_foreign import FOREIGN, UNUSABLE
from augflow.transforms.text_op import TextEdit, TextOp
from augflow.transforms.text_thesaurus import Antonym, RandomInsertion, Synonym
from augflow.transforms.text_words import (
    RandomDeletion,
    RandomSubstitution,
    RandomSwap,
    Reserved,
    SpanDeletion,
    Split,
    WordOrder,
)

KINDS: Mapping[str, type[TextEdit]] = {
    "aeda": Aeda,
    "antonym": Antonym,
    "eda": Eda,
    "keyboard": Keyboard,
    "ocr": Ocr,
    "random_case": RandomCase,
    "random_char": RandomChar,
    "random_deletion": RandomDeletion,
    "random_insertion": RandomInsertion,
    "random_substitution": RandomSubstitution,
    "random_swap": RandomSwap,
    "reserved": Reserved,
    "span_deletion": SpanDeletion,
    "spelling": Spelling,
    "split": Split,
    "synonym": Synonym,
    "word_order": WordOrder,
}

FROM_NLPAUG = frozenset({"keyboard", "ocr", "spelling"})
"""Ops that read nlpaug's tables."""

TEXT_TYPED: Mapping[str, str] = {
    "antonyms": "antonym",
    "case": "random_case",
    "case_noise": "random_case",
    "char": "random_char",
    "char_noise": "random_char",
    "character_noise": "random_char",
    "delete": "random_deletion",
    "deletion": "random_deletion",
    "easy_data_augmentation": "eda",
    "insert": "random_insertion",
    "insertion": "random_insertion",
    "keyboard_noise": "keyboard",
    "misspelling": "spelling",
    "ocr_noise": "ocr",
    "punctuation": "aeda",
    "random_delete": "random_deletion",
    "random_insert": "random_insertion",
    "random_word_deletion": "random_deletion",
    "random_word_insertion": "random_insertion",
    "random_word_swap": "random_swap",
    "shuffle": "word_order",
    "spelling_errors": "spelling",
    "swap": "random_swap",
    "synonym_replacement": "synonym",
    "synonyms": "synonym",
    "typo": "keyboard",
    "typos": "keyboard",
    "word_delete": "random_deletion",
    "word_deletion": "random_deletion",
    "word_dropout": "random_deletion",
    "word_insertion": "random_insertion",
    "word_shuffle": "word_order",
    "word_split": "split",
    "word_swap": "random_swap",
}
"""Spellings that people type: the same op, the same parameters."""

TEXT_FOREIGN: Mapping[str, Foreign] = FOREIGN
"""nlpaug's augmenters by the snake_case of their class names, with nlpaug's parameters and defaults."""


@cache
def text_ops() -> Mapping[str, Op]:
    """Every text op by name."""
    return {
        name: TextOp(name, kind, "nlpaug" if name in FROM_NLPAUG else "augflow")
        for name, kind in sorted(KINDS.items())
    }


def text_unusable() -> Mapping[str, str]:
    """Why the other augmenters of nlpaug cannot be used, by the name that they would have."""
    return UNUSABLE
