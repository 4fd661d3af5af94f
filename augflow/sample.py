"""What flows through a pipeline: one `Sample`, many as a `Batch`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

Fields = dict[str, Any]
"""The named parts of a sample. `image` is uint8 (H, W, C) in 0..255, or float32 (H, W, C) in [0, 1]."""

Drawn = Mapping[str, Any]
"""The parameters that an op drew for one sample, for people to read: numbers, strings, short lists."""

UNLABELED = -1
"""The label of a sample that has none."""


@dataclass(slots=True)
class Sample:
    """One item of a source.

    `id` is stable when the source grows and keys every draw; `index` is the position in the
    source; `label` is an index into the class list, or `UNLABELED`; `target` is float32 (K,) where
    the sample has a soft label, and None where the label says it all.
    """

    id: str
    index: int
    fields: Fields
    label: int = UNLABELED
    target: Array | None = None


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
