"""Hugging Face datasets as sources: rows by name, classes of their features, encoded images and sounds."""

from __future__ import annotations

import io
import pickle
import sys
import wave
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augflow.errors import SourceError
from augflow.sample import UNLABELED
from augflow.sources import FieldRequest, Source, open_source
from augflow.spec.model import SourceSpec

datasets = pytest.importorskip("datasets")

TEXT = (FieldRequest("text", "text"),)


def texts(**columns: list[Any]) -> Any:
    names = datasets.Features(
        {
            name: datasets.ClassLabel(names=["neg", "pos"])
            if name == "label"
            else datasets.Value("string" if isinstance(values[0], str) else "int64")
            for name, values in columns.items()
        }
    )
    return datasets.Dataset.from_dict(columns, features=names)


def labels(source: Source) -> list[int]:
    return [source.read(index).label for index in range(len(source))]


def test_rows_are_samples() -> None:
    """Texts and class names come from the columns and features; plain columns are the row."""
    dataset = texts(text=["a", " b\n"], label=[1, 0], day=[3, 4])
    source: Source = pickle.loads(pickle.dumps(open_source(dataset, fields=TEXT)))
    assert (source.classes, labels(source), source.columns) == (("neg", "pos"), [1, 0], ("day",))
    sample = source.read(1)
    assert (sample.id, sample.fields["text"], sample.row) == ("1", " b\n", {"day": 4})
    assert "2 texts, 2 classes (neg, pos)" in source.description
    assert source.fingerprint() == open_source(dataset, fields=TEXT).fingerprint()
    other = open_source(texts(text=["a", "c"], label=[1, 0], day=[3, 4]), fields=TEXT)
    assert source.fingerprint() != other.fingerprint()


def test_columns_by_name() -> None:
    """`from`, the spec's columns and default names find them; an absent one names those there are."""
    dataset = texts(sentence=["a", "b"], body=["c", "d"], stars=[5, 1], key=["k1", "k2"])
    assert open_source(dataset, fields=TEXT).read(0).fields["text"] == "a"
    spec = SourceSpec(columns={"text": "body", "label": "stars", "id": "key"})
    source = open_source(dataset, spec, fields=TEXT)
    assert (source.read(1).fields["text"], source.sample_id(1)) == ("d", "k2")
    assert (source.classes, labels(source)) == (("1", "5"), [1, 0])
    assert source.columns == ("sentence",)
    assert open_source(dataset, fields=(FieldRequest("x", "text", "body"),)).read(0).fields == {"x": "c"}
    with pytest.raises(SourceError, match="no column 'image' or 'img' for the field image; the columns are"):
        open_source(dataset)
    with pytest.raises(SourceError, match="no column 'grade' for the label"):
        open_source(dataset, SourceSpec(columns={"label": "grade"}), fields=TEXT)
    numbers = SourceSpec(target="regression", columns={"label": ("stars",)})
    assert open_source(dataset, numbers, fields=TEXT).read(0).target.tolist() == [5]


def test_a_class_of_minus_one_is_no_label() -> None:
    """Public test parts are published with -1."""
    source = open_source(texts(text=["a"], label=[-1]), fields=TEXT)
    assert (source.classes, source.read(0).label) == ((), UNLABELED)


def test_several_labels() -> None:
    """A list of classes has the names of its feature."""
    feature = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.Sequence(datasets.ClassLabel(names=["x", "y"]))}
    )
    dataset = datasets.Dataset.from_dict({"text": ["a", "b"], "label": [[1], [0, 1]]}, features=feature)
    source = open_source(dataset, SourceSpec(target="multi_label"), fields=TEXT)
    assert source.classes == ("x", "y")
    assert [source.read(n).target.tolist() for n in range(2)] == [[0, 1], [1, 1]]


def test_images_and_sounds_are_decoded_by_augflow() -> None:
    """Encoded features give the pixels and samples of the same files, without another decoder."""
    image = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(2, 4, 3))
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(np.array([0, 16_384, -32_768], np.int16).tobytes())
    columns = {"img": [image], "audio": [{"bytes": stream.getvalue(), "path": None}], "text": ["a"]}
    dataset = datasets.Dataset.from_dict(columns).cast_column("audio", datasets.Audio(sampling_rate=16_000))
    assert isinstance(dataset.features["img"], datasets.Image)
    fields = (FieldRequest("image", "image"), FieldRequest("audio", "audio"), *TEXT)
    sample = pickle.loads(pickle.dumps(open_source(dataset, fields=fields))).read(0)
    np.testing.assert_array_equal(sample.fields["image"], np.asarray(image))
    assert sample.fields["audio"].sample_rate == 8_000
    assert sample.fields["audio"].samples.tolist() == [[0, 0.5, -1]]
    assert sample.fields["text"] == "a"


def test_a_dict_of_splits_is_refused() -> None:
    """One split is a source; the message names them."""
    splits = datasets.DatasetDict({"train": texts(text=["a"], label=[0])})
    with pytest.raises(SourceError, match=r"choose one of its splits, \['train'\]"):
        open_source(splits, fields=TEXT)


def test_other_objects_do_not_need_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether an object is a dataset is found out without importing datasets."""
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert len(open_source(["a"], fields=TEXT)) == 1
