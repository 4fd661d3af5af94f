"""The preview of a pipeline on a source, written to one file."""

from __future__ import annotations

import os
from pathlib import Path

from augflow.errors import MaterializeError, SourceError
from augflow.pipeline import Pipeline
from augflow.preview.contents import contents
from augflow.preview.options import PreviewOptions, PreviewResult
from augflow.preview.page import MARKER, page
from augflow.regular import open_regular
from augflow.sources import Source, open_source

HEAD_BYTES = 1024
"""A page that preview wrote says so in its first bytes."""


def write_preview(
    pipeline: Pipeline, source: object, out: str | os.PathLike[str], options: PreviewOptions | None = None
) -> PreviewResult:
    """Write one page that shows what a pipeline does to samples of a source.

    `source` is a path, an object or a `Source`; None stands for the spec's. The page is written whole or not
    at all, and replaces an earlier preview. Raises `MaterializeError` where another file has its name, and
    `SourceError` for a source that cannot be opened; a sample that cannot be read is shown with the reason.
    """
    options = options or PreviewOptions()
    target = Path(out)
    refuse_others(target)
    opened = _opened(pipeline, source)
    found = contents(pipeline.plan, opened, options)
    text = page(found.facts, found.sections).encode("utf-8")
    write_whole(target, text)
    return PreviewResult(
        page=str(target),
        samples=found.facts.samples,
        bad=found.bad,
        left_out=found.facts.left_out,
        mixed=found.mixed,
        bytes=len(text),
        source=opened.description,
        fingerprint=pipeline.fingerprint,
    )


def refuse_others(target: Path) -> None:
    """Raise `MaterializeError` where something else than an earlier preview has the name; `OSError` for a
    pipe or a device."""
    if "\0" in str(target):
        raise MaterializeError(f"{str(target)!r}: holds a NUL, which no name may")
    if target.is_dir():
        raise MaterializeError(f"{target}: is a folder; name a file, such as {target / 'preview.html'}")
    if not target.exists():
        return
    with open_regular(target) as file:
        if MARKER.encode() not in file.read(HEAD_BYTES):
            raise MaterializeError(
                f"{target}: exists, and preview did not write it; remove it, or name another file"
            )


def write_whole(target: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        unfinished.write_bytes(data)
        os.replace(unfinished, target)
    finally:
        unfinished.unlink(missing_ok=True)


def _opened(pipeline: Pipeline, source: object) -> Source:
    spec = pipeline.plan.spec.source
    place = spec.path if source is None else source
    if place is None:
        raise SourceError("no source is named; give SOURCE, or `source: {path: ...}` in the spec")
    opened = place if isinstance(place, Source) else open_source(place, spec, fields=pipeline.plan.requests())
    if len(opened) == 0:
        raise SourceError(f"{opened.description}: holds no samples")
    return opened
