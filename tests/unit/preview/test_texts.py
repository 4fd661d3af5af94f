"""Word differences: nothing of the new text is lost, nothing is put in that it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augflow.preview.texts import SHOWN_CHARACTERS, difference_words, plain_text, text_difference, words_of

ReadHtml = Callable[[str], Any]

WORDS = st.lists(
    st.sampled_from(["a", "b", "film", "film.", "<b>", "水", "مرحبا", "don't", "😀"]), max_size=12
)
SPACED = st.builds(lambda words, gap: gap.join(words), WORDS, st.sampled_from([" ", "  ", "\n", ""]))


def without(node: Any, name: str) -> str:
    """All text but that of the elements of a name."""
    parts = (part if isinstance(part, str) else without(part, name) for part in node.content)
    return "" if node.name == name else "".join(parts)


@given(old=SPACED, new=SPACED)
def test_all_but_what_is_struck_out_is_the_new_text(read_html: ReadHtml, old: str, new: str) -> None:
    """Without `del`, the difference is the new text byte for byte; without `ins`, the old words in order."""
    if not new.strip():
        return
    paragraph = read_html(text_difference(old, new)).one("p")
    assert without(paragraph, "del") == new
    kept = [word.text for word in words_of(without(paragraph, "ins"))]
    assert "".join(kept) == "".join(word.text for word in words_of(old))


def test_changed_words_are_marked_and_others_are_not(read_html: ReadHtml) -> None:
    """One word in another's place is one `del` and one `ins`, with what stands around it unmarked."""
    paragraph = read_html(text_difference("a slow film .", "a dull film .")).one("p")
    assert [node.text for node in paragraph.all("del")] == ["slow "]
    assert [node.text for node in paragraph.all("ins")] == ["dull"]
    assert paragraph.content[0] == "a "


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("a b", "a b", "unchanged"),
        ("a b c", "a c", "0 in, 1 out"),
        ("a b", "b a", "1 in, 1 out"),
        ("a b", "a  b", "only white space differs"),
        ("水火", "水土", "1 in, 1 out"),
    ],
)
def test_the_difference_is_counted_in_words(old: str, new: str, told: str) -> None:
    """Words that came and went are counted, ideographs one by one, and white space is not a word."""
    assert difference_words(old, new) == told


def test_scripts_stay_text_wherever_they_stand(read_html: ReadHtml) -> None:
    """Markup in either text is shown as text, in what went, what came and what stayed."""
    paragraph = read_html(text_difference("<i>x</i> <script>1</script>", "<i>x</i> <img src=x>")).one("p")
    assert {node.name for node in paragraph.walk()} == {"del", "ins"}
    assert "<script>1</script>" in paragraph.text


def test_texts_choose_their_own_direction(read_html: ReadHtml) -> None:
    """A right-to-left text runs from the right."""
    for made in (plain_text("مرحبا"), text_difference("مرحبا", "سلام")):
        assert read_html(made).one("p").attributes["dir"] == "auto"


def test_long_texts_are_cut_and_say_so() -> None:
    """No text fills the page; what is missing is told."""
    shown = plain_text("x" * (SHOWN_CHARACTERS + 1200))
    assert "[... 1,200 more characters]" in shown
    assert len(shown) < SHOWN_CHARACTERS + 100


def test_an_empty_text_is_said_to_be_one() -> None:
    """Nothing is not shown as nothing."""
    assert "no words" in plain_text("")
    assert "no words" in plain_text(" ")
