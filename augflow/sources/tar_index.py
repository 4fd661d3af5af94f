"""Which samples a shard holds: members grouped by key, and where the files of each field lie."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array
from augflow.sources.base import FieldRequest
from augflow.sources.decoding import FILE_SUFFIXES
from augflow.sources.index import printable
from augflow.sources.jsonlines import json_object
from augflow.sources.storage import local_path, read_range, shown
from augflow.sources.tar import LONGEST_NUMBER, Member, members
from augflow.sources.tar_fields import ARRAY_SUFFIX, IN_JSON

READ_AHEAD_BYTES = 8 * 2**20
"""From a server, headers come with what lies between them: a request costs more than its bytes."""

LOCAL_AHEAD_BYTES = 8 * 2**10

MAX_LABEL_BYTES = 8 * 2**20
"""Enough for soft labels over 100,000 classes."""

MASK_NAMES = ("mask", "seg", "segmentation")
MASK_SUFFIXES = frozenset({".png", ".tif", ".tiff", ".bmp", ARRAY_SUFFIX})


@dataclass
class ShardSamples:
    """The samples of one shard while the index is built."""

    shown: str
    keys: list[str] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    """What the `.cls` or the `.json` says; None where neither does."""
    targets: list[Any] = field(default_factory=list)
    columns: set[str] | None = None
    """The keys that every `.json` has with a plain value; None before the first sample."""
    extensions: Counter[str] = field(default_factory=Counter)
    passed_over: int = 0
    places: list[array[int]] = field(default_factory=list)
    """Offset, size and number of the extension, in turn; one array a field, the `.json` last."""
    names: dict[str, int] = field(default_factory=dict)
    """Extensions by number."""

    def files_of(self, column: int) -> Array:
        """(n, 3) int64 of one field; size -1 where a sample lacks it."""
        return np.frombuffer(self.places[column], np.int64).reshape(-1, 3)


class ReadAhead:
    """Reads an archive a window at a time."""

    def __init__(self, place: str, archive_bytes: int) -> None:
        self._place = place
        self._bytes = archive_bytes
        self._ahead = READ_AHEAD_BYTES if local_path(place) is None else LOCAL_AHEAD_BYTES
        self._start = 0
        self._data = b""

    def __call__(self, start: int, size: int) -> bytes:
        """`size` bytes from `start` on, fewer only at the archive's end."""
        stop = min(start + size, self._bytes)
        if start >= stop:
            return b""
        if start < self._start or stop > self._start + len(self._data):
            length = max(stop - start, min(self._ahead, self._bytes - start))
            self._data, self._start = read_range(self._place, start, length), start
        return self._data[start - self._start : stop - self._start]


def scan_shard(
    place: str, archive_bytes: int, fields: Sequence[FieldRequest], label: str | None
) -> ShardSamples:
    """The samples of one shard in their order. `label` is the extension or the key of a `.json` that
    holds labels; None means `.cls`, else the key `label`.

    Raises SourceError for what `members` refuses, for two samples of one key, and for several files
    that may be a field.
    """
    found = ShardSamples(shown(place), places=[array("q") for _ in range(len(fields) + 1)])
    read = ReadAhead(place, archive_bytes)
    take = _Taker(found, fields, label)
    sample, seen = _Members(""), set[str]()
    try:
        for member in members(read, archive_bytes, found.shown):
            key, extension = split_name(member.name)
            if not key:
                found.passed_over += 1
                continue
            if key != sample.key:
                if sample.key:
                    take(sample)
                if key in seen:
                    raise SourceError(
                        f"{found.shown}: two samples have the key {printable(key)!r}; the files of a sample "
                        "must lie one behind the other, and keys differ"
                    )
                seen.add(key)
                sample = _Members(key)
            if extension in sample.files:
                raise SourceError(f"{found.shown}: holds {printable(member.name)} twice")
            sample.files[extension] = member
            if extension in take.read:
                sample.texts[extension] = _label_bytes(read, member, found.shown)
    except BadSampleError as error:
        raise SourceError(str(error)) from error
    if sample.key:
        take(sample)
    return found


