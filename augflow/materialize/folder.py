"""The folder that is written to: whose it is, atomic files, and the journal that makes it resumable.

A sample's file is complete before the journal names it. What an interruption leaves is overwritten
with the same bytes, so the folder ends as an undisturbed run leaves it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from augflow.errors import MaterializeError

ABOUT = "augflow.json"
MANIFEST = "manifest.jsonl"
SKIPPED = "skipped.jsonl"
JOURNAL = ".augflow-journal.jsonl"
PARTIAL = ".augflow-partial"


class OutputFolder:
    """A folder that belongs to one materialization."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def claim(self, about: Mapping[str, Any]) -> int:
        """Make the folder ours; returns how many entries an earlier run has finished.

        Raises `MaterializeError` where the folder holds anything else, or another dataset.
        """
        about_file = self.path / ABOUT
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if about_file.exists():
                self._same(about_file, about)
            elif [name for name in os.listdir(self.path) if name != PARTIAL]:
                raise MaterializeError(f"{self.path}: holds other files; name an empty or a new folder")
            else:
                self.write(ABOUT, json.dumps(about, indent=2, ensure_ascii=True).encode() + b"\n")
            return self._journal_length()
        except OSError as error:
            raise MaterializeError(f"{self.path}: cannot be written: {error.strerror or error}") from error

    def _same(self, about_file: Path, about: Mapping[str, Any]) -> None:
        try:
            found = json.loads(about_file.read_bytes())
        except ValueError as error:
            raise MaterializeError(f"{about_file}: is not what augflow wrote: {error}") from error
        decisive = [name for name in about if name != "spec"]  # its fingerprint counts, not its wording
        differing = sorted(n for n in decisive if not isinstance(found, dict) or found.get(n) != about[n])
        if differing == ["environment"]:
            raise MaterializeError(
                f"{self.path}: was begun with other wheels or another CPU class ({found['environment']}), "
                "which may make other bytes; go on there, or name another folder"
            )
        if differing:
            raise MaterializeError(
                f"{self.path}: holds another dataset ({', '.join(differing)} differ); name another folder"
            )

    def skipped(self) -> list[dict[str, Any]]:
        """The entries of samples that earlier runs have left out."""
        file = self.path / (SKIPPED if self.complete else JOURNAL)
        if not file.exists():
            return []
        with file.open("rb") as stream:
            return [entry for entry in map(json.loads, stream) if "output" not in entry]

    def _journal_length(self) -> int:
        """Whole entries of the journal; a line that was cut off is removed."""
        if self.complete:
            shutil.rmtree(self.path / PARTIAL, ignore_errors=True)
            return 0
        journal = self.path / JOURNAL
        count = 0
        end = 0
        if journal.exists():
            with journal.open("rb+") as stream:
                for line in stream:
                    if not line.endswith(b"\n"):
                        break
                    count, end = count + 1, end + len(line)
                stream.truncate(end)
        return count

    @property
    def complete(self) -> bool:
        """Whether an earlier run came to its end."""
        return (self.path / MANIFEST).exists() and not (self.path / JOURNAL).exists()

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all; `name` is a relative posix path."""
        target = self.path / name
        partial = self.path / PARTIAL
        partial.mkdir(exist_ok=True)
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = partial / target.name
        unfinished.write_bytes(data)
        os.replace(unfinished, target)

    def journal(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Note entries as finished."""
        text = "".join(f"{json.dumps(entry, ensure_ascii=True)}\n" for entry in entries)
        with (self.path / JOURNAL).open("ab") as stream:
            stream.write(text.encode())

    def finish(self) -> None:
        """Turn the journal into the manifest and the list of what was skipped."""
        partial = self.path / PARTIAL
        partial.mkdir(exist_ok=True)
        for name, skipped in ((SKIPPED, True), (MANIFEST, False)):
            lines = self._journal_lines(skipped)
            first = next(lines, None)
            if first is None and skipped:
                continue
            with (partial / name).open("wb") as stream:
                stream.write(first or b"")
                stream.writelines(lines)
            os.replace(partial / name, self.path / name)
        (self.path / JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(partial)

    def _journal_lines(self, skipped: bool) -> Iterator[bytes]:
        with (self.path / JOURNAL).open("rb") as stream:
            for line in stream:
                if ("output" not in json.loads(line)) is skipped:
                    yield line


def refuse_overlap(source: str, out: Path) -> None:
    """Raise `MaterializeError` where source and output are one, or one lies in the other."""
    if not Path(source).exists():
        source = source.partition("?")[0]  # PATH?split=train
    there, here = Path(source).resolve(), out.resolve()
    if there.is_file():
        there = there.parent
    if here == there or there in here.parents or here in there.parents:
        raise MaterializeError(f"{out}: overlaps the source {source}; name a folder apart from it")
