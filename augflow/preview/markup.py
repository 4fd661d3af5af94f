"""HTML built from values: what is not markup is escaped, so that no text of a data set becomes it."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable

VOID = frozenset({"img", "input", "meta"})
"""Elements that have no end."""

CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that a page cannot hold, lone surrogates among them."""

REPLACEMENT = "\ufffd"
CONTROL_PICTURES = 0x2400
"""Where Unicode has pictures of the characters below the blank, in their order."""


class Html(str):
    """Text that is markup."""

    __slots__ = ()


Content = Html | str | int | None | Iterable["Content"]


def tag(name: str, /, *content: Content, **attributes: str | int | bool | None) -> Html:
    """One element. An attribute that is None or False is left out; `class_` and `data_kind` stand for `class`
    and `data-kind`."""
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Html:
    """Markup and texts one after the other; None is nothing."""
    return Html("".join(map(_markup, content)))


def escaped(text: str) -> Html:
    """A text as it is to be read; control characters are shown as their pictures."""
    return Html(html.escape(CONTROL.sub(_visible, text)))


def data_uri(media_type: str, data: bytes) -> str:
    """The bytes of a file as an address."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _markup(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Html):
        return content
    if isinstance(content, str | int):
        return escaped(str(content))
    return "".join(map(_markup, content))


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escaped(str(value))}"'


def _visible(found: re.Match[str]) -> str:
    code = ord(found.group())
    if code < 0x20:
        return chr(CONTROL_PICTURES + code)
    return "\u2421" if code == 0x7F else REPLACEMENT
