"""The image catalog: every op of albumentations 2.0.8 that can run on one image alone.

Names are the snake_case of the class names; parameters, defaults and units are the library's, read
from its own schemas.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any

from augflow.transforms.catalog import EVERY_FOLLOWER, Op, Param, ParamProblem, Params, Size, Transform
from augflow.transforms.image_facts import DRAWS_WHEN, LEFT_BEHIND, LOOKS_AT, SIZES, UNUSABLE, may_draw
from augflow.transforms.image_params import ImageParams
from augflow.transforms.image_transform import ImageTransform
from augflow.transforms.library import albumentations

WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(class_name: str) -> str:
    """`CLAHE` -> `clahe`, `RGBShift` -> `rgb_shift`, `RandomRotate90` -> `random_rotate90`."""
    # `BBox` and `3D` are words, though their capitals read like the start of others.
    return WORD_STARTS.sub("_", class_name.replace("BBox", "Bbox").replace("3D", "_3d")).lower()


class ImageOp:
    """A catalog entry for one albumentations class."""

    modality = "image"
    library = "albumentations"
    version = 1

    def __init__(self, library_class: Any) -> None:
        self._class = library_class
        self.name = snake_case(library_class.__name__)
        self.default_p = float(inspect.signature(library_class.__init__).parameters["p"].default)

    @cached_property
    def _params(self) -> ImageParams:
        return ImageParams(self._class)

    @cached_property
    def carries(self) -> frozenset[str]:
        """What may follow an image through the op: of `mask`, `boxes`, `keypoints`."""
        if issubclass(self._class, albumentations().ImageOnlyTransform):
            return EVERY_FOLLOWER
        named = {target.value.lower().replace("bboxes", "boxes") for target in self._class._targets}
        return (EVERY_FOLLOWER & named) - LEFT_BEHIND.get(self._class.__name__, frozenset())

    def needs(self, params: Params) -> frozenset[str]:
        """What must follow an image, for the op to draw from it: of `mask`, `boxes`; by its parameters."""
        look = LOOKS_AT.get(self._class.__name__)
        return frozenset() if look is None else look(params)

    @cached_property
    def _may_draw(self) -> bool:
        return may_draw(self._class)

    @property
    def summary(self) -> str:
        """The first sentence of the library's own description."""
        text = " ".join((inspect.getdoc(self._class) or "").partition("\n\n")[0].split())
        return text.partition(". ")[0].rstrip(".") + "."

    @property
    def params(self) -> Mapping[str, Param]:
        """Parameters by name, `p` not among them."""
        return self._params.described

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters and everything wrong with those given."""
        return self._params.check(params)

    def build(self, params: Params) -> Transform:
        """The transform for canonical parameters."""
        return ImageTransform(self._class.__name__, params, self.is_random(params))

    def is_random(self, params: Params) -> bool:
        """Whether the op draws with these canonical parameters, be it from a range of one value."""
        when = DRAWS_WHEN.get(self.name)
        return when(params) if when is not None else self._may_draw

    def output_size(self, params: Params, size: Size) -> Size:
        """Height and width after the op, None where that depends on draws."""
        rule = SIZES.get(self.name)
        return size if rule is None else rule(params, size)


@cache
def image_ops() -> Mapping[str, Op]:
    """The usable ops of albumentations by name; needs the library."""
    usable = (cls for cls in _public_classes() if cls.__name__ not in UNUSABLE)
    return {op.name: op for op in sorted(map(ImageOp, usable), key=lambda op: op.name)}


@cache
def image_unusable() -> Mapping[str, str]:
    """Why the other public ops of albumentations cannot be used, by the name that they would have."""
    return {snake_case(name): reason for name, reason in UNUSABLE.items()}


def _public_classes() -> Iterator[Any]:
    library = albumentations()
    for name, member in vars(library).items():
        if (
            inspect.isclass(member)
            and issubclass(member, library.BasicTransform)
            and not name.startswith("_")
        ):
            yield member
