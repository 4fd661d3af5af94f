"""Words as spans, and edits of spans."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augflow.transforms.spans import (
    Edit,
    Kind,
    apply_edits,
    clusters,
    find_words,
    phrases_of,
)

from .text_cases import WORDS_AND_MARKS


def kinds(text: str) -> list[tuple[str, str]]:
    """The words of a text, each with the first letter of its kind."""
    words = find_words(text)
    return [(words[i], word.kind.value[0]) for i, word in enumerate(words.all)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't, rock'n'roll well-known dogs'", "I don't rock'n'roll well-known dogs"),
        ("the director\u2019s cut", "the director\u2019s cut"),
        ("cafe\u0301 na\u00efve नमस्ते می‌خواهم", "cafe\u0301 na\u00efve नमस्ते می‌خواهم"),
        ("한국어 \u1112\u1161\u11ab", "한국어 \u1112\u1161\u11ab"),
    ],
)
def test_words_keep_what_belongs_to_them(text: str, expected: str) -> None:
    """Apostrophes and hyphens inside, marks, joiners and conjoining letters are part of a word."""
    assert kinds(text) == [(word, "w") for word in expected.split(" ")]


@pytest.mark.parametrize(
    "unit",
    [
        *("https://example.com/a?b=c#d", "www.example.org", "first.last+tag@mail.example.org"),
        *(
            "3.5%",
            "-5",
            "$5",
            "1,000.50",
            "10:30pm",
            "24/7",
            "1st",
            "v1.2",
            "mp3",
            "covid-19",
            "F-16",
            "50 %",
        ),
        *("#hashtag", "@mention", "#नमस्ते", "#电影", "snake_case", "<br />", "</p>", "&amp;", "U.S.", "e.g."),
        *("👩‍👩‍👧", "🇩🇪", "👍🏽", "1️⃣", "❤️", "🏴\U000e0067\U000e0062\U000e007f"),
    ],
)
def test_units_are_one_word(unit: str) -> None:
    """Addresses, numbers, tags and emoji are one unit each, whatever stands around them."""
    assert kinds(f"so {unit} it") == [("so", "w"), (unit, "u"), ("it", "w")]
    assert kinds(f"({unit}), x")[0] == (unit, "u")


def test_ideographs_are_words_of_their_own() -> None:
    """Scripts without blanks are cut into ideographs and kana, the long vowel mark stays with its kana."""
    assert kinds("电影ラーx") == [("电", "g"), ("影", "g"), ("ラー", "g"), ("x", "w")]


@given(WORDS_AND_MARKS)
def test_words_come_in_order_and_never_cut_a_cluster(text: str) -> None:
    """Spans are in order, not empty, apart; none begins inside a cluster of marks."""
    end = 0
    for word in find_words(text).all:
        assert end <= word.start < word.end
        end = word.end
        follows = text[end : end + 1]
        assert follows not in ("\u0301", "\u200d", "\ufe0f", "\U0001f3fd")
        assert word.kind in Kind
    assert "".join(clusters(text)) == text or text[:1] in ("\n", "\u0301", "\u200d") or "\n" in text


@given(WORDS_AND_MARKS, st.data())
def test_edits_can_be_taken_back(text: str, data: st.DataObject) -> None:
    """Edits of words change their spans alone: the opposite edits give the first text byte for byte."""
    words = find_words(text).all
    chosen = sorted(data.draw(st.sets(st.sampled_from(range(len(words))))) if words else [])
    edits = [Edit(words[i].start, words[i].end, data.draw(st.text(max_size=5))) for i in chosen]
    shift, back = 0, []
    for edit in edits:
        start = edit.start + shift
        back.append(Edit(start, start + len(edit.new), text[edit.start : edit.end]))
        shift += len(edit.new) - (edit.end - edit.start)
    assert apply_edits(apply_edits(text, edits), back) == text


def test_overlapping_edits_are_refused() -> None:
    """Two edits of one place are a mistake of the op, not something to guess about."""
    with pytest.raises(ValueError, match="edits overlap at 1: the one before ends at 2"):
        apply_edits("abc", [Edit(0, 2, "x"), Edit(1, 3, "y")])


def test_phrases_are_found_in_any_case_and_spacing() -> None:
    """A spared phrase is one marked word; the longest wins; punctuation between ends it."""
    words = find_words("I love new  YORK City, new, york", phrases_of(["New York", "new york city", "LOVE"]))
    found = [(words[i], word.spared) for i, word in enumerate(words.all)]
    assert found == [("I", False), ("love", True), ("new  YORK City", True), ("new", False), ("york", False)]


@pytest.mark.parametrize(
    "piece", ["a", "a.", "1", "1,", "-", "<a", "@", "a@", "电", "\u0301", "https://", "& ", "'"]
)
def test_long_texts_take_linear_time(piece: str) -> None:
    """A text of 40,000 pieces takes about ten times as long as one of 4,000, not a hundred."""

    def seconds(times: int) -> float:
        begin = time.process_time()
        find_words(piece * times)
        return time.process_time() - begin

    short, long = (min(seconds(times) for _ in range(3)) for times in (4000, 40000))
    assert long < 40 * short + 0.05
