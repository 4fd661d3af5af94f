"""The format `webdataset`: tar archives in which the files of a sample lie one behind the other."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from augflow.materialize.encode import EncodedField
from augflow.materialize.samples import FinishedSample

MODE = 0o644

PLAIN_NAMES = {"image": (".png", ".jpg"), "audio": (".wav",), "text": (".txt",)}
"""Fields of these names have the extension alone, as readers of the format expect it; others stand
before it: `mask.png`."""


class TarPart:
    """One archive. Its bytes depend on the samples alone: no times, owners or modes of this machine."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 -- closed by `close`

    def add(self, sample: FinishedSample) -> None:
        """The files of a sample, then its `.json` with label, target, provenance, boxes and keypoints."""
        about = sample.about()
        for part in sample.fields:
            if part.suffix == ".json":
                about[part.name] = part.value()
            else:
                self._add(f"{sample.number:09d}{extension(part)}", part.data)
        self._add(f"{sample.number:09d}.json", json.dumps(about, ensure_ascii=True).encode())

    def _add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        member.mode = MODE
        self._tar.addfile(member, io.BytesIO(data))

    def close(self, whole: bool) -> None:
        """See `Part.close`; the end mark tells a whole archive."""
        if whole:
            self._tar.close()
        elif self._tar.fileobj is not None:
            self._tar.fileobj.close()


def extension(part: EncodedField) -> str:
    """What follows the key of a sample."""
    return part.suffix if part.suffix in PLAIN_NAMES.get(part.name, ()) else f".{part.name}{part.suffix}"
