"""What albumentations does not say of its ops: which cannot run here, which draw, what size comes out."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from augflow.transforms.catalog import Params, Size

VOLUMES = "it works on volumes, and augflow carries images"
OTHER_IMAGES = "it needs other images beside the sample, passed as metadata"
WIRE = "an image stays uint8, or float32 in [0, 1], until the loader has it"
ABSTRACT = "it is a base class"
TENSORS = "it returns torch tensors; the loader makes them on the device"

UNUSABLE: Mapping[str, str] = {
    "BasicTransform": ABSTRACT,
    "CenterCrop3D": VOLUMES,
    "CoarseDropout3D": VOLUMES,
    "CubicSymmetry": VOLUMES,
    "DualTransform": ABSTRACT,
    "FDA": OTHER_IMAGES,
    "FromFloat": f"{WIRE}; write output: {{dtype: uint8}}",
    "HistogramMatching": OTHER_IMAGES,
    "ImageOnlyTransform": ABSTRACT,
    "Lambda": "it takes Python functions; register yours with @augflow.op",
    "Mosaic": OTHER_IMAGES,
    "Normalize": f"{WIRE}; write output: {{mean: ..., std: ...}}, which normalizes on the device",
    "OverlayElements": OTHER_IMAGES,
    "Pad3D": VOLUMES,
    "PadIfNeeded3D": VOLUMES,
    "PixelDistributionAdaptation": OTHER_IMAGES,
    "RandomCrop3D": VOLUMES,
    "RandomCropNearBBox": "it crops around a box passed as metadata; see random_sized_bbox_safe_crop",
    "TextImage": "it needs a font file and text as metadata",
    "ToFloat": f"{WIRE}; write output: {{dtype: float32}}",
    "ToTensor3D": TENSORS,
    "ToTensorV2": TENSORS,
    "Transform3D": ABSTRACT,
}
"""Public classes of albumentations that no spec can use, and why."""

DRAWING_NAMES = frozenset({"py_random", "random_generator"})
"""The attributes through which every albumentations op draws."""


MASK = frozenset({"mask"})
BOXES = frozenset({"boxes"})


def _holes_in(params: Params) -> frozenset[str]:
    return MASK if params["mask_indices"] is not None else BOXES


LOOKS_AT: Mapping[str, Callable[[Params], frozenset[str]]] = {
    "AtLeastOneBBoxRandomCrop": lambda _params: BOXES,
    "BBoxSafeRandomCrop": lambda _params: BOXES,
    "ConstrainedCoarseDropout": _holes_in,
    "CropNonEmptyMaskIfExists": lambda _params: MASK,
    "MaskDropout": lambda _params: MASK,
    "RandomSizedBBoxSafeCrop": lambda _params: BOXES,
}
"""Classes that draw from what follows the image, and what of it must be there: `mask` or `boxes`."""

LEFT_BEHIND: Mapping[str, frozenset[str]] = {
    # It spreads larger class numbers over smaller ones, whatever the picture shows there; and it grows every
    # box, though only what is brighter than its surroundings grows.
    "Morphological": frozenset({"mask", "boxes"}),
}
"""What must not follow an image through a class, against the library's word."""


def may_draw(library_class: Any) -> bool:
    """Whether any method of the class reads a generator."""
    return any(DRAWING_NAMES & names for names in _names_in_methods(library_class))


def _names_in_methods(library_class: Any) -> Iterator[set[str]]:
    for base in library_class.__mro__:
        if base.__name__ == "BasicTransform":
            return
        for attribute in vars(base).values():
            function = getattr(attribute, "__func__", attribute)
            function = getattr(function, "fget", function)
            function = getattr(function, "__wrapped__", function)
            if isinstance(function, types.FunctionType):
                yield from _names_in_code(function.__code__)


def _names_in_code(code: types.CodeType) -> Iterator[set[str]]:
    yield set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in_code(constant)


def _crop_and_pad_draws(params: Params) -> bool:
    amount = params["px"] if params["px"] is not None else params["percent"]
    if not isinstance(amount, list):
        return False
    return len(amount) == 2 or any(isinstance(side, list) for side in amount)


