"""What the tests of preview share: a strict reader of its HTML."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

VOID = {"meta", "img", "input"}


@dataclass
class Node:
    """One element: its attributes, and its children and texts in order."""

    name: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    content: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text inside."""
        return "".join(part if isinstance(part, str) else part.text for part in self.content)

    def all(self, name: str, **attributes: str) -> list[Node]:
        """Every element of a name inside, at any depth, whose attributes are as given."""
        return [
            node
            for node in self.walk()
            if node.name == name
            and all(node.attributes.get(key.rstrip("_")) == value for key, value in attributes.items())
        ]

    def one(self, name: str, **attributes: str) -> Node:
        """The only such element."""
        found = self.all(name, **attributes)
        assert len(found) == 1, f"{len(found)} of {name} {attributes}"
        return found[0]

    def walk(self) -> Iterator[Node]:
        """Every element inside."""
        for part in self.content:
            if isinstance(part, Node):
                yield part
                yield from part.walk()


class Reader(HTMLParser):
    """Builds the tree; an element out of order, or an attribute that comes twice, is an error."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), attrs
        node = Node(tag, dict(attrs))
        self.open[-1].content.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag, tag

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)


@pytest.fixture(scope="session")
def read_html() -> Callable[[str], Node]:
    """The tree of a piece of HTML."""

    def read(text: str) -> Node:
        reader = Reader()
        reader.feed(text)
        reader.close()
        assert reader.open == [reader.root], [node.name for node in reader.open]
        return reader.root

    return read


@pytest.fixture
def page_of(read_html: Callable[[str], Node], tmp_path: Path) -> Callable[..., Any]:
    """Writes a preview and reads it: `page_of(pipeline, source, samples=3)`."""
    from augflow.preview import PreviewOptions, write_preview

    def make(pipeline: Any, source: Any, **options: Any) -> Node:
        out = tmp_path / "page.html"
        write_preview(pipeline, source, out, PreviewOptions(**options))
        return read_html(out.read_text("utf-8"))

    return make


@pytest.fixture(scope="session")
def pixels_of() -> Callable[[Node], np.ndarray]:
    """The pixels of an `img` whose address holds them."""

    def decode(node: Node) -> np.ndarray:
        head, _, data = (node.attributes["src"] or "").partition(",")
        assert head == "data:image/png;base64"
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))

    return decode
