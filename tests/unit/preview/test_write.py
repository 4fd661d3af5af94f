"""The file: whole or not at all, alone in the world, readable whatever the data set holds."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.errors import MaterializeError, SourceError
from augflow.preview import PreviewOptions, write_preview
from augflow.preview import write as writing
from augflow.sample import Audio

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 16, 16, 3), np.uint8)
TURNS = [{"rotate": {"limit": 40, "p": 0.7}}, {"gauss_noise": {"p": 0.5}}]
MIXED = {"size": 8, "mix": {"cutmix": {}}}
EVIL = "</title><script>alert('&amp;')</script><img src=http://x.example/y onerror=1> \u202e\x00"


class Named:
    """Items with any ids and classes; those that are errors raise."""

    def __init__(self, items: list[Any], ids: list[str], classes: list[str]) -> None:
        self.items, self.ids, self.classes = items, ids, classes

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        if isinstance(self.items[index], Exception):
            raise self.items[index]
        return self.items[index]

    def sample_id(self, index: int) -> str:
        return self.ids[index]


def pipeline(**sections: Any) -> augflow.Pipeline:
    return augflow.Pipeline(**{"modality": "image", "name": "mine", "augment": TURNS, **sections})


def sections_for(modality: str) -> dict[str, Any]:
    """A spec of each modality, with mixing."""
    ops = {
        "image": TURNS,
        "text": [{"random_swap": {}}],
        "audio": [{"add_gaussian_noise": {"min_amplitude": 0.01, "max_amplitude": 0.05, "p": 0.5}}],
    }
    return {"modality": modality, "augment": ops[modality], "batch": MIXED}


def source_for(modality: str) -> list[Any]:
    if modality == "image":
        return list(PIXELS)
    if modality == "text":
        return [f"{EVIL} number {n} has more words than that" for n in range(12)]
    return [Audio(np.full((1, 400 + 40 * n), 0.1, np.float32), 8000) for n in range(12)]


@pytest.mark.parametrize("modality", ["image", "text", "audio"])
def test_the_page_is_well_formed_and_alone(page_of: Callable[..., Any], modality: str) -> None:
    """Every element closes in order, ids are unique, links lead somewhere, and no address leaves the file."""
    page = page_of(pipeline(**sections_for(modality)), source_for(modality), samples=5, copies=2)
    nodes = list(page.walk())
    ids = [node.attributes["id"] for node in nodes if "id" in node.attributes]
    assert len(set(ids)) == len(ids)
    for node in nodes:
        assert not [name for name in node.attributes if name.startswith("on")]
        assert (node.attributes.get("src") or "data:").startswith("data:")
        if node.name == "a":
            assert (node.attributes["href"] or "").removeprefix("#") in ids
        if node.name == "img":
            assert node.attributes["alt"]
        if node.name == "label":
            assert node.attributes["for"] in ids
    assert {node.name for node in nodes}.isdisjoint({"script", "link", "iframe", "object", "form", "base"})
    assert "url(" not in page.one("style").text
    assert "@import" not in page.one("style").text


def test_the_policy_forbids_everything_but_what_the_page_holds(page_of: Callable[..., Any]) -> None:
    """Were markup to slip in, the browser would neither run it nor fetch anything."""
    page = page_of(pipeline(), PIXELS, samples=1)
    (policy,) = [
        node.attributes["content"]
        for node in page.all("meta")
        if node.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in (policy or "").split(";"))
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "media-src": "data:",
        "style-src": "'unsafe-inline'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


@pytest.mark.parametrize("modality", ["image", "text", "audio"])
def test_hostile_names_classes_and_texts_are_shown_as_text(
    page_of: Callable[..., Any], modality: str
) -> None:
    """A name, a class, a text and a spec's name that are markup stay what they are, everywhere."""
    items = [(item, 0) for item in source_for(modality)[:12]]
    source = Named(items, [f"{EVIL}{n}" for n in range(12)], [EVIL])
    page = page_of(pipeline(**sections_for(modality), name=EVIL.replace("\x00", "")), source, samples=4)
    assert not page.all("script")
    assert page.one("head").one("title").text.startswith("</title><script>")
    shown = EVIL.replace("\x00", "\u2400")
    headings = [node.text for node in page.all("h3")]
    assert all(heading.startswith(shown) for heading in headings)
    assert shown in [node.text for node in page.all("span", class_="label")]


def test_the_head_says_what_was_run_on_what(page_of: Callable[..., Any]) -> None:
    """Name, seed, fingerprint, source and every op with its p stand above the samples."""
    spec = pipeline(seed=9, batch=MIXED)
    page = page_of(spec, PIXELS, samples=5, copies=2)
    facts = page.one("dl").text
    assert page.one("h1").text == "mine"
    for told in ("9", spec.fingerprint, "24 images", "5 of 24", "epochs 0 to 1"):
        assert told in facts
    rows = [[cell.text for cell in row.all("td")] for row in page.one("tbody").all("tr")]
    assert [row[:3] for row in rows] == [
        ["augment", "rotate", "0.7"],
        ["augment", "gauss_noise", "0.5"],
        ["batch", "mix", "1 per sample"],
        ["batch", "cutmix", "100% of draws"],
    ]
    fired = sum("rotate" in [b.text for b in drawn.all("b")] for drawn in page.all("ul", class_="draws"))
    assert rows[0][3] == f"{fired} of 10"


