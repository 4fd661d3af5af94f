"""nlpaug's augmenters under their own names, with their own parameters and defaults.

Counts, words and meaning of the parameters are nlpaug's; what differs is what it does wrong: an `aug_p`
of 0 changes nothing, what is not changed stays byte for byte, every change shows, draws come from keys
alone. A capital does not move to the word that comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Literal

from augflow.transforms.aliases import Foreign, Translation
from augflow.transforms.text_nlpaug import Language

Words = list[str] | None
Most = int | None


def _words(aug_p: float, aug_min: int, aug_max: Most, stopwords: Words = None) -> dict[str, Any]:
    # To nlpaug a bound of 0 or None is no bound.
    return {
        "aug_p": aug_p,
        "aug_min": aug_min or 0,
        "aug_max": aug_max or None,
        "stopwords": list(stopwords or ()),
    }


def _characters(aug_char_p: float, aug_char_min: int, aug_char_max: Most, min_char: int) -> dict[str, Any]:
    return {
        "aug_char_p": aug_char_p,
        "aug_char_min": aug_char_min or 0,
        "aug_char_max": aug_char_max or None,
        "min_char": max(min_char, 1),
    }


def synonym_aug(
    *,
    aug_src: Literal["wordnet", "ppdb"] = "wordnet",
    aug_p: float = 0.3,
    aug_min: int = 1,
    aug_max: Most = 10,
    lang: str = "eng",
    stopwords: Words = None,
) -> Translation:
    """synonym with nlpaug's counts; words of a word's first two meanings, from the shipped table."""
    if aug_src != "wordnet":
        raise ValueError("PPDB is not read; write your synonyms into a file and use synonym: {table: FILE}")
    _english_only(lang, "synonym")
    return "synonym", {**_words(aug_p, aug_min, aug_max, stopwords), "senses": 2}


def antonym_aug(
    *, aug_p: float = 0.3, aug_min: int = 1, aug_max: Most = 10, lang: str = "eng", stopwords: Words = None
) -> Translation:
    """antonym with nlpaug's counts; opposites of a word's first two meanings."""
    _english_only(lang, "antonym")
    return "antonym", {**_words(aug_p, aug_min, aug_max, stopwords), "senses": 2}


def _english_only(lang: str, op: str) -> None:
    if lang != "eng":
        raise ValueError(f"the shipped table is English, got lang {lang!r}; use {op}: {{table: FILE}}")


def spelling_aug(
    *,
    aug_p: float = 0.3,
    aug_min: int = 1,
    aug_max: Most = 10,
    stopwords: Words = None,
    include_reverse: bool = True,
) -> Translation:
    """spelling with nlpaug's counts and its own dictionary."""
    return "spelling", {**_words(aug_p, aug_min, aug_max, stopwords), "include_reverse": include_reverse}


def split_aug(
    *,
    aug_p: float = 0.3,
    aug_min: int = 1,
    aug_max: Most = 10,
    min_char: int = 4,
    stopwords: Words = None,
) -> Translation:
    """split with nlpaug's counts."""
    return "split", {**_words(aug_p, aug_min, aug_max, stopwords), "min_char": max(min_char, 2)}


def random_word_aug(
    *,
    action: Literal["substitute", "swap", "delete", "crop"] = "delete",
    aug_p: float = 0.3,
    aug_min: int = 1,
    aug_max: Most = 10,
    stopwords: Words = None,
    target_words: Words = None,
) -> Translation:
    """random_substitution, random_swap of neighbors, random_deletion or span_deletion, by its action."""
    given = _words(aug_p, aug_min, aug_max, stopwords)
    if action == "substitute":
        return "random_substitution", {**given, "target_words": target_words or ["_"]}
    if target_words:
        raise ValueError(f"target_words belong to the action substitute, got {action}; remove them")
    if action == "crop":
        # nlpaug's crop takes no heed of stopwords.
        return "span_deletion", {**given, "stopwords": []}
    return {"swap": "random_swap", "delete": "random_deletion"}[action], given


def reserved_aug(
    *,
    reserved_tokens: list[list[str]],
    case_sensitive: bool = True,
    aug_p: float = 0.3,
    aug_min: int = 1,
    aug_max: Most = 10,
) -> Translation:
    """reserved with nlpaug's counts."""
    given = _words(aug_p, aug_min, aug_max)
    return "reserved", {**given, "reserved_tokens": reserved_tokens, "case_sensitive": case_sensitive}


