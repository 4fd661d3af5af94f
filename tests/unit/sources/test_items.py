"""Items of Python objects that hold texts, sounds, videos, several fields, several labels or numbers."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augflow.errors import BadSampleError, SourceError
from augflow.sample import UNLABELED, Audio, Boxes, Keypoints
from augflow.sources import FieldRequest, Source, open_source
from augflow.sources.base import FieldKind
from augflow.sources.settings import Settings
from augflow.spec.model import SourceSpec

IMAGE = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)
SOUND = np.linspace(-1, 1, 12, dtype=np.float32)


def value(kind: FieldKind, item: Any) -> Any:
    source = open_source([item], fields=(FieldRequest("field", kind),))
    sample = source.read(0)
    assert sample.label == UNLABELED
    return sample.fields["field"]


def bad(kind: FieldKind, item: Any) -> str:
    source = open_source([item], fields=(FieldRequest("field", kind),))
    with pytest.raises(BadSampleError) as caught:
        source.read(0)
    assert caught.value.sample == source.place(0)
    return caught.value.reason


def targets(source: Source) -> list[Any]:
    read = [source.read(index) for index in range(len(source))]
    assert {sample.label for sample in read} == {UNLABELED}
    return [sample.target.tolist() for sample in read]


@pytest.mark.parametrize(
    "item",
    [
        Audio(SOUND[np.newaxis], 8_000),
        (SOUND, 8_000),
        (SOUND.astype(np.float64), np.int64(8_000)),
        {"array": SOUND, "sampling_rate": 8_000},
        {"field": {"array": SOUND[np.newaxis], "sampling_rate": 8_000}},
        {"audio": (SOUND, 8_000)},
    ],
)
def test_sounds_of_every_form(item: Any) -> None:
    """All forms give float32 (channels, time) with their rate."""
    sound = value("audio", item)
    assert (sound.samples.dtype, sound.samples.shape, sound.sample_rate) == (np.float32, (1, 12), 8_000)
    np.testing.assert_array_equal(sound.samples[0], SOUND)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (SOUND, "does not say its sample rate; give (samples, rate)"),
        ((np.zeros(4, np.int16), 8_000), "must be floats in [-1, 1], got int16; divide by full scale"),
        ((np.zeros((0, 4), np.float32), 8_000), "not empty, got (0, 4)"),
        ((np.zeros((100, 2), np.float32), 8_000), "(channels, time), got (100, 2); transpose"),
        ((SOUND * np.nan, 8_000), "must be finite and in [-1, 1], got nan"),
        ((SOUND * 32_768, 8_000), "got 32768"),
        ((SOUND, 0), "whole number of Hz, got 0"),
        ({"array": SOUND}, "has `array` and `sampling_rate`, its keys are array"),
        ("a.wav", "got str"),
    ],
)
def test_unusable_sounds_say_what_they_are(item: Any, says: str) -> None:
    """A sound without a rate, of another dtype or out of range is a bad sample."""
    assert says in bad("audio", item)


def test_texts() -> None:
    """A str stands for itself; half a surrogate pair, an empty one and bytes are bad samples."""
    assert value("text", " a\n ") == " a\n "
    assert value("text", {"sentence": "b"}) == "b"
    assert open_source([("a", "x"), ("b", "y")], fields=(FieldRequest("t", "text"),)).read(1).label == 1
    assert "the text is empty" in bad("text", "")
    assert "U+D800" in bad("text", "a\ud800")
    assert "a text is a str, got bytes" in bad("text", b"a")


def test_videos() -> None:
    """A list of frames or an array (T, H, W, C) is a video, and N of them may be one array."""
    for item in (
        [IMAGE, IMAGE],
        np.stack([IMAGE, IMAGE]),
        [Image.fromarray(IMAGE)] * 2,
        {"field": [IMAGE] * 2},
    ):
        np.testing.assert_array_equal(value("image", item), np.stack([IMAGE, IMAGE]))
    assert open_source(np.zeros((3, 2, 5, 4, 3), np.uint8)).read(2).fields["image"].shape == (2, 5, 4, 3)
    labeled = open_source([([IMAGE, IMAGE], "a"), ([IMAGE], "b")])
    assert (labeled.classes, labeled.read(1).fields["image"].shape) == (("a", "b"), (1, 5, 4, 3))
    assert "frames of a video must be images of one shape" in bad("image", {"image": [IMAGE, IMAGE[:2]]})


def test_what_follows_an_image() -> None:
    """Masks keep their integers; boxes and keypoints may be plain arrays by name."""
    mask = value("mask", np.arange(6, dtype=np.int32).reshape(2, 3))
    assert (mask.dtype, mask.shape) == (np.int32, (2, 3))
    assert value("mask", np.ones((2, 2), bool)).dtype == np.uint8
    boxes = value("boxes", {"boxes": {"boxes": [[0, 1, 2, 3]], "labels": [4]}})
    assert isinstance(boxes, Boxes)
    assert (boxes.corners.tolist(), boxes.labels.tolist(), boxes.weights.tolist()) == (
        [[0, 1, 2, 3]],
        [4],
        [1],
    )
    assert value("boxes", {"boxes": {"boxes": [], "labels": []}}).corners.shape == (0, 4)
    points = value("keypoints", {"field": {"points": [[1, 2]], "visible": [False]}})
    assert isinstance(points, Keypoints)
    assert (points.points.dtype, points.labels.tolist(), points.visible.tolist()) == (
        np.float32,
        [0],
        [False],
    )


@pytest.mark.parametrize(
    ("kind", "item", "says"),
    [
        ("mask", np.zeros((2, 2, 3), np.uint8), "a mask must be integers (H, W), got uint8 (2, 2, 3)"),
        ("mask", np.zeros((2, 2), np.float32), "got float32"),
        ("boxes", {"boxes": [[0, 0, 0, 3]], "labels": [1]}, "x1 > x0 and y1 > y0, got [0.0, 0.0, 0.0, 3.0]"),
        ("boxes", {"boxes": [[0, 0, 1]], "labels": [1]}, "must be finite numbers (n, 4), got (1, 3)"),
        ("boxes", {"boxes": [[0, 0, 1, np.nan]], "labels": [1]}, "must be finite"),
        ("boxes", {"boxes": [[0, 0, 1, 1]], "labels": [1, 2]}, "1 boxes need as many labels, got (2,)"),
        ("boxes", {"boxes": [[0, 0, 1, 1]], "labels": ["cat"]}, "must be indices into the class list"),
        ("keypoints", [1, 2], 'needs {"points": (n, 2)'),
    ],
)
def test_unusable_followers_say_what_they_are(kind: FieldKind, item: Any, says: str) -> None:
    """Zero-area boxes, wrong shapes and labels that are no indices are bad samples."""
    assert says in bad(kind, {"field": item})


FIELDS = (FieldRequest("picture", "image"), FieldRequest("caption", "text", "alt"))


def test_items_of_several_fields() -> None:
    """Fields are found by name, `from` or default key; other plain keys are the row."""
    items = [
        {"image": IMAGE, "alt": "one", "label": "x", "day": np.int64(3), "raw": [1]},
        {"picture": IMAGE, "alt": "two", "label": "y"},
        {"picture": IMAGE, "alt": "", "label": "y"},
        {"picture": IMAGE, "label": "y"},
    ]
    source: Source = pickle.loads(pickle.dumps(open_source(items, fields=FIELDS, classes=["x", "y"])))
    assert source.columns == ("day",)
    first, second = source.read(0), source.read(1)
    assert (first.fields["caption"], first.label, first.row) == ("one", 0, {"day": 3})
    assert (second.fields["picture"].shape, second.row) == ((5, 4, 3), {"day": None})
    assert source.description == "Python object list: 4 samples (picture, caption), 2 classes (x, y)"
    for index, says in ((2, "caption: the text is empty"), (3, "no 'alt'; its keys are picture, label")):
        with pytest.raises(BadSampleError, match=says):
            source.read(index)
    with pytest.raises(SourceError, match="is a mapping with the keys picture, caption, got tuple"):
        open_source([(IMAGE, "a")], fields=FIELDS)


TEXT = (FieldRequest("text", "text"),)
SEVERAL = SourceSpec(target="multi_label")
NUMBERS = SourceSpec(target="regression")


def test_several_labels() -> None:
    """Names, indices and vectors of 0 and 1 mean the same target."""
    expected = [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    names = open_source([("a", ["z", "x"]), ("b", []), ("c", ["y"])], SEVERAL, fields=TEXT)
    vectors = open_source(
        [("a", [1.0, 0.0, 1.0]), ("b", np.zeros(3)), ("c", [False, True, False])], SEVERAL, fields=TEXT
    )
    indices = open_source(
        [("a", [2, 0]), ("b", ()), ("c", [1])], SEVERAL, fields=TEXT, classes=["x", "y", "z"]
    )
    for source, classes in ((names, ("x", "y", "z")), (vectors, ("0", "1", "2")), (indices, ("x", "y", "z"))):
        assert (source.classes, source.target_kind) == (classes, "multi_label")
        assert targets(source) == expected
    assert "any number of 3 classes (x, y, z)" in names.description
    wrong = open_source([("a", [0.0, 1.0]), ("b", [0.5, 1.0]), ("c", [1.0])], SEVERAL, fields=TEXT)
    for index in (1, 2):
        with pytest.raises(BadSampleError, match="must be 2 numbers, 0 or 1"):
            wrong.read(index)
    with pytest.raises(SourceError, match="several labels are a list"):
        open_source([("a", "x")], SEVERAL, fields=TEXT)


def test_numbers_to_predict() -> None:
    """One number or a vector of them, named by the classes given."""
    assert targets(open_source([("a", 1.5), ("b", 0)], NUMBERS, fields=TEXT)) == [[1.5], [0]]
    pair = open_source([("a", [1, 2]), ("b", np.array([3.0, 4.0]))], NUMBERS, fields=TEXT, classes=["x", "y"])
    assert (targets(pair), pair.classes, pair.target_kind) == ([[1, 2], [3, 4]], ("x", "y"), "regression")
    for label in ([1.0, 2.0], np.nan, "one"):
        source = open_source([("a", 1.0), ("b", label)], NUMBERS, fields=TEXT)
        with pytest.raises(BadSampleError, match="1 finite numbers to predict"):
            source.read(1)
    with pytest.raises(SourceError, match="target is regression, and the items have no label"):
        open_source(["a"], NUMBERS, fields=TEXT)


def test_settings_for_tables_are_refused() -> None:
    """Options that nothing reads are an error."""
    for settings in (Settings(quoting="on"), Settings(columns={"text": "a"})):
        with pytest.raises(SourceError, match="is for paths"):
            open_source(["a"], SourceSpec(**{k: v for k, v in vars(settings).items() if v}), fields=TEXT)
