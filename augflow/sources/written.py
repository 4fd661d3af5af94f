"""What augflow wrote, read back: the formats `parquet` and `jsonl` of `materialize`, and of `folder` what a
plain manifest of files cannot tell: several fields, arrays, several labels or numbers to predict.

Unlike the tables of others they say all of themselves: `augflow.json` has the class list and the kinds of
the fields, every row its id, label, target and fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array, Sample
from augflow.sources.base import FieldRequest, TargetKind
from augflow.sources.classes import ClassList, counted, listed
from augflow.sources.columns import PackedColumns, PackedNames
from augflow.sources.files import folder_of
from augflow.sources.index import Listing, SampleIndex, pack_index, refuse_equal_ids
from augflow.sources.jsonlines import json_lines
from augflow.sources.storage import exists, is_folder, join_place, read_file, shown, split_place
from augflow.sources.tar_fields import ARRAY_SUFFIX, IN_JSON, INSTANCES, sample_fields, with_instances
from augflow.sources.tar_index import ShardSamples
from augflow.sources.tar_labels import ClassLists, Labels, labels_of
from augflow.sources.tar_shards import ABOUT_FILE, PARTS_FILE, parsed_about
from augflow.sources.written_rows import LineRows, ManifestRows, ParquetRows, Rows
from augflow.wording import shown as cut

LINES_FILE = "samples.jsonl"
MANIFEST_FILE = "manifest.jsonl"
FORMATS = ("parquet", "jsonl", "folder")

MAX_ABOUT_BYTES = 64 * 2**20

COLUMNS = ("epoch", "position", "source")
"""What a row says besides label, target and fields."""


@dataclass(frozen=True, eq=False)
class WrittenTable:
    """The rows of what augflow wrote, in the order of their ids. Frozen, picklable."""

    fields: tuple[FieldRequest, ...]
    names: tuple[str, ...]
    """The column of each field."""
    index: SampleIndex
    files: tuple[Rows, ...]
    rows: NDArray[np.int64]
    """(n, 2): which file, and the row in it."""
    classes: tuple[str, ...]
    own_labels: tuple[int, ...]
    """The label of each number that boxes and keypoints hold."""
    target_kind: TargetKind
    description: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Epoch, position and source."""
        return self.index.rows.names

    def __len__(self) -> int:
        return len(self.index)

    def sample_id(self, index: int) -> str:
        """The id that the row has: source and epoch."""
        return self.index.sample_id(index)

    def place(self, index: int) -> str:
        """File and row."""
        file, row = map(int, self.rows[index])
        return f"{shown(self.files[file].file)}, row {row}"

    def read(self, index: int) -> Sample:
        """The row with every field decoded; raises `BadSampleError`."""
        file, row = map(int, self.rows[index])
        place = self.place(index)
        names = {request.name: name for request, name in zip(self.fields, self.names, strict=True)}
        for request in with_instances(self.fields)[len(self.fields) :]:
            names[request.name] = names[request.name.removesuffix(INSTANCES)] + INSTANCES
        values = self.files[file].read(row, list(names.values()))
        held = {name: (f"{place}, {column}", values.get(column)) for name, column in names.items()}
        fields = sample_fields(self.fields, held, self.own_labels, place)
        return self.index.sample(index, fields, len(self.classes), self.target_kind)

    def lengths(self) -> Array:
        """Characters, numbers or bytes of the first field."""
        return self.index.sizes

    def fingerprint(self) -> str:
        """Hex digest of ids, labels, sizes and provenance."""
        return self.index.fingerprint


def is_written(path: str) -> bool:
    """Whether a folder, or the file in it, is such a dataset."""
    folder = _folder_of(path)
    about = _about(folder)
    if about is None or about.get("format") not in FORMATS:
        return False
    if about["format"] != "folder" or len(about["fields"]) > 1 or about["target_kind"] != "class":
        return True
    manifest = join_place(folder, MANIFEST_FILE)
    first = next((entry for _, entry in json_lines(manifest) if entry), {}) if exists(manifest) else {}
    return str(first.get("output")).endswith(ARRAY_SUFFIX)


def open_written(path: str, frozen: ClassList | None, fields: Sequence[FieldRequest]) -> WrittenTable:
    """All rows of the folder that `path` is or lies in. Raises SourceError for files that are missing and
    for fields that were not written."""
    folder = _folder_of(path)
    about = _about(folder)
    if about is None or about.get("format") not in FORMATS:
        raise SourceError(f"{shown(folder)}: holds no dataset that augflow wrote")
    names = tuple(_column(request, about.get("fields"), folder) for request in fields)
    parts = [_Part.read(rows) for rows in _files(folder, about)]
    own, kind = tuple(about["classes"]), about["target_kind"]
    labels = labels_of([part.samples() for part in parts], kind, ClassLists(frozen, own or None))
    classes = labels.names
    if not classes and any(request.kind in IN_JSON for request in fields):
        classes = frozen.names if frozen is not None else own
    used = ClassList(classes)
    own_labels = tuple(used.label(name, shown(folder)) for name in own) if classes else ()
    index, rows = _packed(parts, labels, names, folder)
    told = f"{about['format']} that augflow wrote in {shown(folder)}: {counted(len(index), 'sample')}"
    told += f" of {counted(len(classes), 'class')} ({listed(classes)})" if classes else ", unlabeled"
    files = tuple(part.rows for part in parts)
    return WrittenTable(tuple(fields), names, index, files, rows, classes, own_labels, kind, told)


