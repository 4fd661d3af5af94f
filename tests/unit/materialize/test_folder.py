"""Whose the folder is, and going on after an interruption."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import augflow
from augflow.engine.inprocess import InProcessEngine
from augflow.engine.worker import TaskRunner
from augflow.errors import MaterializeError
from augflow.materialize import MaterializeOptions, materialize
from augflow.materialize.folder import JOURNAL, OutputFolder

Make = Callable[..., augflow.Pipeline]
Tree = Callable[[Path], dict[str, bytes]]
MIX = {"mixup": {"alpha": 1.0}}


class Interrupted(Exception):
    """What ends a run in the middle."""


def interrupted(make: augflow.Pipeline, source: Path, out: Path, after: int) -> None:
    """A run that ends once `after` samples are done."""

    def stop(done: int, total: int) -> None:
        if done >= after:
            raise Interrupted

    with pytest.raises(Interrupted):
        materialize(make, source, out, MaterializeOptions(copies=2, on_progress=stop))


@pytest.mark.parametrize("mix", [None, MIX], ids=["apart", "mixed"])
@pytest.mark.parametrize("stops", [(1,), (16, 22), (41,)])
def test_an_interrupted_run_ends_with_the_same_bytes(
    mix: object, stops: tuple[int, ...], pictures: Path, pipeline: Make, tmp_path: Path, tree: Tree
) -> None:
    """Whenever it was stopped, and however often: images, manifest and provenance, nothing else."""
    materialize(pipeline(mix), pictures, tmp_path / "whole", MaterializeOptions(copies=2))
    out = tmp_path / "out"
    for after in stops:
        interrupted(pipeline(mix), pictures, out, after)
        assert not (out / "manifest.jsonl").exists()
    report = materialize(pipeline(mix), pictures, out, MaterializeOptions(copies=2))
    assert tree(out) == tree(tmp_path / "whole")
    assert report.written == 42
    assert stops[-1] <= report.resumed < 42 + 1


def test_a_fault_in_a_worker_is_gone_on_from(
    pictures: Path, pipeline: Make, tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that fails leaves what was done before it, and a second run ends as an undisturbed one."""
    materialize(pipeline(), pictures, tmp_path / "whole")
    run_task = TaskRunner.run_task

    def failing(self: TaskRunner, task: object) -> object:
        if task.number == 1:
            raise Interrupted
        return run_task(self, task)

    with monkeypatch.context() as patch:
        patch.setattr(TaskRunner, "run_task", failing)
        with pytest.raises(Interrupted):
            materialize(pipeline(), pictures, tmp_path / "out")
    report = materialize(pipeline(), pictures, tmp_path / "out")
    assert report.resumed > 0
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_a_line_that_was_cut_off_is_made_again(
    pictures: Path, pipeline: Make, tmp_path: Path, tree: Tree
) -> None:
    """A crash in the middle of a line, or of a file: both are written anew."""
    materialize(pipeline(), pictures, tmp_path / "whole", MaterializeOptions(copies=2))
    out = tmp_path / "out"
    interrupted(pipeline(), pictures, out, 20)
    journal = out / JOURNAL
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-3]) + lines[-3][:-9])
    (out / ".augflow-partial").mkdir(exist_ok=True)
    (out / ".augflow-partial" / "half.png").write_bytes(b"half")
    (out / json.loads(lines[-1])["output"]).write_bytes(b"half")
    materialize(pipeline(), pictures, out, MaterializeOptions(copies=2))
    assert tree(out) == tree(tmp_path / "whole")


