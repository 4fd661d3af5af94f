"""Any Python object with `__len__` and `__getitem__` as a source, and numpy arrays.

An item is the value of the one field that is asked for, a pair (value, label), or a mapping of fields by
name with `label` or `target`. Images are Pillow images or arrays (H, W), (H, W, 1) or (H, W, 3), uint8 or
float32 in [0, 1]; a video is a list of them or (T, H, W, C). Sounds are `Audio`, (samples, rate) or
{"array", "sampling_rate"}. An array (N, H, W[, C]) is N unlabeled images; a tuple of two arrays, the
second one-dimensional, is images and their labels. Where several fields are asked for, items are mappings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array, Sample
from augflow.sources.base import SINGLE_IMAGE, FieldRequest, TargetKind
from augflow.sources.classes import ClassList, counted
from augflow.sources.decoding import NOUNS
from augflow.sources.huggingface import dataset_rows, is_dataset
from augflow.sources.index import FINGERPRINT_BYTES
from augflow.sources.items import check_images, field_value, other_keys, plain_value, split_item
from augflow.sources.object_targets import Labels, ObjectLabels, labels_of
from augflow.sources.settings import Settings
from augflow.sources.targets import described

PROBES = 8
"""How many items are tried, until one can be read, to see what items hold."""

ID_PROBES = 100_000
"""Of how many items the ids are checked and go into the fingerprint, so that ten million start at once."""


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
    fields: tuple[FieldRequest, ...]
    labels: Labels | None
    """None where the items have no labels."""
    digest: str
    columns: tuple[str, ...] = ()
    """Keys of the first item that are no field and no label, and hold a plain value."""
    target_kind: TargetKind = "class"

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in the order of the labels, or the names of the numbers of a regression."""
        return self.labels.names if self.labels is not None else ()

    @property
    def description(self) -> str:
        """Type, length, fields and classes."""
        noun = NOUNS[self.fields[0].kind] if len(self.fields) == 1 else "sample"
        told = f"Python object {self.name}: {counted(len(self), noun)}"
        if len(self.fields) > 1:
            told += f" ({', '.join(field.name for field in self.fields)})"
        return f"{told}, {described(self.classes, self.target_kind)}"

    def __len__(self) -> int:
        return len(self.items)

    def sample_id(self, index: int) -> str:
        """What the object's own `sample_id(index)` says, else the index."""
        return str(self.items.sample_id(index)) if hasattr(self.items, "sample_id") else str(index)

    def place(self, index: int) -> str:
        """The index and the type."""
        return f"item {index} of {self.name}"

    def read(self, index: int) -> Sample:
        """One item with every field; raises `BadSampleError`."""
        place = self.place(index)
        item = _item(self.items, index, place)
        values, label = split_item(item, self.fields, place)
        fields = {}
        for request, value in zip(self.fields, values, strict=True):
            fields[request.name] = self._value(request, value, place)
        row = {name: plain_value(item.get(name)) for name in self.columns} if self.columns else {}
        sample = Sample(self.sample_id(index), index, fields, row=row)
        if (label is None) != (self.labels is None):
            has, others = ("no label", "have one") if label is None else ("a label", "have none")
            raise BadSampleError(place, f"the item has {has}, but the first items {others}")
        if self.labels is not None:
            sample.label, sample.target = self.labels.read(label, place)
        return sample

    def _value(self, request: FieldRequest, value: Any, place: str) -> Any:
        try:
            return field_value(request, value, place)
        except BadSampleError as error:
            if len(self.fields) == 1:
                raise
            raise BadSampleError(place, f"{request.name}: {error.reason}") from error

    def lengths(self) -> None:
        """Not known without reading every item."""

    def fingerprint(self) -> str:
        """Hex digest of type, length, the object's own `fingerprint()` and its ids, where it has them; of
        long ones, of `ID_PROBES` ids."""
        return self.digest


