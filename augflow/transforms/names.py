"""Every name that a list of ops may hold, by modality, beside the names that users register."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from augflow.transforms.aliases import TYPED, TYPED_DEFAULTS, Foreign
from augflow.transforms.audio import AUDIO_TYPED, audio_ops, audio_unusable
from augflow.transforms.audio_own import AUDIO_OWN_OPS
from augflow.transforms.catalog import Op, Params
from augflow.transforms.image import image_ops, image_unusable
from augflow.transforms.keras_names import KERAS
from augflow.transforms.library import LibraryMissingError
from augflow.transforms.pillow_ops import PILLOW_OPS
from augflow.transforms.policies import POLICIES
from augflow.transforms.text import TEXT_FOREIGN, TEXT_TYPED, text_ops, text_unusable
from augflow.transforms.tokens import LAST_AUDIO_OPS, LAST_TEXT_OPS
from augflow.transforms.torchvision_names import REASONS, TORCHVISION

OTHER_ITEMS = ("one_of", "some_of", "random_order")
"""What a list of ops holds beside ops."""


@dataclass(frozen=True)
class Family:
    """The names of one modality."""

    own: Mapping[str, Op]
    """Ops that need nothing but augflow's own dependencies."""
    library: Callable[[], Mapping[str, Op]]
    """Ops of the library behind the modality; raises `LibraryMissingError` without it."""
    unusable: Callable[[], Mapping[str, str]]
    """Names of what cannot be used, and why; may need the library."""
    typed: Mapping[str, str] = field(default_factory=dict)
    """Other spellings of ops."""
    typed_defaults: Mapping[str, Params] = field(default_factory=dict)
    """Parameters that a spelling sets where they are not given."""
    foreign: Mapping[str, Foreign] = field(default_factory=dict)
    """Other libraries' ops, with their parameters."""

    def usable_names(self) -> tuple[str, ...]:
        """Names that can be written."""
        return (*self.library(), *self.own, *self.typed, *self.foreign, *OTHER_ITEMS)

    def has(self, name: str) -> bool:
        """Whether a name means something, usable or not. What is not installed means nothing."""
        if name in (*OTHER_ITEMS, *self.own, *self.typed, *self.foreign):
            return True
        try:
            return name in self.library() or name in self.unusable()
        except LibraryMissingError:
            return False


FAMILIES: Mapping[str, Family] = {
    "image": Family(
        own={**POLICIES, **PILLOW_OPS},
        library=image_ops,
        unusable=lambda: {**image_unusable(), **REASONS},
        typed=TYPED,
        typed_defaults=TYPED_DEFAULTS,
        # Of two libraries' namesakes, torchvision's.
        foreign={**KERAS, **TORCHVISION},
    ),
    "text": Family(
        own={**text_ops(), **LAST_TEXT_OPS},
        library=dict,
        unusable=text_unusable,
        typed=TEXT_TYPED,
        foreign=TEXT_FOREIGN,
    ),
    "audio": Family(
        own={**AUDIO_OWN_OPS, **LAST_AUDIO_OPS},
        library=audio_ops,
        unusable=audio_unusable,
        typed=AUDIO_TYPED,
    ),
}
