"""Images with what follows them: masks, boxes and keypoints, read from annotations that lie beside them.

Where an annotation lies is told relative to the folder of the source, as in `../masks`; `{name}` in it stands
for the name of that folder, so that one spec serves `images/train` and `images/val`. A .json is a COCO
file; a folder of .txt files is YOLO's, one of .xml files Pascal VOC's, one of pictures holds masks. With
`#masks` behind it, boxes come with the masks of their instances.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from PIL import Image

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array, Sample
from augflow.sources.base import FieldRequest, Links, TargetKind
from augflow.sources.classes import ClassList, listed
from augflow.sources.coco import coco_boxes, coco_keypoints
from augflow.sources.decode import DAMAGED, JPEG_MAGIC, MAX_FILE_BYTES, PILLOW_FORMATS
from augflow.sources.files import FileSource, suffix_of
from augflow.sources.index import FINGERPRINT_BYTES, printable
from augflow.sources.masks import LOSSY, SUFFIXES, mask_folder
from augflow.sources.orient import image_orientation, jpeg_orientation
from augflow.sources.pairing import files_below
from augflow.sources.storage import read_file
from augflow.sources.voc import voc_boxes
from augflow.sources.yolo import yolo_boxes

INSTANCES = "#masks"
"""Behind the place of boxes: with the mask of every instance."""

PNG_MAGIC = b"\x89PNG"

IN_PNG = (b"eXIf", b"exif", b"Orientation")
"""A PNG that holds none of these does not say how it is turned; Pillow would decode it all to find out."""


class Reader(Protocol):
    """What follows the images of a source, as one field."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names that labels number; empty where there are none."""
        ...

    @property
    def description(self) -> str:
        """What it was taken for, for people."""
        ...

    def read(self, index: int, size: tuple[int, ...], place: str) -> Any:
        """What follows one image (height, width) at a place; raises `BadSampleError`."""
        ...

    def fingerprint(self) -> str:
        """Hex digest of all that it gives."""
        ...


@dataclass(frozen=True, eq=False)
class AnnotatedSource:
    """A source of images with what follows them. Frozen, picklable, safe to share between threads."""

    images: FileSource
    image: str
    """The name of the field that holds the image."""
    readers: Mapping[str, Reader]
    """By field."""
    classes: tuple[str, ...]

    @property
    def target_kind(self) -> TargetKind:
        """That of the images."""
        return self.images.target_kind

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the images."""
        return self.images.columns

    @property
    def description(self) -> str:
        """The images, and what each field was read from."""
        told = [f"{name}: {reader.description}" for name, reader in self.readers.items()]
        return "; ".join([self.images.description, *told])

    def __len__(self) -> int:
        return len(self.images)

    def sample_id(self, index: int) -> str:
        """The image's."""
        return self.images.sample_id(index)

    def place(self, index: int) -> str:
        """The image's path."""
        return self.images.place(index)

    def read(self, index: int) -> Sample:
        """The image and all that follows it; raises `BadSampleError`."""
        place = self.place(index)
        _refuse_turned(os.path.join(self.images.root, self.images.index.path(index)), place)
        sample = self.images.read(index)
        size = sample.fields[self.image].shape[:2]
        for name, reader in self.readers.items():
            sample.fields[name] = reader.read(index, size, place)
        return sample

    def lengths(self) -> Array | None:
        """Those of the images."""
        return self.images.lengths()

    def fingerprint(self) -> str:
        """Hex digest of the images' and of all that follows them."""
        hasher = blake2b(self.images.fingerprint().encode(), digest_size=FINGERPRINT_BYTES)
        for name, reader in self.readers.items():
            hasher.update(f"\0{name}\0{reader.fingerprint()}".encode())
        return hasher.hexdigest()


def _refuse_turned(path: str, place: str) -> None:
    """Annotations count in the pixels as stored, or as turned: nobody can tell, so neither is guessed."""
    try:
        data = read_file(path, MAX_FILE_BYTES)
        if data.startswith(JPEG_MAGIC):
            orientation = jpeg_orientation(data)
        elif data.startswith(PNG_MAGIC) and not any(word in data for word in IN_PNG):
            return
        else:
            with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as image:
                orientation = image_orientation(image)
    except (*DAMAGED, BadSampleError, Image.DecompressionBombError):
        return  # reading the image says what is wrong with it
    if orientation != 1:
        raise BadSampleError(
            place,
            f"its EXIF data say that it lies on its side or mirrored (orientation {orientation}), and its "
            "annotation does not say which way up it counts; turn the pixels, and remove the orientation",
        )


