"""What was drawn, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.preview.draws import draws, number, parameters, readable
from augflow.preview.matrices import matrix_words
from augflow.preview.variants import VariantMaker
from augflow.sources import open_source

ReadHtml = Callable[[str], Any]


def turn(degrees: float, scale: float = 1.0) -> list[list[float]]:
    """A matrix that turns clockwise, y downwards."""
    angle = np.radians(degrees)
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    return [[c, -s, 3.0], [s, c, -2.0], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.123456, "0.1235"),
        (12.0, "12"),
        (1234.56, "1235"),
        (-3.10000, "-3.1"),
        (0.00001234, "1.23e-05"),
        (0.0, "0"),
        (float("nan"), "nan"),
    ],
)
def test_numbers_have_four_digits(value: float, words: str) -> None:
    """Enough to tell draws apart, and no more."""
    assert number(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (True, "true"),
        (None, "null"),
        ([1, 2.5], "[1, 2.5]"),
        ([["Rotate", 9.0], ["Identity", 0.0]], "[Rotate 9; Identity 0]"),
        ([["a", "b"], ["", "c"], ["d ", ""]], '"a" → "b"; put in "c"; took out "d "'),
        ([["a", "b"]] * 10, "; ".join(['"a" → "b"'] * 8) + "; 2 more"),
        ({"x": 1, "y": [2]}, "x 1, y [2]"),
        ([], "[]"),
        ({}, "none"),
    ],
)
def test_values_are_written_for_people(value: Any, words: str) -> None:
    """Lists, pairs of texts and nested values read without their quotes and braces."""
    assert readable(value) == words


@pytest.mark.parametrize(
    ("matrix", "words"),
    [
        (turn(30), "turned 30.0° clockwise"),
        (turn(-12.5)[:2], "turned 12.5° counterclockwise"),
        (turn(10, 1.2), "turned 10.0° clockwise, scaled 1.2"),
        ([[1, 0, 4], [0, 1, -2]], "moved 4.0 right, -2.0 down"),
        ([[1.5, 0, 0], [0, 0.5, 0]], "scaled 1.5 across, 0.5 down"),
        ([[-1, 0, 20], [0, 1, 0]], "mirrored left to right"),
        ([[1, float(np.tan(np.radians(20))), 0], [0, 1, 0]], "sheared 20.0°"),
        ([[1, 0, 0], [0, 1, 0], [0.001, 0, 1]], "changes the perspective"),
        ([[0, 0, 0], [0, 0, 0]], None),
        ([[1, 2], [3, 4]], None),
        ([1, 2, 3], None),
        ("abc", None),
    ],
)
def test_matrices_are_told_by_what_they_do(matrix: Any, words: str | None) -> None:
    """Turn, scale, shear and mirroring are named; what is no affine matrix is not."""
    assert matrix_words(matrix) == words


def test_a_turn_is_told_the_way_the_picture_turns() -> None:
    """A dot right of the middle moves up when the op says counterclockwise, and down otherwise."""
    image = np.zeros((61, 61, 3), np.uint8)
    image[28:33, 48:53] = 255
    told = set()
    for degrees in (20, -20):
        pipeline = augflow.Pipeline(
            modality="image", augment=[{"rotate": {"limit": [degrees, degrees], "p": 1}}]
        )
        source = open_source([image])
        variant = VariantMaker(pipeline.plan, source).make(0, epochs=1).variants[-1]
        rows = np.nonzero(variant.values["image"][:, :, 0] > 128)[0]
        words = matrix_words((variant.drawn or {})["image/augment/rotate"]["matrix"]) or ""
        assert ("counterclockwise" in words) == (rows.mean() < 30)
        assert words.startswith("turned 20.0°")
        told.add(words)
    assert len(told) == 2


def test_fired_ops_come_with_their_parameters_and_others_by_name(read_html: ReadHtml) -> None:
    """What fired is told in the order of the spec, then what did not, those in containers among them."""
    plan = augflow.Pipeline(
        modality="image",
        augment=[
            {"rotate": {}},
            {"one_of": {"transforms": [{"gauss_noise": {}}, {"gaussian_blur": {}}], "p": 1}},
            {"horizontal_flip": {}},
        ],
    ).plan
    drawn = {"image/augment/horizontal_flip": {}, "image/augment/one_of/gauss_noise": {"std": 0.25}}
    items = read_html(draws(drawn, plan.fields[0].augment)).all("li")
    assert [item.text for item in items] == [
        "gauss_noise std 0.25",
        "horizontal_flip",
        "not fired: rotate, gaussian_blur",
    ]
    assert items[0].one("b").attributes["title"] == "image/augment/one_of/gauss_noise"


def test_nothing_fired_is_said(read_html: ReadHtml) -> None:
    """A sample that no op touched says so; a spec without random ops has none to touch it."""
    plan = augflow.Pipeline(modality="image", augment=[{"rotate": {}}]).plan
    assert read_html(draws({}, plan.fields[0].augment)).text == "nothing fired"
    assert read_html(draws({}, ())).text == "no random ops"


def test_long_values_are_folded_away_and_not_lost(read_html: ReadHtml) -> None:
    """A long list is behind a summary, a matrix behind what it does; short values stand open."""
    found = read_html(parameters({"kernel": [0.125] * 40, "matrix": turn(30), "size": 3}) or "")
    assert [node.text for node in found.all("summary")] == ["kernel ...", "matrix turned 30.0° clockwise"]
    assert found.all("details")[0].text.count("0.125") == 40
    assert found.text.startswith("size 3 kernel")


def test_many_parameters_are_folded_together(read_html: ReadHtml) -> None:
    """An op with a dozen parameters takes one line until it is opened."""
    found = read_html(parameters({f"parameter_{n}": "some value" for n in range(12)}) or "")
    assert found.one("summary").text == "12 values"
    assert parameters({}) is None
