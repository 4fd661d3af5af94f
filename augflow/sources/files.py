"""Files below one folder, read by index: images, sounds or texts."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import cached_property

from augflow.errors import SourceError
from augflow.sample import Array, Sample
from augflow.sources.base import SINGLE_IMAGE, FieldRequest, TargetKind
from augflow.sources.decoding import FILE_SUFFIXES, NOUNS, read
from augflow.sources.index import SampleIndex, printable
from augflow.sources.storage import is_url, join_place, list_remote, shown


def suffix_of(name: str) -> str:
    """The lower-case suffix of a file name, with its dot; "" where there is none."""
    return os.path.splitext(name)[1].lower()


def refuse_suffix(path: str, request: FieldRequest, origin: str) -> None:
    """Raise SourceError where a path that a table names ends like a file of another kind."""
    suffix, wanted = suffix_of(path), FILE_SUFFIXES[request.kind]
    if suffix and suffix not in wanted:
        noun = NOUNS[request.kind]
        raise SourceError(
            f"{origin}: no {noun} files: found {suffix}; {noun}s are {', '.join(sorted(wanted))}"
        )


class MetFolders:
    """The folders that a walk has entered. Links are followed, so that each is to be entered once: they may
    form a ring, or lead to one folder by a million ways."""

    def __init__(self) -> None:
        self._places: dict[tuple[int, int], str] = {}

    def enter(self, folder: str) -> None:
        """Raise SourceError where the folder was entered before, or is not there."""
        try:
            status = os.stat(folder)
        except OSError as error:
            raise SourceError(f"{printable(folder)}: cannot be listed: {error.strerror}") from error
        first = self._places.setdefault((status.st_dev, status.st_ino), folder)
        if first != folder:
            raise SourceError(
                f"{printable(folder)} leads to the same folder as {printable(first)}; remove one of the links"
            )


class Folder:
    """The folder of a source on this machine. What is named may not lead out of it.

    Links that lie in it are followed, wherever they lead, unless it is `sealed`: then nothing outside of it
    is read.
    """

    def __init__(self, root: str, *, sealed: bool = False) -> None:
        self.root = root
        self._sealed = sealed
        self._home = os.path.realpath(root)
        self._inside: set[str] = {""}
        """Folders below the root, relative, that are known to lie inside."""

    def refuse_outside(self, path: str) -> None:
        """Raise SourceError where a relative path, links followed, lies outside the folder."""
        parent = os.path.dirname(path)
        if parent not in self._inside:
            self._refuse_target(parent)
            self._inside.add(parent)
        if os.path.islink(os.path.join(self.root, path)):
            self._refuse_target(path)

    def _refuse_target(self, path: str) -> None:
        target = os.path.realpath(os.path.join(self.root, path))
        if os.path.commonpath((self._home, target)) != self._home:
            place = printable(os.path.join(self.root, path))
            raise SourceError(
                f"{place} leads out of the dataset, to {printable(target)}; put the file itself there"
            )

    def size_of(self, path: str, origin: str) -> int:
        """Size in bytes of a file that a table names by its normalized relative path.

        Raises SourceError naming `origin` where it is absent, no regular file, or outside.
        """
        if os.path.isabs(path) or path.partition("/")[0] == "..":
            raise SourceError(
                f"{origin}: {printable(path)!r} leads out of the source; paths are relative to it"
            )
        try:
            status = os.stat(os.path.join(self.root, path))
            if self._sealed:
                self.refuse_outside(path)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise SourceError(
                f"{origin}: {printable(path)!r} is not in {printable(self.root)}: {reason}"
            ) from error
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(f"{origin}: {printable(path)!r} is not a file")
        return status.st_size

    def base_of(self, path: str) -> str:
        """What goes before a path of the table: nothing, or the one subfolder where it lies."""
        if os.path.lexists(os.path.join(self.root, path)):
            return ""
        with os.scandir(self.root) as entries:
            names = [entry.name for entry in entries if entry.is_dir() and not entry.name.startswith(".")]
        holding = [name for name in names if os.path.lexists(os.path.join(self.root, name, path))]
        return f"{holding[0]}/" if len(holding) == 1 else ""


class RemoteFolder:
    """The folder of a source behind a URL, listed once when a file of it is first asked for."""

    def __init__(self, root: str) -> None:
        self.root = root

    @cached_property
    def _sizes(self) -> dict[str, int]:
        return {file.path: file.size for file in list_remote(self.root)}

    def size_of(self, path: str, origin: str) -> int:
        """Size in bytes of a file that a table names; raises SourceError naming `origin` without one."""
        if path not in self._sizes:
            raise SourceError(f"{origin}: {printable(path)!r} is not in {shown(self.root)}")
        return self._sizes[path]

    def base_of(self, path: str) -> str:
        """What goes before a path of the table: nothing, or the one subfolder where it lies."""
        if path in self._sizes:
            return ""
        holding = [
            name
            for name in self._sizes
            if name.endswith(f"/{path}") and name.count("/") == path.count("/") + 1
        ]
        return holding[0].removesuffix(path) if len(holding) == 1 else ""


def folder_of(root: str, *, sealed: bool = False) -> Folder | RemoteFolder:
    """The folder of a source on this machine or behind a URL."""
    return RemoteFolder(root) if is_url(root) else Folder(root, sealed=sealed)


@dataclass(frozen=True, eq=False)
class FileSource:
    """Files of one kind below one folder. Frozen, picklable, safe to share between threads."""

    root: str
    """Absolute, for workers have other working directories; or a URL."""
    index: SampleIndex
    classes: tuple[str, ...]
    description: str
    request: FieldRequest = SINGLE_IMAGE[0]
    """The field that the files are."""
    target_kind: TargetKind = "class"

    @property
    def columns(self) -> tuple[str, ...]:
        """The other columns of the table that names the files."""
        return self.index.rows.names

    def __len__(self) -> int:
        return len(self.index)

    def sample_id(self, index: int) -> str:
        """The relative path, or what the table gives as id."""
        return self.index.sample_id(index)

    def place(self, index: int) -> str:
        """The absolute path, on one line."""
        return shown(join_place(self.root, self.index.path(index)))

    def read(self, index: int) -> Sample:
        """The decoded file as the field that was asked for; raises `BadSampleError`."""
        path = join_place(self.root, self.index.path(index))
        fields = {self.request.name: read(self.request.kind, path, shown(path))}
        return self.index.sample(index, fields, len(self.classes), self.target_kind)

    def lengths(self) -> Array:
        """Bytes of each file."""
        return self.index.sizes

    def fingerprint(self) -> str:
        """Hex digest of ids, labels and sizes."""
        return self.index.fingerprint
