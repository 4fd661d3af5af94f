"""Write the stream to disk: `copies` epochs, every position once, atomic and resumable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any

import numpy as np

from augflow.batching.positions import Positions
from augflow.batching.ragged import view_name
from augflow.batching.sizing import TaskSizer
from augflow.engine import EngineOptions, open_engine
from augflow.engine.arrangement import position_count
from augflow.engine.base import BadSample, Task, TaskResult
from augflow.environment import describe_environment
from augflow.errors import BadSampleBudgetError, MaterializeError
from augflow.materialize.encode import FieldEncoder
from augflow.materialize.folder import OutputFolder, local_folder, refuse_overlap
from augflow.materialize.formats import LISTINGS, NamedKinds, format_writer, refuse_unfit
from augflow.materialize.options import MaterializeOptions
from augflow.materialize.samples import FinishedSample, LeftOut
from augflow.pipeline import Pipeline
from augflow.plan import Plan
from augflow.sample import UNLABELED, Array
from augflow.stream import BatchStream

VERSION = 2
"""Of what augflow.json and the formats hold."""


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
    """Write `options.copies` epochs of the training stream below `out`, in `options.format`, with provenance.

    In the format `folder`, samples that are not mixed lie in class folders, mixed ones in `images/`,
    their soft labels in the manifest. A run that was interrupted goes on and ends with the same bytes.
    Raises `MaterializeError` for a folder that holds something else or overlaps the source.
    """
    options = options or MaterializeOptions()
    folder = OutputFolder(local_folder(out), LISTINGS[options.format])
    place = pipeline.plan.spec.source.path if source is None else source
    if isinstance(place, str | bytes | PathLike):
        refuse_overlap(fsdecode(place), folder.path)
    if not options.mix:
        pipeline = pipeline.without_mixing()
    if not options.finish:
        pipeline = pipeline.without_finish()
    fields = field_kinds(pipeline.plan)
    refuse_unfit(fields, options)
    if pipeline.plan.spec.output.dtype != "uint8" and any(kind == "image" for _, kind in fields):
        raise MaterializeError(
            "output.dtype is float32, and image files hold uint8; set `output: {dtype: uint8}`"
        )
    stream = pipeline.stream(source, drop_last=False, rank=0, world_size=1)
    return _Run(stream, folder, options, fields).run()


def field_kinds(plan: Plan) -> NamedKinds:
    """Every field of a finished sample with its kind, views by names of their own."""
    views = range(plan.views(train=True))
    return tuple(
        (view_name(request.name, view), request.kind) for view in views for request in plan.requests()
    )


class _Run:
    def __init__(
        self, stream: BatchStream, folder: OutputFolder, options: MaterializeOptions, fields: NamedKinds
    ) -> None:
        plan, source = stream.plan, stream.source
        self._stream = stream
        self._folder = folder
        self._options = options
        self._fields = fields
        self._on_error = options.on_error or ("raise" if plan.spec.source.on_error == "raise" else "skip")
        self._budget = plan.spec.source.bad_budget(len(source)) * options.copies
        positions = position_count(plan, source, train=True)
        self._length = min(positions, options.limit or positions)
        self._mixed = plan.mix is not None
        self._repeated = plan.repeats(train=True) > 1
        self._total = self._length * options.copies
        self._bad: list[BadSample] = []

    def run(self) -> MaterializeReport:
        out = str(self._folder.path)
        entries = self._folder.claim(self._about())
        self._bad = [BadSample(e["position"], e["source"], e["reason"]) for e in self._folder.skipped()]
        if self._folder.complete:
            whole = self._total - len(self._bad)
            return MaterializeReport(out, whole, self._total, len(self._bad), complete_before=True)
        format_ = format_writer(self._folder, self._fields, self._options, self._total)
        resumed = done = format_.begun(entries)
        try:
            for result in self._results(done):
                self._count_bad(result)
                with self._writing():
                    format_.writer.put(list(self._finished(result, done)))
                done += len(result.encoded)
                if self._options.on_progress is not None:
                    self._options.on_progress(done, self._total)
            with self._writing():
                format_.writer.finish()
        finally:
            format_.writer.close()
        return MaterializeReport(out, self._total - len(self._bad), resumed, len(self._bad))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or error
            raise MaterializeError(f"{self._folder.path}: cannot be written: {reason}") from error

    def _about(self) -> dict[str, Any]:
        """What decides every byte of the folder, and where it comes from."""
        stream, options = self._stream, self._options
        return {
            "version": VERSION,
            "format": options.format,
            "samples_per_file": None if options.format == "folder" else options.samples_per_file,
            "fields": dict(self._fields),
            "spec": Pipeline.from_plan(stream.plan).to_yaml(),
            "fingerprints": stream.fingerprints(),
            "dataset": stream.source.fingerprint(),
            "classes": list(stream.classes),
            "target_kind": stream.source.target_kind,
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
            self._stream.context,
            replace_bad=self._on_error == "skip",
            record=True,
            encoder=FieldEncoder(self._fields, self._options.jpeg),
        )
        engine = open_engine(context, EngineOptions(self._options.num_workers, self._options.address))
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

    def _count_bad(self, result: TaskResult) -> None:
        self._bad.extend(result.bad)
        if len(self._bad) > self._budget:
            listed = "\n".join(f"  {sample.place}: {sample.reason}" for sample in self._bad)
            allowed = f"max_bad ({self._stream.plan.spec.source.max_bad}) allows {self._budget}"
            raise BadSampleBudgetError(f"{len(self._bad)} bad samples, {allowed}:\n{listed}")

    def _finished(self, result: TaskResult, done: int) -> Iterator[FinishedSample | LeftOut]:
        """The rows of a task whose first has the number `done`."""
        epoch, first = divmod(done, self._length)
        bad = {sample.position: sample for sample in result.bad}
        for row, fields in enumerate(result.encoded):
            position = first + row
            if position in bad:
                about = {"source": bad[position].place, "reason": bad[position].reason}
                yield LeftOut(done + row, {"epoch": epoch, "position": position, **about})
                continue
            source = str(result.columns["id"][row])
            label = int(result.columns["label"][row])
            yield FinishedSample(
                number=done + row,
                name=f"{source}.e{epoch}" + (f".p{position}" if self._repeated else ""),
                source=source,
                label=None if label == UNLABELED else self._stream.classes[label],
                target=self._target(result.columns["target"][row], label),
                epoch=epoch,
                position=position,
                drawn=result.drawn[row],
                fields=fields,
            )

    def _target(self, target: Array, label: int) -> list[float] | None:
        """What the label does not say: float64 of the float32 values, so that they read back as the same."""
        values = np.asarray(target, np.float32)
        if self._stream.source.target_kind == "class":
            if not values.any():
                return None
            plain = label != UNLABELED and values[label] == 1 and np.count_nonzero(values) == 1
            if plain and not self._mixed:
                return None
        return [float(value) for value in values]