def open_annotated(
    images: FileSource,
    requests: Sequence[FieldRequest],
    frozen: ClassList | None,
    links: Links = "inside",
) -> AnnotatedSource:
    """The images with the masks, boxes and keypoints that are asked for.

    `frozen` lists the classes of the boxes; `links` is for folders of annotations too. Raises SourceError
    with every problem of the annotations that can be seen without decoding an image.
    """
    (image,) = (request.name for request in requests if request.kind == "image")
    readers = {
        request.name: _opened(images, request, frozen, links)
        for request in requests
        if request.kind != "image"
    }
    return AnnotatedSource(images, image, readers, _classes(images, requests, readers, frozen))


def _classes(
    images: FileSource,
    requests: Sequence[FieldRequest],
    readers: Mapping[str, Reader],
    frozen: ClassList | None,
) -> tuple[str, ...]:
    """The class list: of boxes, else of the images, else of keypoints, else as given."""
    kinds = {request.name: request.kind for request in requests}
    of_boxes = [readers[name].classes for name in readers if kinds[name] == "boxes"]
    if of_boxes and images.classes:
        raise SourceError(
            f"{printable(images.root)}: the images have classes ({listed(images.classes)}) and so have their "
            f"boxes ({listed(of_boxes[0])}), and a source has one class list; open a folder without class "
            "folders, or leave out the labels"
        )
    if any(classes != of_boxes[0] for classes in of_boxes):
        raise SourceError(
            f"two class lists of boxes: ({listed(of_boxes[0])}) and ({listed(of_boxes[1])}); give `classes`"
        )
    if of_boxes:
        return of_boxes[0]
    if images.classes:
        if frozen is not None and frozen.names != images.classes:
            raise SourceError(
                f"the images have the classes ({listed(images.classes)}), and given are "
                f"({listed(frozen.names)})"
            )
        return images.classes
    of_points = [readers[name].classes for name in readers if kinds[name] == "keypoints"]
    return of_points[0] if of_points else (frozen.names if frozen else ())


def _opened(images: FileSource, request: FieldRequest, frozen: ClassList | None, links: Links) -> Reader:
    place, with_masks = _place(images, request)
    if request.kind == "mask":
        _refuse_file(place, request, "a folder of pictures whose pixels are numbers")
        return mask_folder(images, place, links)
    if suffix_of(place) == ".json" and os.path.isfile(place):
        if request.kind == "keypoints":
            return coco_keypoints(images, place)
        return coco_boxes(images, place, frozen, with_masks)
    if request.kind == "keypoints":
        raise SourceError(f"{request.name}: keypoints are read from a COCO .json, got {printable(place)}")
    _refuse_file(place, request, "a COCO .json, or a folder of YOLO .txt or Pascal VOC .xml files")
    found = {suffix for suffix in (".txt", ".xml") if files_below(place, frozenset({suffix}), links)}
    if found == {".xml"}:
        if with_masks:
            raise SourceError(f"{request.name}: Pascal VOC files have no outlines; leave {INSTANCES} out")
        return voc_boxes(images, place, frozen, links)
    if found == {".txt"}:
        return yolo_boxes(images, place, frozen, with_masks, links)
    holds = ".txt and .xml files both" if found else "neither .txt nor .xml files"
    if not found and files_below(place, SUFFIXES | LOSSY, links):
        holds = "pictures; masks are another kind of field (`kind: mask`)"
    raise SourceError(
        f"{request.name}: boxes are read from .txt or .xml files; {printable(place)} holds {holds}"
    )


def _place(images: FileSource, request: FieldRequest) -> tuple[str, bool]:
    """The absolute path of an annotation, and whether instances' masks are asked for."""
    if request.origin is None:
        raise SourceError(
            f"{request.name}: say where the {request.kind} of {printable(images.root)} lie, as in `source: "
            f"{{{request.kind}: ../annotations}}` or `fields: {{{request.name}: {{from: ...}}}}`"
        )
    origin = request.origin.removesuffix(INSTANCES)
    origin = origin.replace("{name}", os.path.basename(images.root))
    place = os.path.normpath(os.path.join(images.root, origin))
    if not os.path.exists(place):
        raise SourceError(
            f"{request.name}: {printable(place)}: no such file or folder; places are relative to the source, "
            f"{printable(images.root)}"
        )
    return place, request.origin.endswith(INSTANCES)


def _refuse_file(place: str, request: FieldRequest, wanted: str) -> None:
    if not os.path.isdir(place):
        raise SourceError(f"{request.name}: {request.kind} are read from {wanted}; got {printable(place)}")
