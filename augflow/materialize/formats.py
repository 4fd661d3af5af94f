"""Which writer a format has, and what it cannot hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from augflow.errors import MaterializeError
from augflow.materialize.files import FLAT, FLAT_WITHOUT_IMAGES, FileWriter
from augflow.materialize.folder import MANIFEST, PARTS, OutputFolder
from augflow.materialize.lines import LINES, PIECES, LineWriter
from augflow.materialize.options import Format, MaterializeOptions
from augflow.materialize.parts import Part, PartPlan, PartWriter
from augflow.materialize.samples import COLUMNS, SampleWriter
from augflow.materialize.shards import TarPart
from augflow.materialize.tables import ParquetPart, check_installed
from augflow.sources.base import FieldKind

NamedKinds = tuple[tuple[str, FieldKind], ...]
"""Fields by name with their kinds."""

LISTINGS: dict[Format, str] = {"folder": MANIFEST, "webdataset": PARTS, "parquet": PARTS, "jsonl": LINES}
"""The file that is there once a dataset is complete."""

RESERVED = frozenset({*COLUMNS, "output", "fields"})


@dataclass(frozen=True)
class FormatWriter:
    """A writer, and how many positions are done where the journal has so many entries."""

    writer: SampleWriter
    begun: Callable[[int], int]


def format_writer(
    folder: OutputFolder, fields: NamedKinds, options: MaterializeOptions, total: int
) -> FormatWriter:
    """The writer of `options.format` for `total` positions."""
    size = options.samples_per_file
    if options.format == "folder":
        flat = FLAT if fields[0][1] == "image" else FLAT_WITHOUT_IMAGES
        return FormatWriter(FileWriter(folder, flat), lambda entries: entries)
    if options.format == "jsonl":
        plan = PartPlan(".jsonl", size, total, PIECES)
        return FormatWriter(LineWriter(folder, plan), plan.begun)
    tar = options.format == "webdataset"
    begin: Callable[[Path], Part] = TarPart if tar else ParquetPart
    plan = PartPlan(".tar" if tar else ".parquet", size, total)
    return FormatWriter(PartWriter(folder, begin, plan), plan.begun)


def refuse_unfit(fields: NamedKinds, options: MaterializeOptions) -> None:
    """Raise `MaterializeError` for fields that the format cannot hold, before anything is written."""
    if taken := sorted(RESERVED & {name for name, _ in fields}):
        raise MaterializeError(
            f"a field is called {taken[0]!r}, which is what augflow writes of every sample "
            f"({', '.join(sorted(RESERVED))}); rename the field"
        )
    if options.format == "parquet":
        check_installed()
    others = [f"{name} ({kind})" for name, kind in fields if kind != "text"]
    if options.format == "jsonl" and others:
        raise MaterializeError(
            f"jsonl holds texts, and {', '.join(others)} is none; use folder, webdataset or parquet"
        )
    if options.jpeg is not None and not any(kind == "image" for _, kind in fields):
        raise MaterializeError("jpeg is for images, and no field is one; leave it out")
