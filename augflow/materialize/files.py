"""The format `folder`: one file a field, in class folders or flat, and the manifest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from augflow.materialize.folder import OutputFolder
from augflow.materialize.names import safe_name
from augflow.materialize.samples import FinishedSample, LeftOut

FLAT = "images"
FLAT_WITHOUT_IMAGES = "samples"


class FileWriter:
    """Files that the journal names once they are whole."""

    def __init__(self, folder: OutputFolder, flat: str) -> None:
        self._folder = folder
        self._flat = flat
        """Where samples lie that have no class folder."""

    def put(self, samples: Sequence[FinishedSample | LeftOut]) -> None:
        """See `SampleWriter.put`."""
        self._folder.journal(
            [sample.entry if isinstance(sample, LeftOut) else self._written(sample) for sample in samples]
        )

    def _written(self, sample: FinishedSample) -> dict[str, Any]:
        """Write the files of a sample; returns its line of the manifest.

        `output` is the file of the first field; where there are several, `fields` names the file of
        each, and boxes and keypoints themselves.
        """
        apart = sample.label is not None and sample.target is None
        folder = safe_name(sample.label) if apart and sample.label is not None else self._flat
        stem = f"{folder}/{_stem(sample)}"
        places: dict[str, Any] = {}
        for number, part in enumerate(sample.fields):
            if part.suffix == ".json":
                places[part.name] = part.value()
                continue
            places[part.name] = f"{stem}.{part.name}{part.suffix}" if number else f"{stem}{part.suffix}"
            self._folder.write(places[part.name], part.data)
        first = sample.fields[0].name
        entry = {"output": places[first], **sample.about()}
        return entry if len(places) == 1 else {**entry, "fields": places}

    def finish(self) -> None:
        """See `SampleWriter.finish`."""
        self._folder.finish()

    def close(self) -> None:
        """Nothing is open."""


def _stem(sample: FinishedSample) -> str:
    """The id of the source as a file name, then what makes the copy its own."""
    return safe_name(sample.source) + sample.name.removeprefix(sample.source)
