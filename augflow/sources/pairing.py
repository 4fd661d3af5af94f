"""Which annotation belongs to which image: by relative path without its suffix."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from augflow.errors import BadSampleError, SourceError
from augflow.sources.base import Links
from augflow.sources.classes import counted
from augflow.sources.decoding import FILE_SUFFIXES
from augflow.sources.files import FileSource, Folder, MetFolders, suffix_of
from augflow.sources.index import printable
from augflow.sources.storage import read_file

MAX_TEXT_BYTES = 16 * 2**20
"""Larger annotations of one image are refused before they are read."""

SHOWN = 8
"""How many problems a message tells before it counts the rest."""


def refuse(problems: Iterable[str]) -> None:
    """Raise SourceError with the first problems, a line each, where there are any."""
    found = list(problems)
    if not found:
        return
    rest = len(found) - SHOWN
    more = [f"and {counted(rest, 'problem')} more"] if rest > 0 else []
    raise SourceError("\n".join([*found[:SHOWN], *more]))


def stem_of(path: str) -> str:
    """A relative path without the suffix of its file name."""
    return os.path.splitext(path)[0]


def images_by_stem(images: FileSource) -> dict[str, int]:
    """The index of each image by its stem; raises SourceError where two images share one."""
    stems: dict[str, int] = {}
    for index in range(len(images)):
        stem = stem_of(images.index.path(index))
        if stem in stems:
            raise SourceError(
                f"{images.place(stems[stem])} and {images.place(index)} differ in the suffix alone, so that "
                f"an annotation named {printable(stem)!r} could belong to either; rename one"
            )
        stems[stem] = index
    return stems


def files_below(folder: str, suffixes: frozenset[str], links: Links) -> dict[str, str]:
    """Files with one of the suffixes, by stem: paths relative to the folder, hidden ones left out.

    Raises SourceError for a folder that cannot be listed, for links that form a ring or lead out of the
    folder where `links` does not say so, and where two files share a stem.
    """
    found: dict[str, str] = {}
    met, home = MetFolders(), Folder(folder, links)

    def failed(error: OSError) -> None:
        raise SourceError(f"{printable(folder)}: cannot be listed: {error.strerror}") from error

    for parent, folders, names in os.walk(folder, onerror=failed, followlinks=True):
        prefix = os.path.relpath(parent, folder) + "/" if parent != folder else ""
        met.enter(folder, prefix, len(folders) + len(names))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            home.refuse_outside(prefix + name)
        for name in sorted(names):
            if name.startswith(".") or suffix_of(name) not in suffixes:
                continue
            path = prefix + name
            home.refuse_outside(path)
            twin = found.setdefault(stem_of(path), path)
            if twin != path:
                raise SourceError(
                    f"{printable(folder)}: {printable(twin)!r} and {printable(path)!r} would belong to "
                    "the same image; remove one"
                )
    return found


def absent(images: FileSource, stems: Mapping[str, int], files: Mapping[str, str], folder: str) -> list[str]:
    """A problem for each annotation file without an image. One whose image lies in the source's folder but
    is not part of the source, of another split say, is none."""
    problems = []
    for stem, path in files.items():
        if stem not in stems and not _stored(images, stem):
            place = printable(os.path.join(folder, path))
            wanted = printable(os.path.join(images.root, stem))
            problems.append(f"{place}: there is no image {wanted}.*; remove the file, or add the image")
    return problems


def _stored(images: FileSource, stem: str) -> bool:
    base = os.path.join(images.root, stem)
    return any(os.path.exists(base + suffix) for suffix in FILE_SUFFIXES["image"])


def read_text(path: str, limit: int = MAX_TEXT_BYTES) -> str:
    """The text of an annotation file; raises SourceError where it cannot be read, has more than `limit`
    bytes, or is not UTF-8."""
    shown = printable(path)
    try:
        text = read_file(path, limit).decode("utf-8-sig")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    except BadSampleError as error:
        raise SourceError(f"{error}") from error
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{shown}: not UTF-8 ({error.reason} at byte {error.start}); save it as UTF-8"
        ) from error
