"""Class folders, and folders of files without labels."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field

from augflow.errors import SourceError
from augflow.sample import UNLABELED
from augflow.sources.base import SINGLE_IMAGE, FieldKind, FieldRequest, Links
from augflow.sources.classes import ClassList, counted, listed
from augflow.sources.decoding import FILE_SUFFIXES, NOUNS
from augflow.sources.files import FileSource, Folder, MetFolders, suffix_of
from augflow.sources.index import FoundFile, build_index, id_of_path, printable
from augflow.sources.storage import is_url, list_remote
from augflow.sources.storage import shown as storage_shown

SPLIT_NAMES = frozenset({"train", "test", "val", "valid", "validation", "dev"})

TABLE_SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")


@dataclass
class Scan:
    """What lies below a folder: files of one kind, and how many others."""

    root: str
    kind: FieldKind = "image"
    files: list[tuple[str, int]] = field(default_factory=list)
    """Relative path and size in bytes."""
    folders: list[str] = field(default_factory=list)
    """Names of the folders right below the root."""
    others: Counter[str] = field(default_factory=Counter)
    """How many files of other kinds, by suffix."""
    hidden: int = 0
    links: int = 0
    """How many links were followed, to files and folders."""

    def passed_over(self) -> str:
        """What was reached by links, and what was not taken, for the description; "" for nothing."""
        parts = []
        if self.others:
            kinds = sorted(suffix or "without a suffix" for suffix in self.others)
            parts.append(f"{counted(self.others.total(), 'file')} of other kinds ({listed(kinds)})")
        if self.hidden:
            parts.append(f"{self.hidden:,} hidden")
        told = f"; {counted(self.links, 'link')} followed" if self.links else ""
        return f"{told}; passed over: {', '.join(parts)}" if parts else told


def open_folder(
    root: str,
    frozen: ClassList | None,
    request: FieldRequest = SINGLE_IMAGE[0],
    links: Links = "inside",
) -> FileSource:
    """Files of one kind below `root`, labeled by the first folder below it; unlabeled without folders.

    Raises SourceError for an empty folder, files beside class folders, a class folder without
    files (unless `frozen` lists the classes), classes that `frozen` lacks, and links that lead to
    nothing, back to a folder in which they lie, or out of `root` where `links` does not say so.
    """
    found = scan(root, request.kind, links)
    shown, noun = storage_shown(root), NOUNS[request.kind]
    if not found.files:
        raise SourceError(f"{shown}: {nothing_found(found)}")
    loose = sorted(path for path, _ in found.files if "/" not in path)
    if not found.folders:
        files = [FoundFile(id_of_path(path), path, UNLABELED, size) for path, size in found.files]
        told = f"unlabeled folder {shown}: {counted(len(files), noun)}{found.passed_over()}"
        return FileSource(root, build_index(files), (), told, request)
    if loose:
        raise SourceError(
            f"{shown}: {counted(len(loose), noun)} ({listed(loose)}) beside the folders "
            f"({listed(sorted(found.folders))}); move them into the folder of their class, or away"
        )
    return _class_folders(found, frozen, request)


def _class_folders(found: Scan, frozen: ClassList | None, request: FieldRequest) -> FileSource:
    names = {path.partition("/")[0] for path, _ in found.files}
    empty = sorted(set(found.folders) - names)
    shown, noun = storage_shown(found.root), NOUNS[request.kind]
    if empty and frozen is None:
        raise SourceError(
            f"{shown}: no {noun}s in the class folder {listed(empty)}; remove it, or list the classes that "
            "count with `classes`"
        )
    classes = frozen or ClassList.met(id_of_path(name) for name in names)
    labels = {name: classes.label(id_of_path(name), shown) for name in sorted(names)}
    files = [
        FoundFile(id_of_path(path), path, labels[path.partition("/")[0]], size) for path, size in found.files
    ]
    told = f"class folders in {shown}: {counted(len(files), noun)} of {counted(len(names), 'class')}"
    told += f" ({listed(sorted(map(id_of_path, names)))}){found.passed_over()}"
    if names <= SPLIT_NAMES:
        told += f"; these look like splits: open {os.path.join(shown, min(names))} for one of them"
    return FileSource(found.root, build_index(files), classes.names, told, request)


def nothing_found(found: Scan) -> str:
    """Why a folder is no source of files of its kind."""
    if not found.others:
        return "the folder holds no files" + (f" but {found.hidden:,} hidden ones" if found.hidden else "")
    kinds = ", ".join(suffix or "files without a suffix" for suffix, _ in found.others.most_common(5))
    noun, wanted = NOUNS[found.kind], ", ".join(sorted(FILE_SUFFIXES[found.kind]))
    told = f"no {noun} files: found {kinds}; {noun}s are {wanted}"
    tables = [suffix for suffix in found.others if suffix in TABLE_SUFFIXES]
    return f"{told}; to open a {tables[0]}, give its own path" if tables else told


def scan(root: str, kind: FieldKind = "image", links: Links = "inside") -> Scan:
    """Everything below a folder, once; hidden files and folders are counted and not entered."""
    found = Scan(root, kind)
    if is_url(root):
        _scan_remote(found)
        return found
    waiting, met, home = [""], MetFolders(), Folder(root, links)
    while waiting:
        prefix = waiting.pop()
        folder = os.path.join(root, prefix)
        try:
            folders, count = [], 0
            with os.scandir(folder) as entries:
                for entry in entries:
                    count += 1
                    if _take(found, entry, prefix, home):
                        folders.append(entry.name)
            met.enter(root, prefix, count)
        except OSError as error:
            raise SourceError(f"{printable(folder)}: cannot be listed: {error.strerror}") from error
        if not prefix:
            found.folders = folders
        waiting.extend(f"{prefix}{name}/" for name in folders)
    return found


def _scan_remote(found: Scan) -> None:
    folders = set()
    for file in list_remote(found.root):
        parts = file.path.split("/")
        if any(part.startswith(".") for part in parts):
            found.hidden += 1
            continue
        folders.update(parts[:-1][:1])
        if suffix_of(file.path) in FILE_SUFFIXES[found.kind]:
            found.files.append((file.path, file.size))
        else:
            found.others[suffix_of(file.path)] += 1
    found.folders = sorted(folders)


def _take(found: Scan, entry: os.DirEntry[str], prefix: str, home: Folder) -> bool:
    """Note one entry of a folder; True where it is a folder to enter."""
    if entry.name.startswith("."):
        found.hidden += 1
        return False
    suffix = suffix_of(entry.name)
    wanted = suffix in FILE_SUFFIXES[found.kind]
    if entry.is_symlink() and (wanted or not suffix or entry.is_dir()):
        if not os.path.exists(entry.path):
            raise SourceError(f"{printable(entry.path)} is a link to nothing; remove it")
        home.refuse_outside(prefix + entry.name)
        found.links += wanted or entry.is_dir()
    if entry.is_dir():
        return True
    if wanted and entry.is_file():
        found.files.append((prefix + entry.name, entry.stat().st_size))
    else:
        found.others[suffix] += 1
    return False