@dataclass
class _Members:
    """One sample while the walk goes through its files."""

    key: str
    files: dict[str, Member] = field(default_factory=dict)
    """By extension: what follows the first dot of the base name, in lower case."""
    texts: dict[str, bytes] = field(default_factory=dict)
    """The bytes of those that may hold labels."""


def _label_bytes(read: ReadAhead, member: Member, shown: str) -> bytes:
    if member.size > MAX_LABEL_BYTES:
        raise SourceError(
            f"{shown}:{printable(member.name)}: {member.size:,} bytes, above the limit of "
            f"{MAX_LABEL_BYTES:,} for labels; leave out what is no label"
        )
    return read(member.offset, member.size)


def split_name(name: str) -> tuple[str, str]:
    """(key, extension) of a member: the base name is cut at its first dot; ("", "") where it is no
    sample's: without an extension, hidden, or `__so__.json`."""
    folder, slash, base = name.rpartition("/")
    stem, _, extension = base.partition(".")
    if not stem or not extension or (stem.startswith("__") and stem.endswith("__")):
        return "", ""
    return f"{folder}{slash}{stem}", extension.lower()


class _Taker:
    """Notes one sample after the other."""

    def __init__(self, found: ShardSamples, fields: Sequence[FieldRequest], label: str | None) -> None:
        self._found = found
        self._fields = fields
        self._label = label
        self.read = {"json", label or "cls"}
        """The extensions of what may hold labels."""
        self._chosen: dict[tuple[str, ...], list[str]] = {}

    def __call__(self, sample: _Members) -> None:
        found = self._found
        place = f"{found.shown}:{printable(sample.key)}"
        found.keys.append(sample.key)
        found.extensions.update(sample.files.keys())
        extensions = tuple(sample.files)
        if extensions not in self._chosen:
            self._chosen[extensions] = [choose(field, extensions, place) for field in self._fields]
        for column, extension in zip(found.places, [*self._chosen[extensions], "json"], strict=True):
            member = sample.files.get(extension)
            number = found.names.setdefault(extension, len(found.names))
            column.extend((member.offset, member.size, number) if member else (0, -1, number))
        about = json_object(sample.texts["json"], f"{place}.json") if "json" in sample.texts else {}
        text = sample.texts.get(self._label or "cls") if self._label != "json" else None
        found.labels.append(about.get(self._label or "label") if text is None else _label_of(text, place))
        found.targets.append(about.get("target"))
        plain = {name for name, value in about.items() if _is_plain(value)} - {"label", "target"}
        found.columns = plain if found.columns is None else found.columns & plain


def _label_of(data: bytes, place: str) -> str | int:
    """The label that a `.cls` holds: a number, or the name of a class."""
    try:
        text = data.decode().strip()
    except UnicodeDecodeError as error:
        raise SourceError(f"{place}: the label is not UTF-8: {error.reason}") from error
    if not text:
        raise SourceError(f"{place}: the label is empty; write a class number or name")
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else text


def choose(request: FieldRequest, extensions: Sequence[str], place: str) -> str:
    """The extension of a field's file; "" where there is none.

    What is asked for counts, else a file named for the field (`mask.png`), else one of the kind's
    own extensions; raises SourceError where several may be meant.
    """
    if request.kind in IN_JSON:
        return "json" if "json" in extensions else ""
    if request.origin is not None:
        asked = request.origin.lower().lstrip(".")
        return asked if asked in extensions else ""
    suffixes = MASK_SUFFIXES if request.kind == "mask" else FILE_SUFFIXES[request.kind] | {ARRAY_SUFFIX}
    heads = (request.name, *MASK_NAMES) if request.kind == "mask" else (request.name, "")
    for head in heads:
        fitting = [name for name in extensions if _fits(name, head, suffixes)]
        if len(fitting) > 1:
            raise SourceError(
                f"{place}: {' and '.join(fitting)} may each be the {request.kind} {request.name!r}; say "
                f"which with `fields.{request.name}.from: {fitting[0]}`"
            )
        if fitting:
            return fitting[0]
    return ""


def _fits(extension: str, head: str, suffixes: frozenset[str]) -> bool:
    start, dot, end = f".{extension}".rpartition(".")
    return start == (f".{head}" if head else "") and dot + end in suffixes


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
