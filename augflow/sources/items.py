"""From what the items of a Python object hold to the values of fields."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array, Audio, Boxes, Keypoints, frozen
from augflow.sources.base import FieldKind, FieldRequest
from augflow.sources.classes import listed
from augflow.sources.columns import SCALARS, Scalar
from augflow.sources.decode import DAMAGED
from augflow.sources.decoding import NOUNS, checked_text, decode, read
from augflow.sources.index import printable
from augflow.sources.pixels import to_rgb
from augflow.sources.sounds import MAX_LEVEL

DEFAULT_KEYS: Mapping[FieldKind, tuple[str, ...]] = {
    "image": ("image", "img"),
    "audio": ("audio",),
    "text": ("text", "sentence"),
    "mask": ("mask",),
    "boxes": ("boxes",),
    "keypoints": ("keypoints",),
}
"""Keys of a mapping where a field may stand that says no other, after the field's own name."""

LABEL_KEYS = ("label", "target")

_BARE = {"array", "bytes"}
"""Keys of a mapping that is itself the value of a field."""

MOST_CHANNELS = 64
"""Sounds with more channels have their axes the other way round."""


def key_of(request: FieldRequest, keys: Container[Any]) -> str | None:
    """The key of a field among those of a mapping or table; None where there is none."""
    if request.origin is not None:
        return request.origin if request.origin in keys else None
    return next((key for key in (request.name, *DEFAULT_KEYS.get(request.kind, ())) if key in keys), None)


def field_value(request: FieldRequest, value: Any, place: str) -> Any:
    """The value of a field of what an item holds; raises `BadSampleError` naming `place`."""
    if isinstance(value, Mapping) and "bytes" in value and request.kind in ("image", "audio"):
        return _encoded(request.kind, value, place)
    if request.kind == "text" and isinstance(value, str):
        return checked_text(str(value), place)
    try:
        return _VALUES[request.kind](value)
    except DAMAGED as error:
        raise BadSampleError(place, f"{error}" or type(error).__name__) from error


def split_item(item: Any, fields: Sequence[FieldRequest], place: str) -> tuple[list[Any], Any]:
    """What an item holds for each field, and its label, None where there is none; raises
    `BadSampleError` where a field is absent."""
    if isinstance(item, Mapping):
        keys = [key_of(request, item) for request in fields]
        if None not in keys:
            label = next((item[key] for key in LABEL_KEYS if item.get(key) is not None), None)
            return [item[key] for key in keys], label
        if len(fields) > 1 or not _BARE & set(item):
            wanted = fields[keys.index(None)]
            has = listed(list(map(str, item)))
            raise BadSampleError(
                place, f"the item has no {wanted.origin or wanted.name!r}; its keys are {has}"
            )
    if len(fields) > 1:
        names = listed([request.name for request in fields])
        raise BadSampleError(
            place, f"an item of several fields is a mapping with the keys {names}, got {type(item).__name__}"
        )
    sound = fields[0].kind == "audio" and _is_sound_pair(item)
    if not isinstance(item, tuple | list) or sound or _are_frames(item):
        return [item], None
    if len(item) != 2:
        noun = NOUNS.get(fields[0].kind, fields[0].kind)
        raise BadSampleError(place, f"an item is a value ({noun}) or (value, label), got {len(item)} values")
    return [item[0]], item[1]


def _are_frames(item: Any) -> bool:
    """Whether a list is a video rather than a value and its label."""
    return isinstance(item, list) and all(
        isinstance(part, Image.Image) or (isinstance(part, np.ndarray) and part.ndim > 1) for part in item
    )


def other_keys(item: Mapping[Any, Any], fields: Sequence[FieldRequest]) -> tuple[str, ...]:
    """The keys of a mapping that are no field and no label, and hold a plain value."""
    used = {key_of(request, item) for request in fields} | {*LABEL_KEYS}
    return tuple(
        key
        for key, value in item.items()
        if isinstance(key, str) and key not in used and isinstance(plain_value(value), SCALARS)
    )


