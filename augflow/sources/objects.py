"""Any Python object with `__len__` and `__getitem__` as a source, and numpy arrays.

An item is an image, an (image, label) pair, or {"image": ..., "label": ...}. Images are Pillow images
or arrays (H, W), (H, W, 1) or (H, W, 3), uint8 or float32 in [0, 1]. An array (N, H, W[, C]) is N
unlabeled images; a tuple of two arrays, the second one-dimensional, is images and their labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
from PIL import Image

from augflow.errors import BadSampleError, SourceError
from augflow.sample import UNLABELED, Array, Sample, frozen
from augflow.sources.base import TargetKind
from augflow.sources.classes import ClassList, counted, listed
from augflow.sources.decode import DAMAGED
from augflow.sources.index import FINGERPRINT_BYTES
from augflow.sources.numbering import Numbering, distinct_labels
from augflow.sources.pixels import to_rgb

PROBES = 8
"""How many items are tried, until one can be read, to see whether they have labels."""


class _Pairs:
    """Images (N, H, W[, C]) and labels (N,) as one sequence of pairs."""

    def __init__(self, images: Array, labels: Array) -> None:
        self._images = images
        self.targets = labels

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> tuple[Array, Any]:
        return self._images[index], self.targets[index]


@dataclass(frozen=True, eq=False)
class ObjectSource:
    """The items of a Python object; picklable where the object is."""

    items: Any
    name: str
    """What the object is, for people."""
    numbering: Numbering | None
    """None where the items have no labels."""
    digest: str
    target_kind: TargetKind = "class"
    columns: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the labels."""
        return self.numbering.classes.names if self.numbering is not None else ()

    @property
    def description(self) -> str:
        """Type, length and classes."""
        labels = "unlabeled"
        if self.numbering is not None:
            labels = f"{counted(len(self.classes), 'class')} ({listed(self.classes)})"
        return f"Python object {self.name}: {counted(len(self), 'image')}, {labels}"

    def __len__(self) -> int:
        return len(self.items)

    def sample_id(self, index: int) -> str:
        """What the object's own `sample_id(index)` says, else the index."""
        return str(self.items.sample_id(index)) if hasattr(self.items, "sample_id") else str(index)

    def place(self, index: int) -> str:
        """The index and the type."""
        return f"item {index} of {self.name}"

    def read(self, index: int) -> Sample:
        """One item, its image as field `image` (H, W, C); raises `BadSampleError`."""
        place = self.place(index)
        image, label = _split(_item(self.items, index, place), place)
        if (label is None) != (self.numbering is None):
            has, others = ("no label", "have one") if label is None else ("a label", "have none")
            raise BadSampleError(place, f"the item has {has}, but the first items {others}")
        number = UNLABELED if self.numbering is None else self.numbering.number(label, place)
        return Sample(self.sample_id(index), index, {"image": _pixels(image, place)}, number)

    def lengths(self) -> None:
        """Not known without reading every item."""

    def fingerprint(self) -> str:
        """Hex digest of type, length, the object's own `fingerprint()` and its ids, where it has them."""
        return self.digest


def open_object(source: object, classes: ClassList | None) -> ObjectSource:
    """A source over a Python object.

    The class list is `classes`, else the object's own `classes`, else what its `targets` or `labels`
    hold, else, for a list or tuple, what one pass over the items finds.
    """
    name = f"{type(source).__module__}.{type(source).__qualname__}".removeprefix("builtins.")
    items = _items(source, name)
    if not len(items):
        raise SourceError(f"{name}: the source is empty (length 0)")
    numbering = _numbering(items, name, classes) if _is_labeled(items, name) else None
    return ObjectSource(items, name, numbering, _digest(items, name))


def _items(source: object, name: str) -> Any:
    """The object as a sequence of items; raises SourceError where it is none."""
    if isinstance(source, np.ndarray):
        return _checked_images(source)
    if (
        isinstance(source, tuple)
        and len(source) == 2
        and all(isinstance(part, np.ndarray) for part in source)
    ):
        images, labels = source
        if labels.ndim == 1 and images.ndim > 2:
            if len(images) != len(labels):
                raise SourceError(f"images and labels differ in length: {len(images)} and {len(labels)}")
            return _Pairs(_checked_images(images), labels)
    usable = hasattr(source, "__len__") and hasattr(source, "__getitem__")
    if not usable or isinstance(source, Mapping | bytes):
        raise SourceError(
            "a source is a path, an array of images, a pair (images, labels) of arrays, or an object with "
            f"__len__ and __getitem__(index); got {name}"
        )
    return source


