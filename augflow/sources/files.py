"""Image files below one folder, read by index."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from augflow.errors import SourceError
from augflow.sample import Array, Sample
from augflow.sources.base import TargetKind
from augflow.sources.decode import read_image
from augflow.sources.index import PathIndex, printable

IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif"})
"""Names that are taken for images, in any case; what the content is decides only how to decode it."""


def suffix_of(name: str) -> str:
    """The lower-case suffix of a file name, with its dot; "" where there is none."""
    return os.path.splitext(name)[1].lower()


class Folder:
    """The folder of a source, outside of which nothing is read."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._home = os.path.realpath(root)
        self._inside: set[str] = {""}
        """Folders below the root, relative, that are known to lie inside."""

    def refuse_outside(self, path: str) -> None:
        """Raise SourceError where a relative path, links followed, lies outside the folder."""
        target = os.path.realpath(os.path.join(self.root, path))
        if os.path.commonpath((self._home, target)) != self._home:
            place = printable(os.path.join(self.root, path))
            raise SourceError(
                f"{place} leads out of the source, to {printable(target)}; links may only point to files "
                "inside the source: copy the file, or open the folder that holds both"
            )

    def size_of(self, path: str, origin: str) -> int:
        """Size in bytes of a file that a table names by its normalized relative path.

        Raises SourceError naming `origin` where it is absent, no regular file, or outside.
        """
        if os.path.isabs(path) or path.partition("/")[0] == "..":
            raise SourceError(
                f"{origin}: {printable(path)!r} leads out of the source; paths are relative to it"
            )
        parent = os.path.dirname(path)
        full = os.path.join(self.root, path)
        try:
            status = os.lstat(full)
            if parent not in self._inside:
                self.refuse_outside(parent)
                self._inside.add(parent)
            if stat.S_ISLNK(status.st_mode):
                self.refuse_outside(path)
                status = os.stat(full)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise SourceError(
                f"{origin}: {printable(path)!r} is not in {printable(self.root)}: {reason}"
            ) from error
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{origin}: {printable(path)!r} is not a file")
        return status.st_size


@dataclass(frozen=True, eq=False)
class FileSource:
    """Image files below one folder. Frozen, picklable, safe to share between threads."""

    root: str
    """Absolute: workers have other working directories."""
    index: PathIndex
    classes: tuple[str, ...]
    description: str
    target_kind: TargetKind = "class"
    columns: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.index)

    def sample_id(self, index: int) -> str:
        """The relative path, or what the table gives as id."""
        return self.index.sample_id(index)

    def place(self, index: int) -> str:
        """The absolute path, on one line."""
        return printable(os.path.join(self.root, self.index.path(index)))

    def read(self, index: int) -> Sample:
        """The decoded image as field `image`, uint8 (H, W, 3); raises `BadSampleError`."""
        path = os.path.join(self.root, self.index.path(index))
        image = read_image(path, printable(path))
        targets = self.index.targets
        target = targets.row(index, len(self.classes)) if targets is not None else None
        label = int(self.index.labels[index])
        return Sample(self.sample_id(index), index, {"image": image}, label, target)

    def lengths(self) -> Array:
        """Bytes of each file."""
        return self.index.sizes

    def fingerprint(self) -> str:
        """Hex digest of ids, labels and sizes."""
        return self.index.fingerprint