def open_object(
    source: object,
    classes: ClassList | None,
    fields: Sequence[FieldRequest] = SINGLE_IMAGE,
    settings: Settings | None = None,
) -> ObjectSource:
    """A source over a Python object, a Hugging Face `datasets.Dataset` among them.

    The class list is `classes`, else the object's own `classes`, else what its `targets` or `labels`
    hold, else, for a list or tuple, what one pass over the items finds.
    """
    settings = settings or Settings()
    name = f"{type(source).__module__}.{type(source).__qualname__}".removeprefix("builtins.")
    _refuse_path_settings(settings, columns=is_dataset(source))
    items: Any
    if is_dataset(source):
        items, fields = dataset_rows(source, fields, settings)
    else:
        items = _items(source, name)
    if not len(items):
        raise SourceError(f"{name}: the source is empty (length 0)")
    first = _first(items, fields, name)
    kind, label = settings.target, split_item(first, fields, name)[1]
    labels = (
        None if label is None else labels_of(ObjectLabels(items, name, tuple(fields), label), kind, classes)
    )
    if labels is None and kind != "class":
        raise SourceError(f"{name}: target is {kind}, and the items have no label; its key is `label`")
    columns = other_keys(first, fields) if isinstance(first, Mapping) else ()
    return ObjectSource(items, name, tuple(fields), labels, _digest(items, name), columns, kind)


def _refuse_path_settings(settings: Settings, *, columns: bool) -> None:
    given: dict[str, Any] = {"kind": settings.kind, "split": settings.split, "quoting": settings.quoting}
    if not columns:
        given["columns"] = settings.columns or None
    for option, value in given.items():
        if value is not None:
            raise SourceError(
                f"source.{option} is for paths, and the source is a Python object; leave it out of the spec"
            )


def _items(source: object, name: str) -> Any:
    """The object as a sequence of items; raises SourceError where it is none."""
    if isinstance(source, np.ndarray):
        return check_images(source)
    if (
        isinstance(source, tuple)
        and len(source) == 2
        and all(isinstance(part, np.ndarray) for part in source)
    ):
        images, labels = source
        if labels.ndim == 1 and images.ndim > 2:
            if len(images) != len(labels):
                raise SourceError(f"images and labels differ in length: {len(images)} and {len(labels)}")
            return _Pairs(check_images(images), labels)
    usable = hasattr(source, "__len__") and hasattr(source, "__getitem__")
    if not usable or isinstance(source, Mapping | bytes):
        splits = (
            f"; choose one of its splits, {list(source)}" if isinstance(source, Mapping) and source else ""
        )
        raise SourceError(
            "a source is a path, an array of images, a pair (images, labels) of arrays, or an object with "
            f"__len__ and __getitem__(index); got {name}{splits if name.startswith('datasets.') else ''}"
        )
    return source


def _item(items: Any, index: int, place: str) -> Any:
    """One item; whatever the object raises makes it a bad sample, with the original as its cause."""
    try:
        return items[index]
    except Exception as error:
        raise BadSampleError(place, f"{type(error).__name__}: {error}") from error


def _first(items: Any, fields: Sequence[FieldRequest], name: str) -> Any:
    """The first item that can be read and holds the fields."""
    failure: BadSampleError | None = None
    for index in range(min(len(items), PROBES)):
        place = f"item {index} of {name}"
        try:
            item = _item(items, index, place)
            split_item(item, fields, place)
        except BadSampleError as error:
            failure = error
        else:
            return item
    raise SourceError(f"none of the first items can be read; {failure}") from failure


def _digest(items: Any, name: str) -> str:
    hasher = blake2b(f"{name}\0{len(items)}".encode(), digest_size=FINGERPRINT_BYTES)
    if hasattr(items, "fingerprint"):
        hasher.update(b"\0fingerprint\0" + str(items.fingerprint()).encode())
    if hasattr(items, "sample_id"):
        seen: set[str] = set()
        for index in _probed(len(items)):
            identity = items.sample_id(index)
            if not isinstance(identity, str) or identity in seen:
                raise SourceError(
                    f"sample_id({index}) of {name} must be a string of its own, got {identity!r}; ids key "
                    "the draws of each sample"
                )
            seen.add(identity)
            hasher.update(b"\0" + identity.encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()


def _probed(length: int) -> Iterator[int]:
    """The items whose ids are asked for when a source is opened: all, or as many, evenly spread, with the
    first and the last."""
    if length <= ID_PROBES:
        yield from range(length)
    else:
        yield from (number * (length - 1) // (ID_PROBES - 1) for number in range(ID_PROBES))
