"""Every name that a list of ops may hold, beside the names that users register."""

from __future__ import annotations

from collections.abc import Mapping

from augflow.transforms.aliases import TYPED, Foreign
from augflow.transforms.image import image_ops, image_unusable
from augflow.transforms.keras_names import KERAS
from augflow.transforms.policies import POLICIES
from augflow.transforms.torchvision_names import REASONS, TORCHVISION

OTHER_ITEMS = ("one_of", "some_of", "random_order")
"""What a list of ops holds beside ops."""

FOREIGN: Mapping[str, Foreign] = {**KERAS, **TORCHVISION}
"""Foreign ops by name; of two libraries' namesakes, torchvision's."""


def usable_names() -> tuple[str, ...]:
    """Names that can be written; needs the libraries."""
    return (*image_ops(), *POLICIES, *TYPED, *FOREIGN, *OTHER_ITEMS)


def refused_names() -> Mapping[str, str]:
    """Names that mean something that cannot be used, and why."""
    return {**image_unusable(), **REASONS}
