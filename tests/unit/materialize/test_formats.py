"""Every format holds what the stream delivers, reads back as it, and survives an interruption."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import augflow
from augflow.errors import MaterializeError, SourceError
from augflow.materialize import MaterializeOptions, materialize
from augflow.materialize.formats import LISTINGS, refuse_unfit
from augflow.materialize.options import Format
from augflow.sources import Source
from augflow.sources.arrow import pyarrow
from augflow.sources.base import FieldRequest
from augflow.sources.webdataset import open_webdataset
from augflow.sources.written import open_written

Make = Callable[..., augflow.Pipeline]
Tree = Callable[[Path], dict[str, bytes]]
MIX = {"mixup": {"alpha": 1.0}}
IMAGE = (FieldRequest("image", "image"),)
RNG = np.random.default_rng(1)


def read_back(out: Path, form: Format, fields: Sequence[FieldRequest] = IMAGE) -> Source:
    if form == "webdataset":
        return open_webdataset(str(out), {}, None, fields)
    return open_written(str(out), None, fields)


def options(form: Format, **others: Any) -> MaterializeOptions:
    return MaterializeOptions(**{"format": form, "samples_per_file": 10, "copies": 2, **others})


@pytest.mark.parametrize("mix", [None, MIX], ids=["apart", "mixed"])
@pytest.mark.parametrize("form", ["webdataset", "parquet"])
def test_what_is_read_back_is_what_the_stream_delivers(
    form: Format, mix: Any, pictures: Path, pipeline: Make, tmp_path: Path
) -> None:
    """Every sample of every epoch once: pixels, label, soft label, class list and provenance."""
    report = materialize(pipeline(mix), pictures, tmp_path / "out", options(form))
    assert (report.written, report.skipped) == (42, 0)
    source = read_back(tmp_path / "out", form)
    assert isinstance(source, Source)
    assert source.classes == ("cats", "dogs")
    samples = [source.read(index) for index in range(len(source))]
    found = {(sample.row["source"], sample.row["epoch"]): sample for sample in samples}
    assert len(found) == len(source) == 42
    stream = pipeline(mix).stream(pictures, drop_last=False)
    for epoch in range(2):
        for batch in stream:
            for row in range(batch.size):
                sample = found[batch["id"][row], epoch]
                assert sample.row["position"] == batch.step * 16 + row
                assert sample.label == batch["label"][row]
                assert np.array_equal(sample.fields["image"], batch["image"][row])
                target = None if mix is None else batch["target"][row].tolist()
                assert (None if sample.target is None else sample.target.tolist()) == target


class Interrupted(Exception):
    """What ends a run in the middle."""


@pytest.mark.parametrize("stops", [(1,), (16, 25), (41,)])
@pytest.mark.parametrize("form", ["webdataset", "parquet"])
def test_an_interrupted_run_ends_with_the_same_bytes(
    form: Format, stops: tuple[int, ...], pictures: Path, pipeline: Make, tmp_path: Path, tree: Tree
) -> None:
    """Whole parts are kept, the one that was open is begun anew; nothing else remains."""
    materialize(pipeline(MIX), pictures, tmp_path / "whole", options(form))
    out = tmp_path / "out"
    for after in stops:

        def stop(done: int, total: int, after: int = after) -> None:
            if done >= after:
                raise Interrupted

        with pytest.raises(Interrupted):
            materialize(pipeline(MIX), pictures, out, options(form, on_progress=stop))
        with pytest.raises(SourceError, match="did not come to its end"):
            read_back(out, form)
    report = materialize(pipeline(MIX), pictures, out, options(form))
    assert tree(out) == tree(tmp_path / "whole")
    assert report.written == 42
    assert report.resumed % 10 == 0 or report.resumed == 42
    assert stops[-1] - 10 < report.resumed
    again = materialize(pipeline(MIX), pictures, out, options(form))
    assert (again.complete_before, again.written) == (True, 42)
    assert tree(out) == tree(tmp_path / "whole")


@pytest.mark.parametrize("form", ["webdataset", "parquet"])
def test_bad_samples_are_left_out_of_parts(
    form: Format, pictures: Path, pipeline: Make, tmp_path: Path, tree: Tree
) -> None:
    """They are listed, count against the budget of the next run, and shift nobody else's part."""
    for name in ("1", "2", "3"):
        (pictures / "cats" / f"{name}.png").write_bytes(b"")
    skip = options(form, on_error="skip", copies=1, samples_per_file=3)
    used = pipeline(source={"max_bad": 3})
    whole = materialize(used, pictures, tmp_path / "whole", skip)
    assert (whole.written, whole.skipped) == (18, 3)
    skipped = [json.loads(line) for line in (tmp_path / "whole" / "skipped.jsonl").read_text().splitlines()]
    assert sorted(Path(entry["source"]).name for entry in skipped) == ["1.png", "2.png", "3.png"]
    parts = [json.loads(line) for line in (tmp_path / "whole" / "parts.jsonl").read_text().splitlines()]
    assert sum(part["samples"] for part in parts) == 18
    assert set(parts[0]) == {"output", "samples"}
    source = read_back(tmp_path / "whole", form)
    for index in range(len(source)):
        row = source.read(index).row
        part = source.place(index).split(":")[0].split(",")[0]
        assert Path(part).stem == f"{row['position'] // 3:06d}"

    def stop(done: int, total: int) -> None:
        if done >= 16:
            raise Interrupted

    with pytest.raises(Interrupted):
        materialize(
            used,
            pictures,
            tmp_path / "out",
            options(form, on_error="skip", copies=1, samples_per_file=3, on_progress=stop),
        )
    report = materialize(used, pictures, tmp_path / "out", skip)
    assert (report.written, report.skipped) == (18, 3)
    assert tree(tmp_path / "out") == tree(tmp_path / "whole")


