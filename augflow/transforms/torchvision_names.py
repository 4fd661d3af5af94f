"""torchvision's (v2) ops that albumentations does not share by name, in terms of the catalog.

Angles are degrees, shifts are shares of the side, factors are 1 for no change. Rotation follows the
library: `random_rotation` counts counter-clockwise, `random_affine` clockwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from augflow.transforms.aliases import Foreign, Translation, symmetric

NotNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Scale = Annotated[float, Field(gt=0)]
Pair = tuple[float, float]
Fill = float | tuple[float, ...]
Interpolation = Literal["nearest", "bilinear", "bicubic"]
CONSTANT = 0
INTERPOLATIONS = {"nearest": 0, "bilinear": 1, "bicubic": 2}

REASONS = {
    "aug_mix": "no equal here; rand_augment and trivial_augment are near",
    "auto_augment": "no equal here; rand_augment and trivial_augment are near",
    "convert_image_dtype": "the loader does it; write output: {dtype: float32}",
    "cut_mix": "it mixes samples; write batch: {mix: {cutmix: {alpha: 1.0}}}",
    "cutmix": "it mixes samples; write batch: {mix: {cutmix: {alpha: 1.0}}}",
    "five_crop": "it makes several images of one, and a pipeline makes one",
    "mix_up": "it mixes samples; write batch: {mix: {mixup: {alpha: 0.2}}}",
    "mixup": "it mixes samples; write batch: {mix: {mixup: {alpha: 0.2}}}",
    "random_apply": "write p at the op itself",
    "random_choice": "write one_of: {transforms: [...]}",
    "random_photometric_distort": "it is several ops; write color_jitter and channel_shuffle",
    "rescaling": "the loader does it; write output: {dtype: float32}",
    "ten_crop": "it makes several images of one, and a pipeline makes one",
    "to_dtype": "the loader does it; write output: {dtype: float32}",
    "to_image": "samples are images already; remove it",
    "to_tensor": "the loader makes tensors; remove it",
}
"""Names that people bring along and that have no equal, with what to write instead."""


def random_horizontal_flip() -> Translation:
    """torchvision's RandomHorizontalFlip: horizontal_flip."""
    return "horizontal_flip", {}


def random_vertical_flip() -> Translation:
    """torchvision's RandomVerticalFlip: vertical_flip."""
    return "vertical_flip", {}


def random_rotation(
    degrees: NotNegative | Pair,
    interpolation: Interpolation = "nearest",
    expand: bool = False,
    fill: Fill = 0,
) -> Translation:
    """torchvision's RandomRotation (not Keras'): rotate by degrees, or by -d..d for one number d; nearest."""
    border = {"interpolation": INTERPOLATIONS[interpolation], "border_mode": CONSTANT, "fill": fill}
    if expand:
        return "affine", {"rotate": symmetric(degrees), "fit_output": True, **border}
    return "rotate", {"limit": symmetric(degrees), **border}


def random_affine(
    degrees: NotNegative | Pair,
    translate: tuple[Share, Share] | None = None,
    scale: tuple[Scale, Scale] | None = None,
    shear: NotNegative | Pair | tuple[float, float, float, float] | None = None,
    interpolation: Interpolation = "nearest",
    fill: Fill = 0,
) -> Translation:
    """torchvision's RandomAffine: affine, one scale for both axes; shifts are cut, not rounded, to pixels."""
    turn = symmetric(degrees)
    slants = [] if shear is None else symmetric(shear)
    sheared = {"x": slants[:2] or [0.0, 0.0], "y": slants[2:] or [0.0, 0.0]}
    if any(slants) and (any(turn) or (any(sheared["x"]) and any(sheared["y"]))):
        raise ValueError("torchvision shears before it rotates, albumentations after; write affine: {...}")
    shift_x, shift_y = translate or (0.0, 0.0)
    return "affine", {
        "rotate": [-turn[1], -turn[0]],
        "translate_percent": {"x": symmetric(shift_x), "y": symmetric(shift_y)},
        "scale": scale or [1.0, 1.0],
        "keep_ratio": True,
        "shear": sheared,
        "interpolation": INTERPOLATIONS[interpolation],
        "border_mode": CONSTANT,
        "fill": fill,
    }


