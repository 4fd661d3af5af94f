"""The closed catalog: every op that a spec can name, by its canonical name.

An `Op` describes and builds; the plan checks parameters through it and gets a `Transform`, which
does the work on one sample. The families (image, policies, registered) supply the ops.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from augflow.rng import KeyedRandom
from augflow.sample import Drawn, Fields

Params = dict[str, Any]
Size = tuple[int, int] | None
"""Height and width where they are known before anything runs."""

EVERY_FOLLOWER = frozenset({"mask", "boxes", "keypoints"})
"""All that may follow an image."""


class Transform(Protocol):
    """One op with its parameters fixed. Picklable; holds no random state and no sample."""

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """New fields, and what was drawn as `readable` takes it.

        The fields are those of one field of the sample under the name of its modality: `image`, `text` or
        `audio`; and for an image that others follow, `FOLLOWERS`. Inputs may be read-only. They are
        never changed; what the op leaves alone may be the same object.
        """
        ...


@dataclass(frozen=True)
class Param:
    """One parameter as `augflow ops` and the JSON Schema show it."""

    name: str
    schema: Mapping[str, Any]
    """JSON Schema of the value."""
    required: bool
    default: Any = None


@dataclass(frozen=True)
class ParamProblem:
    """What is wrong with one parameter; `name` is "" where it is wrong with several together."""

    name: str
    message: str


class Op(Protocol):
    """A catalog entry."""

    @property
    def name(self) -> str:
        """Canonical snake_case name."""
        ...

    @property
    def modality(self) -> str:
        """`image`, `text` or `audio`."""
        ...

    @property
    def library(self) -> str:
        """Whose op it is: a library such as `albumentations`, `augflow` itself, or `registered`."""
        ...

    @property
    def summary(self) -> str:
        """One line for people."""
        ...

    @property
    def version(self) -> int:
        """Part of the fingerprint; an op of a library has 1."""
        ...

    @property
    def default_p(self) -> float:
        """The chance to fire in `augment` where the spec does not say."""
        ...

    @property
    def params(self) -> Mapping[str, Param]:
        """Parameters by name, `p` not among them."""
        ...

    @property
    def carries(self) -> frozenset[str]:
        """What may follow an image through the op: of `mask`, `boxes`, `keypoints`. The op moves them
        as it moves pixels. Empty for other modalities."""
        ...

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters (defaults filled in, equal meanings made equal, JSON values only)
        and everything wrong with those given."""
        ...

    def build(self, params: Params) -> Transform:
        """The transform for canonical parameters."""
        ...

    def is_random(self, params: Params) -> bool:
        """Whether the op draws anything with these parameters, `p` aside."""
        ...

    def output_size(self, params: Params, size: Size) -> Size:
        """Height and width after the op, None where that cannot be known."""
        ...
