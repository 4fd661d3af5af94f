"""What is written is what the stream delivers, with manifest and provenance."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import augflow
from augflow.errors import BadSampleBudgetError, BadSampleError, MaterializeError
from augflow.materialize import MaterializeOptions, materialize
from augflow.sources import open_source

Make = Callable[..., augflow.Pipeline]
MIX = {"mixup": {"alpha": 1.0}}


def manifest(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().splitlines()]


def image(file: Path) -> np.ndarray:
    with Image.open(file) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("mix", [None, MIX], ids=["apart", "mixed"])
def test_files_hold_the_streams_bytes(mix: Any, pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """K copies are epochs 0..K-1, every position in order, pixels, labels and soft labels equal."""
    out = tmp_path / "out"
    report = materialize(pipeline(mix), pictures, out, MaterializeOptions(copies=3))
    assert (report.written, report.resumed, report.skipped) == (63, 0, 0)
    entries = iter(manifest(out))
    stream = pipeline(mix).stream(pictures, drop_last=False)
    for epoch in range(3):
        for batch in stream:
            for row in range(batch.size):
                entry = next(entries)
                assert (entry["epoch"], entry["position"]) == (epoch, batch.step * 16 + row)
                assert entry["source"] == batch["id"][row]
                assert entry["label"] == stream.classes[batch["label"][row]]
                assert np.array_equal(image(out / entry["output"]), batch["image"][row])
                target = None if mix is None else batch["target"][row].tolist()
                assert entry["target"] == target
    assert next(entries, None) is None


def test_unmixed_samples_lie_in_class_folders(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """`--no-mix` leaves samples apart: <class>/<id>.e<epoch>.png, and the labels read back from folders."""
    out = tmp_path / "out"
    materialize(pipeline(MIX), pictures, out, MaterializeOptions(mix=False))
    assert {path.name for path in out.iterdir()} == {"cats", "dogs", "augflow.json", "manifest.jsonl"}
    assert len(list((out / "cats").iterdir())) == 9
    assert (out / "dogs" / "dogs__sub__3.png.e0.png").exists()
    assert all(entry["target"] is None for entry in manifest(out))


def test_mixed_samples_lie_flat_with_soft_labels(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """A sample of two classes has no class folder."""
    out = tmp_path / "out"
    materialize(pipeline(MIX), pictures, out)
    assert {path.name for path in out.iterdir()} == {"images", "augflow.json", "manifest.jsonl"}
    assert any(0 < entry["target"][0] < 1 for entry in manifest(out))
    assert all("batch/mix" in entry["drawn"] for entry in manifest(out))


@pytest.mark.parametrize("mix", [None, MIX], ids=["apart", "mixed"])
def test_what_was_written_is_a_source(mix: Any, pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """The folder reads back: as many samples, the same pixels, labels and soft labels, the same classes."""
    out = tmp_path / "out"
    materialize(pipeline(mix), pictures, out, MaterializeOptions(copies=2))
    source = open_source(out)
    entries = manifest(out)
    assert source.classes == ("cats", "dogs")
    assert len(source) == len(entries) == 42
    by_place = {str(out / entry["output"]): entry for entry in entries}
    for index in range(len(source)):
        sample, entry = source.read(index), by_place[source.place(index)]
        assert np.array_equal(sample.fields["image"], image(out / entry["output"]))
        assert source.classes[sample.label] == entry["label"]
        if mix is not None and 0 < entry["target"][0] < 1:
            assert sample.target is not None
            assert sample.target.tolist() == entry["target"]


def test_provenance_stands_beside_the_manifest(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """augflow.json holds spec, fingerprints, classes, seed and versions; the spec compiles to the same."""
    out = tmp_path / "out"
    used = pipeline(MIX, seed=5)
    materialize(used, pictures, out, MaterializeOptions(copies=2))
    about = json.loads((out / "augflow.json").read_text())
    (tmp_path / "again.yaml").write_text(about["spec"])
    assert augflow.load(str(tmp_path / "again.yaml")).fingerprint == used.fingerprint
    assert about["fingerprints"]["spec"] == used.fingerprint
    assert (about["classes"], about["seed"], about["copies"]) == (["cats", "dogs"], 5, 2)
    assert "numpy" in about["environment"]


def test_a_limit_takes_the_first_positions(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """The first positions of each epoch, with the bytes that they have in the whole."""
    materialize(pipeline(MIX), pictures, tmp_path / "whole", MaterializeOptions(copies=2))
    materialize(pipeline(MIX), pictures, tmp_path / "part", MaterializeOptions(copies=2, limit=5))
    part = manifest(tmp_path / "part")
    assert part == [entry for entry in manifest(tmp_path / "whole") if entry["position"] < 5]
    for entry in part:
        assert np.array_equal(
            image(tmp_path / "part" / entry["output"]), image(tmp_path / "whole" / entry["output"])
        )


def test_jpeg_is_written_on_request(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """`jpeg` changes the ending and the encoding, not what is drawn."""
    materialize(pipeline(), pictures, tmp_path / "out", MaterializeOptions(jpeg=90))
    entries = manifest(tmp_path / "out")
    assert all(entry["output"].endswith(".jpg") for entry in entries)
    with Image.open(tmp_path / "out" / entries[0]["output"]) as picture:
        assert picture.format == "JPEG"


def test_progress_is_told(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """Samples done and samples in all, rising to the end."""
    told: list[tuple[int, int]] = []
    options = MaterializeOptions(copies=2, on_progress=lambda done, total: told.append((done, total)))
    materialize(pipeline(), pictures, tmp_path / "out", options)
    assert told == sorted(told)
    assert told[-1] == (42, 42)


def test_bad_samples_are_left_out_and_listed(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """skip: no stand-in is written, the others have the bytes of the stream that replaces."""
    (pictures / "cats" / "3.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    with pytest.raises(BadSampleError, match=r"cats/3\.png"):
        materialize(pipeline(MIX), pictures, tmp_path / "raised")
    report = materialize(pipeline(MIX), pictures, out, MaterializeOptions(copies=2, on_error="skip"))
    assert (report.written, report.skipped) == (40, 2)
    skipped = [json.loads(line) for line in (out / "skipped.jsonl").read_text().splitlines()]
    assert [entry["epoch"] for entry in skipped] == [0, 1]
    assert all(entry["source"].endswith("cats/3.png") and entry["reason"] for entry in skipped)
    entries = {(entry["epoch"], entry["position"]): entry for entry in manifest(out)}
    assert len(entries) == len(list((out / "images").iterdir())) == 40
    stream = pipeline(MIX).stream(pictures, drop_last=False, on_error="replace")
    for epoch in range(2):
        for batch in stream:
            for row in range(batch.size):
                entry = entries.get((epoch, batch.step * 16 + row))
                assert (entry is None) == bool(batch["replaced"][row])
                if entry is not None:
                    assert np.array_equal(image(out / entry["output"]), batch["image"][row])


def test_too_many_bad_samples_end_it(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """max_bad holds for skip as well, and the error lists the places."""
    for name in ("1", "2"):
        (pictures / "cats" / f"{name}.png").write_bytes(b"")
    options = MaterializeOptions(on_error="skip")
    with pytest.raises(BadSampleBudgetError, match=r"2 bad samples, max_bad \(1%\) allows 1:\n.*cats/"):
        materialize(pipeline(), pictures, tmp_path / "out", options)
    materialize(pipeline(source={"max_bad": 2}), pictures, tmp_path / "more", options)


def test_unlabeled_pictures_from_memory(pipeline: Make, tmp_path: Path) -> None:
    """Any source of a stream can be written; samples without a class lie in images/."""
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 4, 1), np.uint8)
    materialize(pipeline(), pixels, tmp_path / "out")
    entries = manifest(tmp_path / "out")
    assert {entry["label"] for entry in entries} == {None}
    assert sorted(path.name for path in (tmp_path / "out" / "images").iterdir())[0] == "0.e0.png"
    assert image(tmp_path / "out" / entries[0]["output"]).shape == (4, 4)


def test_float_output_cannot_be_written(pictures: Path, pipeline: Make, tmp_path: Path) -> None:
    """Image files hold 8 bits; the refusal comes before anything is written."""
    with pytest.raises(MaterializeError, match=r"output\.dtype is float32"):
        materialize(pipeline(output={"dtype": "float32"}), pictures, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [({"copies": 0}, "copies must be at least 1"), ({"jpeg": 0}, "quality from 1"), ({"limit": 0}, "limit")],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    """Nonsense is refused where it is said."""
    with pytest.raises(MaterializeError, match=message):
        MaterializeOptions(**options)