def random_erasing(
    scale: tuple[Share, Share] = (0.02, 0.33),
    ratio: tuple[Scale, Scale] = (0.3, 3.3),
    value: Literal["random"] | float = 0,
) -> Translation:
    """torchvision's RandomErasing: erasing; the ratio (height to width) is drawn evenly, not in logarithm."""
    if value not in (0, "random"):
        raise ValueError(
            f"value counts in tensors there, got {value}; write erasing: {{fill: ...}}, in levels"
        )
    return "erasing", {"scale": scale, "ratio": [1 / ratio[1], 1 / ratio[0]], "fill": value}


def random_grayscale() -> Translation:
    """torchvision's RandomGrayscale: to_gray, as many channels as before."""
    return "to_gray", {"num_output_channels": 3}


def random_invert() -> Translation:
    """torchvision's RandomInvert: invert_img."""
    return "invert_img", {}


def random_posterize(bits: Annotated[int, Field(ge=1, le=7)]) -> Translation:
    """torchvision's RandomPosterize: posterize to a number of bits a channel."""
    return "posterize", {"num_bits": bits}


def random_solarize(threshold: Annotated[float, Field(ge=0, le=255)]) -> Translation:
    """torchvision's RandomSolarize: solarize; the threshold counts in 0..255 as for 8-bit images."""
    return "solarize", {"threshold_range": [threshold / 255, threshold / 255]}


def random_autocontrast() -> Translation:
    """torchvision's RandomAutocontrast: auto_contrast, computed as Pillow does."""
    return "auto_contrast", {"method": "pil"}


def random_equalize() -> Translation:
    """torchvision's RandomEqualize: equalize, computed as Pillow does."""
    return "equalize", {"mode": "pil"}


def random_channel_permutation() -> Translation:
    """torchvision's RandomChannelPermutation: channel_shuffle."""
    return "channel_shuffle", {}


def gaussian_noise(mean: Share = 0.0, sigma: Share = 0.1) -> Translation:
    """torchvision's GaussianNoise: gauss_noise; mean and sigma are shares of the full range."""
    return "gauss_noise", {"mean_range": [mean, mean], "std_range": [sigma, sigma]}


Quality = Annotated[int, Field(ge=1, le=100)]


def jpeg(quality: Quality | tuple[Quality, Quality]) -> Translation:
    """torchvision's JPEG: image_compression with a quality of 1..100."""
    ends = list(quality) if isinstance(quality, Sequence) else [quality, quality]
    return "image_compression", {"compression_type": "jpeg", "quality_range": ends}


def trivial_augment_wide(
    num_magnitude_bins: Annotated[int, Field(ge=2, le=1000)] = 31, fill: Fill = 0
) -> Translation:
    """torchvision's TrivialAugmentWide: trivial_augment."""
    return "trivial_augment", {"num_magnitude_bins": num_magnitude_bins, "fill": fill}


FUNCTIONS = (
    (random_horizontal_flip, 0.5),
    (random_vertical_flip, 0.5),
    (random_rotation, 1.0),
    (random_affine, 1.0),
    (random_erasing, 0.5),
    (random_grayscale, 0.1),
    (random_invert, 0.5),
    (random_posterize, 0.5),
    (random_solarize, 0.5),
    (random_autocontrast, 0.5),
    (random_equalize, 0.5),
    (random_channel_permutation, 1.0),
    (gaussian_noise, 1.0),
    (jpeg, 1.0),
    (trivial_augment_wide, 1.0),
)
"""Each translation with the `p` that torchvision gives the op."""

TORCHVISION = {
    function.__name__: Foreign(function.__name__, "torchvision", function, default_p)
    for function, default_p in FUNCTIONS
}
