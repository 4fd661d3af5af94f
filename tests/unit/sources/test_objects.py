"""Python objects and arrays as sources."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augflow.errors import BadSampleError, SourceError
from augflow.sample import UNLABELED
from augflow.sources import Source, open_source

IMAGE = np.arange(5 * 4 * 3, dtype=np.uint8).reshape(5, 4, 3)


class Items:
    """A user's own dataset: what it is given, and no more."""

    def __init__(self, items: list[Any], **attributes: Any) -> None:
        self.items = items
        vars(self).update(attributes)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: int) -> Any:
        item = self.items[index]
        if isinstance(item, Exception):
            raise item
        return item


class Named(Items):
    """A dataset with ids of its own."""

    def sample_id(self, index: int) -> str:
        return self.ids[index]


def labels(source: Source) -> list[int]:
    return [source.read(index).label for index in range(len(source))]


def refusal(source: object, classes: Any = None) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(source, classes=classes)
    return str(caught.value)


def bad(source: object, index: int = 0) -> str:
    opened = open_source(source)
    with pytest.raises(BadSampleError) as caught:
        opened.read(index)
    assert caught.value.sample == opened.place(index)
    return caught.value.reason


@pytest.mark.parametrize(
    ("image", "shape"),
    [
        (IMAGE, (5, 4, 3)),
        (IMAGE[:, :, 0], (5, 4, 1)),
        (IMAGE[:, :, :1], (5, 4, 1)),
        (IMAGE[::-1, ::2], (5, 2, 3)),
        (np.float32(IMAGE / 255), (5, 4, 3)),
        (Image.fromarray(IMAGE), (5, 4, 3)),
        (Image.fromarray(IMAGE).convert("L"), (5, 4, 3)),
        (Image.fromarray(IMAGE).convert("RGBA"), (5, 4, 3)),
        (Image.fromarray(IMAGE).convert("P"), (5, 4, 3)),
    ],
)
def test_images_of_every_kind(image: Any, shape: tuple[int, ...]) -> None:
    """Arrays keep their dtype and channels, Pillow images become RGB; all are (H, W, C)."""
    sample = open_source([image]).read(0)
    pixels = sample.fields["image"]
    assert pixels.shape == shape
    assert pixels.dtype == (np.float32 if getattr(image, "dtype", None) == np.float32 else np.uint8)
    assert pixels.flags.c_contiguous
    assert (sample.id, sample.index, sample.label) == ("0", 0, UNLABELED)
    if isinstance(image, np.ndarray):
        np.testing.assert_array_equal(pixels.squeeze(), image.squeeze())


def test_an_op_cannot_write_into_the_users_array() -> None:
    """What a sample shares with the user's memory is read-only."""
    images = np.zeros((2, 3, 3, 3), np.uint8)
    pixels = open_source(images).read(0).fields["image"]
    with pytest.raises(ValueError, match="read-only"):
        pixels[0, 0, 0] = 1


@pytest.mark.parametrize(
    ("image", "says"),
    [
        (IMAGE.astype(np.int64), "pixels must be uint8, or float32 in [0, 1], got int64"),
        (IMAGE / 255, "got float64"),
        (IMAGE.astype(np.float32), "float32 pixels must be in [0, 1], got 0 to 59"),
        (np.full((2, 2), np.nan, np.float32), "got nan"),
        (np.zeros((3, 5, 4), np.uint8), "channels come last"),
        (np.zeros((5, 4, 4), np.uint8), "got (5, 4, 4)"),
        (np.zeros((0, 4, 3), np.uint8), "got (0, 4, 3)"),
        (np.zeros(5, np.uint8), "got (5,)"),
        ("path.png", "Pillow image or a numpy array, got str"),
        (None, "got NoneType"),
    ],
)
def test_unusable_images_say_what_they_are(image: Any, says: str) -> None:
    """An image of another kind is a bad sample whose reason gives its shape or dtype."""
    assert says in bad(Items([image]))