def test_shards_are_ordinary_archives(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """Python and the tar program list them; nothing of this machine or moment stands in the headers."""
    out = tmp_path / "out"
    materialize(pipeline(), pictures, out, options("webdataset", copies=1))
    names: list[str] = []
    for file in sorted(out.glob("*.tar")):
        with tarfile.open(file) as tar:
            for member in tar:
                names.append(member.name)
                owner = (member.uid, member.gid, member.uname, member.gname)
                assert (member.mtime, owner, member.mode) == (0, (0, 0, "", ""), 0o644)
        listed = subprocess.run(["tar", "tf", file], check=True, capture_output=True, text=True)
        assert listed.stdout.splitlines() == names[-len(listed.stdout.splitlines()) :]
    assert names == [f"{number:09d}{end}" for number in range(21) for end in (".png", ".json")]


def test_parquet_is_an_ordinary_table(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """One row a sample, in the order of the stream, with the columns that are documented."""
    parquet = pytest.importorskip("pyarrow.parquet")
    materialize(pipeline(), pictures, tmp_path / "out", options("parquet", copies=1))
    table = parquet.read_table(tmp_path / "out" / "000001.parquet")
    columns = ["id", "image", "source", "label", "target", "epoch", "position", "drawn"]
    assert table.column_names == columns
    assert table["position"].to_pylist() == list(range(10, 20))
    assert table["image"][0].as_py().startswith(b"\x89PNG")
    assert isinstance(json.loads(table["drawn"][0].as_py()), dict)


def test_what_a_format_cannot_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything runs, naming the formats that can."""
    with pytest.raises(MaterializeError, match=r"jsonl holds texts, and image \(image\) is none; use folder"):
        refuse_unfit((("text", "text"), ("image", "image")), MaterializeOptions(format="jsonl"))
    with pytest.raises(MaterializeError, match="a field is called 'label'"):
        refuse_unfit((("label", "text"),), MaterializeOptions())
    with pytest.raises(MaterializeError, match="jpeg is for images"):
        refuse_unfit((("text", "text"),), MaterializeOptions(jpeg=90))
    pyarrow.cache_clear()
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(SourceError, match=r"needs pyarrow.*install the extra `tables`"):
        refuse_unfit((("text", "text"),), MaterializeOptions(format="parquet"))
    monkeypatch.undo()
    pyarrow.cache_clear()


def test_a_format_does_not_go_on_in_the_folder_of_another(
    pictures: Path, pipeline: Make, tmp_path: Path
) -> None:
    """Nor with another number of samples a file."""
    materialize(pipeline(), pictures, tmp_path / "out", options("webdataset"))
    for other in (options("folder"), options("parquet"), options("webdataset", samples_per_file=9)):
        with pytest.raises(MaterializeError, match=r"another dataset \((format|samples_per_file)"):
            materialize(pipeline(), pictures, tmp_path / "out", other)


def test_a_missing_part_is_noticed(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """A folder that was copied in part does not pass for a smaller dataset."""
    for form, name in (("webdataset", "000002.tar"), ("parquet", "000002.parquet")):
        out = tmp_path / form
        materialize(pipeline(), pictures, out, options(form))  # type: ignore[arg-type]
        (out / name).unlink()
        with pytest.raises(SourceError, match=rf"{name}.* (is )?missing"):
            read_back(out, form)  # type: ignore[arg-type]


def test_a_source_of_files_is_not_written_over(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """Output beside archives or in a folder below them is apart from them; around them it is not."""
    shards = tmp_path / "shards" / "in"
    materialize(pipeline(), pictures, shards, options("webdataset", copies=1))
    before = sorted(shards.iterdir())
    pattern = f"{shards}/00000{{0..2}}.tar"
    for source in (pattern, str(shards / "000000.tar"), f"{shards}/{{000000,000001}}.tar"):
        for out in (shards, shards.parent, tmp_path):
            with pytest.raises(MaterializeError, match="overlaps the source"):
                materialize(pipeline(batch={"size": 4}), source, out, options("folder"))
    report = materialize(pipeline(), pattern, shards.parent / "out", options("folder", copies=1))
    assert report.written == 21
    assert sorted(shards.iterdir()) == before


def test_output_on_a_server_is_refused(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """A URL is not taken for the name of a local folder; `file://` is one."""
    with pytest.raises(MaterializeError, match=r"s3://\*\*\*@b/out: augflow writes to local folders"):
        materialize(pipeline(), pictures, "s3://k:v@b/out", options("folder"))
    materialize(pipeline(), pictures, f"file://{tmp_path}/out", options("folder"))
    assert (tmp_path / "out" / "manifest.jsonl").exists()


def test_views_are_fields_of_their_own(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """Two views of a sample are two images of one sample, each with the bytes of its column."""
    used = augflow.load(
        {"modality": "image", "augment": [{"horizontal_flip": {}}], "batch": {"size": 16, "views": 2}}
    )
    materialize(used, pictures, tmp_path / "out", options("webdataset", copies=1))
    fields = (FieldRequest("image", "image"), FieldRequest("image_view1", "image"))
    source = read_back(tmp_path / "out", "webdataset", fields)
    found = {sample.row["source"]: sample for sample in map(source.read, range(len(source)))}
    for batch in used.stream(pictures, drop_last=False):
        for row in range(batch.size):
            for name in ("image", "image_view1"):
                assert np.array_equal(found[batch["id"][row]].fields[name], batch[name][row])
        break


def test_every_format_has_a_listing() -> None:
    """The file that tells a complete dataset."""
    assert set(LISTINGS) == set(get_args(Format))
