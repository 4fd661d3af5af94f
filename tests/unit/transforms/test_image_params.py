"""What an image op accepts as parameters, and how it says no."""

from __future__ import annotations

from typing import Any

import pytest

from augflow.transforms.image import image_ops, snake_case

OPS = image_ops()

REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("rotate", {"limitt": 3}, "limitt", "did you mean limit?"),
    ("horizontal_flip", {"x": 1}, "x", "takes no parameters"),
    ("resize", {"height": 8}, "width", "is required: a whole number"),
    ("resize", {"height": 0, "width": 8}, "height", "must be at least 1, got 0"),
    ("resize", {"height": 64.5, "width": 8}, "height", "must be a whole number, got 64.5"),
    ("resize", {"height": "64", "width": 8}, "height", "must be a whole number, got '64'"),
    ("rotate", {"limit": True}, "limit", "must be a list of 2 numbers or a number, got True"),
    ("rotate", {"limit": [1, 2, 3]}, "limit", "must be a list of 2 numbers or a number"),
    ("rotate", {"limit": float("nan")}, "limit", "must be finite"),
    ("rotate", {"limit": [0, float("inf")]}, "limit", "must be finite"),
    ("rotate", {"limit": [10, -10]}, "limit", "write [-10, 10]"),
    ("rotate", {"crop_border": 1}, "crop_border", "must be true or false, got 1"),
    ("rotate", {"crop_border": "yes"}, "crop_border", "must be true or false, got 'yes'"),
    ("rotate", {"interpolation": "liner"}, "interpolation", "did you mean linear?"),
    ("rotate", {"border_mode": 17}, "border_mode", "must be one of"),
    ("affine", {"scale": {"x": [1.2, 0.8]}}, "scale", "write [0.8, 1.2]"),
    ("affine", {"scale": {"z": 1}}, "scale", "takes the keys x and y, got 'z'"),
    ("affine", {"shear": {"x": 3}}, "shear", "write {x: 3, y: 0}"),
    ("affine", {"keep_ratio": True, "scale": {"x": [1, 2], "y": [2, 3]}}, "", "keep_ratio"),
    ("affine", {"translate_percent": 0.1, "translate_px": 3}, "", "either translate_percent or translate_px"),
    ("blur", {"blur_limit": 4}, "blur_limit", "must be odd and at least 3"),
    ("gauss_noise", {"std_range": [2, 3]}, "std_range", "must be >= 0 and <= 1"),
    ("to_gray", {"method": "avg"}, "method", "did you mean average?"),
    ("pad_if_needed", {"min_height": None}, "", "'min_height' and 'pad_height_divisor'"),
    ("random_resized_crop", {"size": [3]}, "size", "must be a list of 2 whole numbers, got [3]"),
    (
        "downscale",
        {"interpolation_pair": {"upscale": "cubicc"}},
        "interpolation_pair",
        "did you mean cubic?",
    ),
    ("coarse_dropout", {"hole_height_range": [8, 16]}, "", "all be whole pixels"),
    ("coarse_dropout", {"hole_height_range": [0.5, 1.0]}, "", "all be shares of the side"),
    ("equalize", {"mask": None}, "mask", "is not a parameter"),
    ("plasma_shadow", {"plasma_size": 8}, "plasma_size", "is not a parameter"),
]

SAME: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("rotate", {"limit": 15}, {"limit": [-15.0, 15]}),
    ("rotate", {}, {"limit": [-90, 90], "fill": 0.0}),
    ("rotate", {"interpolation": "cubic"}, {"interpolation": 2}),
    ("rotate", {"border_mode": "reflect_101"}, {"border_mode": 4}),
    ("rotate", {"limit": [-0.0, 5]}, {"limit": [0, 5.0]}),
    ("shift_scale_rotate", {"scale_limit": 0.1}, {"scale_limit": [-0.1, 0.1]}),
    ("affine", {"scale": 1}, {"scale": {"x": [1, 1.0], "y": 1}}),
    ("affine", {}, {"translate_px": 0}),
    ("downscale", {"interpolation_pair": {"upscale": "cubic", "downscale": "area"}},
     {"interpolation_pair": {"downscale": 3, "upscale": 2}}),
    ("blur", {"blur_limit": 5}, {"blur_limit": [3, 5]}),
    ("coarse_dropout", {"hole_height_range": [1, 2], "hole_width_range": [3, 3]},
     {"hole_height_range": [1.0, 2.0], "hole_width_range": [3.0, 3]}),
]  # fmt: skip

DIFFERENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("rotate", {"limit": 15}, {"limit": [0, 15]}),
    ("clahe", {"tile_grid_size": [8, 4]}, {"tile_grid_size": [4, 8]}),
]


@pytest.mark.parametrize(("name", "params", "where", "words"), REFUSED)
def test_refuses_with_name_rule_and_value(name: str, params: dict[str, Any], where: str, words: str) -> None:
    """A wrong value is one problem, at its parameter, that says what to write."""
    _, problems = OPS[name].check(params)
    assert [problem.name for problem in problems] == [where]
    assert words in problems[0].message


def test_reports_every_problem_at_once() -> None:
    """All wrong parameters of an op are named in one go."""
    _, problems = OPS["rotate"].check({"limit": "ten", "fil": 3, "border_mode": "x", "crop_border": 2})
    assert {problem.name for problem in problems} == {"limit", "fil", "border_mode", "crop_border"}


@pytest.mark.parametrize(("name", "one", "other"), SAME)
def test_equal_meanings_are_equal(name: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Two spellings of one meaning have one canonical form."""
    first, problems = OPS[name].check(one)
    second, more = OPS[name].check(other)
    assert not problems + more
    assert repr(sorted(first.items())).replace(
        "'downscale': 3, 'upscale': 2", "'upscale': 2, 'downscale': 3"
    ) == (
        repr(sorted(second.items())).replace("'downscale': 3, 'upscale': 2", "'upscale': 2, 'downscale': 3")
    )


@pytest.mark.parametrize(("name", "one", "other"), DIFFERENT)
def test_different_meanings_stay_different(name: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Canonical forms keep pixels from fractions and order where order means something."""
    first, problems = OPS[name].check(one)
    second, more = OPS[name].check(other)
    assert not problems + more
    assert first != second


def test_p_is_not_a_parameter() -> None:
    """The engine gates every op itself, so no op takes p or strict."""
    for op in OPS.values():
        assert not {"p", "strict"} & set(op.params)
        assert 0 < op.default_p <= 1


def test_default_p_is_the_librarys() -> None:
    """Half of the time for a flip, always for what sets a size."""
    assert OPS["horizontal_flip"].default_p == 0.5
    assert OPS["random_resized_crop"].default_p == 1.0


def test_params_describe_themselves() -> None:
    """A parameter shows its schema with names beside OpenCV's numbers, and its default by name."""
    params = OPS["rotate"].params
    assert params["limit"].default == [-90, 90]
    assert params["interpolation"].default == "linear"
    assert {"nearest", "linear", 0, 1} <= set(params["interpolation"].schema["enum"])
    assert OPS["resize"].params["height"].required


def test_every_op_has_a_summary() -> None:
    """One line from the library's own description."""
    for op in OPS.values():
        assert op.summary.endswith(".")
        assert "\n" not in op.summary


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("CLAHE", "clahe"),
        ("D4", "d4"),
        ("FDA", "fda"),
        ("FancyPCA", "fancy_pca"),
        ("HEStain", "he_stain"),
        ("ISONoise", "iso_noise"),
        ("PadIfNeeded3D", "pad_if_needed_3d"),
        ("RGBShift", "rgb_shift"),
        ("RandomRotate90", "random_rotate90"),
        ("RandomSizedBBoxSafeCrop", "random_sized_bbox_safe_crop"),
        ("ToRGB", "to_rgb"),
        ("XYMasking", "xy_masking"),
    ],
)
def test_snake_case(class_name: str, name: str) -> None:
    """Capitals in a row are one word."""
    assert snake_case(class_name) == name


def test_a_range_without_room_is_refused() -> None:
    """grid_dropout draws below the upper end, and would fail on the first image."""
    op = OPS["grid_dropout"]
    _, (problem,) = op.check({"unit_size_range": [20, 20]})
    assert problem.name == "unit_size_range"
    assert "write [20, 21]" in problem.message
    assert not op.check({"unit_size_range": [20, 21]})[1]