def test_an_interruption_while_finishing(
    pictures: Path, pipeline: Make, tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every sample is written and the manifest is not: the next run only finishes."""
    materialize(pipeline(), pictures, tmp_path / "whole")
    replace = os.replace

    def failing(source: Path, target: Path) -> None:
        if Path(target).name == "manifest.jsonl":
            raise Interrupted
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", failing)
        with pytest.raises(Interrupted):
            materialize(pipeline(), pictures, tmp_path / "out")
    report = materialize(pipeline(), pictures, tmp_path / "out")
    assert (report.written, report.resumed) == (21, 21)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_skipped_samples_survive_an_interruption(
    pictures: Path, pipeline: Make, tmp_path: Path, tree: Tree
) -> None:
    """What an earlier run left out counts in the report and against the budget of the next."""
    for name in ("1", "2", "3"):
        (pictures / "cats" / f"{name}.png").write_bytes(b"")
    skip = MaterializeOptions(on_error="skip")
    whole = materialize(pipeline(source={"max_bad": 3}), pictures, tmp_path / "whole", skip)
    assert (whole.written, whole.skipped) == (18, 3)

    def stop(done: int, total: int) -> None:
        if done >= 20:
            raise Interrupted

    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        materialize(
            pipeline(source={"max_bad": 3}),
            pictures,
            out,
            MaterializeOptions(on_error="skip", on_progress=stop),
        )
    report = materialize(pipeline(source={"max_bad": 3}), pictures, out, skip)
    assert (report.written, report.skipped) == (18, 3)
    assert tree(out) == tree(tmp_path / "whole")
    again = materialize(pipeline(source={"max_bad": 3}), pictures, out, skip)
    assert (again.complete_before, again.written, again.skipped) == (True, 18, 3)


def test_a_complete_folder_is_left_alone(
    pictures: Path, pipeline: Make, tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked again for the same, nothing runs and nothing is written."""
    out = tmp_path / "out"
    materialize(pipeline(), pictures, out)
    before = tree(out)
    monkeypatch.setattr(InProcessEngine, "results", lambda *_: pytest.fail("computed again"))
    report = materialize(pipeline(), pictures, out)
    assert (report.complete_before, report.written) == (True, 21)
    assert tree(out) == before


def test_a_folder_with_other_files_is_refused(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """Nothing of the user's is overwritten, hidden files included."""
    for name in ("notes.txt", ".hidden"):
        out = tmp_path / f"out{name}"
        out.mkdir()
        (out / name).write_text("mine")
        with pytest.raises(MaterializeError, match="holds other files; name an empty or a new folder"):
            materialize(pipeline(), pictures, out)
        assert [path.name for path in out.iterdir()] == [name]
    (tmp_path / "file").write_text("mine")
    with pytest.raises(MaterializeError, match="cannot be written"):
        materialize(pipeline(), pictures, tmp_path / "file")


@pytest.mark.parametrize("finished", [True, False])
def test_another_dataset_is_refused_by_what_differs(
    finished: bool, pictures: Path, pipeline: Make, tmp_path: Path
) -> None:
    """Another spec, seed, number of copies or encoding does not go into the same folder."""
    out = tmp_path / "out"
    if finished:
        materialize(pipeline(), pictures, out, MaterializeOptions(copies=2))
    else:
        interrupted(pipeline(), pictures, out, 20)
    two = MaterializeOptions(copies=2)
    for other, options, name in (
        (pipeline(augment=[]), two, "fingerprints"),
        (pipeline(seed=1), two, "seed"),
        (pipeline(), MaterializeOptions(copies=3), "copies"),
        (pipeline(), MaterializeOptions(copies=2, jpeg=90), "encoding"),
        (pipeline(MIX), two, "mixed"),
    ):
        with pytest.raises(MaterializeError, match=rf"another dataset \(.*{name}.* differ\)"):
            materialize(other, pictures, out, options)
    # Another name is the same dataset.
    materialize(pipeline(name="renamed"), pictures, out, two)


def test_a_foreign_augflow_json_is_refused(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """A file of that name that augflow did not write makes the folder somebody else's."""
    for text in ("not json", "[]", "{}"):
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        (out / "augflow.json").write_text(text)
        with pytest.raises(MaterializeError):
            materialize(pipeline(), pictures, out)
        assert (out / "augflow.json").read_text() == text


def test_source_and_output_do_not_overlap(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """One inside the other, the same, through a link, or named in the spec: refused before writing."""
    link = tmp_path / "link"
    link.symlink_to(pictures)
    before = sorted(pictures.rglob("*"))
    places = [
        (pictures, pictures),
        (pictures, pictures / "out"),
        (pictures, tmp_path),
        (pictures, link / "x"),
    ]
    for source, out in places:
        with pytest.raises(MaterializeError, match="overlaps the source"):
            materialize(pipeline(), source, out)
    with pytest.raises(MaterializeError, match="overlaps the source"):
        materialize(pipeline(), f"{pictures}?split=train", pictures / "out")
    with pytest.raises(MaterializeError, match="overlaps the source"):
        materialize(pipeline(source={"path": str(pictures)}), None, pictures / "out")
    assert sorted(pictures.rglob("*")) == before


def test_a_disk_that_is_full_is_a_materialize_error(
    pipeline: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the folder and the reason, and a later run goes on."""
    pixels = np.zeros((4, 4, 4, 3), np.uint8)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(OutputFolder, "journal", full)
        with pytest.raises(MaterializeError, match="out: cannot be written: No space left on device"):
            materialize(pipeline(), pixels, tmp_path / "out")
    assert materialize(pipeline(), pixels, tmp_path / "out").written == 4
