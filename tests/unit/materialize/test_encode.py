"""Every kind of field as the bytes of a file, without loss."""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augflow.errors import CollateError
from augflow.materialize.encode import EncodedField, FieldEncoder
from augflow.materialize.sounds import encode_wav
from augflow.sources.base import FieldKind

RNG = np.random.default_rng(0)


def encoded(kind: FieldKind, row: dict[str, Any], jpeg: int | None = None) -> tuple[EncodedField, ...]:
    return FieldEncoder((("x", kind),), jpeg)({"id": "s", **row})


@pytest.mark.parametrize("channels", [1, 3])
def test_images_are_png(channels: int) -> None:
    """uint8 of one or three channels, pixel for pixel; JPEG where it is asked for."""
    image = RNG.integers(0, 256, (5, 7, channels), np.uint8)
    (part,) = encoded("image", {"x": image})
    assert (part.name, part.suffix) == ("x", ".png")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(part.data))), image.squeeze())
    (part,) = encoded("image", {"x": image}, jpeg=90)
    assert (part.suffix, part.data[:3]) == (".jpg", b"\xff\xd8\xff")
    with pytest.raises(CollateError, match="'s' ends as float32"):
        encoded("image", {"x": image.astype(np.float32)})


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_masks_are_png_of_their_class_numbers(dtype: type) -> None:
    """Every number that the dtype holds, and no palette."""
    mask = RNG.integers(0, np.iinfo(dtype).max + 1, (5, 7), dtype)
    (part,) = encoded("mask", {"x": mask})
    with Image.open(io.BytesIO(part.data)) as picture:
        assert picture.format == "PNG"
        assert np.array_equal(np.asarray(picture), mask)


@pytest.mark.parametrize(
    ("kind", "array"),
    [
        ("image", RNG.integers(0, 256, (3, 4, 5, 3), np.uint8)),
        ("mask", RNG.integers(-5, 99, (4, 5), np.int32)),
        ("text", np.array([5, 7, 9], np.int64)),
        ("audio", RNG.normal(size=(4, 6)).astype(np.float32)),
    ],
    ids=["video", "wide mask", "tokens", "spectrogram"],
)
def test_what_no_file_format_holds_is_an_array(kind: FieldKind, array: np.ndarray) -> None:
    """numpy's format keeps dtype, shape and values."""
    (part,) = encoded(kind, {"x": array, "x_length": np.int64(4)})
    found = np.load(io.BytesIO(part.data), allow_pickle=False)
    assert part.suffix == ".npy"
    assert found.dtype == array.dtype
    assert np.array_equal(found, array)


def test_sounds_and_texts() -> None:
    """A sound with its rate is WAV, a text its UTF-8 bytes, untouched."""
    sound = RNG.uniform(-1, 1, (2, 30)).astype(np.float32)
    (part,) = encoded("audio", {"x": sound, "x_sample_rate": np.int64(8000), "x_length": np.int64(30)})
    assert (part.suffix, part.data) == (".wav", encode_wav(sound, 8000))
    text = "it's\r\n 3.5%  \u00e9\u0301 \U0001f600\n"
    (part,) = encoded("text", {"x": text})
    assert (part.suffix, part.data) == (".txt", text.encode())
    with pytest.raises(CollateError, match=r"'s' cannot be written as a sound: .*float64"):
        encoded("audio", {"x": sound.astype(np.float64), "x_sample_rate": np.int64(8000)})


def test_boxes_and_keypoints_are_json() -> None:
    """Their float32 read back as the same; the masks of instances are an array beside them."""
    corners = RNG.uniform(0, 50, (3, 4)).astype(np.float32)
    row = {
        "x": corners,
        "x_label": np.array([0, 2, 1]),
        "x_weight": np.array([1, 0.3, 1], np.float32),
        "x_instance": RNG.integers(0, 2, (3, 4, 5), np.uint8),
    }
    boxes, masks = encoded("boxes", row)
    assert (boxes.suffix, masks.name, masks.suffix) == (".json", "x_instance", ".npy")
    assert np.array_equal(np.array(boxes.value()["corners"], np.float32), corners)
    assert boxes.value()["labels"] == [0, 2, 1]
    assert np.array_equal(np.array(boxes.value()["weights"], np.float32), row["x_weight"])
    points = {
        "x": corners[:, :2],
        "x_label": np.zeros(3, np.int64),
        "x_visible": np.array([True, False, True]),
    }
    (part,) = encoded("keypoints", points)
    assert part.value()["visible"] == [True, False, True]
    (empty,) = encoded("keypoints", {name: value[:0] for name, value in points.items()})
    assert empty.value() == {"points": [], "labels": [], "visible": []}


def test_fields_come_in_their_order_and_the_encoder_travels() -> None:
    """It runs in workers: it pickles, and gives the same there."""
    encoder = FieldEncoder((("b", "text"), ("a", "text")))
    row = {"id": "s", "a": "one", "b": "two"}
    assert [part.name for part in encoder(row)] == ["b", "a"]
    assert pickle.loads(pickle.dumps(encoder))(row) == encoder(row)
