"""`augflow preview` in a real browser: pages render, play, fit and stay alone, with real data as well."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.preview import PreviewOptions, write_preview
from augflow.sample import Audio, Boxes, Keypoints

PHONE, DESK = 390, 1280
EVIL = "<script>document.title = 'taken'</script><img src=http://127.0.0.1:9/x> & \u202eabc"

TURNS = [{"rotate": {"limit": 30, "p": 0.7}}, {"horizontal_flip": {}}]
NOISE = {"add_gaussian_noise": {"min_amplitude": 0.01, "max_amplitude": 0.05, "p": 0.5}}
CUTMIX = {"size": 8, "mix": {"cutmix": {}}}


def made_of(pipeline: augflow.Pipeline, source: Any, out: Path, **options: Any) -> Path:
    """A page, where it can be opened from."""
    write_preview(pipeline, source, out, PreviewOptions(**options))
    return out


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    """A page with all kinds of fields, hostile texts and names among them."""
    rng = np.random.default_rng(0)
    pipeline = augflow.Pipeline(
        name=EVIL,
        fields={
            "image": {
                "modality": "image",
                "prepare": [{"resize": {"height": 48, "width": 64}}],
                "augment": TURNS,
            },
            "mask": {"follows": "image"},
            "boxes": {"follows": "image"},
            "keypoints": {"follows": "image"},
            "video": {"modality": "image", "augment": TURNS},
            "caption": {"modality": "text", "augment": [{"random_swap": {}}]},
            "sound": {"modality": "audio", "augment": [NOISE]},
        },
        batch=CUTMIX,
    )
    samples = [
        {
            "image": rng.integers(0, 256, (60, 80, 3), np.uint8),
            "mask": rng.integers(0, 3, (60, 80)).astype(np.uint8),
            "boxes": Boxes(
                np.array([[9, 20, 50, 55]], np.float32), np.zeros(1, np.int64), np.ones(1, np.float32)
            ),
            "keypoints": Keypoints(np.array([[9, 20]], np.float32), np.zeros(1, np.int64), np.ones(1, bool)),
            "video": rng.integers(0, 256, (12, 16, 16, 3), np.uint8),
            "caption": f"{EVIL} number {number} of them all",
            "sound": Audio(rng.uniform(-0.5, 0.5, (1, 4000)).astype(np.float32), 8000),
        }
        for number in range(8)
    ]
    return made_of(pipeline, samples, tmp_path / "a page #1 %41.html", samples=3, copies=2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [DESK, PHONE])
def test_a_page_with_everything_renders(tab: Any, everything: Path, width: int, scheme: str) -> None:
    """On a desk and on a phone, light and dark: all pictures decode, all sounds have their length, nothing
    sticks out to the side, nothing is logged, and nothing is asked of anybody."""
    found = tab.open(everything, width, scheme)
    assert found["broken"] == 0
    assert found["images"] > 50
    assert found["cards"] >= 4
    assert found["durations"] == pytest.approx([0.5] * (3 * 4), abs=0.001)
    assert found["width"] <= width
    assert (found["ground"] == "rgb(246, 246, 243)") == (scheme == "light")
    assert tab.trouble() == []
    screen = tab.picture()
    assert len(np.unique(screen.reshape(-1, 3), axis=0)) > 50


def test_markup_in_names_and_texts_does_nothing(tab: Any, everything: Path) -> None:
    """The script did not run and the foreign image is not there: both are text on the page."""
    assert tab.open(everything)["title"].startswith("<script>")
    assert tab.run("document.scripts.length + document.querySelectorAll('img[src^=http]').length") == 0
    assert "document.title" in tab.run("document.querySelector('h1').textContent")
    assert "<img src=http://127.0.0.1:9/x>" in tab.run("document.body.innerText")


def test_even_markup_that_slipped_in_would_do_nothing(tab: Any, everything: Path) -> None:
    """The page's policy stops scripts and foreign addresses, should escaping ever fail."""
    text = everything.read_text("utf-8")
    slipped = "<script>document.title='taken'</script><img src='http://127.0.0.1:9/x.png' id=foreign>"
    everything.write_text(text.replace("<main>", f"<main>{slipped}"), "utf-8")
    assert tab.open(everything)["title"] != "taken"
    told = json.dumps(tab.trouble())
    assert told.count("Content Security Policy") >= 2
    assert "Network.requestWillBeSent" not in told


