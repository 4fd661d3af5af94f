"""Images for the tests of annotations: white, 40 wide and 30 high, in a folder `images` of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from augflow.sources.annotations import AnnotatedSource, open_annotated
from augflow.sources.base import FieldRequest
from augflow.sources.classes import ClassList
from augflow.sources.files import FileSource
from augflow.sources.folder import open_folder

WIDTH, HEIGHT = 40, 30


def images(root: Path, *names: str) -> FileSource:
    """The images of a folder, made first."""
    for name in names:
        file = root / "images" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (WIDTH, HEIGHT), "white").save(file)
    return open_folder(str(root / "images"), None)


def annotated(
    source: FileSource, kind: str, origin: str | None, classes: Sequence[str] | None = None
) -> AnnotatedSource:
    """The images with one field that follows them, named as its kind."""
    frozen = None if classes is None else ClassList(classes)
    requests = (FieldRequest("image", "image"), FieldRequest(kind, kind, origin))  # type: ignore[arg-type]
    return open_annotated(source, requests, frozen)