def test_pairs_and_mappings() -> None:
    """(image, label) and {"image", "label"} mean the same."""
    for items in (
        [(IMAGE, "b"), (IMAGE, "a")],
        [{"image": IMAGE, "label": "b"}, {"image": IMAGE, "label": "a"}],
    ):
        source = open_source(items)
        assert source.classes == ("a", "b")
        assert labels(source) == [1, 0]
    assert open_source([{"image": IMAGE}]).classes == ()
    assert "no 'image'; its keys are picture" in refusal([{"picture": IMAGE}])
    assert "got 3 values" in refusal([(IMAGE, 1, 2)])


@pytest.mark.parametrize("shape", [(6, 5, 4), (6, 5, 4, 1), (6, 5, 4, 3)])
def test_arrays_of_images(shape: tuple[int, ...]) -> None:
    """(N, H, W[, C]) is N unlabeled images."""
    source = open_source(np.zeros(shape, np.uint8))
    assert (len(source), source.classes) == (6, ())
    assert source.read(5).fields["image"].shape == (5, 4, shape[3] if len(shape) > 3 else 1)


def test_a_tuple_of_two_arrays_is_images_and_labels() -> None:
    """Integer labels become classes named by their values, in numeric order."""
    images = np.zeros((4, 5, 4), np.uint8)
    source = open_source((images, np.array([10, 9, 2, 9])))
    assert source.classes == ("2", "9", "10")
    assert labels(source) == [2, 1, 0, 1]
    assert open_source((images, np.array(["x", "y", "x", "x"]))).classes == ("x", "y")
    assert "differ in length: 4 and 3" in refusal((images, np.array([1, 2, 3])))
    assert "a label is a class name or an integer" in refusal((images, np.array([0.5, 1, 2, 3])))


def test_a_tuple_of_two_images_is_two_images() -> None:
    """Only a one-dimensional second array makes labels of it."""
    assert len(open_source((IMAGE, IMAGE))) == 2


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((4, 3, 8, 8), np.uint8), "channels come last"),
        (np.zeros((4, 8), np.uint8), "got (4, 8)"),
        (np.zeros((4, 8, 8)), "got float64"),
        (np.zeros((0, 8, 8), np.uint8), "empty"),
    ],
)
def test_unusable_arrays_are_refused_at_once(array: np.ndarray, says: str) -> None:
    """The shape and dtype of a whole array are checked when it is opened."""
    assert says in refusal(array)


@pytest.mark.parametrize("source", [{"a": 1}, iter([]), 3, None, {1, 2}, object()])
def test_what_has_no_index_is_refused(source: object) -> None:
    """Sources need a length and an index."""
    assert "a source is a path" in refusal(source)


def test_where_the_classes_come_from() -> None:
    """The argument, else `classes`, else `targets` or `labels`, else an error that says how."""
    items = [(IMAGE, 1), (IMAGE, 0)]
    assert open_source(Items(items), classes=["cat", "dog"]).classes == ("cat", "dog")
    assert open_source(Items(items, classes=["cat", "dog"], targets=[1, 0])).classes == ("cat", "dog")
    assert open_source(Items(items, targets=[1, 0])).classes == ("0", "1")
    assert open_source(Items(items, labels=np.array([1, 0]))).classes == ("0", "1")
    assert "pass classes=[...]" in refusal(Items(items))


def test_integers_count_in_the_objects_own_list() -> None:
    """An object's integers mean its own names, wherever those stand in the frozen list."""
    own = Items([(IMAGE, 0), (IMAGE, 1), (IMAGE, "dog")], classes=["dog", "cat"])
    assert labels(open_source(own)) == [0, 1, 0]
    assert labels(open_source(own, classes=["bird", "cat", "dog"])) == [2, 1, 2]


