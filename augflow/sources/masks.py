"""Masks from a folder of pictures whose pixels are numbers, one for each image, of the same name."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from PIL import Image, UnidentifiedImageError

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array
from augflow.sources.base import Links
from augflow.sources.box_table import size_mismatch
from augflow.sources.classes import counted
from augflow.sources.columns import PackedNames
from augflow.sources.decode import DAMAGED, MAX_FILE_BYTES
from augflow.sources.files import FileSource
from augflow.sources.index import FINGERPRINT_BYTES, RAW, printable
from augflow.sources.pairing import absent, files_below, images_by_stem, refuse
from augflow.sources.storage import read_file

SUFFIXES = frozenset({".png", ".tif", ".tiff", ".bmp"})
"""Formats that keep every number."""

LOSSY = frozenset({".jpg", ".jpeg", ".webp", ".gif"})

DTYPES = {"1": np.uint8, "L": np.uint8, "P": np.uint8, "I;16": np.uint16, "I;16B": np.uint16, "I": np.int32}
"""What a mask becomes, by Pillow's mode; of a palette the numbers, not the colors."""


@dataclass(frozen=True, eq=False)
class MaskFolder:
    """One mask an image, in the order of the images."""

    description: str
    folder: str
    paths: PackedNames
    """Relative to the folder."""
    sizes: tuple[int, ...]
    """In bytes."""
    classes: tuple[str, ...] = ()

    def read(self, index: int, size: tuple[int, ...], _place: str) -> Array:
        """The mask (height, width) of an image, uint8, uint16 or int32; raises `BadSampleError`."""
        path = os.path.join(self.folder, self.paths[index].decode("utf-8", RAW))
        place = printable(path)
        data = read_file(path, MAX_FILE_BYTES)
        try:
            with Image.open(io.BytesIO(data), formats=("PNG", "TIFF", "BMP")) as picture:
                if picture.mode not in DTYPES:
                    rule = "a mask has one whole number a pixel: modes L, P or I;16"
                    raise BadSampleError(
                        place, f"{rule}; got mode {picture.mode}: turn its colors into numbers"
                    )
                if (picture.height, picture.width) != size:
                    raise BadSampleError(
                        place, size_mismatch("the mask", (picture.height, picture.width), size)
                    )
                return np.array(picture).astype(DTYPES[picture.mode])
        except UnidentifiedImageError as error:
            raise BadSampleError(place, "not a readable PNG, TIFF or BMP picture") from error
        except (*DAMAGED, Image.DecompressionBombError) as error:
            reason = f"{error}" or type(error).__name__
            raise BadSampleError(place, f"damaged or truncated mask: {reason}") from error

    def fingerprint(self) -> str:
        """Hex digest of names and sizes in bytes."""
        hasher = blake2b(self.paths.blob, digest_size=FINGERPRINT_BYTES)
        hasher.update(np.array(self.sizes, "<i8").tobytes())
        return hasher.hexdigest()


def mask_folder(images: FileSource, folder: str, links: Links) -> MaskFolder:
    """The masks of a folder; raises SourceError for images without a mask and masks without an image."""
    files = files_below(folder, SUFFIXES, links)
    if not files and files_below(folder, LOSSY, links):
        kinds = ", ".join(sorted(SUFFIXES))
        raise SourceError(f"{printable(folder)}: masks are {kinds}; other formats do not keep every number")
    stems = images_by_stem(images)
    problems = absent(images, stems, files, folder)
    for stem, image in stems.items():
        if stem not in files:
            wanted = printable(os.path.join(folder, stem + ".png"))
            problems.append(
                f"{images.place(image)}: there is no mask {wanted}; add it, or move the image away"
            )
    refuse(problems)
    paths = [files[stem] for stem in stems]
    sizes = tuple(os.path.getsize(os.path.join(folder, path)) for path in paths)
    told = f"{counted(len(paths), 'mask')} in {printable(folder)}"
    return MaskFolder(told, folder, PackedNames.pack([path.encode("utf-8", RAW) for path in paths]), sizes)
