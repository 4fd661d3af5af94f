"""The shards that a source names, and what stands beside them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import Any, get_args

from augflow.errors import BadSampleError, SourceError
from augflow.sources.base import Links, TargetKind
from augflow.sources.classes import listed
from augflow.sources.files import Folder
from augflow.sources.jsonlines import json_object
from augflow.sources.storage import (
    exists,
    file_size,
    is_folder,
    join_place,
    list_remote,
    local_path,
    read_file,
    shown,
    split_place,
)
from augflow.wording import shown as cut

ABOUT_FILE = "augflow.json"
PARTS_FILE = "parts.jsonl"
CLASSES_FILE = "classes.txt"

MAX_SHARDS = 1_000_000
MAX_BESIDE_BYTES = 64 * 2**20

_KNOWN = frozenset({ABOUT_FILE, PARTS_FILE, CLASSES_FILE, "skipped.jsonl"})
_SHARD = re.compile(r"\.(tar(\.\w+)?|tgz|tbz2?|txz)\Z", re.IGNORECASE)
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d{1,18})\.\.(\d{1,18})\Z")


@dataclass(frozen=True)
class Shards:
    """Archives in the order of their places, with what is known of them all."""

    places: tuple[str, ...]
    """Absolute paths, or URLs."""
    sizes: tuple[int, ...]
    """Bytes of each."""
    classes: tuple[str, ...] | None
    """The class list that stands beside them; None where there is none."""
    target_kind: TargetKind
    """What augflow noted of the targets that it wrote, else `class`."""
    others: tuple[str, ...] = ()
    """Files of their folder that are passed over."""


def find_shards(source: str, links: Links = "inside") -> Shards:
    """The shards of a `.tar`, of a name with braces (`{000..012}`, `{a,b}`), or of a folder of them.

    Raises SourceError where there are none, where one is absent, and where augflow noted to have
    written one that is not there.
    """
    path = local_path(source)
    place = source if path is None else path
    files: dict[str, int] | None = None
    if "{" in place and not (path is not None and os.path.exists(path)):
        places = sorted(expand_braces(place))
    elif is_folder(place):
        files = _files_of(place, links)
        places = [join_place(place, name) for name in sorted(files) if _SHARD.search(name)]
        if not places:
            raise SourceError(f"{shown(place)}: no .tar files in the folder; found {listed(sorted(files))}")
    else:
        places = [place]
    folder = place if files is not None else split_place(places[0])[0]
    classes, kind = _own_classes(folder, files)
    if files is None:
        return Shards(tuple(places), tuple(map(file_size, places)), classes, kind)
    if ABOUT_FILE in files:
        _refuse_missing(folder, files)
    others = tuple(sorted(name for name in files.keys() - _KNOWN if not _SHARD.search(name)))
    sizes = tuple(files[name] for name in sorted(files) if _SHARD.search(name))
    return Shards(tuple(places), sizes, classes, kind, others)


def expand_braces(pattern: str) -> list[str]:
    """Every name that a pattern stands for: `{000..012}` counts with as many digits, `{a,b}` lists.

    Raises SourceError for braces that are neither, nested or without their other half.
    """
    names = [pattern]
    while match := _BRACES.search(names[0]):
        choices = _choices(match[1], pattern)
        if len(names) * len(choices) > MAX_SHARDS:
            raise SourceError(f"{shown(pattern)}: stands for more than {MAX_SHARDS:,} shards")
        names = [_BRACES.sub(choice, name, count=1) for name in names for choice in choices]
    if "{" in names[0] or "}" in names[0]:
        raise SourceError(f"{shown(pattern)}: a brace without its other half; write {{000..012}} or {{a,b}}")
    return names


def _choices(inner: str, pattern: str) -> list[str]:
    if match := _RANGE.match(inner):
        first, last = int(match[1]), int(match[2])
        if last < first or last - first >= MAX_SHARDS:
            raise SourceError(
                f"{shown(pattern)}: {{{inner}}} must count up, over at most {MAX_SHARDS:,} numbers"
            )
        return [str(number).zfill(len(match[1])) for number in range(first, last + 1)]
    if "," in inner:
        return inner.split(",")
    raise SourceError(
        f"{shown(pattern)}: {{{inner}}} is neither a range nor a list; write {{000..012}} or {{a,b}}"
    )


def _files_of(place: str, links: Links) -> dict[str, int]:
    """Sizes of the visible files right in a folder, by name; of those that count, on this machine."""
    if local_path(place) is None:
        found = {file.path: file.size for file in list_remote(place, deep=False)}
        return {name: size for name, size in found.items() if not name.startswith(".")}
    folder = Folder(place, links)
    with os.scandir(place) as entries:
        names = [entry.name for entry in entries if not entry.name.startswith(".") and not entry.is_dir()]
    counting = {name for name in names if _SHARD.search(name) or name in _KNOWN}
    return {name: folder.size_of(name, shown(place)) if name in counting else 0 for name in names}


def _beside(folder: str, name: str, files: dict[str, int] | None) -> bytes | None:
    """The bytes of a file beside the shards; None where it is not there."""
    place = join_place(folder, name)
    if not (exists(place) if files is None else name in files):
        return None
    try:
        return read_file(place, MAX_BESIDE_BYTES)
    except BadSampleError as error:
        raise SourceError(str(error)) from error


def parsed_about(data: bytes, place: str) -> dict[str, Any]:
    """What augflow noted of a dataset that it wrote; raises SourceError where it is not that."""
    about = json_object(data, shown(place))
    names = about.get("classes")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise SourceError(f"{shown(place)}: `classes` must be a list of names, got {cut(names)}")
    if about.setdefault("target_kind", "class") not in get_args(TargetKind):
        raise SourceError(f"{shown(place)}: `target_kind` must be one of {', '.join(get_args(TargetKind))}")
    return about


def _own_classes(folder: str, files: dict[str, int] | None) -> tuple[tuple[str, ...] | None, TargetKind]:
    """The class list beside the shards, by augflow or by hand, one name a line; and what targets mean."""
    data = _beside(folder, ABOUT_FILE, files)
    if data is not None:
        about = parsed_about(data, join_place(folder, ABOUT_FILE))
        return tuple(about["classes"]) or None, about["target_kind"]
    data = _beside(folder, CLASSES_FILE, files)
    if data is None:
        return None, "class"
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise SourceError(f"{shown(join_place(folder, CLASSES_FILE))}: not UTF-8: {error.reason}") from error
    return tuple(line.strip() for line in lines if line.strip()) or None, "class"


def _refuse_missing(folder: str, files: dict[str, int]) -> None:
    """Raise SourceError where augflow did not come to its end, or noted a shard that is not there."""
    if PARTS_FILE not in files:
        raise SourceError(
            f"{shown(folder)}: {PARTS_FILE} is missing: `augflow materialize` did not come to its end; "
            "run it again"
        )
    place = join_place(folder, PARTS_FILE)
    for number, line in enumerate((_beside(folder, PARTS_FILE, files) or b"").splitlines(), 1):
        name = json_object(line, f"{shown(place)}:{number}").get("output")
        if name not in files:
            raise SourceError(f"{shown(place)}:{number}: {name!r} is missing; copy the folder again")
