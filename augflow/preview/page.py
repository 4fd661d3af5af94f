"""The page around the cards: what was run, on what, and every op with how often it fired."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from augflow.plan import Plan
from augflow.preview.markup import Content, Html, joined, tag
from augflow.preview.op_table import ops_section
from augflow.preview.style import STYLE

MARKER = '<meta name="generator" content="augflow preview">'
"""Stands near the beginning of every page, so that no other file is taken for one."""

POLICY = (
    "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
"""The page asks nobody for anything, and runs nothing."""

SWITCHES = (
    ("boxes", 'class="boxes"', "boxes"),
    ("masks", 'class="mask small"', "masks"),
    ("points", 'class="points"', "keypoints"),
)
"""Id, what a page holds that has such things, and what they are."""


@dataclass(frozen=True)
class Facts:
    """What the page says of the run."""

    plan: Plan
    source: str
    """The description of the source."""
    length: int
    """How many samples the source has."""
    samples: int
    """How many are on the page."""
    epochs: int
    left_out: int
    """How many were asked for and had no room."""
    fired: Mapping[str, int]
    """By op path: in how many of the augmented samples shown it fired."""
    augmented: int
    """How many augmented samples are shown."""


@dataclass(frozen=True)
class Section:
    """Cards below a heading."""

    id: str
    title: str
    about: Content
    cards: Sequence[Html]


def page(facts: Facts, sections: Sequence[Section]) -> Html:
    """The whole file."""
    spec = facts.plan.spec
    body = joined(
        _header(facts, sections),
        tag(
            "main",
            ops_section(facts.plan, facts.fired, facts.augmented),
            [_section(section) for section in sections],
        ),
        tag(
            "footer", tag("p", "Made by augflow preview. The page holds all that it shows and loads nothing.")
        ),
    )
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        Html(MARKER),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{spec.name}: augflow preview"),
        tag("style", Html(STYLE)),
    )
    return Html(f"<!doctype html>\n{tag('html', head, tag('body', body), lang='en')}\n")


def _header(facts: Facts, sections: Sequence[Section]) -> Html:
    spec = facts.plan.spec
    epochs = "epoch 0" if facts.epochs == 1 else f"epochs 0 to {facts.epochs - 1}"
    left = f"; {facts.left_out} more had no room on the page" if facts.left_out else ""
    told: dict[str, Content] = {
        "source": facts.source,
        "samples": f"{facts.samples} of {facts.length:,}{left}, augmented as in {epochs}",
        "seed": str(spec.seed),
        "fingerprint": tag("code", facts.plan.fingerprint),
    }
    links = [("ops", "ops"), *((section.id, section.title) for section in sections)]
    cards = [card for section in sections for card in section.cards]
    switches = [_switch(id_, words) for id_, mark, words in SWITCHES if any(mark in card for card in cards)]
    return tag(
        "header",
        tag("p", "augflow preview", class_="eyebrow"),
        tag("h1", spec.name),
        tag("dl", [[tag("dt", name), tag("dd", value)] for name, value in told.items()], class_="facts"),
        tag(
            "nav",
            tag("ul", [tag("li", tag("a", words, href=f"#{id_}")) for id_, words in links]),
            aria_label="page",
        ),
        tag("div", switches, class_="switches") if switches else None,
    )


def _switch(id_: str, words: str) -> Html:
    box = tag("input", type="checkbox", id=id_, checked=True)
    return tag("label", box, f" {words}", for_=id_)


def _section(section: Section) -> Html:
    about = section.about if isinstance(section.about, Html) else tag("p", section.about, class_="idle")
    return tag("section", tag("h2", section.title), about, section.cards, id=section.id)