DRAWS_WHEN: Mapping[str, Callable[[Params], bool]] = {
    "center_crop": lambda params: params["pad_if_needed"] and params["pad_position"] == "random",
    "crop": lambda params: params["pad_if_needed"] and params["pad_position"] == "random",
    "crop_and_pad": _crop_and_pad_draws,
    "longest_max_size": lambda params: isinstance(params["max_size"], list),
    "pad_if_needed": lambda params: params["position"] == "random",
    "smallest_max_size": lambda params: isinstance(params["max_size"], list),
}
"""Ops that draw with some parameters only."""

SizeRule = Callable[[Params, Size], Size]


def _square_only(_params: Params, size: Size) -> Size:
    return size if size is not None and size[0] == size[1] else None


def _unknown(_params: Params, _size: Size) -> Size:
    return None


def _height_width(params: Params, _size: Size) -> Size:
    return params["height"], params["width"]


def _named_size(params: Params, _size: Size) -> Size:
    height, width = params["size"]
    return height, width


def _crop(params: Params, _size: Size) -> Size:
    return params["y_max"] - params["y_min"], params["x_max"] - params["x_min"]


def _pad(params: Params, size: Size) -> Size:
    if size is None:
        return None
    amount = params["padding"]
    if isinstance(amount, int):
        amount = [amount] * 4
    left, top, right, bottom = amount if len(amount) == 4 else amount * 2
    return size[0] + top + bottom, size[1] + left + right


def _pad_if_needed(params: Params, size: Size) -> Size:
    if size is None:
        return None

    def side(length: int, least: int | None, divisor: int | None) -> int:
        if least is not None:
            return max(length, least)
        return -(-length // divisor) * divisor if divisor is not None else length

    return (
        side(size[0], params["min_height"], params["pad_height_divisor"]),
        side(size[1], params["min_width"], params["pad_width_divisor"]),
    )


def _max_size(params: Params, size: Size, pick: Callable[..., float]) -> Size:
    if size is None or isinstance(params["max_size"], list):
        return None
    if params["max_size"] is not None:
        scale = params["max_size"] / pick(size)
    else:
        limits = zip(params["max_size_hw"], size, strict=True)
        scale = pick([limit / side for limit, side in limits if limit is not None])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _longest_max_size(params: Params, size: Size) -> Size:
    if size is not None and params["max_size"] is None:
        # Both sides must fit, so the smaller of the two factors counts.
        return _max_size(params, size, min)
    return _max_size(params, size, max)


def _smallest_max_size(params: Params, size: Size) -> Size:
    if size is not None and params["max_size"] is None:
        return _max_size(params, size, max)
    return _max_size(params, size, min)


SIZES: Mapping[str, SizeRule] = {
    "affine": lambda params, size: None if params["fit_output"] else size,
    "at_least_one_bbox_random_crop": _height_width,
    "bbox_safe_random_crop": _unknown,
    "center_crop": _height_width,
    "crop": _crop,
    "crop_and_pad": lambda params, size: size if params["keep_size"] else None,
    "crop_non_empty_mask_if_exists": _height_width,
    "d4": _square_only,
    "longest_max_size": _longest_max_size,
    "pad": _pad,
    "pad_if_needed": _pad_if_needed,
    "perspective": lambda params, size: size if params["keep_size"] else None,
    "random_crop": _height_width,
    "random_crop_from_borders": _unknown,
    "random_resized_crop": _named_size,
    "random_rotate90": _square_only,
    "random_scale": _unknown,
    "random_sized_bbox_safe_crop": _height_width,
    "random_sized_crop": _named_size,
    "resize": _height_width,
    "rotate": lambda params, size: None if params["crop_border"] else size,
    "smallest_max_size": _smallest_max_size,
    "square_symmetry": _square_only,
    "transpose": lambda _params, size: None if size is None else (size[1], size[0]),
}
"""Sizes of what comes out, for the ops that change them; all others keep the size."""
