"""WebDataset: samples in tar archives, read at random by an index that one walk over the headers builds.

The files of a sample lie one behind the other and have one key: their path up to the first dot of the
base name. What follows the dot says what a file is: `jpg`, `wav`, `txt`, `cls`, `json`, `mask.png`.
Labels stand in `.cls` or as `label` in `.json`; what else all `.json` say are the columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array, Sample
from augflow.sources.base import FieldRequest, TargetKind
from augflow.sources.classes import ClassList, counted, listed
from augflow.sources.columns import PackedNames
from augflow.sources.index import (
    RAW,
    Listing,
    SampleIndex,
    id_of_path,
    pack_index,
    printable,
    refuse_equal_ids,
)
from augflow.sources.jsonlines import json_object
from augflow.sources.storage import is_url, read_range, shown
from augflow.sources.tar_fields import IN_JSON, sample_fields, with_instances
from augflow.sources.tar_index import ShardSamples, scan_shard
from augflow.sources.tar_labels import ClassLists, Labels, labels_of
from augflow.sources.tar_shards import Shards, find_shards

MAX_SAMPLE_BYTES = 256 * 2**20
"""Larger samples are refused before they are read."""

SCANNED_AT_ONCE = 8
"""Remote shards that are indexed side by side: each waits for its server most of the time."""

NEAR_BYTES = 64 * 2**10
"""Files of a sample that lie no farther apart come with one request."""


@dataclass(frozen=True, eq=False)
class MemberPlaces:
    """Where the files of n samples lie, f a sample."""

    archives: PackedNames
    """Paths or URLs."""
    extensions: tuple[str, ...]
    archive: NDArray[np.int32]
    """(n,)"""
    keys: PackedNames
    """n, as they stand in the archive."""
    files: NDArray[np.int64]
    """(f, n, 3): offset, size and number of the extension; size -1 where there is none."""

    def shown(self, index: int, extension: str = "") -> str:
        """Archive and key, or archive and file, for messages."""
        name = self.keys[index].decode("utf-8", RAW) + (f".{extension}" if extension else "")
        return f"{shown(self._archive(index))}:{printable(name)}"

    def _archive(self, index: int) -> str:
        return self.archives[int(self.archive[index])].decode("utf-8", RAW)

    def read(self, index: int, wanted: Sequence[int]) -> dict[int, tuple[str, bytes]]:
        """(extension, bytes) of those of the wanted files that there are."""
        spans = sorted(
            (int(offset), int(size), int(extension), number)
            for number in wanted
            for offset, size, extension in (self.files[number, index],)
            if size >= 0
        )
        if (total := sum(size for _, size, _, _ in spans)) > MAX_SAMPLE_BYTES:
            raise BadSampleError(
                self.shown(index),
                f"has {total:,} bytes, above the limit of {MAX_SAMPLE_BYTES:,}; make it smaller, or split it",
            )
        found: dict[int, tuple[str, bytes]] = {}
        start, data = 0, b""
        for place, (offset, size, extension, number) in enumerate(spans):
            if offset + size > start + len(data) or not place:
                start = offset
                data = read_range(self._archive(index), start, _end_of_near(spans[place:]) - start)
            found[number] = (self.extensions[extension], data[offset - start : offset - start + size])
        return found


def _end_of_near(spans: Sequence[tuple[int, int, int, int]]) -> int:
    """Where the first of some files ends, with those that lie close behind it."""
    end = spans[0][0] + spans[0][1]
    for offset, size, _, _ in spans[1:]:
        if offset - end > NEAR_BYTES:
            break
        end = max(end, offset + size)
    return end


@dataclass(frozen=True, eq=False)
class WebDataset:
    """The samples of tar archives, in the order of their ids. Frozen, picklable, safe between threads."""

    fields: tuple[FieldRequest, ...]
    index: SampleIndex
    members: MemberPlaces
    """The files of each field, those of the masks of boxes' instances, then the `.json`."""
    classes: tuple[str, ...]
    own_labels: tuple[int, ...]
    """The label of each number that boxes and keypoints hold."""
    target_kind: TargetKind
    columns: tuple[str, ...]
    description: str

    def __len__(self) -> int:
        return len(self.index)

    def sample_id(self, index: int) -> str:
        """The key; behind the name of its archive where two archives share a key."""
        return self.index.sample_id(index)

    def place(self, index: int) -> str:
        """Archive and key."""
        return self.members.shown(index)

    def read(self, index: int) -> Sample:
        """Read and decode the files of one sample; raises `BadSampleError` naming archive and file."""
        requests = with_instances(self.fields)
        listed = [request for request in self.fields if request.kind in IN_JSON]
        wanted = [number for number, request in enumerate(requests) if request.kind not in IN_JSON]
        files = self.members.read(index, [*wanted, len(requests)] if self.columns or listed else wanted)
        about: dict[str, Any] = {}
        if len(requests) in files:
            about = self._about(index, files.pop(len(requests))[1])
        held: dict[str, tuple[str, Any]] = {
            requests[number].name: (self.members.shown(index, extension), data)
            for number, (extension, data) in files.items()
        }
        place = self.members.shown(index, "json")
        held |= {request.name: (place, about.get(request.origin or request.name)) for request in listed}
        fields = sample_fields(self.fields, held, self.own_labels, self.place(index))
        sample = self.index.sample(index, fields, len(self.classes), self.target_kind)
        sample.row = {name: about.get(name) for name in self.columns}
        return sample

    def _about(self, index: int, data: bytes) -> dict[str, Any]:
        place = self.members.shown(index, "json")
        try:
            return json_object(data, place)
        except SourceError as error:  # it was readable when the index was built
            raise BadSampleError(place, f"has changed: {error}") from error

    def lengths(self) -> Array:
        """Bytes of the file of the first field."""
        return self.index.sizes

    def fingerprint(self) -> str:
        """Hex digest of ids, labels and sizes, not of the archives that hold them."""
        return self.index.fingerprint


