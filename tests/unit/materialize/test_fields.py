"""What no image pipeline makes: fields of every kind, several in one sample, in every format."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augflow.errors import BadSampleError, SourceError
from augflow.materialize import MaterializeOptions
from augflow.materialize.encode import FieldEncoder
from augflow.materialize.folder import OutputFolder
from augflow.materialize.formats import LISTINGS, NamedKinds, format_writer
from augflow.materialize.options import Format
from augflow.materialize.samples import FinishedSample, LeftOut
from augflow.sample import Audio, Boxes, Keypoints, Sample
from augflow.sources import open_source
from augflow.sources.base import FieldRequest
from augflow.sources.written import is_written, open_written

Tree = Callable[[Path], dict[str, bytes]]
RNG = np.random.default_rng(1)

ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "audio": ("audio", {"": RNG.uniform(-1, 1, (2, 50)).astype(np.float32), "_sample_rate": np.int64(8000)}),
    "spectrogram": ("audio", {"": RNG.normal(size=(8, 6)).astype(np.float32)}),
    "text": ("text", {"": "it's\r\n 3.5% \U0001f600"}),
    "tokens": ("text", {"": np.array([3, 1, 4, 1], np.int64)}),
    "mask": ("mask", {"": RNG.integers(0, 9, (4, 5), np.uint8)}),
    "deep_mask": ("mask", {"": RNG.integers(0, 999, (4, 5), np.uint16)}),
    "video": ("image", {"": RNG.integers(0, 256, (2, 4, 5, 3), np.uint8)}),
    "boxes": (
        "boxes",
        {
            "": RNG.uniform(0, 9, (2, 4)).astype(np.float32),
            "_label": np.array([1, 0]),
            "_weight": np.array([1, 0.1], np.float32),
            "_instance": RNG.integers(0, 2, (2, 4, 5), np.uint8),
        },
    ),
    "plain_boxes": (
        "boxes",
        {
            "": np.zeros((0, 4), np.float32),
            "_label": np.zeros(0, np.int64),
            "_weight": np.zeros(0, np.float32),
        },
    ),
    "keypoints": (
        "keypoints",
        {
            "": RNG.uniform(0, 9, (2, 2)).astype(np.float32),
            "_label": np.array([0, 1]),
            "_visible": np.array([True, False]),
        },
    ),
}


def kinds_of(names: Sequence[str]) -> NamedKinds:
    return tuple((name, ROWS[name][0]) for name in names)  # type: ignore[misc]


def finished(names: Sequence[str], number: int) -> FinishedSample:
    """A sample of such fields; each number has a text of its own."""
    row = {f"{name}{part}": value for name in names for part, value in ROWS[name][1].items()}
    row["text"] = f"{row.get('text')} {number}"
    return FinishedSample(
        number=number,
        name=f"s/{number}.e0",
        source=f"s/{number}",
        label=["cat", "dog"][number % 2],
        target=None,
        epoch=0,
        position=number,
        drawn={"augment/x": {"angle": 3.5}},
        fields=FieldEncoder(kinds_of(names))({"id": f"s/{number}", **row}),
    )


def written(names: Sequence[str], form: Format, out: Path) -> Path:
    folder = OutputFolder(out, LISTINGS[form])
    about = {
        "format": form,
        "classes": ["cat", "dog"],
        "fields": dict(kinds_of(names)),
        "target_kind": "class",
    }
    assert folder.claim(about) == 0
    made = format_writer(folder, kinds_of(names), MaterializeOptions(format=form, samples_per_file=2), 5)
    left_out = LeftOut(3, {"epoch": 0, "position": 3, "source": "s/3", "reason": "bad"})
    made.writer.put([finished(names, number) if number != 3 else left_out for number in range(5)])
    made.writer.finish()
    return out


def check(sample: Sample, names: Sequence[str], number: int) -> None:
    for name in names:
        row, value = ROWS[name][1], sample.fields[name]
        if name == "text":
            assert value == f"{row['']} {number}"
            continue
        if isinstance(value, Audio):
            assert value.sample_rate == row["_sample_rate"]
            value = value.samples
        if isinstance(value, Boxes):
            assert np.array_equal(value.labels, row["_label"])
            assert np.array_equal(value.weights, row["_weight"])
            masks = row.get("_instance")
            assert (value.masks is None) == (masks is None)
            assert masks is None or np.array_equal(value.masks, masks)
            value = value.corners
        if isinstance(value, Keypoints):
            assert np.array_equal(value.visible, row["_visible"])
            value = value.points
        assert value.dtype == row[""].dtype
        assert np.array_equal(value, row[""])


@pytest.mark.parametrize("form", ["folder", "webdataset", "parquet", "jsonl"])
def test_fields_of_every_kind_survive(form: Format, tmp_path: Path) -> None:
    """Several in one sample: values, dtypes and shapes, in every format that holds them."""
    pytest.importorskip("soundfile")
    names = ["text", "tokens"] if form == "jsonl" else list(ROWS)
    out = written(names, form, tmp_path / "out")
    fields = [FieldRequest(name, kind) for name, kind in kinds_of(names)]
    source = open_source(out, fields=fields)
    assert (len(source), source.classes) == (4, ("cat", "dog"))
    for index in range(4):
        sample = source.read(index)
        check(sample, names, sample.row["position"])
        assert source.classes[sample.label] == ["cat", "dog"][sample.row["position"] % 2]


def test_lines_are_one_file_that_reads_alone(tmp_path: Path) -> None:
    """One line a sample in the order of the stream, parts and journal gone."""
    out = written(["text", "tokens"], "jsonl", tmp_path / "out")
    assert sorted(path.name for path in out.iterdir()) == ["augflow.json", "samples.jsonl", "skipped.jsonl"]
    rows = [json.loads(line) for line in (out / "samples.jsonl").read_text().splitlines()]
    assert [row["position"] for row in rows] == [0, 1, 2, 4]
    assert list(rows[0]) == [
        "id", "text", "tokens", "source", "label", "target", "epoch", "position", "drawn"
    ]  # fmt: skip
    assert rows[0]["tokens"] == [3, 1, 4, 1]
    assert is_written(str(out))
    assert is_written(str(out / "samples.jsonl"))
    assert not is_written(str(tmp_path))


def test_lines_of_an_interrupted_run_are_joined_once(tmp_path: Path, tree: Tree) -> None:
    """A run that goes on after whole pieces, and one that only has to finish, end with the same file."""
    names = ["text"]
    whole = tree(written(names, "jsonl", tmp_path / "whole"))
    about = json.loads(whole["augflow.json"])
    for done in (2, 4, 5):
        folder = OutputFolder(tmp_path / str(done), LISTINGS["jsonl"])
        folder.claim(about)
        opts = MaterializeOptions(format="jsonl", samples_per_file=2)
        left_out = LeftOut(3, {"epoch": 0, "position": 3, "source": "s/3", "reason": "bad"})
        samples = [finished(names, number) if number != 3 else left_out for number in range(5)]
        first = format_writer(folder, kinds_of(names), opts, 5).writer
        first.put(samples[:done])
        first.close()
        made = format_writer(folder, kinds_of(names), opts, 5)
        begun = made.begun(folder.claim(about))
        assert begun == done
        made.writer.put(samples[begun:])
        made.writer.finish()
        assert tree(folder.path) == whole


def test_the_folder_holds_several_fields(tmp_path: Path) -> None:
    """One file a field, `fields` in the manifest naming each; boxes and keypoints stand in the line."""
    names = ["mask", "text", "boxes"]
    out = written(names, "folder", tmp_path / "out")
    entry = json.loads((out / "manifest.jsonl").read_text().splitlines()[0])
    assert entry["output"] == "cat/s__0.e0.png"
    assert set(entry["fields"]) == {"mask", "text", "boxes", "boxes_instance"}
    assert entry["fields"]["text"] == "cat/s__0.e0.text.txt"
    assert (out / entry["fields"]["text"]).read_bytes().decode() == f"{ROWS['text'][1]['']} 0"
    assert entry["fields"]["boxes"]["labels"] == [1, 0]


def test_a_manifest_does_not_lead_out(tmp_path: Path) -> None:
    """Neither by `..`, nor absolute, nor through a link: what lies outside is not read."""
    names = ["mask", "text", "boxes"]
    out = written(names, "folder", tmp_path / "out")
    (tmp_path / "secret.npy").write_bytes(b"secret")
    (out / "link.npy").symlink_to(tmp_path / "secret.npy")
    manifest = (out / "manifest.jsonl").read_text()
    fields = [FieldRequest(name, kind) for name, kind in kinds_of(names)]
    for path in ("../secret.npy", str(tmp_path / "secret.npy"), "link.npy"):
        inner = manifest.replace("cat/s__0.e0.boxes_instance.npy", path)
        assert inner != manifest
        (out / "manifest.jsonl").write_text(inner)
        source = open_written(str(out), None, fields)
        with pytest.raises((BadSampleError, SourceError), match="leads out"):
            source.read(0)
        (out / "manifest.jsonl").write_text(manifest.replace("cat/s__0.e0.text.txt", path))
        with pytest.raises(SourceError, match=r"leads out|is not in"):
            open_written(str(out), None, fields)


def test_texts_alone_lie_in_samples(tmp_path: Path) -> None:
    """A dataset without images has no folder called so."""
    folder = OutputFolder(tmp_path)
    writer = format_writer(folder, kinds_of(["text"]), MaterializeOptions(), 1).writer
    writer.put([replace(finished(["text"], 0), label=None)])
    writer.finish()
    assert (tmp_path / "samples" / "s__0.e0.txt").exists()


@pytest.mark.parametrize("kind", ["class", "multi_label", "regression"])
@pytest.mark.parametrize("form", ["folder", "webdataset", "parquet", "jsonl"])
def test_targets_of_every_kind_survive(form: Format, kind: str, tmp_path: Path) -> None:
    """Shares, several labels and numbers to predict, with the names that they belong to."""
    targets = {"class": [0.25, 0.75], "multi_label": [0.0, 1.0], "regression": [-1.5, 0.0]}
    folder = OutputFolder(tmp_path / "out", LISTINGS[form])
    names = ["text", "tokens"] if form == "folder" else ["text"]
    folder.claim(
        {"format": form, "classes": ["b", "a"], "fields": dict(kinds_of(names)), "target_kind": kind}
    )
    writer = format_writer(folder, kinds_of(names), MaterializeOptions(format=form), 1).writer
    writer.put([replace(finished(names, 0), label=None, target=targets[kind])])
    writer.finish()
    source = open_source(tmp_path / "out", fields=[FieldRequest("text", "text")])
    sample = source.read(0)
    assert (source.classes, source.target_kind, sample.label) == (("b", "a"), kind, -1)
    assert sample.target is not None
    assert sample.target.tolist() == targets[kind]


@pytest.mark.parametrize("form", ["folder", "parquet", "jsonl"])
def test_a_field_that_was_not_written_is_refused(form: Format, tmp_path: Path) -> None:
    """Naming those that were; the only one of a kind goes by any name."""
    out = written(["text", "tokens"], form, tmp_path / "out")
    with pytest.raises(SourceError, match=r"no field 'image' of kind image; it holds text \(text\), tokens"):
        open_written(str(out), None, [FieldRequest("image", "image")])
    with pytest.raises(SourceError, match=r"no field 'caption' of kind text"):
        open_written(str(out), None, [FieldRequest("caption", "text")])
    source = open_written(str(out), None, [FieldRequest("caption", "text", "text")])
    assert source.read(0).fields["caption"].startswith("it's")
    alone = written(["text"], form, tmp_path / "alone")
    assert open_written(str(alone), None, [FieldRequest("caption", "text")]).read(0).fields["caption"]
