"""CIFAR's binary files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.cifar import open_pictures


def test_records_become_images(tmp_path: Path) -> None:
    """CIFAR-100's records: coarse label, class, then a plane of red, green and blue, row by row."""
    record = np.arange(3072) % 251
    for name, label in (("train.bin", 7), ("test.bin", 99)):
        np.concatenate([[3, label], record]).astype(np.uint8).tofile(tmp_path / name)
    train, test, words = open_pictures(tmp_path)
    assert words == "CIFAR-100, 1 images, 1 for test"
    assert (train.read(0).label, test.read(0).label) == (7, 99)
    image = train.read(0).fields["image"]
    assert image.shape == (32, 32, 3)
    # Row 2, column 5 of blue.
    assert image[2, 5, 2] == (2 * 1024 + 2 * 32 + 5) % 251
    (tmp_path / "test.bin").write_bytes(b"\0" * 100)
    with pytest.raises(ValueError, match="100 bytes are no records of 3074"):
        open_pictures(tmp_path)
