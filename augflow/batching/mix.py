"""Mixing the samples of a tile, with soft labels: what is drawn, and what it means for one row.

- mixup: Zhang et al. 2018, arXiv:1710.09412; `lam` is drawn from Beta(alpha, alpha).
- cutmix: Yun et al. 2019, arXiv:1905.04899; the label weight comes from the pixels that were pasted
  after rounding and clipping, not from the lambda that was drawn.
- cutout: DeVries & Taylor 2017, arXiv:1708.04552; labels stay.

Deviations from the papers: partners form one random cycle through the tile, so nobody is mixed with
itself; lambda is drawn for each sample unless `per: tile` asks for the papers' one lambda.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from augflow.rng import Key, KeyedRandom
from augflow.sample import Array

Per = Literal["sample", "tile"]
Probability = Annotated[float, Field(ge=0, le=1)]
Alpha = Annotated[float, Field(gt=0, le=1000)]


class MixOp(BaseModel):
    """What all mixing ops share. `p` counts in samples or tiles, as `per` says."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
    op: ClassVar[str]
    summary: ClassVar[str]
    p: Probability = 1.0
    per: Per = "sample"


class Mixup(MixOp):
    """`out = lam * own + (1 - lam) * partner` in the dtype on the wire."""

    op: ClassVar[str] = "mixup"
    summary: ClassVar[str] = "blend two samples and their labels (Zhang 2018)"
    alpha: Alpha = 0.2


class Cutmix(MixOp):
    """A box of the partner is pasted over the own image; of a sound a stretch of time, of a text words."""

    op: ClassVar[str] = "cutmix"
    summary: ClassVar[str] = "paste a part of another sample, mix labels by its share (Yun 2019)"
    alpha: Alpha = 1.0


class Cutout(MixOp):
    """A square of `size` times each side is filled with `fill` (0..255); labels stay. Of a sound, a
    stretch of that share falls silent."""

    op: ClassVar[str] = "cutout"
    summary: ClassVar[str] = "erase a square, keep the label (DeVries 2017)"
    size: Annotated[float, Field(gt=0, le=1)] = 0.5
    fill: Annotated[int, Field(ge=0, le=255)] = 0


MIX_OPS: Mapping[str, type[MixOp]] = {cls.op: cls for cls in (Mixup, Cutmix, Cutout)}


@dataclass(frozen=True)
class MixStep:
    """Mixing ops of which one fires for each sample (or tile), with probability `p`."""

    path: str
    p: float
    per: Per
    ops: tuple[MixOp, ...]
    weights: tuple[float, ...]
    op_paths: tuple[str, ...]

    def canonical(self) -> dict[str, Any]:
        """The content that decides what mixing does, for fingerprints."""
        ops = [{"op": op.op, **op.model_dump()} for op in self.ops]
        weights = [weight / sum(self.weights) for weight in self.weights]
        return {"path": self.path, "p": self.p, "per": self.per, "ops": ops, "weights": weights}


@dataclass(frozen=True)
class MixDraws:
    """What was drawn for the n rows of a tile, before any pixel is known.

    `op` is the number in `ops` of the op that fires for a row, -1 for none; `partner` the row it is
    mixed with; `lam` the drawn lambda; `center` two numbers in [0, 1) for the place of a box.
    """

    ops: tuple[MixOp, ...]
    op: Array
    partner: Array
    lam: Array
    center: Array


def draw_mix(step: MixStep, key: Key, n: int, rng: KeyedRandom) -> MixDraws:
    """Everything that mixing draws for a tile of `n` samples."""
    rng.rekey(key.at(step.path.encode()))
    cycle = rng.generator.permutation(n)
    partner = np.empty(n, np.int64)
    partner[cycle] = np.roll(cycle, -1)
    count = 1 if step.per == "tile" else n
    fires = rng.generator.random(count) < step.p
    shares = np.asarray(step.weights) / sum(step.weights)
    chosen = np.searchsorted(np.cumsum(shares)[:-1], rng.generator.random(count), side="right")
    op = np.broadcast_to(np.where(fires, chosen, -1), (n,)).copy()
    lam = np.ones(n)
    center = np.zeros((n, 2))
    for number, (mix_op, path) in enumerate(zip(step.ops, step.op_paths, strict=True)):
        rng.rekey(key.at(path.encode()))
        alpha = getattr(mix_op, "alpha", None)
        drawn = rng.generator.beta(alpha, alpha, count) if alpha else np.ones(count)
        places = rng.generator.random((count, 2))
        mine = op == number
        if mix_op.p <= 0:
            op[mine] = -1
            continue
        lam[mine] = np.broadcast_to(drawn, (n,))[mine]
        center[mine] = np.broadcast_to(places, (n, 2))[mine]
    if n == 1 and not isinstance(step.ops[op[0]], Cutout):
        op[0] = -1  # a tile of one has nobody to mix with
    return MixDraws(step.ops, op, partner, lam, center)


@dataclass(frozen=True)
class Mixed:
    """How one row is mixed. `partner` is a row of the tile, its own where no label is mixed in;
    `lam` the weight of the own label; `box` is y0, x0, y1, x1, zeros where there is none. Along time,
    and along the words of a text, `box` is 0, first, 1, last."""

    op: MixOp | None
    partner: int
    lam: float
    box: tuple[int, int, int, int]


NOWHERE = (0, 0, 0, 0)


def unmixed(row: int) -> Mixed:
    """A row left as it is."""
    return Mixed(None, row, 1.0, NOWHERE)


def row_mixing(draws: MixDraws, row: int, extent: tuple[int, ...]) -> Mixed:
    """What the draws of a tile mean for one row of a known extent: (height, width), or (length,)."""
    number = int(draws.op[row])
    if number < 0:
        return unmixed(row)
    op, partner = draws.ops[number], int(draws.partner[row])
    if isinstance(op, Mixup):
        return Mixed(op, partner, float(np.float32(draws.lam[row])), NOWHERE)
    share = 1.0 - draws.lam[row]
    if len(extent) == 1:
        side = op.size if isinstance(op, Cutout) else float(share)
        box = _box(1, extent[0], (1.0, side), draws.center[row])
    else:
        side = op.size if isinstance(op, Cutout) else float(np.sqrt(share))
        box = _box(extent[0], extent[1], (side, side), draws.center[row])
    cells = (box[2] - box[0]) * (box[3] - box[1])
    if cells == 0:
        return unmixed(row)
    if isinstance(op, Cutout):
        return Mixed(op, row, 1.0, box)
    return Mixed(op, partner, 1.0 - cells / math.prod(extent), box)


def mix_target(target: Array, partner_target: Array, lam: float) -> Array:
    """The soft label float32 (K,) of a mixed row."""
    weight = np.float32(lam)
    return weight * target + (np.float32(1) - weight) * partner_target


def _box(height: int, width: int, sides: tuple[float, float], center: Array) -> tuple[int, int, int, int]:
    """A box of shares of height and width around a uniformly drawn cell, clipped to what there is."""
    box_height, box_width = round(height * sides[0]), round(width * sides[1])
    y, x = int(center[0] * height), int(center[1] * width)
    y0, x0 = y - box_height // 2, x - box_width // 2
    y1, x1 = y0 + box_height, x0 + box_width
    return max(y0, 0), max(x0, 0), max(min(y1, height), 0), max(min(x1, width), 0)
