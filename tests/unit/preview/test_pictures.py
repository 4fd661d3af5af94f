"""Images: the pixels that are shown are those that are there, and what follows lies where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from augflow.preview.overlays import COLORS, Mark
from augflow.preview.pictures import FRAMES, SIDE_PX, Picture, display_size, picture, size_words
from augflow.sample import Boxes, Keypoints

ReadHtml = Callable[[str], Any]

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)


def boxes(*corners: list[float], labels: list[int] | None = None, masks: np.ndarray | None = None) -> Boxes:
    count = len(corners)
    return Boxes(
        np.array(corners, np.float32).reshape(count, 4),
        np.array(labels or [0] * count, np.int64),
        np.ones(count, np.float32),
        masks,
    )


def shown(read_html: ReadHtml, pixels: np.ndarray = PIXELS, marks: Any = (), **followers: Any) -> Any:
    return read_html(picture(Picture(pixels, followers, "sample", marks), ("cat", "<dog>")))


@pytest.mark.parametrize("channels", [1, 3])
def test_small_images_are_embedded_pixel_by_pixel(read_html: ReadHtml, pixels_of: Any, channels: int) -> None:
    """Enlarging is left to the browser, a whole number of times and without blurring."""
    image = shown(read_html, PIXELS[:, :, :channels]).one("img")
    assert np.array_equal(pixels_of(image).reshape(20, 30, channels), PIXELS[:, :, :channels])
    assert image.attributes["class"] == "small"
    assert (image.attributes["width"], image.attributes["height"]) == ("240", "160")


def test_large_images_are_shown_as_thumbnails(read_html: ReadHtml, pixels_of: Any) -> None:
    """The longest side is cut down, the other with it, and no side vanishes."""
    image = shown(read_html, np.zeros((300, 900, 3), np.uint8)).one("img")
    assert pixels_of(image).shape == (85, SIDE_PX, 3)
    assert display_size(1, 100_000) == (1, SIDE_PX)


def test_floats_are_shown_as_bytes(read_html: ReadHtml, pixels_of: Any) -> None:
    """float32 in [0, 1] is scaled; what lies outside, and NaN, is cut, and the words say so."""
    floats = np.full((4, 4, 3), 0.5, np.float32)
    floats[0, 0] = (-1, 2, np.nan)
    found = pixels_of(shown(read_html, floats).one("img"))
    assert found[1, 1].tolist() == [128, 128, 128]
    assert found[0, 0].tolist() == [0, 255, 0]
    assert size_words(floats) == "4\u00d74, float32, values -1.00 to 2.00, shown cut to 0 to 1"


def test_a_video_is_a_strip_of_frames(read_html: ReadHtml, pixels_of: Any) -> None:
    """At most eight frames, evenly apart, the first and the last among them, each with its number."""
    video = np.arange(30, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    tree = shown(read_html, video)
    numbers = [int(node.text) for node in tree.all("span")]
    assert len(numbers) == FRAMES
    assert (numbers[0], numbers[-1]) == (0, 29)
    assert [int(pixels_of(node)[0, 0, 0]) for node in tree.all("img")] == numbers


def test_boxes_stand_at_their_corners(read_html: ReadHtml) -> None:
    """A frame in pixels of the image, whatever size it is shown in, with the class as its name."""
    tree = shown(read_html, boxes=boxes([2, 10, 12.5, 19], [0, 0, 30, 20], labels=[1, 0]))
    assert tree.one("svg").attributes["viewbox"] == "0 0 30 20"
    frames = tree.all("rect", class_="box")
    assert [[node.attributes[k] for k in ("x", "y", "width", "height")] for node in frames] == [
        ["0", "0", "30", "20"],
        ["2", "10", "10.5", "9"],
    ]
    assert [node.attributes["stroke"] for node in frames] == [COLORS[0], COLORS[1]]
    assert [node.text for node in tree.all("text")] == ["cat", "<dog>"]
    assert tree.one("svg").attributes["aria-label"] == "boxes: 1 <dog>, 1 cat"


def test_names_of_boxes_do_not_cover_each_other(read_html: ReadHtml) -> None:
    """Of two names in one place the larger box keeps its own; both say theirs when pointed at."""
    tree = shown(read_html, boxes=boxes([2, 3, 12, 13], [2.5, 3, 28, 19], labels=[1, 0]))
    assert [node.text for node in tree.all("text")] == ["cat"]
    assert [node.text.partition(":")[0] for node in tree.all("title")] == ["cat", "<dog>"]


def test_weights_and_unknown_classes_are_told(read_html: ReadHtml) -> None:
    """A box that counts for less says how much; a class without a name has its number."""
    one = boxes([2, 8, 12, 18], labels=[7])
    one.weights[0] = 0.25
    assert shown(read_html, boxes=one).one("text").text == "class 7 0.25"


def test_masks_are_colors_over_the_image(read_html: ReadHtml, pixels_of: Any) -> None:
    """0 is clear, each value has its color and lets the image through."""
    mask = np.zeros((20, 30), np.int32)
    mask[5:, 3:], mask[0, 0] = 1, 1000
    colors = pixels_of(shown(read_html, mask=mask).one("img", class_="mask small"))
    assert colors.shape == (20, 30, 4)
    assert colors[2, 2].tolist() == [0, 0, 0, 0]
    assert colors[6, 6].tolist() == [*bytes.fromhex(COLORS[1][1:]), 102]
    assert colors[0, 0, 3] == 102


def test_instances_have_the_color_of_their_class(read_html: ReadHtml, pixels_of: Any) -> None:
    """The masks of boxes are painted as their frames are, small ones over large ones."""
    masks = np.zeros((2, 20, 30), np.uint8)
    masks[0, 4:6, 4:6] = 1
    masks[1] = 1
    tree = shown(read_html, boxes=boxes([4, 4, 6, 6], [0, 0, 30, 20], labels=[1, 0], masks=masks))
    colors = pixels_of(tree.one("img", class_="mask small"))
    assert colors[5, 5, :3].tolist() == [*bytes.fromhex(COLORS[1][1:])]
    assert colors[10, 10, :3].tolist() == [*bytes.fromhex(COLORS[0][1:])]


def test_keypoints_are_dots_and_hidden_ones_are_hollow(read_html: ReadHtml) -> None:
    """A point at x = 3 is drawn in the middle of column 3; one that is not visible looks different."""
    points = Keypoints(np.array([[3, 4], [5, 6]], np.float32), np.arange(2), np.array([True, False]))
    dots = shown(read_html, keypoints=points).all("circle")
    assert [(dot.attributes["cx"], dot.attributes["cy"]) for dot in dots] == [("3.5", "4.5"), ("5.5", "6.5")]
    assert [dot.attributes.get("class") for dot in dots] == [None, "hidden"]


def test_the_place_that_mixing_changed_is_framed(read_html: ReadHtml) -> None:
    """y0, x0, y1, x1 of the batch become x, y, width and height of the frame."""
    tree = shown(read_html, marks=[Mark((2, 4, 12, 10), "cutmix")])
    frame = tree.one("rect", class_="mark").attributes
    assert [frame[name] for name in ("x", "y", "width", "height")] == ["4", "2", "6", "10"]


@pytest.mark.parametrize("shape", [(4, 4, 5), (4, 4), (0, 4, 3)])
def test_what_is_no_picture_is_described(read_html: ReadHtml, shape: tuple[int, ...]) -> None:
    """An array of another shape is told by its shape rather than drawn."""
    tree = shown(read_html, np.zeros(shape, np.float32))
    assert not tree.all("img")
    assert "float32" in tree.text
    assert str(shape) in tree.text
