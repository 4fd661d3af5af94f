"""Mixing the samples of a tile, with soft labels.

- mixup: Zhang et al. 2018, arXiv:1710.09412; `lam` is drawn from Beta(alpha, alpha).
- cutmix: Yun et al. 2019, arXiv:1905.04899; the label weight comes from the pixels that were pasted
  after rounding and clipping, not from the lambda that was drawn.
- cutout: DeVries & Taylor 2017, arXiv:1708.04552; labels stay.

Deviations from the papers: partners form one random cycle through the tile, so nobody is mixed with
itself; lambda is drawn for each sample unless `per: tile` asks for the papers' one lambda.
"""

from __future__ import annotations

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
    """A box of the partner is pasted over the own image."""

    op: ClassVar[str] = "cutmix"
    summary: ClassVar[str] = "paste a box of another sample, mix labels by area (Yun 2019)"
    alpha: Alpha = 1.0


class Cutout(MixOp):
    """A square of `size` times each side is filled with `fill` (0..255); labels stay."""

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

    `op` is the number of the op that fires for a row, -1 for none; `partner` the row it is mixed
    with; `lam` the drawn lambda; `center` two numbers in [0, 1) for the place of a box.
    """

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
        lam[mine] = np.broadcast_to(drawn, (n,))[mine]
        center[mine] = np.broadcast_to(places, (n, 2))[mine]
    if n == 1 and not isinstance(step.ops[op[0]], Cutout):
        op[0] = -1  # a tile of one has nobody to mix with
    return MixDraws(op, partner, lam, center)


@dataclass(frozen=True)
class Mixed:
    """How one row is mixed. `partner` is a row of the tile, its own where no label is mixed in;
    `lam` the weight of the own label; `box` is y0, x0, y1, x1, zeros where there is none."""

    op: MixOp | None
    partner: int
    lam: float
    box: tuple[int, int, int, int]


def row_mixing(step: MixStep, draws: MixDraws, row: int, height: int, width: int) -> Mixed:
    """What the draws of a tile mean for one row of a known size in pixels."""
    nowhere = (0, 0, 0, 0)
    unmixed = Mixed(None, row, 1.0, nowhere)
    number = int(draws.op[row])
    if number < 0:
        return unmixed
    op, partner = step.ops[number], int(draws.partner[row])
    if isinstance(op, Mixup):
        return Mixed(op, partner, float(np.float32(draws.lam[row])), nowhere)
    side = op.size if isinstance(op, Cutout) else float(np.sqrt(1.0 - draws.lam[row]))
    box = _box(height, width, side, draws.center[row])
    pixels = (box[2] - box[0]) * (box[3] - box[1])
    if pixels == 0:
        return unmixed
    if isinstance(op, Cutout):
        return Mixed(op, row, 1.0, box)
    return Mixed(op, partner, 1.0 - pixels / (height * width), box)


def mix_image(mixed: Mixed, own: Array, partner: Array) -> Array:
    """The mixed image, a new array; (H, W, C) uint8, or float32 in [0, 1]."""
    y0, x0, y1, x1 = mixed.box
    if isinstance(mixed.op, Mixup):
        return _blend(own, partner, mixed.lam)
    out = own.copy()
    if isinstance(mixed.op, Cutout):
        out[y0:y1, x0:x1] = mixed.op.fill if out.dtype == np.uint8 else mixed.op.fill / 255
    elif isinstance(mixed.op, Cutmix):
        out[y0:y1, x0:x1] = partner[y0:y1, x0:x1]
    return out


def mix_target(target: Array, partner_target: Array, lam: float) -> Array:
    """The soft label float32 (K,) of a mixed row."""
    weight = np.float32(lam)
    return weight * target + (np.float32(1) - weight) * partner_target


def _box(height: int, width: int, side: float, center: Array) -> tuple[int, int, int, int]:
    """A box of `side` times height and width around a uniformly drawn pixel, clipped to the image."""
    box_height, box_width = round(height * side), round(width * side)
    y, x = int(center[0] * height), int(center[1] * width)
    y0, x0 = y - box_height // 2, x - box_width // 2
    y1, x1 = y0 + box_height, x0 + box_width
    return max(y0, 0), max(x0, 0), max(min(y1, height), 0), max(min(x1, width), 0)


def _blend(own: Array, partner: Array, lam: float) -> Array:
    blended = np.multiply(own, np.float32(lam), dtype=np.float32)
    blended += np.multiply(partner, np.float32(1.0) - np.float32(lam), dtype=np.float32)
    if own.dtype != np.uint8:
        return blended
    return np.rint(blended, out=blended).astype(np.uint8)
