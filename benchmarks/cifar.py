"""CIFAR's files as a source. The Python version of the files is pickled and so is not read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from augflow.sample import Array
from augflow.sources import Source, open_source

SIDE = 32
PIXELS = 3 * SIDE * SIDE
VERSIONS = (
    ("CIFAR-10", [f"data_batch_{number}.bin" for number in range(1, 6)], ["test_batch.bin"], 1, 10),
    ("CIFAR-100", ["train.bin"], ["test.bin"], 2, 100),
)
"""Name, training files, test files, bytes of labels before the pixels (the last is the class), classes."""


@dataclass(frozen=True)
class CifarImages:
    """Images (32, 32, 3) with their labels, by index."""

    images: Array
    """(N, 32, 32, 3) uint8."""
    labels: Array

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Array, int]:
        return self.images[index], int(self.labels[index])


def open_pictures(folder: Path) -> tuple[Source, Source, str]:
    """(training, test, words): of CIFAR's binary files, or of class folders in `train` and `test`."""
    for name, train, test, labels, classes in VERSIONS:
        if (folder / test[0]).is_file():
            names = [str(number) for number in range(classes)]
            parts = [
                open_source(_read([folder / file for file in files], labels), classes=names)
                for files in (train, test)
            ]
            return parts[0], parts[1], f"{name}, {len(parts[0]):,} images, {len(parts[1]):,} for test"
    if not (folder / "train").is_dir():
        raise FileNotFoundError(
            f"{folder}: neither CIFAR's binary files (data_batch_1.bin or train.bin) nor `train` and `test` "
            "with class folders"
        )
    train_part = open_source(folder / "train")
    test_part = open_source(folder / "test", classes=train_part.classes)
    return train_part, test_part, f"{folder.name}, {len(train_part):,} images, {len(test_part):,} for test"


def _read(files: list[Path], labels: int) -> CifarImages:
    """Records of `labels` bytes and three planes of 32 x 32."""
    parts = []
    for file in files:
        content = np.fromfile(file, np.uint8)
        if content.size == 0 or content.size % (labels + PIXELS):
            raise ValueError(f"{file}: {content.size} bytes are no records of {labels + PIXELS}")
        parts.append(content.reshape(-1, labels + PIXELS))
    records = np.concatenate(parts)
    images = records[:, labels:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return CifarImages(np.ascontiguousarray(images), records[:, labels - 1].astype(np.int64))