def test_integers_without_a_list_keep_their_meaning_when_frozen() -> None:
    """Classes named after integers are found by value, so a second part of the data fits the first."""
    first = open_source([(IMAGE, 3), (IMAGE, 7)])
    assert first.classes == ("3", "7")
    second = open_source([(IMAGE, 7), (IMAGE, np.int64(3))], classes=first.classes)
    assert labels(second) == [1, 0]
    assert labels(open_source([(IMAGE, 1)], classes=["cat", "dog"])) == [1]


def test_unknown_labels_are_errors_when_read() -> None:
    """A label outside the frozen list is the dataset's fault, not a bad sample."""
    source = open_source(Items([(IMAGE, "cat"), (IMAGE, "cow"), (IMAGE, 5)]), classes=["cat"])
    for index, says in ((1, "class 'cow' is not one of"), (2, r"label 5 is not in \[0, 1\)")):
        with pytest.raises(SourceError, match=says):
            source.read(index)


@pytest.mark.parametrize("label", [1.0, -1, [1], np.array([0, 1])])
def test_labels_are_names_or_counts(label: Any) -> None:
    """Floats, negatives and vectors are refused with what they are."""
    assert "label" in refusal([(IMAGE, label)])


def test_mixed_labels_are_refused() -> None:
    """Names and integers in one source would not sort."""
    assert "at once; use one kind" in refusal([(IMAGE, "a"), (IMAGE, 1)])


def test_items_agree_on_having_labels() -> None:
    """A missing label in a labeled source is a bad sample, and the other way round."""
    assert "no label" in bad(Items([(IMAGE, 0), IMAGE], classes=["a"]), 1)
    assert "a label" in bad(Items([IMAGE, (IMAGE, 0)]), 1)


def test_what_the_object_raises_is_a_bad_sample() -> None:
    """A user's exception is the reason and the cause, and the first item may be the bad one."""
    source = open_source(Items([OSError("disk gone"), (IMAGE, "a")], classes=["a"]))
    assert source.classes == ("a",)
    with pytest.raises(BadSampleError, match=r"item 0 of .*Items: OSError: disk gone") as caught:
        source.read(0)
    assert isinstance(caught.value.__cause__, OSError)
    assert "none of the first items can be read" in refusal(Items([KeyError("x")] * 20))


def test_ids_and_fingerprint() -> None:
    """Own ids are used and hashed, and must differ; else the index is the id."""
    items = [IMAGE, IMAGE]
    plain = open_source(Items(items))
    assert [plain.sample_id(0), plain.sample_id(1)] == ["0", "1"]
    named = open_source(Named(items, ids=["x", "y"]))
    assert named.read(1).id == "y"
    prints = {
        plain.fingerprint(),
        open_source(Items([*items, IMAGE])).fingerprint(),
        open_source(Items(items, fingerprint=lambda: "v2")).fingerprint(),
        named.fingerprint(),
        open_source(Named(items, ids=["x", "z"])).fingerprint(),
        open_source(items).fingerprint(),
    }
    assert len(prints) == 6
    assert open_source(Items(items)).fingerprint() == plain.fingerprint()
    assert "must be a string of its own, got 'x'" in refusal(Named(items, ids=["x", "x"]))
    assert "must be a string of its own, got 3" in refusal(Named(items, ids=[3, 4]))


def test_pickles_with_the_object() -> None:
    """The source of a picklable object reads alike on the other side."""
    source = open_source((np.stack([IMAGE, IMAGE + 1]), np.array([5, 6])))
    again: Source = pickle.loads(pickle.dumps(source))
    assert (again.classes, again.fingerprint()) == (source.classes, source.fingerprint())
    np.testing.assert_array_equal(again.read(1).fields["image"], IMAGE + 1)
    assert again.read(1).label == 1


def test_the_description_names_type_length_and_classes() -> None:
    """What the source was taken for is told in one line."""
    assert open_source([(IMAGE, "a")]).description == "Python object list: 1 image, 1 class (a)"
    assert open_source([IMAGE]).description == "Python object list: 1 image, unlabeled"