def keyboard_aug(
    *,
    aug_char_min: int = 1,
    aug_char_max: Most = 10,
    aug_char_p: float = 0.3,
    aug_word_p: float = 0.3,
    aug_word_min: int = 1,
    aug_word_max: Most = 10,
    stopwords: Words = None,
    include_special_char: bool = True,
    include_numeric: bool = True,
    include_upper_case: bool = True,
    lang: Language = "en",
    min_char: int = 4,
) -> Translation:
    """keyboard with nlpaug's counts and its choice of wrong keys."""
    return "keyboard", {
        **_words(aug_word_p, aug_word_min, aug_word_max, stopwords),
        **_characters(aug_char_p, aug_char_min, aug_char_max, min_char),
        "include_special_char": include_special_char,
        "include_numeric": include_numeric,
        "include_upper_case": include_upper_case,
        "lang": lang,
    }


def ocr_aug(
    *,
    aug_char_min: int = 2,
    aug_char_max: Most = 10,
    aug_char_p: float = 0.3,
    aug_word_p: float = 0.3,
    aug_word_min: int = 1,
    aug_word_max: Most = 10,
    stopwords: Words = None,
    min_char: int = 1,
) -> Translation:
    """ocr with nlpaug's counts and its own table; numbers stay."""
    return "ocr", {
        **_words(aug_word_p, aug_word_min, aug_word_max, stopwords),
        **_characters(aug_char_p, aug_char_min, aug_char_max, min_char),
    }


def random_char_aug(
    *,
    action: Literal["insert", "substitute", "swap", "delete"] = "substitute",
    aug_char_min: int = 1,
    aug_char_max: Most = 10,
    aug_char_p: float = 0.3,
    aug_word_p: float = 0.3,
    aug_word_min: int = 1,
    aug_word_max: Most = 10,
    include_upper_case: bool = True,
    include_lower_case: bool = True,
    include_numeric: bool = True,
    min_char: int = 4,
    swap_mode: Literal["adjacent", "middle", "random"] = "adjacent",
    spec_char: str | None = "!@#$%^&*()_+",
    stopwords: Words = None,
    candidates: Words = None,
) -> Translation:
    """random_char with nlpaug's counts and its characters to draw from."""
    drawn_from = candidates or [
        *(ascii_uppercase if include_upper_case else ""),
        *(ascii_lowercase if include_lower_case else ""),
        *(digits if include_numeric else ""),
        *(spec_char or ""),
    ]
    if not drawn_from:
        raise ValueError("no characters are left to draw from; set one of include_* or candidates")
    return "random_char", {
        **_words(aug_word_p, aug_word_min, aug_word_max, stopwords),
        **_characters(aug_char_p, aug_char_min, aug_char_max, min_char),
        "action": action,
        "candidates": drawn_from,
        "swap_mode": swap_mode,
    }


TRANSLATIONS: tuple[Callable[..., Translation], ...] = (
    antonym_aug,
    keyboard_aug,
    ocr_aug,
    random_char_aug,
    random_word_aug,
    reserved_aug,
    spelling_aug,
    split_aug,
    synonym_aug,
)

FOREIGN: Mapping[str, Foreign] = {
    function.__name__: Foreign(function.__name__, "nlpaug", function) for function in TRANSLATIONS
}

UNUSABLE: Mapping[str, str] = {
    "abst_summ_aug": "it needs a summarization model from a hub, and a shortened text is another sample",
    "back_translation_aug": "it needs two translation models from a hub; translate once, beforehand, and "
    "give the translations as a column",
    "contextual_word_embs_aug": "it does not run with transformers 5 and needs a language model from a hub; "
    "use synonym",
    "contextual_word_embs_for_sentence_aug": "it does not run with transformers 5 and needs a language model "
    "from a hub",
    "lambada_aug": "it needs a language model that was trained on your labels",
    "random_sent_aug": "it needs nltk's sentence tokenizer with data from the network; use word_order",
    "tf_idf_aug": "it needs a model that nlpaug fitted to your texts; use random_substitution or synonym",
    "word_embs_aug": "it needs word vectors of several gigabytes; write their neighbors into a file and use "
    "synonym: {table: FILE}",
}
"""Why an augmenter of nlpaug is not in the catalog."""