def open_webdataset(
    source: str, settings: Mapping[str, Any], frozen: ClassList | None, fields: Sequence[FieldRequest]
) -> WebDataset:
    """The samples of a `.tar`, of several named with braces, or of a folder of them; paths or URLs.

    Settings that count: `columns.label` (an extension or a key of `.json`), `target` and `links`. Raises
    SourceError naming archive and file for what cannot be used.
    """
    label = _label_column(settings, shown(source))
    shards = find_shards(source, settings.get("links") or "inside")
    found = _scan(shards, fields, label)
    asked: TargetKind = settings.get("target") or "class"
    kind = shards.target_kind if asked == "class" else asked
    lists = ClassLists(frozen, shards.classes, label or "label")
    labels = labels_of(found, kind, lists)
    if not any(len(shard.keys) for shard in found):
        raise SourceError(f"{shown(source)}: no samples in {counted(len(found), 'archive')}")
    _refuse_absent(found, fields)
    names = labels.names
    if not names and any(request.kind in IN_JSON for request in fields):
        names = _names_of_boxes(lists, shown(source))
    own = ClassList(names)
    own_labels = tuple(own.label(name, shown(source)) for name in shards.classes or names)
    columns = [shard.columns for shard in found if shard.columns is not None]
    index, members = _packed(shards, found, labels)
    told = _description(shown(source), shards, found, names)
    return WebDataset(
        tuple(fields),
        index,
        members,
        names,
        own_labels,
        kind,
        tuple(sorted(set.intersection(*columns))),
        told,
    )


def _label_column(settings: Mapping[str, Any], place: str) -> str | None:
    columns = dict(settings.get("columns") or {})
    label = columns.pop("label", None)
    if columns or settings.get("split") or not isinstance(label, str | None):
        raise SourceError(
            f"{place}: of WebDataset archives `columns.label` can be set, to one extension or one key of the "
            ".json; fields name their extension with `from`, and splits are archives of their own"
        )
    return label


def _scan(shards: Shards, fields: Sequence[FieldRequest], label: str | None) -> list[ShardSamples]:
    def scanned(place: str, size: int) -> ShardSamples:
        return scan_shard(place, size, with_instances(fields), label)

    if not is_url(shards.places[0]):
        return list(map(scanned, shards.places, shards.sizes))
    with ThreadPoolExecutor(SCANNED_AT_ONCE) as pool:
        return list(pool.map(scanned, shards.places, shards.sizes))


