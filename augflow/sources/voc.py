"""Boxes from Pascal VOC's .xml files, one an image, with pixels counted from 1."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from xml.etree import ElementTree  # document types, and with them entities, are refused

from augflow.errors import SourceError
from augflow.sources.base import Links
from augflow.sources.box_table import BoxTable, Corners, GatheredBoxes
from augflow.sources.classes import ClassList, counted
from augflow.sources.files import FileSource
from augflow.sources.index import id_of_path, printable
from augflow.sources.outlines import is_side
from augflow.sources.pairing import absent, files_below, images_by_stem, read_text, refuse
from augflow.wording import shown as cut

SUFFIX = ".xml"
SIDES = ("xmin", "ymin", "xmax", "ymax")


@dataclass
class Objects:
    """What was read so far."""

    rows: list[tuple[int, str, Corners, str]] = field(default_factory=list)
    """Image, class name, corners, and where the object stands."""
    sizes: dict[int, tuple[int, int]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    difficult: int = 0


def voc_boxes(images: FileSource, folder: str, frozen: ClassList | None, links: Links) -> BoxTable:
    """The boxes of the files in a folder; objects marked difficult are kept.

    Classes are the names that are met, sorted, or those of `frozen`. Raises SourceError with every problem:
    files without an image, images without a file, objects without a name or a box.
    """
    files = files_below(folder, frozenset({SUFFIX}), links)
    stems = images_by_stem(images)
    found = Objects(problems=absent(images, stems, files, folder))
    for stem, image in stems.items():
        if stem in files:
            _read(os.path.join(folder, files[stem]), image, found)
        else:
            wanted = printable(os.path.join(folder, stem + SUFFIX))
            remedy = "write one without objects where it shows nothing"
            found.problems.append(f"{images.place(image)}: there is no annotation {wanted}; {remedy}")
    refuse(found.problems)
    classes = frozen or ClassList.met(id_of_path(name) for _, name, _, _ in found.rows)
    boxes = GatheredBoxes(with_outlines=False, sizes=found.sizes)
    for image, name, corners, origin in found.rows:
        problem = boxes.add(image, corners, classes.label(name, origin))
        if problem is not None:
            found.problems.append(f"{origin}: {problem}")
    refuse(found.problems)
    told = f"from VOC files in {printable(folder)}"
    if found.difficult:
        told += f", {counted(found.difficult, 'object')} marked difficult among them"
    return boxes.table(len(images), classes.names, told)


def _read(path: str, image: int, found: Objects) -> None:
    shown = printable(path)
    root = _parsed(path)
    _take_size(root, image, found, shown)
    for number, entry in enumerate(root.iter("object"), start=1):
        name = (entry.findtext("name") or "").strip()
        origin = f"{shown}: object {number}" + (f" ({printable(name)})" if name else "")
        values = [_number(entry.findtext(f"bndbox/{side}")) for side in SIDES]
        if not name:
            found.problems.append(f"{origin}: needs a name")
        elif None in values:
            found.problems.append(f"{origin}: needs a bndbox with the numbers {', '.join(SIDES)}")
        else:
            x0, y0, x1, y1 = (value for value in values if value is not None)
            # The first pixel is 1, and the last one named is inside.
            found.rows.append((image, name, (x0 - 1, y0 - 1, x1, y1), origin))
            found.difficult += (entry.findtext("difficult") or "0").strip() == "1"


def _take_size(root: ElementTree.Element, image: int, found: Objects, shown: str) -> None:
    """Note the size of the image; one that is absent or 0 is not known."""
    written = [(root.findtext(f"size/{name}") or "0").strip() for name in ("height", "width")]
    if "0" in written:
        return
    height, width = map(_number, written)
    if is_side(height) and is_side(width):
        found.sizes[image] = int(height), int(width)
    else:
        found.problems.append(f"{shown}: size must be two whole numbers of at least 1, got {cut(written)}")


def _parsed(path: str) -> ElementTree.Element:
    text, shown = read_text(path), printable(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise SourceError(f"{shown}: document types and entities are not read; remove them")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  # no document type, so no entities
    except ElementTree.ParseError as error:
        line, column = error.position
        raise SourceError(f"{shown}:{line}:{column + 1}: not XML: {error}") from error
    if root.tag != "annotation":
        raise SourceError(f"{shown}: no VOC file: its root is <{root.tag}>, not <annotation>")
    return root


def _number(text: str | None) -> float | None:
    """The number of a text, which may be NaN or infinite; None where it is none."""
    try:
        return float(text) if text else None
    except ValueError:
        return None
