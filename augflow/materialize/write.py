"""Write the stream to a class folder: `copies` epochs, every position once, atomic and resumable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any

import numpy as np

from augflow.batching.positions import Positions
from augflow.batching.sizing import TaskSizer
from augflow.engine import open_engine
from augflow.engine.base import BadSample, Task, TaskResult
from augflow.environment import describe_environment
from augflow.errors import BadSampleBudgetError, MaterializeError
from augflow.materialize.encode import ImageEncoder
from augflow.materialize.folder import OutputFolder, refuse_overlap
from augflow.materialize.names import safe_name
from augflow.materialize.options import MaterializeOptions
from augflow.pipeline import Pipeline
from augflow.sample import UNLABELED
from augflow.stream import BatchStream

FORMAT = 1
MIXED_FOLDER = "images"


@dataclass(frozen=True)
class MaterializeReport:
    """What the folder holds: `written` samples and `skipped` bad ones in all; `resumed` of them are from
    earlier runs."""

    out: str
    written: int
    resumed: int
    skipped: int
    complete_before: bool = False


def materialize(
    pipeline: Pipeline, source: object, out: str | Path, options: MaterializeOptions | None = None
) -> MaterializeReport:
    """Write `options.copies` epochs of the training stream below `out`, with manifest and provenance.

    Without mixing, images lie in class folders; with it, in `images/`, their soft labels in the
    manifest. A run that was interrupted goes on and ends with the same bytes. Raises
    `MaterializeError` for a folder that holds something else or overlaps the source.
    """
    options = options or MaterializeOptions()
    folder = OutputFolder(Path(out))
    place = pipeline.plan.spec.source.path if source is None else source
    if isinstance(place, str | bytes | PathLike):
        refuse_overlap(fsdecode(place), folder.path)
    if not options.mix:
        pipeline = pipeline.without_mixing()
    if pipeline.plan.spec.output.dtype != "uint8":
        raise MaterializeError(
            "output.dtype is float32, and image files hold uint8; set `output: {dtype: uint8}`"
        )
    stream = pipeline.stream(source, drop_last=False, rank=0, world_size=1)
    return _Writer(stream, folder, options).run()


class _Writer:
    def __init__(self, stream: BatchStream, folder: OutputFolder, options: MaterializeOptions) -> None:
        spec = stream.plan.spec
        self._stream = stream
        self._folder = folder
        self._options = options
        self._on_error = options.on_error or ("raise" if spec.source.on_error == "raise" else "skip")
        self._budget = spec.source.bad_budget(len(stream.source)) * options.copies
        self._encoder = ImageEncoder(spec.modality, options.jpeg)
        self._length = min(len(stream.source), options.limit or len(stream.source))
        self._mixed = stream.plan.mix is not None
        self._total = self._length * options.copies
        self._bad: list[BadSample] = []

    def run(self) -> MaterializeReport:
        out = str(self._folder.path)
        done = self._folder.claim(self._about())
        self._bad = [BadSample(e["position"], e["source"], e["reason"]) for e in self._folder.skipped()]
        if self._folder.complete:
            whole = self._total - len(self._bad)
            return MaterializeReport(out, whole, self._total, len(self._bad), complete_before=True)
        resumed = done
        for result in self._results(done):
            epoch, first = divmod(done, self._length)
            self._write(result, epoch, first)
            done += len(result.encoded)
            if self._options.on_progress is not None:
                self._options.on_progress(done, self._total)
        self._folder.finish()
        return MaterializeReport(out, self._total - len(self._bad), resumed, len(self._bad))

    def _about(self) -> dict[str, Any]:
        """What decides every byte of the folder, and where it comes from."""
        stream, options = self._stream, self._options
        return {
            "format": FORMAT,
            "spec": Pipeline.from_plan(stream.plan).to_yaml(),
            "fingerprints": stream.fingerprints(),
            "dataset": stream.source.fingerprint(),
            "classes": list(stream.classes),
            "seed": stream.plan.spec.seed,
            "copies": options.copies,
            "limit": options.limit,
            "mixed": self._mixed,
            "encoding": "png" if options.jpeg is None else f"jpeg {options.jpeg}",
            "on_error": self._on_error,
            "environment": describe_environment(),
        }

    def _results(self, done: int) -> Iterator[TaskResult]:
        context = replace(
            self._stream.context, replace_bad=self._on_error == "skip", record=True, encoder=self._encoder
        )
        engine = open_engine(context, self._options.num_workers, self._options.address)
        sizer = TaskSizer(self._stream.plan.tile)
        try:
            for result in engine.results(self._tasks(done, sizer)):
                sizer.learn(result.columns, result.seconds["total"])
                yield result
        finally:
            engine.close()

    def _tasks(self, done: int, sizer: TaskSizer) -> Iterator[Task]:
        positions = Positions(self._length, self._stream.plan.tile, drop_last=False)
        number = 0
        while done < self._total:
            epoch, first = divmod(done, self._length)
            rows = sizer.rows(positions, first)
            yield Task(number, epoch, ((first, first + rows),))
            number, done = number + 1, done + rows

    def _write(self, result: TaskResult, epoch: int, first: int) -> None:
        bad = {sample.position: sample for sample in result.bad}
        self._bad.extend(result.bad)
        if len(self._bad) > self._budget:
            listed = "\n".join(f"  {sample.place}: {sample.reason}" for sample in self._bad)
            allowed = f"max_bad ({self._stream.plan.spec.source.max_bad}) allows {self._budget}"
            raise BadSampleBudgetError(f"{len(self._bad)} bad samples, {allowed}:\n{listed}")
        entries = []
        try:
            for row, data in enumerate(result.encoded):
                position = first + row
                at: dict[str, Any] = {"epoch": epoch, "position": position}
                if position in bad:
                    entries.append({**at, "source": bad[position].place, "reason": bad[position].reason})
                    continue
                entry = self._entry(result, row, epoch)
                self._folder.write(entry["output"], data)
                entries.append({**entry, **at, "drawn": result.drawn[row]})
            self._folder.journal(entries)
        except OSError as error:
            raise MaterializeError(
                f"{self._folder.path}: cannot be written: {error.strerror or error}"
            ) from error

    def _entry(self, result: TaskResult, row: int, epoch: int) -> dict[str, Any]:
        columns = result.columns
        label = int(columns["label"][row])
        class_name = None if label == UNLABELED else self._stream.classes[label]
        apart = class_name is not None and not self._mixed
        folder = safe_name(class_name) if apart and class_name is not None else MIXED_FOLDER
        sample_id = str(columns["id"][row])
        return {
            "output": f"{folder}/{safe_name(sample_id)}.e{epoch}{self._encoder.suffix}",
            "source": sample_id,
            "label": class_name,
            "target": _soft(columns["target"][row]) if self._mixed and class_name is not None else None,
        }


def _soft(target: Any) -> list[float]:
    """Shares of the classes; as float64 of the float32 values, so that they read back as the same."""
    return [float(value) for value in np.asarray(target, np.float32)]
