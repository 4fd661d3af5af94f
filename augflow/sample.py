"""What flows through a pipeline: one `Sample`, many as a `Batch`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

Fields = dict[str, Any]
"""The named parts of a sample, or the part of one field that an op sees (see `Transform`).

An image is uint8 (H, W, C) in 0..255, or float32 (H, W, C) in [0, 1]; the frames of a video have one
axis before. A text is a `str`, once tokenized int64 (tokens,). A sound is `Audio`, as a spectrogram
float32 (mels, frames). What follows an image is a mask, integers (H, W), `Boxes` or `Keypoints`.
"""

Drawn = Mapping[str, Any]
"""The parameters that an op drew for one sample, for people to read: numbers, strings, short lists."""

UNLABELED = -1
"""The label of a sample that has none."""

FOLLOWERS = "followers"
"""The part of an image field that holds what follows the image's geometry: values by field name."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A sound: `samples` float32 (channels, time) in [-1, 1], `sample_rate` in Hz."""

    samples: Array
    sample_rate: int


@dataclass(frozen=True, slots=True)
class Boxes:
    """n boxes on an image of (H, W) pixels.

    `corners` float32 (n, 4): x0, y0, x1, y1 in pixels, x1 and y1 outside the box; `labels` int64 (n,),
    indices into the class list; `weights` float32 (n,), below 1 where mixing has shared an image out;
    `masks` uint8 (n, H, W) of 0 and 1, one an instance, where the source has them. A box is dropped,
    with its label and mask, by an op that leaves less than `min_area` square pixels or less than the
    share `min_visibility` of it inside the image.
    """

    corners: Array
    labels: Array
    weights: Array
    masks: Array | None = None
    min_area: float = 0.0
    min_visibility: float = 0.0


@dataclass(frozen=True, slots=True)
class Keypoints:
    """n points: `points` float32 (n, 2), x and y in pixels; `labels` int64 (n,); `visible` bool (n,).

    A whole number is the middle of its pixel, where it is an edge for boxes.
    A point that leaves the image stays in its place of the list, with `visible` false.
    """

    points: Array
    labels: Array
    visible: Array


@dataclass(frozen=True, slots=True)
class Padded:
    """Tokens, samples or frames filled up at the end; `length` of them are real."""

    values: Array
    length: int


@dataclass(slots=True)
class Sample:
    """One item of a source.

    `id` is stable when the source grows and keys every draw; `index` is the position in the
    source; `label` is an index into the class list, or `UNLABELED`; `target` is float32 (K,) where
    the sample has a soft label, several labels or numbers to predict, and None where the label says it
    all. `row` holds the other columns of a table, for conditions (`when`).
    """

    id: str
    index: int
    fields: Fields
    label: int = UNLABELED
    target: Array | None = None
    row: Mapping[str, Any] = field(default_factory=dict)


class Batch(dict[str, Any]):
    """Rows of samples, one array a key; N rows, K classes.

    Always there: one array per field (`image`: uint8 or float32 (N, H, W, C)), `target` float32
    (N, K), `label` int64 (N,), `index` int64 (N,), `id` (N,) strings, `partner` int64 (N,),
    `lam` float32 (N,), `box` int32 (N, 4) as y0, x0, y1, x1, `valid` bool (N,), `replaced` bool (N,).
    """

    def __init__(self, columns: Mapping[str, Any], *, epoch: int, step: int) -> None:
        super().__init__(columns)
        self.epoch = epoch
        self.step = step

    @property
    def size(self) -> int:
        """How many rows there are, padding included."""
        return len(self["index"])


def frozen(array: Array) -> Array:
    """A read-only view of an array, for values that several readers share."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
