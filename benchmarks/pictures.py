"""The pictures that benchmarks run on, and stand-ins where there are none."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np

from benchmarks.workload import Array

HOME = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
PHOTOS = HOME / "photos" / "train"
SMALL = HOME / "clothing64" / "train"

STAND_IN_SIZE = (400, 530)
STAND_INS_A_CLASS = 40
CLASSES = 10


def photo_folder(data: Path | None, scratch: Path, repeat: int) -> tuple[Path, str]:
    """A folder in `scratch` with every photo `repeat` times, and what the photos are, in words."""
    origin = data or PHOTOS
    if data is not None and not data.is_dir():
        raise FileNotFoundError(f"--data {data}: no such folder")
    if origin.is_dir():
        words = f"{_copy(origin, scratch, repeat)} JPEG photos, each {repeat} times, in {origin.name}"
    else:
        _write_stand_ins(scratch)
        words = f"STAND-INS ({origin} is absent): {CLASSES * STAND_INS_A_CLASS} JPEG crops of sample pictures"
    return scratch, words


def _copy(origin: Path, scratch: Path, repeat: int) -> int:
    files = sorted(origin.glob("*/*.jpg"))
    if not files:
        raise FileNotFoundError(f"{origin}: no */*.jpg in it")
    for file in files:
        folder = scratch / file.parent.name
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(repeat):
            shutil.copyfile(file, folder / f"{number}-{file.name}")
    return len(files)


def _write_stand_ins(scratch: Path) -> None:
    from PIL import Image

    rng = np.random.default_rng(0)
    height, width = STAND_IN_SIZE
    for number, picture in enumerate(_sample_pictures()):
        for k in range(CLASSES // 2):
            folder = scratch / f"class{number}{k}"
            folder.mkdir(parents=True)
            for copy in range(STAND_INS_A_CLASS):
                y, x = (int(rng.integers(picture.shape[i] - STAND_IN_SIZE[i] + 1)) for i in (0, 1))
                crop = Image.fromarray(picture[y : y + height, x : x + width])
                crop.save(folder / f"{copy}.jpg", quality=90)


def _sample_pictures() -> list[Array]:
    """Two photographs that come with scikit-learn, or two smooth random fields."""
    try:
        from sklearn.datasets import load_sample_images
    except ImportError:
        return [_field(seed) for seed in (0, 1)]
    return list(load_sample_images().images)


def _field(seed: int) -> Array:
    from PIL import Image

    coarse = np.random.default_rng(seed).integers(0, 256, (27, 40, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((640, 427), Image.Resampling.BICUBIC))


def small_pictures(count: int, size: int, data: Path | None = None) -> tuple[bytes, str]:
    """An .npy file of (count, size, size, 3) uint8, and what the pictures are, in words."""
    from PIL import Image

    origin = data or SMALL
    files = sorted(origin.glob("*/*.jpg"))[:count] if origin.is_dir() else []
    if files:
        pictures = [np.asarray(Image.open(file).convert("RGB").resize((size, size))) for file in files]
        array, words = np.stack(pictures), f"{len(files)} pictures of {origin.parent.name}"
    else:
        array = np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)
        words = f"STAND-INS ({origin} is absent): noise"
    target = io.BytesIO()
    np.save(target, array)
    return target.getvalue(), f"{words} at {size}x{size} in memory"
