"""Real files of every kind, damaged at random: samples, or an error of augflow."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import augflow
from augflow.errors import AugflowError
from augflow.materialize import MaterializeOptions, materialize
from augflow.sources.base import FieldRequest

from .reading import IMAGE, TEXT, read_all
from .settings import EXAMPLES

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),  # Pillow's remarks on damaged files
    pytest.mark.timeout(60 + EXAMPLES),
]

FUZZ = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBERS = [struct.pack(form, number) for form in ("<I", ">I", "<Q") for number in (0, 1, 2**31, 2**32 - 1)]
WORDS = [b"null", b"NaN", b"1e400", b"-1", b"[]", b"{}", b'"', b"\\ud800", b"../", b"/", b"\0", b"9" * 400]


@st.composite
def damage(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes with pieces flipped, put in, taken out, repeated or cut off."""
    body = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(body)))
        length = draw(st.integers(0, 8))
        kind = draw(st.sampled_from(["flip", "number", "word", "any", "repeat", "cut"]))
        if kind == "flip" and at < len(body):
            body[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "number":
            number = draw(st.sampled_from(NUMBERS))
            body[at : at + len(number)] = number
        elif kind == "word":
            body[at : at + length] = draw(st.sampled_from(WORDS))
        elif kind == "any":
            body[at : at + length] = draw(st.binary(max_size=8))
        elif kind == "repeat":
            body[at:at] = body[at : at + draw(st.integers(1, 600))] * draw(st.integers(1, 4))
        else:
            del body[at : at + draw(st.integers(1, max(1, len(body) // 2)))]
    return bytes(body)


def png(side: int = 8) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.arange(side * side * 3, dtype=np.uint8).reshape(side, side, 3)).save(stream, "PNG")
    return stream.getvalue()


def archive() -> bytes:
    stream = io.BytesIO()
    about = {
        "label": "a",
        "target": None,
        "speaker": "x",
        "boxes": {"corners": [], "labels": [], "weights": []},
    }
    array = io.BytesIO()
    np.save(array, np.zeros((2, 4, 4, 3), np.uint8))
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, data in (
            ("ä/" + "long" * 40 + ".png", png()),
            ("b.png", png()),
            ("b.cls", b"1"),
            ("b.json", json.dumps(about).encode()),
            ("c.npy", array.getvalue()),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def parquet() -> bytes:
    stream = io.BytesIO()
    columns = {"text": ["one", "two", "three"] * 5, "label": ["a", "b", "a"] * 5, "n": [1.5, None, 2.0] * 5}
    pq.write_table(pa.table(columns), stream, row_group_size=4, compression="snappy")
    return stream.getvalue()


TABLES = {
    "x.csv": b'text,label,id,split\n"a ""b"", c",x,1,train\nd e,y,2,test\n',
    "x.tsv": b'text\tlabel\n"a b"\tx\nd e\ty\n',
    "x.jsonl": b'{"text": "a b", "label": "x", "n": 1.5}\n{"text": "c", "label": "y", "n": null}\n',
    "x.parquet": parquet(),
}


@pytest.mark.parametrize("name", TABLES)
@FUZZ
@given(data=st.data())
def test_tables(name: str, data: st.DataObject, tmp_path: Path) -> None:
    """Each reader of tables."""
    (tmp_path / name).write_bytes(data.draw(damage(TABLES[name])))
    with contextlib.suppress(AugflowError):
        read_all(tmp_path / name, TEXT)


@FUZZ
@given(data=st.data())
def test_archives(data: st.DataObject, tmp_path: Path) -> None:
    """Headers, names, labels and arrays of WebDataset."""
    (tmp_path / "x.tar").write_bytes(data.draw(damage(archive())))
    with contextlib.suppress(AugflowError):
        read_all(tmp_path / "x.tar")


COCO = {
    "images": [{"id": 1, "file_name": "x.png", "height": 8, "width": 8}],
    "annotations": [
        {
            "image_id": 1,
            "category_id": 1,
            "bbox": [1, 1, 5, 5],
            "segmentation": [[1, 1, 5, 1, 5, 5]],
            "keypoints": [1, 1, 2],
        },
        {
            "image_id": 1,
            "category_id": 1,
            "bbox": [1, 1, 5, 5],
            "segmentation": {"size": [8, 8], "counts": "P2"},
            "iscrowd": 0,
        },
    ],
    "categories": [{"id": 1, "name": "q", "keypoints": ["nose"]}],
}
VOC = (
    b"<annotation><size><width>8</width><height>8</height></size><object><name>q</name><bndbox><xmin>1</xmin>"
    b"<ymin>1</ymin><xmax>5</xmax><ymax>5</ymax></bndbox></object></annotation>"
)
NOTES = {
    "c.json": ("boxes", "../c.json", json.dumps(COCO).encode()),
    "masks in c.json": ("boxes", "../c.json#masks", json.dumps(COCO).encode()),
    "points in c.json": ("keypoints", "../c.json", json.dumps(COCO).encode()),
    "m/x.xml": ("boxes", "../m", VOC),
    "m/x.txt": ("boxes", "../m#masks", b"0 .1 .1 .5 .1 .5 .5\n1 .2 .2 .4 .2 .4 .4\n"),
    "m/x.png": ("mask", "../m", png()),
}


@pytest.mark.parametrize("name", NOTES)
@FUZZ
@given(data=st.data())
def test_annotations(name: str, data: st.DataObject, tmp_path: Path) -> None:
    """Boxes, keypoints and masks of every format."""
    kind, place, whole = NOTES[name]
    (tmp_path / "i").mkdir(exist_ok=True)
    (tmp_path / "m").mkdir(exist_ok=True)
    (tmp_path / "i" / "x.png").write_bytes(png())
    (tmp_path / name.rpartition(" ")[2]).write_bytes(data.draw(damage(whole)))
    fields = (*IMAGE, FieldRequest("it", kind, place))  # type: ignore[arg-type]
    with contextlib.suppress(AugflowError):
        read_all(tmp_path / "i", fields)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """What `materialize` writes, in each of its formats."""
    folder = tmp_path_factory.mktemp("written")
    for number in range(6):
        file = folder / "data" / "ab"[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png())
    (folder / "texts.csv").write_text("text,label\n" + "".join(f"word {n},x\n" for n in range(6)))

    def write(form: str) -> Path:
        out = folder / form
        if not out.exists():
            modality = "text" if form == "jsonl" else "image"
            source = folder / ("texts.csv" if modality == "text" else "data")
            pipeline = augflow.Pipeline(modality=modality, batch={"size": 2})
            options = MaterializeOptions(format=form, num_workers=0)  # type: ignore[arg-type]
            materialize(pipeline, str(source), out, options)
        return out

    return write


WRITTEN = [
    ("folder", "augflow.json"),
    ("folder", "manifest.jsonl"),
    ("webdataset", "augflow.json"),
    ("webdataset", "parts.jsonl"),
    ("parquet", "augflow.json"),
    ("parquet", "parts.jsonl"),
    ("parquet", "000000.parquet"),
    ("jsonl", "augflow.json"),
    ("jsonl", "samples.jsonl"),
]


@pytest.mark.parametrize(("form", "name"), WRITTEN)
@FUZZ
@given(data=st.data())
def test_what_augflow_wrote(
    form: str, name: str, data: st.DataObject, tmp_path: Path, written: Callable[[str], Path]
) -> None:
    """Datasets that others changed, in each format."""
    copy = tmp_path / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(written(form), copy)
    (copy / name).write_bytes(data.draw(damage((copy / name).read_bytes())))
    with contextlib.suppress(AugflowError):
        read_all(copy, TEXT if form == "jsonl" else IMAGE)
