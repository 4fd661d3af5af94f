"""What mixing does to a value: images, sounds, spectrograms, texts, and what follows an image.

Nothing is blended that cannot be: words, class ids of a mask. Sounds are matched in loudness before they
are blended, since the louder one would drown the other whatever lambda says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from augflow.batching.mix import Cutmix, Cutout, Mixed, Mixup
from augflow.batching.words import word_spans
from augflow.errors import CollateError
from augflow.sample import Array, Audio, Boxes, Keypoints, Padded

ROUNDING = 1e-3
"""Square pixels that float32 corners may be off by."""


def extent_of(value: Any, modality: str) -> tuple[int, ...]:
    """What boxes are drawn in: (height, width) of an image, (time,) of a sound, (words,) of a text."""
    if modality == "image":
        return (value.shape[-3], value.shape[-2])
    if isinstance(value, Audio):
        return (value.samples.shape[-1],)
    if isinstance(value, str):
        return (len(word_spans(value)),)
    if isinstance(value, Padded):
        return (value.length,)
    return (value.shape[-1],)


def mix_value(mixed: Mixed, own: Any, partner: Any) -> tuple[Any, Mixed]:
    """The mixed value, a new one, and how it was mixed: a partner that is shorter than what is pasted
    has a smaller share, and with nothing to paste the op is None. Raises `CollateError` for values that
    cannot be mixed."""
    if isinstance(own, np.ndarray) and own.ndim > 2:
        if own.shape != partner.shape:
            raise CollateError(f"the first is {own.shape}, the other {partner.shape}; add resize or a crop")
        return mix_image(mixed, own, partner), mixed
    if isinstance(own, Audio):
        return _mix_audio(mixed, own, partner)
    if isinstance(own, str):
        return _mix_text(mixed, own, partner)
    if isinstance(own, Padded):
        raise CollateError("they are padded already; leave `pad` out, or mix before `finish`")
    if own.ndim == 1:
        return _paste(mixed, own, partner, 0)
    return _mix_spectrogram(mixed, own, partner)


def mix_image(mixed: Mixed, own: Array, partner: Array) -> Array:
    """The mixed image, a new array; (..., H, W, C) uint8, or float32 in [0, 1]."""
    y0, x0, y1, x1 = mixed.box
    if isinstance(mixed.op, Mixup):
        return _blend(own, partner, mixed.lam)
    out = own.copy()
    if isinstance(mixed.op, Cutout):
        out[..., y0:y1, x0:x1, :] = mixed.op.fill if out.dtype == np.uint8 else mixed.op.fill / 255
    elif isinstance(mixed.op, Cutmix):
        out[..., y0:y1, x0:x1, :] = partner[..., y0:y1, x0:x1, :]
    return out


def _mix_audio(mixed: Mixed, own: Audio, partner: Audio) -> tuple[Audio, Mixed]:
    found = (partner.sample_rate, partner.samples.shape[0])
    expected = (own.sample_rate, own.samples.shape[0])
    if found != expected:
        raise CollateError(
            f"the first has {expected[0]} Hz and {expected[1]} channels, the other {found[0]} Hz and "
            f"{found[1]}; add resample and mono to `prepare`"
        )
    if isinstance(mixed.op, Mixup):
        weight = np.float32(mixed.lam)
        samples = own.samples * weight
        shared = min(samples.shape[1], partner.samples.shape[1])
        gain = (np.float32(1) - weight) * _loudness_ratio(own.samples, partner.samples)
        samples[:, :shared] += partner.samples[:, :shared] * gain
        return replace(own, samples=np.clip(samples, -1, 1, out=samples)), mixed
    samples, mixed = _paste(mixed, own.samples, partner.samples, 0)
    return replace(own, samples=samples), mixed


def _loudness_ratio(own: Array, partner: Array) -> np.float32:
    """What brings the partner to the own root mean square; 1 where one of them is silent."""
    if not own.size or not partner.size:
        return np.float32(1)
    levels = [float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) for samples in (own, partner)]
    return np.float32(levels[0] / levels[1]) if min(levels) > 0 else np.float32(1)


def _mix_spectrogram(mixed: Mixed, own: Array, partner: Array) -> tuple[Array, Mixed]:
    if own.shape[0] != partner.shape[0]:
        raise CollateError(
            f"the first has {own.shape[0]} bands, the other {partner.shape[0]}; end `finish` with one log_mel"
        )
    if not isinstance(mixed.op, Mixup):
        return _paste(mixed, own, partner, own.min())
    out = own.copy()
    shared = min(own.shape[1], partner.shape[1])
    out[:, :shared] = _blend(own[:, :shared], partner[:, :shared], mixed.lam)
    return out, mixed


def _paste(mixed: Mixed, own: Array, partner: Array, silence: float) -> tuple[Array, Mixed]:
    """A stretch of the partner's last axis over the own; of the same place where the partner is as long."""
    _, first, _, last = mixed.box
    out = own.copy()
    if isinstance(mixed.op, Cutout):
        out[..., first:last] = silence
        return out, mixed
    width = min(last - first, partner.shape[-1])
    if width == 0:
        return out, replace(mixed, op=None)
    start = min(first, partner.shape[-1] - width)
    out[..., first : first + width] = partner[..., start : start + width]
    lam = 1.0 - width / own.shape[-1]
    return out, replace(mixed, lam=lam, box=(0, first, 1, first + width))


