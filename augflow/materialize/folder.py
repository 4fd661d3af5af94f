"""The folder that is written to: whose it is, atomic files, and the journal that makes it resumable.

What the journal names is complete. What an interruption leaves besides is overwritten with the same
bytes, so the folder ends as an undisturbed run leaves it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from augflow.errors import MaterializeError
from augflow.regular import read_regular
from augflow.sources.storage import is_url, local_path, shown

ABOUT = "augflow.json"
MANIFEST = "manifest.jsonl"
"""Of a folder of files: one line a sample."""
PARTS = "parts.jsonl"
"""Of the other formats: one line a file, with the number of its samples."""
SKIPPED = "skipped.jsonl"
JOURNAL = ".augflow-journal.jsonl"
PARTIAL = ".augflow-partial"

LEFT_OUT = {"epoch", "position", "source", "reason"}
"""What the entry of a sample that was left out says."""

MAX_ABOUT_BYTES = 64 * 2**20


class OutputFolder:
    """A folder that belongs to one materialization. `listing` is the file that says what it holds."""

    def __init__(self, path: Path, listing: str = MANIFEST) -> None:
        self.path = path
        self._listing = listing

    def claim(self, about: Mapping[str, Any]) -> int:
        """Make the folder ours; returns how many entries of the journal an earlier run has finished.

        Raises `MaterializeError` where the folder holds anything else, or another dataset.
        """
        about_file = self.path / ABOUT
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._refuse_links()
            if about_file.exists():
                self._same(about_file, about)
            elif [name for name in os.listdir(self.path) if name != PARTIAL]:
                raise MaterializeError(f"{self.path}: holds other files; name an empty or a new folder")
            else:
                self.write(ABOUT, json.dumps(about, indent=2, ensure_ascii=True).encode() + b"\n")
            return self._journal_length()
        except OSError as error:
            raise MaterializeError(f"{self.path}: cannot be written: {error.strerror or error}") from error

    def _refuse_links(self) -> None:
        """augflow makes none in the folder, and one that somebody made would lead its files elsewhere."""
        for folder in (self.path, self.path / PARTIAL):
            for entry in folder.iterdir() if folder.is_dir() else ():
                if entry.is_symlink():
                    rule = "is a link, and nothing is written outside of the folder; remove it"
                    raise MaterializeError(f"{shown(str(entry))}: {rule}")

    def _same(self, about_file: Path, about: Mapping[str, Any]) -> None:
        try:
            found = json.loads(read_regular(about_file, MAX_ABOUT_BYTES))
        except (ValueError, RecursionError) as error:
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
        try:
            with file.open("rb") as stream:
                found = [entry for line in stream for entry in _left_out(json.loads(line))]
        except (AttributeError, RecursionError, TypeError, ValueError) as error:
            raise MaterializeError(f"{file}: is not what augflow wrote: {error}") from error
        for entry in found:
            if not isinstance(entry, dict) or not entry.keys() >= LEFT_OUT:
                raise MaterializeError(f"{file}: is not what augflow wrote: an entry lacks what was left out")
        return found

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
        return (self.path / self._listing).exists() and not (self.path / JOURNAL).exists()

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all; `name` is a relative posix path."""
        unfinished = self.unfinished(os.path.basename(name))
        unfinished.write_bytes(data)
        self.put_in_place(unfinished, name)

    def unfinished(self, name: str) -> Path:
        """Where a file is written before it is put in place."""
        partial = self.path / PARTIAL
        partial.mkdir(exist_ok=True)
        return partial / name

    def put_in_place(self, unfinished: Path, name: str) -> None:
        """Turn a whole file into the one of its name, a relative posix path."""
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(unfinished, target)

    def journal(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Note entries as finished."""
        text = "".join(f"{json.dumps(entry, ensure_ascii=True)}\n" for entry in entries)
        with (self.path / JOURNAL).open("ab") as stream:
            stream.write(text.encode())

    def finish(self, listed: Iterator[bytes] | None = None) -> None:
        """Turn the journal into the listing, unless its lines are given, and the list of what was skipped."""
        listed = self._listed_lines() if listed is None else listed
        for name, lines in ((SKIPPED, self._skipped_lines()), (self._listing, listed)):
            first = next(lines, None)
            if first is None and name == SKIPPED:
                continue
            with self.unfinished(name).open("wb") as stream:
                stream.write(first or b"")
                stream.writelines(lines)
            self.put_in_place(self.unfinished(name), name)
        (self.path / JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(self.path / PARTIAL)

    def _skipped_lines(self) -> Iterator[bytes]:
        for entry in self._journal_entries():
            yield from map(_line, _left_out(entry))

    def _listed_lines(self) -> Iterator[bytes]:
        for entry in self._journal_entries():
            if "output" in entry:
                entry.pop("skipped", None)
                yield _line(entry)

    def _journal_entries(self) -> Iterator[dict[str, Any]]:
        if (self.path / JOURNAL).exists():
            with (self.path / JOURNAL).open("rb") as stream:
                yield from map(json.loads, stream)


def _left_out(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The samples that an entry says were left out: those of a part, or the one that it is about."""
    found: list[dict[str, Any]] = entry.get("skipped", [] if "output" in entry else [entry])
    return found


def _line(entry: Mapping[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=True).encode() + b"\n"


def local_folder(out: str | Path) -> Path:
    """The folder to write to; raises `MaterializeError` for a URL of another machine."""
    path = local_path(str(out)) if is_url(str(out)) else str(out)
    if path is None:
        raise MaterializeError(f"{shown(str(out))}: augflow writes to local folders; copy the folder there")
    if "\0" in path:
        raise MaterializeError(f"{shown(path)}: holds a NUL, which no name may")
    return Path(path)


def refuse_overlap(source: str, out: Path) -> None:
    """Raise `MaterializeError` where the output is the folder of the source or lies around it, or inside a
    source that is a folder."""
    place = local_path(source) if is_url(source) else source
    if place is None:
        return
    if not Path(place).exists():
        place = place.partition("?")[0]  # PATH?split=train
    pattern = not Path(place).exists()
    if pattern:  # shards-{000..012}.tar
        place = os.path.dirname(place.partition("{")[0])
    try:
        there, here = Path(place).resolve(), out.resolve()
    except (OSError, RuntimeError, ValueError) as error:  # links in a ring, a NUL
        raise MaterializeError(
            f"{shown(str(out))}: cannot be compared with {shown(source)}: {error}"
        ) from error
    is_file = there.is_file()
    if is_file:
        there = there.parent
    inside = there in here.parents and not (is_file or pattern)
    if here == there or here in there.parents or inside:
        raise MaterializeError(f"{out}: overlaps the source {shown(source)}; name a folder apart from it")
