"""Every name that a list of ops may hold, beside the names that users register."""

from __future__ import annotations

from collections.abc import Mapping

from augflow.transforms.aliases import TYPED, Foreign
from augflow.transforms.catalog import Op
from augflow.transforms.image import image_ops, image_unusable
from augflow.transforms.keras_names import KERAS
from augflow.transforms.library import LibraryMissingError
from augflow.transforms.pillow_ops import PILLOW_OPS
from augflow.transforms.policies import POLICIES
from augflow.transforms.torchvision_names import REASONS, TORCHVISION

OTHER_ITEMS = ("one_of", "some_of", "random_order")
"""What a list of ops holds beside ops."""

FOREIGN: Mapping[str, Foreign] = {**KERAS, **TORCHVISION}
"""Foreign ops by name; of two libraries' namesakes, torchvision's."""

OWN_OPS: Mapping[str, Op] = {**POLICIES, **PILLOW_OPS}
"""Ops that need nothing but augflow's own dependencies."""


def usable_names() -> tuple[str, ...]:
    """Names that can be written; needs the libraries."""
    return (*image_ops(), *OWN_OPS, *TYPED, *FOREIGN, *OTHER_ITEMS)


def refused_names() -> Mapping[str, str]:
    """Names that mean something that cannot be used, and why."""
    return {**image_unusable(), **REASONS}


def is_taken(name: str) -> bool:
    """Whether a name means something already, so that no user's op may have it."""
    if name in OWN_OPS or name in TYPED or name in FOREIGN or name in OTHER_ITEMS or name in refused_names():
        return True
    try:
        return name in image_ops()
    except LibraryMissingError:
        # What is not installed cannot be shadowed.
        return False