def test_a_bad_sample_is_told_and_the_others_are_shown(page_of: Callable[..., Any]) -> None:
    """What cannot be read, and what an op refuses in one epoch, stand in their cards with the reason."""
    items = [PIXELS[0], ValueError("truncated <file>"), PIXELS[2]]
    source = Named(items, ["a", "b", "c"], [])
    page = page_of(pipeline(), source, samples=3)
    (problem,) = page.all("p", class_="problem")
    assert "truncated <file>" in problem.text
    assert len(page.all("article", class_="card")) == 3
    assert len(page.all("figure")) == 8


def test_an_op_that_fails_is_told_where_it_failed(page_of: Callable[..., Any], tmp_path: Path) -> None:
    """An image too small for the crop: its source is shown, its epochs give the reason, once an epoch."""
    source = Named([PIXELS[0], PIXELS[1][:6, :6]], ["large", "small"], [])
    spec = pipeline(augment=[{"random_crop": {"height": 8, "width": 8, "p": 1}}])
    page = page_of(spec, source, samples=2, copies=2)
    problems = [node.text for node in page.all("p", class_="problem")]
    assert len(problems) == 2
    assert all("random_crop" in problem for problem in problems)
    result = write_preview(spec, source, tmp_path / "page.html", PreviewOptions(samples=2, copies=2))
    assert (result.samples, result.bad) == (2, 1)


def test_the_page_has_a_bounded_size(tmp_path: Path) -> None:
    """Samples for which there is no room are left out, and page and result say how many."""
    out = tmp_path / "page.html"
    whole = write_preview(pipeline(), PIXELS, out, PreviewOptions(samples=8))
    cut = write_preview(pipeline(), PIXELS, out, PreviewOptions(samples=8, max_bytes=whole.bytes // 2))
    assert 0 < cut.samples < 8
    assert cut.left_out == 8 - cut.samples
    assert cut.bytes == out.stat().st_size < whole.bytes // 2 + 20_000
    assert f"{cut.left_out} more had no room" in out.read_text("utf-8")


def test_the_same_preview_is_the_same_file(tmp_path: Path) -> None:
    """No time of day, no order of a set: two previews can be compared."""
    for name in ("a", "b"):
        write_preview(pipeline(batch=MIXED), PIXELS, tmp_path / name, PreviewOptions(samples=4))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_an_earlier_preview_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    """A page that preview wrote may be written again; a file of somebody else stays, and so does a folder."""
    out = tmp_path / "new" / "page.html"
    write_preview(pipeline(), PIXELS, out, PreviewOptions(samples=1))
    before = out.read_bytes()
    write_preview(pipeline(), PIXELS, out, PreviewOptions(samples=2))
    assert out.read_bytes() != before
    other = tmp_path / "other.html"
    other.write_text("<!doctype html><p>mine, about augflow preview</p>")
    with pytest.raises(MaterializeError, match="preview did not write it; remove it, or name another file"):
        write_preview(pipeline(), PIXELS, other)
    assert other.read_text().startswith("<!doctype html><p>mine")
    with pytest.raises(MaterializeError, match="is a folder; name a file"):
        write_preview(pipeline(), PIXELS, tmp_path)


def test_an_interrupted_write_leaves_the_old_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sees half a page, and nothing unfinished is left lying about."""
    out = tmp_path / "page.html"
    write_preview(pipeline(), PIXELS, out, PreviewOptions(samples=1))
    before = out.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        writing.write_whole(out, b"half")
    assert out.read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("source", "rule"), [(None, "no source is named"), ([], "empty"), ("/nowhere/at/all", "no such file")]
)
def test_sources_that_cannot_be_opened_are_refused(tmp_path: Path, source: Any, rule: str) -> None:
    """Nothing is written for a source that is not there, or holds nothing."""
    with pytest.raises(SourceError, match=rule):
        write_preview(pipeline(), source, tmp_path / "page.html")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["samples", "copies", "max_bytes"])
def test_options_are_checked(name: str) -> None:
    """No samples, no copies and no room are refused by name and value."""
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        PreviewOptions(**{name: 0})


def test_progress_is_told_sample_by_sample(tmp_path: Path) -> None:
    """Whoever waits is told how many are done, of all there are."""
    told: list[tuple[int, int]] = []
    options = PreviewOptions(samples=50, copies=1, on_progress=lambda done, total: told.append((done, total)))
    write_preview(pipeline(), PIXELS[:3], tmp_path / "page.html", options)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_mixing_shows_own_partner_and_result(page_of: Callable[..., Any]) -> None:
    """A mixed row has three figures, its soft label in percent, and a frame where the partner was pasted."""
    source = Named(
        [(image, n % 2) for n, image in enumerate(PIXELS)], [str(n) for n in range(24)], ["a", "b"]
    )
    page = page_of(pipeline(batch=MIXED), source, samples=8)
    cards = page.one("section", id="mixing").all("article")
    assert cards
    for card in cards:
        titles = [node.text.partition(" ")[0] for node in card.all("b", class_="title")]
        assert titles == ["own", "partner", "mixed"]
        assert len(card.all("rect", class_="mark")) == 1
    labels = {card.one("span", class_="label").text for card in cards}
    assert any(re.fullmatch(r"\d+% [ab], \d+% [ab]", label) for label in labels)


def test_mixing_that_is_left_to_the_model_is_told_and_not_made_up(page_of: Callable[..., Any]) -> None:
    """With `by: model` there is no mixed sample to show: own, partner and lambda are there."""
    spec = pipeline(batch={"size": 8, "mix": {"mixup": {}, "by": "model"}})
    section = page_of(spec, PIXELS, samples=8).one("section", id="mixing")
    assert "the model does it" in section.text
    assert "lam" in section.all("article")[0].text
    assert {node.text.partition(" ")[0] for node in section.all("b", class_="title")} == {"own", "partner"}
