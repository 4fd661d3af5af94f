"""Files below one folder, read by index: images, sounds or texts."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from augflow.errors import SourceError
from augflow.sample import Array, Sample
from augflow.sources.base import SINGLE_IMAGE, FieldRequest, Links, TargetKind
from augflow.sources.decoding import FILE_SUFFIXES, NOUNS, read
from augflow.sources.index import SampleIndex, printable
from augflow.sources.storage import is_url, join_place, list_remote, shown

MAX_REPEATED = 1_000_000
"""How many entries a walk may meet again by links: those of folders that it was in already."""

FOLDER_ENTRIES = 300
"""For how many entries a folder counts that is met again, besides its own."""

OUTSIDE = {
    "inside": (
        "source",
        "if you trust it, follow all links with `source: {links: follow}` or ?links=follow behind the path "
        "(the cache of Hugging Face needs it); else put the file or folder itself there",
    ),
    "sealed": ("dataset", "put the file itself there"),
}
"""What a link leads out of and what to do, by what `links` says."""


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
    """The folders that a walk has entered. It follows links, and those may form a ring, or lead to one folder
    by a million ways."""

    def __init__(self) -> None:
        self._identities: dict[str, tuple[int, int]] = {}
        self._first: dict[tuple[int, int], str] = {}
        self._repeated = 0

    def enter(self, root: str, path: str, entries: int) -> None:
        """Note a folder by its path below the root, "" or with / at its end, that has so many entries.

        Raises SourceError where it is one of the folders that it lies in, where links have led to what is
        known too often, and where it is not there.
        """
        place = printable(os.path.join(root, path))
        try:
            status = os.stat(os.path.join(root, path))
        except OSError as error:
            raise SourceError(f"{place}: cannot be listed: {error.strerror}") from error
        self._identities[path] = identity = (status.st_dev, status.st_ino)
        above = path.rpartition("/")[0]
        while above:
            above = above.rpartition("/")[0]
            if self._identities[f"{above}/" if above else ""] == identity:
                inner = printable(os.path.join(root, above))
                raise SourceError(f"{place} is a ring: it leads back to {inner}, in which it lies; remove it")
        first = self._first.setdefault(identity, path)
        self._repeated += 0 if first == path else entries + FOLDER_ENTRIES
        if self._repeated > MAX_REPEATED:
            raise SourceError(
                f"{place} leads to the same folder as {printable(os.path.join(root, first))}, and so many "
                f"links do that more than {MAX_REPEATED:,} files and folders are met again; remove some"
            )


class Folder:
    """The folder of a source on this machine. What a table names may not lead out of it by its path.

    What of the links in it is followed `links` says; of a dataset that is `sealed` those that stay inside.
    """

    def __init__(self, root: str, links: Links | Literal["sealed"]) -> None:
        self.root = root
        self._links = links
        self._home = os.path.realpath(root)
        self._inside: set[str] = {""}
        """Folders below the root, relative, that are known to lie inside."""

    def refuse_outside(self, path: str) -> None:
        """Raise SourceError where links lead a relative path out of the folder, and may not."""
        if self._links == "follow":
            return
        parent = os.path.dirname(path)
        if parent not in self._inside:
            self._refuse_target(parent)
            self._inside.add(parent)
        if os.path.islink(os.path.join(self.root, path)):
            self._refuse_target(path)

    def _refuse_target(self, path: str) -> None:
        target = os.path.realpath(os.path.join(self.root, path))
        if os.path.commonpath((self._home, target)) != self._home:
            link = printable(os.path.join(self.root, self._first_outside(path)))
            what, remedy = OUTSIDE[self._links]
            raise SourceError(
                f"{link} is a link that leads out of the {what}, to {printable(target)}; {remedy}"
            )

    def _first_outside(self, path: str) -> str:
        """The link on a path that leads out."""
        parts = path.split("/")
        for count in range(1, len(parts)):
            upper = "/".join(parts[:count])
            target = os.path.realpath(os.path.join(self.root, upper))
            if os.path.commonpath((self._home, target)) != self._home:
                return upper
        return path

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

    def refuse_outside(self, path: str) -> None:
        """Nothing: there are no links behind a URL."""

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


def folder_of(root: str, links: Links | Literal["sealed"]) -> Folder | RemoteFolder:
    """The folder of a source on this machine or behind a URL."""
    return RemoteFolder(root) if is_url(root) else Folder(root, links)


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