def plain_value(value: Any) -> Scalar:
    """A value as a Python scalar, numpy's among them; None for anything else."""
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, SCALARS) else None


def check_images(images: Array) -> Array:
    """N images or videos as one array; raises SourceError where it is none."""
    if images.ndim not in (3, 4, 5) or (images.ndim > 3 and images.shape[-1] not in (1, 3)):
        raise SourceError(
            "an array of images must be (N, H, W), (N, H, W, 1), (N, H, W, 3) or (N, T, H, W, C), got "
            f"{images.shape}; channels come last"
        )
    try:
        _check_dtype(images)
    except ValueError as error:
        raise SourceError(str(error)) from error
    return images


def _encoded(kind: FieldKind, value: Mapping[str, Any], place: str) -> Any:
    """A file as {"bytes", "path"}, of which one may be None."""
    data, path = value["bytes"], value.get("path")
    if isinstance(data, bytes):
        return decode(kind, data, place)
    if isinstance(path, str):
        return read(kind, path, f"{place} ({printable(path)})")
    raise BadSampleError(
        place, f"holds neither bytes nor a path; its keys are {listed(list(map(str, value)))}"
    )


def _image(value: Any) -> Array:
    """An image or the frames of a video, uint8 or float32 ([T,] H, W, C), read-only where it is the
    object's own memory."""
    if isinstance(value, Image.Image):
        return to_rgb(value)
    if isinstance(value, np.ndarray):
        return _pixels(value)
    if isinstance(value, list | tuple) and value:
        frames = [_image(frame) for frame in value]
        shapes = {frame.shape for frame in frames}
        if len(shapes) > 1 or frames[0].ndim != 3 or len({frame.dtype for frame in frames}) > 1:
            raise ValueError(f"the frames of a video must be images of one shape and dtype, got {shapes}")
        return np.stack(frames)
    got = type(value).__name__
    raise ValueError(f"an image is a Pillow image or a numpy array, got {got}; a video is a list of them")


def _pixels(pixels: Array) -> Array:
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    if pixels.ndim not in (3, 4) or pixels.shape[-1] not in (1, 3) or 0 in pixels.shape:
        raise ValueError(
            f"an image must be (H, W), (H, W, 1), (H, W, 3) or the frames (T, H, W, C), got {pixels.shape}; "
            "channels come last"
        )
    _check_dtype(pixels)
    if pixels.dtype == np.float32:
        low, high = float(pixels.min()), float(pixels.max())
        if not (low >= 0 and high <= 1):
            raise ValueError(f"float32 pixels must be in [0, 1], got {low:g} to {high:g}; divide by 255?")
    return frozen(np.ascontiguousarray(pixels))


def _check_dtype(pixels: Array) -> None:
    if pixels.dtype != np.uint8 and pixels.dtype != np.float32:
        raise ValueError(
            f"pixels must be uint8, or float32 in [0, 1], got {pixels.dtype}; convert them with "
            "`astype`, scaled to that range"
        )


def _audio(value: Any) -> Audio:
    if isinstance(value, Audio):
        return _sound(value.samples, value.sample_rate)
    if isinstance(value, Mapping):
        if "array" not in value or "sampling_rate" not in value:
            keys = listed(list(map(str, value)))
            raise ValueError(f"a sound as a mapping has `array` and `sampling_rate`, its keys are {keys}")
        return _sound(value["array"], value["sampling_rate"])
    if _is_sound_pair(value):
        return _sound(*value)
    if isinstance(value, np.ndarray):
        raise ValueError("an array alone does not say its sample rate; give (samples, rate)")
    raise ValueError(
        'a sound is augflow.sample.Audio, (samples, rate) or {"array", "sampling_rate"}, got '
        f"{type(value).__name__}"
    )