def test_switches_work_from_the_keyboard(tab: Any, everything: Path) -> None:
    """Tab reaches the switch of the boxes, the space bar hides them and shows them again."""
    tab.open(everything)
    seen = "getComputedStyle(document.querySelector('.boxes')).visibility"
    assert tab.run(seen) == "visible"
    for _ in range(20):
        tab.press("Tab", 9)
        if tab.run("document.activeElement.id") == "boxes":
            break
    assert tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for expected in ("hidden", "visible"):
        tab.ask("Input.dispatchKeyEvent", type="keyDown", key=" ", text=" ", windowsVirtualKeyCode=32)
        tab.ask("Input.dispatchKeyEvent", type="keyUp", key=" ", windowsVirtualKeyCode=32)
        assert tab.run(seen) == expected


def test_overlays_lie_on_their_image(tab: Any, everything: Path) -> None:
    """On the screen, mask and drawing cover exactly the image, and the box stands at its share of it."""
    tab.open(everything, PHONE)
    found = tab.run(
        """(() => {
          const pic = document.querySelector('.pic');
          const place = node => {
            const r = node.getBoundingClientRect();
            return [r.x, r.y, r.width, r.height];
          };
          return {image: place(pic.querySelector('img')), mask: place(pic.querySelector('.mask')),
                  svg: place(pic.querySelector('svg')), box: place(pic.querySelector('.box'))};
        })()"""
    )
    x, y, width, height = found["image"]
    assert found["mask"] == pytest.approx(found["image"], abs=0.6)
    assert found["svg"] == pytest.approx(found["image"], abs=0.6)
    expected = [x + width * 9 / 80, y + height * 20 / 60, width * 41 / 80, height * 35 / 60]
    assert found["box"] == pytest.approx(expected, abs=2.5)


def test_sounds_play(tab: Any, everything: Path) -> None:
    """The player runs to the end of the sound."""
    tab.open(everything)
    played = tab.run(
        """(async () => {
          const sound = document.querySelector('audio');
          sound.muted = true;
          const ended = new Promise(done => { sound.onended = done; });
          await sound.play();
          await ended;
          return sound.currentTime;
        })()""",
        by_hand=True,
    )
    assert played == pytest.approx(0.5, abs=0.01)


REAL: dict[str, tuple[str, dict[str, Any]]] = {
    "photos": (
        "photos/train",
        {
            "modality": "image",
            "prepare": [{"resize": {"height": 96, "width": 96}}],
            "augment": TURNS,
            "batch": CUTMIX,
        },
    ),
    "sounds": (
        "fsdd",
        {"modality": "audio", "augment": [NOISE], "finish": [{"log_mel": {}}], "batch": CUTMIX},
    ),
    "texts": ("text/mr/train.tsv", {"modality": "text", "augment": [{"eda": {}}], "batch": CUTMIX}),
    "objects": (
        "detseg/images/train",
        {
            "fields": {
                "image": {"modality": "image", "augment": TURNS},
                "mask": {"follows": "image"},
                "boxes": {"follows": "image"},
            },
            "source": {
                "masks": "../../masks_semantic/{name}",
                "boxes": "../../annotations/boxes_{name}.json",
            },
        },
    ),
}


@pytest.mark.parametrize("name", REAL)
def test_real_data_renders(tab: Any, test_data: Path, tmp_path: Path, name: str) -> None:
    """Photos, recordings, reviews and annotated pictures: every figure is there and whole."""
    place, sections = REAL[name]
    page = made_of(augflow.Pipeline(**sections), str(test_data / place), tmp_path / "page.html", samples=4)
    found = tab.open(page, PHONE)
    assert found["broken"] == 0
    assert found["cards"] >= 4
    assert found["figures"] >= 4 * 4
    assert found["width"] <= PHONE
    assert all(0.1 < seconds < 3 for seconds in found["durations"])
    assert bool(found["durations"]) == (name == "sounds")
    assert tab.trouble() == []


def test_the_verb_writes_the_page(cli: Callable[..., Any], spec: Path, samples: Path, tmp_path: Path) -> None:
    """Page and numbers; the same again; another file of that name ends it with status 2 before any work."""
    out = tmp_path / "page.html"
    ran = cli("preview", spec, samples, "-o", out, "--samples", 3, "--copies", 2, "--seed", 5, "--json")
    assert ran.status == 0, ran.err
    result = json.loads(ran.out)
    assert (result["page"], result["samples"], result["bad"], result["left_out"]) == (str(out), 3, 0, 0)
    assert result["bytes"] == out.stat().st_size
    first = out.read_bytes()
    ran = cli("preview", spec, samples, "-o", out, "--samples", 3, "--copies", 2, "--seed", 5)
    assert ran.status == 0, ran.err
    assert out.read_bytes() == first
    assert ran.out.startswith(f"{out}: 3 samples, ")
    out.write_text("mine")
    ran = cli("preview", spec, samples, "-o", out)
    assert ran.status == 2
    assert "preview did not write it" in ran.err
    assert out.read_text() == "mine"
