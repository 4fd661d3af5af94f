"""Markup: whatever a text holds, it is read back as that text and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augflow.preview.markup import Html, data_uri, escaped, joined, tag

ReadHtml = Callable[[str], Any]

PRINTED = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn")))


@given(text=PRINTED, value=PRINTED)
def test_any_text_and_attribute_reads_back(read_html: ReadHtml, text: str, value: str) -> None:
    """A text is text and an attribute's value its value, whatever characters they hold."""
    node = read_html(tag("p", text, title=value)).one("p")
    assert node.text == text
    assert node.attributes == {"title": value}
    assert list(node.walk()) == []


@given(st.text())
def test_any_text_can_be_written(text: str) -> None:
    """Control characters and lone surrogates do not stop a page from being written as UTF-8."""
    assert escaped(text).encode("utf-8").decode("utf-8") == escaped(text)


def test_scripts_become_text() -> None:
    """A text that is markup elsewhere is shown."""
    assert tag("p", '<script>alert("1")</script>') == (
        "<p>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;</p>"
    )


def test_a_sum_of_markup_and_text_is_text_again() -> None:
    """What was put together by hand is escaped: only `tag` and `joined` make markup."""
    assert joined(Html("<b>") + "x") == "&lt;b&gt;x"
    assert joined(f"{Html('<b>')}") == "&lt;b&gt;"


def test_control_characters_are_seen() -> None:
    """NUL, escape and delete have pictures, a lone surrogate has none; tab and line end stay."""
    assert escaped("a\x00\x1b\x7f\t\n\ud800") == "a\u2400\u241b\u2421\t\n\ufffd"


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, ""), (False, ""), (True, " hidden"), (0, ' hidden="0"'), ("", ' hidden=""')],
)
def test_attributes_are_left_out_when_they_are_nothing(value: Any, written: str) -> None:
    """None and False leave an attribute out, True has no value, 0 and "" are values."""
    assert tag("p", hidden=value) == f"<p{written}></p>"


def test_names_of_attributes_follow_python() -> None:
    """`class_` is class and `aria_label` is aria-label; lists and None are content like any other."""
    made = tag("p", ["a", None, [tag("b", 1)]], class_="x", aria_label="y")
    assert made == '<p class="x" aria-label="y">a<b>1</b></p>'


def test_void_elements_have_no_end() -> None:
    """`img` and its like are not closed."""
    assert tag("img", src=data_uri("image/png", b"ab")) == '<img src="data:image/png;base64,YWI=">'