@dataclass(frozen=True)
class _Part:
    """One file while the source is opened."""

    rows: Rows
    about: dict[str, list[Any]]

    @classmethod
    def read(cls, rows: Rows) -> _Part:
        """What the file says of its rows besides the fields."""
        about = rows.about(["id", "label", "target", *COLUMNS])
        if not all(isinstance(identity, str) for identity in about["id"]):
            raise SourceError(f"{shown(rows.file)}: has rows without an `id`; augflow writes one for each")
        return cls(rows, about)

    def samples(self) -> ShardSamples:
        """What labels are made of."""
        about = self.about
        return ShardSamples(shown(self.rows.file), about["id"], about["label"], about["target"])


def _packed(
    parts: Sequence[_Part], labels: Labels, names: Sequence[str], folder: str
) -> tuple[SampleIndex, NDArray[np.int64]]:
    """The index, and (n, 2) file and row of each sample, in the order of ids."""
    ids: list[str] = [identity for part in parts for identity in part.about["id"]]
    order = sorted(range(len(ids)), key=ids.__getitem__)
    refuse_equal_ids([ids[n] for n in order], lambda n: f"{shown(folder)}, {ids[order[n]]}")
    sizes = np.stack([np.concatenate([part.rows.sizes(name) for part in parts]) for name in names])[:, order]
    columns = [[value for part in parts for value in part.about[name]] for name in COLUMNS]
    others = sizes[1:].astype("<i8").tobytes()
    index = pack_index(
        Listing(
            ids=[ids[n] for n in order],
            labels=[labels.labels[n] for n in order],
            sizes=sizes[0],
            targets=[labels.targets[n] for n in order] if labels.targets else [],
            rows=PackedColumns.pack(COLUMNS, [[column[n] for n in order] for column in columns]),
            content=[PackedNames(others, np.array([0, len(others)], np.int64))],
        )
    )
    places = [(number, row) for number, part in enumerate(parts) for row in range(len(part.rows))]
    return index, np.array(places, np.int64).reshape(-1, 2)[order]


def _folder_of(path: str) -> str:
    return path if is_folder(path) else split_place(path)[0]


def _about(folder: str) -> dict[str, Any] | None:
    place = join_place(folder, ABOUT_FILE)
    if not exists(place):
        return None
    try:
        about = parsed_about(read_file(place, MAX_ABOUT_BYTES), place)
    except BadSampleError as error:
        raise SourceError(str(error)) from error
    fields = about.setdefault("fields", {})
    if not isinstance(fields, dict) or not all(isinstance(kind, str) for kind in fields.values()):
        raise SourceError(f"{shown(place)}: `fields` must be a map from names to kinds, got {cut(fields)}")
    return about


def _files(folder: str, about: Mapping[str, Any]) -> list[Rows]:
    """The files of a dataset; raises SourceError where it was not finished, or one is missing."""
    form: str = about["format"]
    listing = join_place(folder, {"jsonl": LINES_FILE, "folder": MANIFEST_FILE}.get(form, PARTS_FILE))
    if not exists(listing):
        raise SourceError(
            f"{shown(folder)}: {split_place(listing)[1]} is missing: `augflow materialize` did not come to "
            "its end; run it again"
        )
    if form == "jsonl":
        return [LineRows.open(listing)]
    if form == "folder":
        return [ManifestRows(LineRows.open(listing), next(iter(about["fields"])))]
    home, files = folder_of(folder, "sealed"), []
    for number, entry in json_lines(listing):
        if entry and "output" in entry:
            name, origin = str(entry["output"]), f"{shown(listing)}:{number}"
            if not exists(join_place(folder, name)):
                raise SourceError(f"{origin}: {cut(name)} is missing; copy the folder again")
            home.size_of(name, origin)
            files.append(join_place(folder, name))
    if not files:
        raise SourceError(f"{shown(listing)}: names no file")
    return [ParquetRows.open(file) for file in files]


def _column(request: FieldRequest, written: Any, folder: str) -> str:
    """The column of a field: the one of its name, or the only one of its kind."""
    kinds = written if isinstance(written, dict) else {}
    name = request.origin or request.name
    same = [other for other, kind in kinds.items() if kind == request.kind]
    if name in same:
        return name
    if request.origin is None and len(same) == 1:
        return str(same[0])
    has = ", ".join(f"{other} ({kind})" for other, kind in kinds.items())
    raise SourceError(
        f"{shown(folder)}: no field {name!r} of kind {request.kind}; it holds {has}: name one with "
        f"`fields.{request.name}.from`"
    )