def _checked_images(images: Array) -> Array:
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3)):
        raise SourceError(
            f"an array of images must be (N, H, W), (N, H, W, 1) or (N, H, W, 3), got {images.shape}; "
            "channels come last"
        )
    _check_dtype(images, SourceError)
    return images


def _check_dtype(pixels: Array, error: type[SourceError] | type[ValueError]) -> None:
    if pixels.dtype != np.uint8 and pixels.dtype != np.float32:
        raise error(
            f"pixels must be uint8, or float32 in [0, 1], got {pixels.dtype}; convert them with "
            "`astype`, scaled to that range"
        )


def _item(items: Any, index: int, place: str) -> Any:
    """One item; whatever the object raises makes it a bad sample, with the original as its cause."""
    try:
        return items[index]
    except Exception as error:
        raise BadSampleError(place, f"{type(error).__name__}: {error}") from error


def _is_labeled(items: Any, name: str) -> bool:
    failure: BadSampleError | None = None
    for index in range(min(len(items), PROBES)):
        place = f"item {index} of {name}"
        try:
            return _split(_item(items, index, place), place)[1] is not None
        except BadSampleError as error:
            failure = error
    raise SourceError(f"none of the first items can be read; {failure}") from failure


def _numbering(items: Any, name: str, classes: ClassList | None) -> Numbering:
    own = getattr(items, "classes", None)
    own_names = tuple(map(str, own)) if own is not None else None
    if classes is not None:
        return Numbering(classes, own_names)
    if own_names is not None:
        return Numbering(ClassList(own_names), own_names)
    for attribute in ("targets", "labels"):
        if hasattr(items, attribute):
            return Numbering(distinct_labels(getattr(items, attribute), f"{name}.{attribute}"), None)
    if isinstance(items, list | tuple):
        labels = [_split(item, f"item {index} of {name}")[1] for index, item in enumerate(items)]
        return Numbering(distinct_labels(labels, name), None)
    raise SourceError(
        f"the items of {name} have labels, but nothing says which classes there are; pass classes=[...] "
        "in the order of the labels, or give the object an attribute `classes`"
    )


def _split(item: Any, place: str) -> tuple[Any, Any]:
    """Image and label of an item; the label is None where there is none."""
    if isinstance(item, Mapping):
        if "image" not in item:
            raise BadSampleError(
                place, f"the item has no 'image'; its keys are {listed(list(map(str, item)))}"
            )
        return item["image"], item.get("label")
    if isinstance(item, tuple | list):
        if len(item) != 2:
            raise BadSampleError(place, f"an item is an image or (image, label), got {len(item)} values")
        return item[0], item[1]
    return item, None


def _pixels(image: Any, place: str) -> Array:
    """An image as uint8 or float32 (H, W, C), read-only where it is the object's own memory."""
    try:
        if isinstance(image, Image.Image):
            return to_rgb(image)
        if isinstance(image, np.ndarray):
            return _checked_pixels(image)
    except DAMAGED as error:
        raise BadSampleError(place, str(error)) from error
    raise BadSampleError(place, f"an image is a Pillow image or a numpy array, got {type(image).__name__}")


def _checked_pixels(pixels: Array) -> Array:
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3) or 0 in pixels.shape:
        raise ValueError(
            f"an image must be (H, W), (H, W, 1) or (H, W, 3), got {pixels.shape}; channels come last"
        )
    _check_dtype(pixels, ValueError)
    if pixels.dtype == np.float32:
        low, high = float(pixels.min()), float(pixels.max())
        if not (low >= 0 and high <= 1):
            raise ValueError(f"float32 pixels must be in [0, 1], got {low:g} to {high:g}; divide by 255?")
    return frozen(np.ascontiguousarray(pixels))


def _digest(items: Any, name: str) -> str:
    hasher = blake2b(f"{name}\0{len(items)}".encode(), digest_size=FINGERPRINT_BYTES)
    if hasattr(items, "fingerprint"):
        hasher.update(b"\0fingerprint\0" + str(items.fingerprint()).encode())
    if hasattr(items, "sample_id"):
        seen: set[str] = set()
        for index in range(len(items)):
            identity = items.sample_id(index)
            if not isinstance(identity, str) or identity in seen:
                raise SourceError(
                    f"sample_id({index}) of {name} must be a string of its own, got {identity!r}; ids key "
                    "the draws of each sample"
                )
            seen.add(identity)
            hasher.update(b"\0" + identity.encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()
