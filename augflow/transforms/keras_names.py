"""Keras' preprocessing layers that neither albumentations nor torchvision share by name.

A factor `f` means the range -f..f. Shifts are shares of the side, positive down and to the right.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from augflow.transforms.aliases import Foreign, Translation, symmetric

Share = Annotated[float, Field(ge=-1, le=1)]
Factor = Annotated[float, Field(ge=0, le=1)] | tuple[Share, Share]
ZoomEnd = Annotated[float, Field(gt=-1)]
Zoom = Annotated[float, Field(ge=0, lt=1)] | tuple[ZoomEnd, ZoomEnd]
FillMode = Literal["constant", "reflect", "wrap", "nearest"]
Interpolation = Literal["bilinear", "nearest"]

BORDER_MODES = {"constant": 0, "nearest": 1, "reflect": 2, "wrap": 3}
"""Keras' `reflect` repeats the edge pixel, as OpenCV's BORDER_REFLECT does."""

INTERPOLATIONS = {"nearest": 0, "bilinear": 1}


def random_flip(mode: Literal["horizontal", "vertical", "horizontal_and_vertical"]) -> Translation:
    """Keras' RandomFlip in one direction: horizontal_flip or vertical_flip with p 0.5."""
    if mode == "horizontal_and_vertical":
        raise ValueError(
            "both directions are two draws; write horizontal_flip and vertical_flip, each with p: 0.5"
        )
    return f"{mode}_flip", {}


def random_translation(
    height_factor: Factor,
    width_factor: Factor,
    fill_mode: FillMode = "reflect",
    interpolation: Interpolation = "bilinear",
    fill_value: float = 0.0,
) -> Translation:
    """Keras' RandomTranslation: affine with shifts, which are cut to whole pixels."""
    return "affine", {
        "translate_percent": {"x": symmetric(width_factor), "y": symmetric(height_factor)},
        "interpolation": INTERPOLATIONS[interpolation],
        "border_mode": BORDER_MODES[fill_mode],
        "fill": fill_value,
    }


def random_zoom(
    height_factor: Zoom,
    width_factor: Zoom | None = None,
    fill_mode: FillMode = "reflect",
    interpolation: Interpolation = "bilinear",
    fill_value: float = 0.0,
) -> Translation:
    """Keras' RandomZoom: affine scaled by 1 / (1 + factor), drawn evenly in the scale, not in its inverse."""
    height = _scales(symmetric(height_factor))
    width = height if width_factor is None else _scales(symmetric(width_factor))
    return "affine", {
        "scale": {"x": width, "y": height},
        "keep_ratio": width_factor is None,
        "interpolation": INTERPOLATIONS[interpolation],
        "border_mode": BORDER_MODES[fill_mode],
        "fill": fill_value,
    }


def _scales(factors: list[float]) -> list[float]:
    """A positive factor zooms out."""
    return [1 / (1 + factors[1]), 1 / (1 + factors[0])]


def random_brightness(factor: Factor) -> Translation:
    """Keras' RandomBrightness: random_brightness_contrast that adds a share of the full range."""
    return "random_brightness_contrast", {
        "brightness_limit": symmetric(factor),
        "contrast_limit": [0.0, 0.0],
        "brightness_by_max": True,
    }


def random_contrast(factor: Annotated[float, Field(ge=0, le=1)] | tuple[Share, Share]) -> Translation:
    """Keras' RandomContrast: color_jitter's contrast, about the mean of all channels, not of each."""
    low, high = symmetric(factor)
    return "color_jitter", {
        "brightness": [1.0, 1.0],
        "contrast": [1 + low, 1 + high],
        "saturation": [1.0, 1.0],
        "hue": [0.0, 0.0],
    }


FUNCTIONS = (
    (random_flip, 0.5),
    (random_translation, 1.0),
    (random_zoom, 1.0),
    (random_brightness, 1.0),
    (random_contrast, 1.0),
)
"""Each translation with the chance that the layer itself draws; Keras has no `p`."""

KERAS = {
    function.__name__: Foreign(function.__name__, "keras", function, default_p)
    for function, default_p in FUNCTIONS
}
