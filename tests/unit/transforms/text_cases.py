"""Texts, parameters and calls that the tests of text ops share."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from augflow.rng import KeyedRandom, sample_key
from augflow.sample import Drawn
from augflow.transforms.catalog import Transform
from augflow.transforms.text import text_ops

REVIEW = "I don't like this dull film , but the young director's story -- 3.5% of it -- is a good movie ."
TEXTS = [
    REVIEW,
    "See https://example.com/a?b=c, or mail me@example.org.\n\nIt's  2 big stories\tfor $5: #win @you!",
    "👩‍👩‍👧 begins 🇩🇪🇫🇷 to 👍🏽 love❤️film 1️⃣ cafe\u0301 nai\u0308ve",
    "这部电影很好看,我喜欢。ラーメンを食べる",
    "한국어 텍스트 \u1112\u1161\u11ab",
    "שלום עולם, مرحبا بالعالم می‌خواهم",
    "नमस्ते दुनिया สวัสดีครับ",
    "THE MOVIE IS BIG. Will Smith begins.",
    "movie",
]
BARE = ["", " ", "\n", "...", " -- !? "]
"""Texts without words."""

REQUIRED: dict[str, dict[str, Any]] = {
    "reserved": {"reserved_tokens": [["film", "movie", "motion picture"], ["good", "fine"], ["电影", "片"]]},
}
NAMES = tuple(text_ops())
STRONG: dict[str, dict[str, Any]] = {
    "aeda": {"punc_ratio": 1.0},
    "eda": {"alpha_sr": 0.5, "alpha_ri": 0.5, "alpha_rs": 0.5, "alpha_rd": 0.9},
    "keyboard": {"aug_p": 1.0, "include_special_char": True, "include_numeric": True},
    "random_case": {"aug_p": 1.0, "aug_char_p": 0.7},
    "random_char": {"aug_p": 1.0, "aug_char_p": 1.0, "min_char": 1, "action": "delete"},
}
"""Parameters that change as much as can be changed; `aug_p` 1 where none are given."""

PIECES = (
    ["movie", "Film", "BIG", "don't", "begin", "3.5%", "https://a.b/c", "a@b.co", "<br />", "#tag", "U.S."],
    [" ", "  ", "\n", "\t", ", ", ".", " (", ")", "-", "'", '"', "\u00a0", "\u3000", "/", "_"],
    ["\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "1\ufe0f\u20e3"],
    ["e\u0301", "\u0301", "\u200d", "\u7535\u5f71", "\u30e9\u30fc", "\u05e9\u05dc", "\u0928\u0938\u094d"],
)
WORDS_AND_MARKS = st.lists(
    st.one_of(*(st.sampled_from(pieces) for pieces in PIECES), st.text(max_size=4)), max_size=24
).map("".join)
"""Texts in which everything adjoins everything."""


def keyed(name: str = "a") -> KeyedRandom:
    """Generators set to a key."""
    rng = KeyedRandom()
    rng.rekey(sample_key(0, 0, name).at(b"op"))
    return rng


def built(name: str, **params: Any) -> Transform:
    """The op with its parameters; fails on any problem."""
    op = text_ops()[name]
    canonical, problems = op.check({**REQUIRED.get(name, {}), **params})
    assert not problems, (name, problems)
    return op.build(canonical)


def strong(name: str) -> Transform:
    """The op at full strength."""
    return built(name, **STRONG.get(name, {"aug_p": 1.0}))


def run(transform: Transform, text: str, key: str = "a") -> str:
    """The text after the op with the draws of one key."""
    return change(transform, text, key)[0]


def change(transform: Transform, text: str, key: str = "a") -> tuple[str, Drawn]:
    """The text after the op, and what was drawn."""
    fields, drawn = transform({"text": text}, keyed(key))
    result = fields["text"]
    assert isinstance(result, str)
    return result, drawn