def _is_sound_pair(value: Any) -> bool:
    """Whether a value is (samples, rate)."""
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and isinstance(value[0], np.ndarray)
        and isinstance(value[1], int | np.integer)
    )


def _sound(samples: Any, rate: Any) -> Audio:
    array = np.asarray(samples)
    if array.dtype.kind != "f":
        raise ValueError(f"samples must be floats in [-1, 1], got {array.dtype}; divide by full scale")
    array = np.atleast_2d(array)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"samples must be (time,) or (channels, time) and not empty, got {array.shape}")
    if array.shape[0] > MOST_CHANNELS:
        raise ValueError(f"samples must be (channels, time), got {array.shape}; transpose them")
    if isinstance(rate, bool) or not isinstance(rate, int | np.integer) or rate < 1:
        raise ValueError(f"the sample rate must be a whole number of Hz, got {rate!r}")
    loudest = float(np.abs(array).max())
    if not loudest <= MAX_LEVEL:
        raise ValueError(f"samples must be finite and in [-1, 1], got {loudest:g}; divide by full scale")
    return Audio(frozen(np.ascontiguousarray(array, np.float32)), int(rate))


def _text(value: Any) -> str:
    raise ValueError(f"a text is a str, got {type(value).__name__}")


def _mask(value: Any) -> Array:
    """Class or instance numbers, integers (H, W)."""
    array = np.asarray(value)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8)
    if array.ndim != 2 or 0 in array.shape or array.dtype.kind not in "iu":
        raise ValueError(f"a mask must be integers (H, W), got {array.dtype} {array.shape}")
    return frozen(np.ascontiguousarray(array))


def _boxes(value: Any) -> Boxes:
    if isinstance(value, Boxes):
        return value
    corners, labels, _ = _columns(value, "boxes", 4)
    wrong = np.flatnonzero((corners[:, 2] <= corners[:, 0]) | (corners[:, 3] <= corners[:, 1]))
    if wrong.size:
        raise ValueError(
            f"a box is x0, y0, x1, y1 in pixels with x1 > x0 and y1 > y0, got {corners[wrong[0]].tolist()}"
        )
    return Boxes(corners, labels, np.ones(len(corners), np.float32))


def _keypoints(value: Any) -> Keypoints:
    if isinstance(value, Keypoints):
        return value
    points, labels, visible = _columns(value, "points", 2)
    return Keypoints(points, labels, np.ones(len(points), np.bool_) if visible is None else visible)


def _columns(value: Any, name: str, width: int) -> tuple[Array, Array, Array | None]:
    """Coordinates float32 (n, width), labels int64 (n,), 0 without any, and what is visible bool (n,)."""
    if not isinstance(value, Mapping) or name not in value:
        raise ValueError(f'needs {{"{name}": (n, {width}), "labels": (n,)}}, got {type(value).__name__}')
    rows = np.asarray(value[name], np.float32)
    rows = rows.reshape(0, width) if not rows.size else rows
    if rows.ndim != 2 or rows.shape[1] != width or not np.isfinite(rows).all():
        raise ValueError(f"{name} must be finite numbers (n, {width}), got {rows.shape}")
    labels = np.asarray(value.get("labels", np.zeros(len(rows), np.int64)))
    visible = value.get("visible")
    visible = None if visible is None else np.asarray(visible, np.bool_)
    if labels.size and labels.dtype.kind not in "iu":
        raise ValueError(f"labels of {name} must be indices into the class list, got {labels.dtype}")
    if any(part is not None and part.shape != (len(rows),) for part in (labels, visible)):
        raise ValueError(f"{len(rows)} {name} need as many labels, got {labels.shape}")
    return rows, labels.astype(np.int64), visible


_VALUES: Mapping[FieldKind, Callable[[Any], Any]] = {
    "image": _image,
    "audio": _audio,
    "text": _text,
    "mask": _mask,
    "boxes": _boxes,
    "keypoints": _keypoints,
}
