"""Folders of masks: which numbers come out, and which pictures are refused."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augflow.errors import BadSampleError, SourceError

from .annotated_images import HEIGHT, WIDTH, annotated, images


def numbers(most: int, dtype: Any) -> np.ndarray:
    """Numbers up to `most`, 0 among them."""
    return (np.arange(HEIGHT * WIDTH).reshape(HEIGHT, WIDTH) * most // (HEIGHT * WIDTH - 1)).astype(dtype)


def save(root: Path, name: str, mask: Image.Image) -> str:
    """A picture in the folder of masks."""
    (root / "masks").mkdir(exist_ok=True)
    mask.save(root / "masks" / name)
    return "../masks"


@pytest.mark.parametrize(
    ("mode", "most", "dtype", "name"),
    [
        ("L", 255, np.uint8, "a.png"),
        ("P", 200, np.uint8, "a.png"),
        ("1", 1, np.uint8, "a.png"),
        ("I;16", 65535, np.uint16, "a.png"),
        ("I;16", 65535, np.uint16, "a.tif"),
        ("I", 100_000, np.int32, "a.tiff"),
        ("L", 255, np.uint8, "a.bmp"),
    ],
)
def test_every_number_is_kept(tmp_path: Path, mode: str, most: int, dtype: Any, name: str) -> None:
    """Of a palette the numbers, not the colors; 16 bits unscaled."""
    values = numbers(most, dtype)
    picture = Image.fromarray(values.astype(bool) if mode == "1" else values)
    if mode == "P":
        picture = Image.fromarray(values)
        picture.putpalette([255 - n // 3 for n in range(768)])
    origin = save(tmp_path, name, picture)
    source = pickle.loads(pickle.dumps(annotated(images(tmp_path, "a.jpg"), "mask", origin)))
    mask = source.read(0).fields["mask"]
    assert mask.dtype == dtype
    assert np.array_equal(mask, values)
    assert "1 mask in" in source.description


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (Image.new("RGB", (WIDTH, HEIGHT)), "one whole number a pixel.*got mode RGB"),
        (Image.new("LA", (WIDTH, HEIGHT)), "got mode LA"),
        (Image.new("L", (HEIGHT, WIDTH)), "the mask is for 30 x 40 .*the image has 40 x 30"),
    ],
)
def test_pictures_that_are_no_masks(tmp_path: Path, picture: Image.Image, message: str) -> None:
    """Are bad samples, with the mask's own path."""
    source = annotated(images(tmp_path, "a.jpg"), "mask", save(tmp_path, "a.png", picture))
    with pytest.raises(BadSampleError, match=f"masks/a.png: .*{message}"):
        source.read(0)


@pytest.mark.parametrize("cut", [0, 20, 60])
def test_damaged_masks_are_bad_samples(tmp_path: Path, cut: int) -> None:
    """A file that ends too early is told as such."""
    origin = save(tmp_path, "a.png", Image.fromarray(numbers(255, np.uint8)))
    file = tmp_path / "masks" / "a.png"
    file.write_bytes(file.read_bytes()[:cut])
    source = annotated(images(tmp_path, "a.jpg"), "mask", origin)
    with pytest.raises(BadSampleError, match=r"masks/a.png: (damaged|not a readable)"):
        source.read(0)


def test_masks_and_images_belong_together(tmp_path: Path) -> None:
    """A mask without an image is an error, and so is an image without a mask; an image that is there and
    not part of the source has its mask for itself."""
    origin = save(tmp_path, "a.png", Image.new("L", (WIDTH, HEIGHT)))
    save(tmp_path, "z.png", Image.new("L", (WIDTH, HEIGHT)))
    both = images(tmp_path, "a.png", "b.png")
    with pytest.raises(SourceError) as caught:
        annotated(both, "mask", origin)
    assert "masks/z.png: there is no image" in str(caught.value)
    assert "b.png: there is no mask" in str(caught.value)
    (tmp_path / "images" / "b.png").unlink()
    one = images(tmp_path, "a.png")
    images(tmp_path, "z.png")
    assert len(annotated(one, "mask", origin)) == 1


def test_formats_that_change_numbers_are_refused(tmp_path: Path) -> None:
    """A JPEG does not keep a mask."""
    origin = save(tmp_path, "a.jpg", Image.new("L", (WIDTH, HEIGHT)))
    with pytest.raises(SourceError, match="other formats do not keep every number"):
        annotated(images(tmp_path, "a.png"), "mask", origin)


def test_two_masks_for_one_image(tmp_path: Path) -> None:
    """Nobody can tell which counts."""
    save(tmp_path, "a.png", Image.new("L", (WIDTH, HEIGHT)))
    origin = save(tmp_path, "a.bmp", Image.new("L", (WIDTH, HEIGHT)))
    with pytest.raises(SourceError, match=r"'a\.bmp' and 'a\.png' would belong to the same image"):
        annotated(images(tmp_path, "a.png"), "mask", origin)
