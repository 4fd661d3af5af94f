"""The boxes of many images, packed, as readers of annotations gather them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from augflow.errors import BadSampleError
from augflow.sample import Array, Boxes
from augflow.sources.columns import PackedNames
from augflow.sources.index import FINGERPRINT_BYTES
from augflow.sources.outlines import packed, painted

Corners = tuple[float, float, float, float]
"""x0, y0, x1, y1."""

UNKNOWN_SIZE = (0, 0)

MAX_MASK_BYTES = 2 * 10**9
"""More masks of instances on one image are refused before memory for them is taken."""

ROUNDING = 1e-3
"""A box that reaches no further beyond its image, in shares of the side, counts as rounded and not as cut."""


@dataclass(frozen=True, eq=False)
class BoxTable:
    """The m boxes of n images: those of image i stand in rows offsets[i] to offsets[i + 1]."""

    classes: tuple[str, ...]
    description: str
    offsets: NDArray[np.int64]
    corners: NDArray[np.float64]
    """(m, 4): pixels, or shares of the sides."""
    labels: NDArray[np.int64]
    sizes: NDArray[np.int64]
    """(n, 2): height and width that the annotation gives the image, 0 where it gives none."""
    outlines: PackedNames | None
    """Of each box, where masks are asked for."""
    in_shares: bool

    def read(self, index: int, size: tuple[int, ...], place: str) -> Boxes:
        """The boxes on an image (height, width), cut at its edges; raises `BadSampleError`."""
        stated = tuple(int(side) for side in self.sizes[index])
        if stated not in (UNKNOWN_SIZE, size):
            raise BadSampleError(place, size_mismatch("its annotation", stated, size))
        rows = slice(self.offsets[index], self.offsets[index + 1])
        limits = np.array([size[1], size[0], size[1], size[0]], np.float64)
        corners = self.corners[rows] * (limits if self.in_shares else 1)
        corners = np.clip(corners, 0, limits).astype(np.float32)
        empty = np.flatnonzero((corners[:, :2] >= corners[:, 2:]).any(axis=1))
        if empty.size:
            raise BadSampleError(place, f"box {empty[0] + 1} of its annotation lies outside the image")
        count = len(corners)
        masks = None if self.outlines is None else self._masks(self.outlines, rows, size, place)
        return Boxes(corners, self.labels[rows], np.ones(count, np.float32), masks)

    def _masks(self, outlines: PackedNames, rows: slice, size: tuple[int, ...], place: str) -> Array:
        count = int(rows.stop - rows.start)
        if (total := count * size[0] * size[1]) > MAX_MASK_BYTES:
            raise BadSampleError(
                place,
                f"the masks of its {count:,} boxes take {total:,} bytes, above the limit of "
                f"{MAX_MASK_BYTES:,}; leave #masks out, or cut the image into pieces",
            )
        masks = np.zeros((count, *size), np.uint8)
        unit = (size[1], size[0]) if self.in_shares else (1, 1)
        for number, row in enumerate(range(rows.start, rows.stop)):
            try:
                masks[number] = painted(outlines[row], size, unit)
            except ValueError as error:
                raise BadSampleError(place, f"box {number + 1} of its annotation: {error}") from error
        return masks

    def fingerprint(self) -> str:
        """Hex digest of all that it holds."""
        hasher = blake2b("\0".join(self.classes).encode(), digest_size=FINGERPRINT_BYTES)
        for array in (self.offsets, self.corners, self.labels, self.sizes):
            hasher.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
        for part in self.outlines.content() if self.outlines else ():
            hasher.update(part)
        return hasher.hexdigest()


def size_mismatch(what: str, stated: Sequence[int], size: Sequence[int]) -> str:
    """Why an image and what belongs to it do not fit together; sizes are (height, width)."""
    sides = f"{stated[1]} x {stated[0]} pixels (width x height)"
    return f"{what} is for {sides}, the image has {size[1]} x {size[0]}"


def boxes_counted(number: int) -> str:
    """`1 box` or `1,200 boxes`."""
    return f"{number:,} box{'' if number == 1 else 'es'}"


@dataclass
class GatheredBoxes:
    """Boxes on their way into a table, in any order of the images."""

    with_outlines: bool
    in_shares: bool = False
    rows: list[tuple[int, Corners, int, bytes]] = field(default_factory=list)
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By image: height and width, where the annotation says."""
    cut: int = 0

    def add(self, image: int, corners: Corners, label: int, outline: object = None) -> str | None:
        """Take a box, or say what is wrong with it."""
        x0, y0, x1, y1 = corners
        if not np.isfinite(corners).all():
            return f"coordinates must be finite numbers, got {list(corners)}"
        if x1 <= x0 or y1 <= y0:
            return f"a box must be wider and higher than 0, got {x1 - x0:g} x {y1 - y0:g}"
        height, width = (1, 1) if self.in_shares else self.sizes.get(image, UNKNOWN_SIZE)
        if width:
            if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
                return f"the box lies outside the image: x {x0:g} to {x1:g}, y {y0:g} to {y1:g}"
            self.cut += max(-x0 / width, -y0 / height, x1 / width - 1, y1 / height - 1) > ROUNDING
        self.rows.append((image, corners, label, packed(outline) if self.with_outlines else b""))
        return None

    def table(self, count: int, classes: tuple[str, ...], told: str) -> BoxTable:
        """The boxes of `count` images; `told` says of what they were read."""
        rows = sorted(self.rows, key=lambda row: row[0])
        offsets = np.zeros(count + 1, np.int64)
        np.cumsum(np.bincount([row[0] for row in rows], minlength=count), out=offsets[1:])
        sizes = np.array([self.sizes.get(image, UNKNOWN_SIZE) for image in range(count)], np.int64)
        told = f"{boxes_counted(len(rows))} {told}"
        if self.cut:
            told += f", {boxes_counted(self.cut)} cut at the image's edge"
        return BoxTable(
            classes,
            told,
            offsets,
            np.array([row[1] for row in rows], np.float64).reshape(-1, 4),
            np.array([row[2] for row in rows], np.int64),
            sizes.reshape(-1, 2),
            PackedNames.pack([row[3] for row in rows]) if self.with_outlines else None,
            self.in_shares,
        )
