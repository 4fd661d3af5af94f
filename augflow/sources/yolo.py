"""Boxes from YOLO's text files: one a picture, `class cx cy w h` a line, in shares of the sides; or
`class x y x y x y ...`, an outline."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from augflow.errors import SourceError
from augflow.sources.base import Links
from augflow.sources.box_table import BoxTable, Corners, GatheredBoxes
from augflow.sources.classes import ClassList, counted, listed
from augflow.sources.files import FileSource
from augflow.sources.index import printable
from augflow.sources.outlines import LEAST_NUMBERS
from augflow.sources.pairing import absent, files_below, images_by_stem, read_text, refuse
from augflow.wording import shown

SUFFIX = ".txt"
BOX_FIELDS = 5
OUTLINE_FIELDS = 1 + LEAST_NUMBERS

MAX_CLASSES = 100_000
"""Class numbers from here on are damage: without names, one such number would make as many classes."""


def _is_names_file(path: str) -> bool:
    name = os.path.basename(path).lower()
    return name == "classes.txt" or "names" in name


@dataclass(frozen=True)
class Line:
    """One object of a file."""

    number: int
    """Of its class."""
    corners: Corners
    outline: Any = None
    """A list of one polygon, where it has one."""


def yolo_boxes(
    images: FileSource, folder: str, frozen: ClassList | None, with_masks: bool, links: Links
) -> BoxTable:
    """The boxes of the files in a folder, and with `with_masks` the masks of their outlines.

    An image without a file, and an empty file, show nothing. Class numbers count in `frozen`; else in
    `classes.txt` or a file with `names` in its name; else they are the names. Raises SourceError with
    file:line for every line that is wrong, and for files without an image.
    """
    files = files_below(folder, frozenset({SUFFIX}), links)
    names, source = _names(folder, files, frozen)
    stems = images_by_stem(images)
    problems = absent(images, stems, files, folder)
    boxes, highest = GatheredBoxes(with_masks, in_shares=True), -1
    for stem, path in files.items():
        place = os.path.join(folder, path)
        for line_number, text in enumerate(read_text(place).splitlines(), start=1):
            if not text.strip() or stem not in stems:
                continue
            origin = f"{printable(place)}:{line_number}"
            line = _line(text, with_masks)
            if isinstance(line, str):
                problems.append(f"{origin}: {line}")
                continue
            highest = max(highest, line.number)
            if names is not None and line.number >= len(names):
                rule = f"class numbers must be below {len(names)}, the number of names in {source}"
                problems.append(f"{origin}: {rule}; got {line.number}")
                continue
            problem = boxes.add(stems[stem], line.corners, line.number, line.outline)
            if problem is not None:
                problems.append(f"{origin}: {problem}")
    refuse(problems)
    classes = tuple(map(str, range(highest + 1))) if names is None else names
    told = f"from YOLO files in {printable(folder)}, "
    told += (
        f"class names from {source}"
        if source
        else "classes named by number (names: `classes`, or classes.txt)"
    )
    bare = len(stems) - len(stems.keys() & files.keys())
    if bare:
        told += f", {counted(bare, 'image')} without a file, taken to show nothing"
    return boxes.table(len(images), classes, told)


def _names(
    folder: str, files: dict[str, str], frozen: ClassList | None
) -> tuple[tuple[str, ...] | None, str]:
    """Class names and where they come from; a file of names is taken out of `files`."""
    found = [files.pop(stem) for stem in list(files) if _is_names_file(files[stem])]
    if frozen is not None:
        return frozen.names, "the class list"
    if not found:
        return None, ""
    if len(found) > 1:
        raise SourceError(f"{printable(folder)}: several files of class names ({listed(found)}); keep one")
    path = os.path.join(folder, found[0])
    names = [line.strip() for line in read_text(path).splitlines()]
    while names and not names[-1]:
        names.pop()
    if not names or not all(names):
        raise SourceError(f"{printable(path)}: class names stand one a line, and none may be empty")
    return ClassList(names).names, printable(found[0])


def _line(text: str, with_masks: bool) -> Line | str:
    """The object of a line, or what is wrong with it."""
    fields = text.split()
    outlined = len(fields) >= OUTLINE_FIELDS and len(fields) % 2 == 1
    if len(fields) != BOX_FIELDS and not outlined:
        rule = "a line is `class cx cy w h`, or a class and the x and y of at least three corners"
        return f"{rule}; got {counted(len(fields), 'field')}"
    try:
        number, values = int(fields[0]), [float(field) for field in fields[1:]]
    except ValueError:
        return f"a line is a whole number and decimal numbers, got {shown(text.strip())}"
    if number < 0:
        return f"class numbers are at least 0, got {shown(number)}; number the classes from 0"
    if number >= MAX_CLASSES:
        return f"class numbers are below {MAX_CLASSES:,}, got {shown(number)}; number the classes from 0"
    wrong = [value for value in values if not 0 <= value <= 1]
    if wrong:
        return f"coordinates are shares of the sides, in [0, 1], got {wrong[0]:g}"
    if outlined:
        x, y = values[::2], values[1::2]
        return Line(number, (min(x), min(y), max(x), max(y)), [values])
    if with_masks:
        return "masks are asked for, and this line has a box and no outline"
    cx, cy, width, height = values
    return Line(number, (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2))
