"""Boxes and keypoints from a COCO .json: images, annotations and categories by their ids."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Keypoints
from augflow.sources.box_table import UNKNOWN_SIZE, BoxTable, GatheredBoxes, size_mismatch
from augflow.sources.classes import ClassList, counted
from augflow.sources.files import FileSource
from augflow.sources.index import FINGERPRINT_BYTES, id_of_path, is_text, printable
from augflow.sources.outlines import is_number, is_side, outline_problem
from augflow.sources.pairing import read_text, refuse
from augflow.wording import shown as cut

Entry = dict[str, Any]

MAX_FILE_BYTES = 4 * 2**30
"""Larger files are refused before they are read."""

NUMBERS_A_POINT = 3
"""x, y, and whether it is there: 0 not labeled, 1 labeled and hidden behind something, 2 in sight."""


@dataclass
class CocoFile:
    """A file whose images are found in a source."""

    shown: str
    images: FileSource
    entries: dict[str, list[Entry]]
    problems: list[str] = field(default_factory=list)
    places: dict[Any, int | None] = field(default_factory=dict)
    """By image id: its index in the source, None where it is not part of it."""
    crowds: int = 0

    def add(self, kind: str, number: int, message: str) -> None:
        """A problem of one entry."""
        entry = self.entries[kind][number]
        name = f" (id {entry['id']})" if isinstance(entry.get("id"), int) else ""
        self.problems.append(f"{self.shown}: {kind}[{number}]{name}: {message}")

    def annotations(self) -> Iterator[tuple[int, int, Entry]]:
        """Number, index of the image and entry of each annotation of an image of the source; regions of
        many objects together (`iscrowd`) are counted and left out."""
        for number, entry in enumerate(self.entries["annotations"]):
            identity = _id(entry.get("image_id"))
            if identity not in self.places:
                told = cut(entry.get("image_id"))
                self.add("annotations", number, f"image_id {told} is no image of the file")
                continue
            place = self.places[identity]
            if place is not None and entry.get("iscrowd"):
                self.crowds += 1
            elif place is not None:
                yield number, place, entry

    def sizes(self) -> dict[int, tuple[int, int]]:
        """Height and width by index of the image, where the file gives them; those that are no sides of an
        image are problems."""
        found = {}
        for number, entry in enumerate(self.entries["images"]):
            place, height, width = self.places.get(entry.get("id")), entry.get("height"), entry.get("width")
            if place is None or not height or not width:
                continue
            if is_side(height) and is_side(width):
                found[place] = int(height), int(width)
            else:
                rule = "height and width must be whole numbers of at least 1"
                self.add("images", number, f"{rule}, got {cut(height)} and {cut(width)}")
        return found

    def told(self) -> str:
        """What was left out, for the description."""
        return f", {counted(self.crowds, 'crowd region')} left out" if self.crowds else ""


def _id(value: Any) -> int | str | None:
    """An id as it may be looked up; None for what is none."""
    return value if isinstance(value, int | str) else None


def open_coco(images: FileSource, path: str) -> CocoFile:
    """The file with its images found; raises SourceError for what it lacks, for images that are absent, and
    for images of the source that it does not list."""
    shown = printable(path)
    try:
        content = json.loads(read_text(path, MAX_FILE_BYTES))
    except json.JSONDecodeError as error:
        raise SourceError(f"{shown}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{shown}: not JSON: {error}") from error
    entries: dict[str, list[Entry]] = {}
    for kind in ("images", "annotations", "categories"):
        listed = content.get(kind) if isinstance(content, dict) else None
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            raise SourceError(f"{shown}: no COCO file: it needs a list of objects `{kind}` at its top")
        entries[kind] = listed
    found = CocoFile(shown, images, entries)
    _find_images(found)
    refuse(found.problems)
    return found


def _find_images(found: CocoFile) -> None:
    images = found.images
    paths = {images.index.path(index): index for index in range(len(images))}
    names: dict[str, list[int]] = {}
    for path, index in paths.items():
        names.setdefault(os.path.basename(path), []).append(index)
    for number, entry in enumerate(found.entries["images"]):
        name, identity = entry.get("file_name"), entry.get("id")
        if not isinstance(name, str) or not name or not isinstance(identity, int | str):
            found.add("images", number, "needs `id` and `file_name`")
        elif identity in found.places:
            found.add("images", number, f"id {identity!r} stands there twice")
        elif name in paths:
            found.places[identity] = paths[name]
        elif len(same := names.get(os.path.basename(name), [])) == 1:
            found.places[identity] = same[0]
        elif same:
            found.add(
                "images", number, f"{printable(name)!r} could be any of {len(same)} images of that name"
            )
        elif os.path.exists(os.path.join(images.root, name)):
            found.places[identity] = None
        else:
            place = f"there is no image {printable(name)!r} in {printable(images.root)}"
            found.add("images", number, f"{place}; remove it from the file, or add the image")
    listed = {place for place in found.places.values() if place is not None}
    for index in range(len(images)):
        if index not in listed:
            remedy = "list it, without annotations where it shows nothing, or move it away"
            found.problems.append(f"{images.place(index)}: {found.shown} does not list this image; {remedy}")


def coco_boxes(images: FileSource, path: str, frozen: ClassList | None, with_masks: bool) -> BoxTable:
    """The boxes of a file, and with `with_masks` each instance's mask from its `segmentation`.

    Classes are the categories in the order of their ids, or those of `frozen`. Raises SourceError with
    every problem that can be seen without decoding an image.
    """
    found = open_coco(images, path)
    classes, labels = _categories(found, frozen)
    boxes = GatheredBoxes(with_masks, sizes=found.sizes())
    for number, place, entry in found.annotations():
        box = entry.get("bbox")
        if not isinstance(box, list) or len(box) != 4 or not all(is_number(value) for value in box):
            found.add("annotations", number, f"bbox must be [x, y, width, height], got {cut(box)}")
            continue
        category = _id(entry.get("category_id"))
        if category not in labels:
            told = cut(entry.get("category_id"))
            found.add("annotations", number, f"category_id {told} is no category")
            continue
        outline = entry.get("segmentation")
        problem = outline_problem(outline) if with_masks else None
        if problem is not None:
            found.add("annotations", number, f"segmentation: {problem}")
            continue
        x, y, width, height = box
        corners = (x, y, x + width, y + height)
        problem = boxes.add(place, corners, labels[category], outline)
        if problem is not None:
            found.add("annotations", number, f"bbox: {problem}")
    refuse(found.problems)
    return boxes.table(len(images), classes, f"from the COCO file {found.shown}{found.told()}")


def _categories(found: CocoFile, frozen: ClassList | None) -> tuple[tuple[str, ...], dict[Any, int]]:
    """Class names, and the label of each category id."""
    names: dict[Any, str] = {}
    for number, entry in enumerate(found.entries["categories"]):
        identity, name = entry.get("id"), entry.get("name")
        if not isinstance(identity, int) or not isinstance(name, str) or not is_text(name):
            found.add("categories", number, "needs a number `id` and a `name`")
        elif identity in names:
            found.add("categories", number, f"id {identity} stands there twice")
        else:
            names[identity] = name
    refuse(found.problems)
    classes = frozen or ClassList([id_of_path(names[identity]) for identity in sorted(names)])
    return classes.names, {
        identity: classes.label(name, f"{found.shown}: category {identity}")
        for identity, name in names.items()
    }


@dataclass(frozen=True, eq=False)
class PointTable:
    """The m keypoints of n images: those of image i stand in rows offsets[i] to offsets[i + 1]."""

    classes: tuple[str, ...]
    """Names of the points, which their labels number."""
    description: str
    offsets: NDArray[np.int64]
    values: NDArray[np.float64]
    """(m, 3): x, y, and whether the point was labeled."""
    labels: NDArray[np.int64]
    sizes: NDArray[np.int64]
    """(n, 2): height and width that the file gives the image, 0 where it gives none."""

    def read(self, index: int, size: tuple[int, ...], place: str) -> Keypoints:
        """The points on an image (height, width); raises `BadSampleError` where they lie outside."""
        stated = tuple(int(side) for side in self.sizes[index])
        if stated not in (UNKNOWN_SIZE, size):
            raise BadSampleError(place, size_mismatch("its annotation", stated, size))
        rows = slice(self.offsets[index], self.offsets[index + 1])
        points, visible = self.values[rows, :2].astype(np.float32), self.values[rows, 2] > 0
        outside = np.flatnonzero(visible & ((points < 0) | (points > [size[1], size[0]])).any(axis=1))
        if outside.size:
            x, y = points[outside[0]]
            raise BadSampleError(place, f"keypoint {outside[0] + 1} lies outside the image: x {x:g}, y {y:g}")
        return Keypoints(points, self.labels[rows], visible)

    def fingerprint(self) -> str:
        """Hex digest of all that it holds."""
        hasher = blake2b("\0".join(self.classes).encode(), digest_size=FINGERPRINT_BYTES)
        for array in (self.offsets, self.values, self.labels, self.sizes):
            hasher.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return hasher.hexdigest()


def coco_keypoints(images: FileSource, path: str) -> PointTable:
    """The keypoints of a file, object after object; a point's label is its place among their names.

    A point that was not labeled (v = 0) is not visible, and keeps its place. Raises SourceError with every
    problem that can be seen without decoding an image.
    """
    found = open_coco(images, path)
    names = _point_names(found)
    rows: list[tuple[int, list[float], int]] = []
    for number, place, entry in found.annotations():
        values = entry.get("keypoints")
        if values is None:
            continue
        expected = len(names.get(_id(entry.get("category_id")), ()))
        if not isinstance(values, list) or len(values) != NUMBERS_A_POINT * expected:
            rule = f"keypoints must be x, y, v for each of the {expected} points of its category"
            got = f"{len(values)} numbers" if isinstance(values, list) else cut(values)
            found.add("annotations", number, f"{rule}, got {got}")
        elif not all(is_number(value) for value in values):
            found.add("annotations", number, "keypoints must be finite numbers")
        else:
            triples = [values[at : at + NUMBERS_A_POINT] for at in range(0, len(values), NUMBERS_A_POINT)]
            rows += [(place, triple, label) for label, triple in enumerate(triples)]
    if not rows and not found.problems:
        found.problems.append(f"{found.shown}: no annotation has `keypoints`")
    sizes = found.sizes()
    refuse(found.problems)
    return _point_table(found, sizes, rows, max(names.values(), key=len))


def _point_names(found: CocoFile) -> dict[Any, list[str]]:
    names: dict[Any, list[str]] = {}
    for number, entry in enumerate(found.entries["categories"]):
        points = entry.get("keypoints") or []
        named = isinstance(points, list) and all(isinstance(name, str) and is_text(name) for name in points)
        if not named or not isinstance(entry.get("id"), int):
            found.add("categories", number, "needs a number `id`, and as `keypoints` a list of names")
        else:
            names[entry["id"]] = points
    refuse(found.problems)
    different = {tuple(points) for points in names.values() if points}
    if len(different) != 1:
        rule = "categories must name one and the same list of `keypoints`"
        raise SourceError(f"{found.shown}: {rule}, got {len(different)} lists")
    return names


def _point_table(
    found: CocoFile,
    sizes: Mapping[int, tuple[int, int]],
    rows: list[tuple[int, list[float], int]],
    names: list[str],
) -> PointTable:
    rows.sort(key=lambda row: row[0])
    count = len(found.images)
    offsets = np.zeros(count + 1, np.int64)
    np.cumsum(np.bincount([row[0] for row in rows], minlength=count), out=offsets[1:])
    told = f"{counted(len(rows), 'keypoint')} from the COCO file {found.shown}{found.told()}"
    return PointTable(
        tuple(names),
        told,
        offsets,
        np.array([row[1] for row in rows], np.float64),
        np.array([row[2] for row in rows], np.int64),
        np.array([sizes.get(image, UNKNOWN_SIZE) for image in range(count)], np.int64),
    )