def _mix_text(mixed: Mixed, own: str, partner: str) -> tuple[str, Mixed]:
    """Words `first` to `last` give way to as many of the partner's; both keep their bytes otherwise."""
    if not isinstance(mixed.op, Cutmix):
        raise CollateError("words cannot be blended")
    _, first, _, last = mixed.box
    spans, others = word_spans(own), word_spans(partner)
    count = min(last - first, len(others))
    if count == 0:
        return own, replace(mixed, op=None)
    start = min(first, len(others) - count)
    pasted = partner[others[start][0] : others[start + count - 1][1]]
    before, after = own[: spans[first][0]], own[spans[last - 1][1] :]
    text = before + _seam(before, pasted) + pasted + _seam(pasted, after) + after
    kept = len(spans) - (last - first)
    return text, replace(mixed, lam=kept / (kept + count), box=(0, first, 1, first + count))


def _seam(left: str, right: str) -> str:
    """A blank where two words would become one: texts without blanks meet texts with them."""
    edge = left[-1:] + right[:1]
    return " " if len(edge) == 2 and word_spans(edge) == [(0, 2)] else ""


def mix_follower(mixed: Mixed, own: Any, partner: Any) -> Any:
    """What follows a mixed image. Masks are pasted and never blended; boxes are united, weighted by what
    is left of their image; own keypoints under a pasted box become invisible."""
    y0, x0, y1, x1 = mixed.box
    if isinstance(own, Boxes):
        return _unite(mixed, own, partner)
    if not isinstance(mixed.op, Cutmix):
        return own
    if isinstance(own, Keypoints):
        x, y = own.points[:, 0], own.points[:, 1]
        covered = (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
        return replace(own, visible=own.visible & ~covered)
    if own.shape != partner.shape:
        raise CollateError(f"the first mask is {own.shape}, the other {partner.shape}")
    out = own.copy()
    out[..., y0:y1, x0:x1] = partner[..., y0:y1, x0:x1]
    return out


def _unite(mixed: Mixed, own: Boxes, partner: Boxes) -> Boxes:
    if isinstance(mixed.op, Mixup):
        lam = np.float32(mixed.lam)
        weighted = replace(own, weights=own.weights * lam)
        return _joined(weighted, replace(partner, weights=partner.weights * (np.float32(1) - lam)))
    if not isinstance(mixed.op, Cutmix):
        return own
    box = np.array(mixed.box, np.float32)[[1, 0, 3, 2]]
    left = _area(own.corners) - _overlap(own.corners, box)
    inside = _overlap(partner.corners, box)
    low, high = box[[0, 1, 0, 1]], box[[2, 3, 2, 3]]
    kept, pasted = _chosen(own, _seen(own, left)), _chosen(partner, _seen(partner, inside))
    if kept.masks is not None and pasted.masks is not None:
        y0, x0, y1, x1 = mixed.box
        window = np.zeros(kept.masks.shape[1:], np.uint8)
        window[y0:y1, x0:x1] = 1
        kept, pasted = _cut(kept, kept.masks, 1 - window), _cut(pasted, pasted.masks, window)
    return _joined(kept, replace(pasted, corners=np.clip(pasted.corners, low, high)))


def _seen(boxes: Boxes, area: Array) -> Array:
    """Which boxes stay where so many square pixels of each can be seen."""
    share = boxes.min_visibility * _area(boxes.corners) - ROUNDING
    seen: Array = (area > ROUNDING) & (area >= boxes.min_area) & (area >= share)
    return seen


def _cut(boxes: Boxes, masks: Array, window: Array) -> Boxes:
    """Boxes with their masks (n, H, W) cut to a window; those of which nothing is left go."""
    cut = masks * window
    shown = np.logical_or(cut.any(axis=(1, 2)), ~np.asarray(masks.any(axis=(1, 2))))
    return _chosen(replace(boxes, masks=cut), shown)


def _area(corners: Array) -> Array:
    area: Array = (corners[:, 2] - corners[:, 0]) * (corners[:, 3] - corners[:, 1])
    return area


def _overlap(corners: Array, box: Array) -> Array:
    """How much of each box (n, 4) lies inside one, in square pixels."""
    sides = np.minimum(corners[:, 2:], box[2:]) - np.maximum(corners[:, :2], box[:2])
    overlap: Array = np.prod(np.clip(sides, 0, None), axis=1)
    return overlap


def _chosen(boxes: Boxes, wanted: Array) -> Boxes:
    masks = None if boxes.masks is None else boxes.masks[wanted]
    return replace(
        boxes,
        corners=boxes.corners[wanted],
        labels=boxes.labels[wanted],
        weights=boxes.weights[wanted],
        masks=masks,
    )


def _joined(first: Boxes, second: Boxes) -> Boxes:
    masks = None
    if first.masks is not None and second.masks is not None:
        masks = np.concatenate([first.masks, second.masks])
    return replace(
        first,
        corners=np.concatenate([first.corners, second.corners]),
        labels=np.concatenate([first.labels, second.labels]),
        weights=np.concatenate([first.weights, second.weights]),
        masks=masks,
    )


def _blend(own: Array, partner: Array, lam: float) -> Array:
    blended = np.multiply(own, np.float32(lam), dtype=np.float32)
    blended += np.multiply(partner, np.float32(1.0) - np.float32(lam), dtype=np.float32)
    if own.dtype != np.uint8:
        return blended
    return np.rint(blended, out=blended).astype(np.uint8)