def _refuse_absent(found: Sequence[ShardSamples], fields: Sequence[FieldRequest]) -> None:
    """Raise SourceError where not one sample has a field that is asked for."""
    for number, request in enumerate(fields):
        if all((shard.files_of(number)[:, 1] < 0).all() for shard in found):
            met = sum((shard.extensions for shard in found), Counter[str]())
            asked = f" ({request.origin})" if request.origin else ""
            raise SourceError(
                f"{found[0].shown}: no sample has a file for the {request.kind} {request.name!r}{asked}; "
                f"there are {listed(sorted(met))}: name one with `fields.{request.name}.from`"
            )


def _names_of_boxes(lists: ClassLists, place: str) -> tuple[str, ...]:
    names = lists.frozen.names if lists.frozen is not None else lists.own
    if names is None:
        raise SourceError(f"{place}: boxes hold class numbers, and nothing names the classes; give `classes`")
    return names


def _packed(
    shards: Shards, found: Sequence[ShardSamples], labels: Labels
) -> tuple[SampleIndex, MemberPlaces]:
    """Samples in the order of their ids; the fingerprint hashes ids, labels and the sizes of all fields."""
    ids = [id_of_path(key) for shard in found for key in shard.keys]
    if len(set(ids)) < len(ids):
        names = _archive_names(shards.places)
        ids = [
            f"{name}/{id_of_path(key)}"
            for name, shard in zip(names, found, strict=True)
            for key in shard.keys
        ]
    order = sorted(range(len(ids)), key=ids.__getitem__)
    refuse_equal_ids([ids[n] for n in order], lambda n: ids[order[n]])
    extensions: dict[str, int] = {}
    files = np.concatenate([_renumbered(shard, extensions) for shard in found], axis=1)[:, order]
    sizes = np.maximum(files[:-1, :, 1], 0)
    listing = Listing(
        ids=[ids[n] for n in order],
        labels=[labels.labels[n] for n in order],
        sizes=sizes[0],
        targets=[labels.targets[n] for n in order] if labels.targets else [],
        content=[PackedNames(sizes[1:].astype("<i8").tobytes(), np.array([0, sizes[1:].size], np.int64))],
    )
    counts = [len(shard.keys) for shard in found]
    keys = [key.encode("utf-8", RAW) for shard in found for key in shard.keys]
    members = MemberPlaces(
        PackedNames.pack([place.encode("utf-8", RAW) for place in shards.places]),
        tuple(extensions),
        np.repeat(np.arange(len(found), dtype=np.int32), counts)[order],
        PackedNames.pack([keys[n] for n in order]),
        files,
    )
    return pack_index(listing), members


def _renumbered(shard: ShardSamples, extensions: dict[str, int]) -> Array:
    """Places (f, n, 3) of a shard's files, extensions counted over all shards."""
    numbers = [extensions.setdefault(name, len(extensions)) for name in shard.names]
    files = np.stack([shard.files_of(column) for column in range(len(shard.places))])
    files[:, :, 2] = np.array(numbers, np.int64)[files[:, :, 2]] if numbers else 0
    return files


def _archive_names(places: Sequence[str]) -> list[str]:
    """What tells archives apart: their names, with as many folders as that takes."""
    parts = [shown(place).split("/") for place in places]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-depth:]) for part in parts]
        if len(set(names)) == len(names):
            break
    return names


def _description(place: str, shards: Shards, found: Sequence[ShardSamples], names: Sequence[str]) -> str:
    met = sum((shard.extensions for shard in found), Counter[str]())
    total = sum(len(shard.keys) for shard in found)
    told = f"WebDataset {place}: {counted(total, 'sample')} ({listed(sorted(met))})"
    told += f" in {counted(len(found), 'archive')}"
    told += f", {counted(len(names), 'class')} ({listed(names)})" if names else ", unlabeled"
    passed = [
        f"{counted(count, 'file')} of no sample" for count in (sum(s.passed_over for s in found),) if count
    ]
    passed += (
        [f"{counted(len(shards.others), 'file')} beside them ({listed(shards.others)})"]
        if shards.others
        else []
    )
    return told + (f"; passed over: {', '.join(passed)}" if passed else "")
