"""What the tests of sources share: real photos, and small files made on the spot."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The optional folder of real data."""
    folder = Path(os.environ.get("AUGFLOW_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}; set AUGFLOW_TEST_DATA")
    return folder


@pytest.fixture(scope="session")
def photo(test_data: Path) -> Image.Image:
    """One real photo, RGB, cut to an odd size."""
    file = min((test_data / "photos" / "test").rglob("*.jpg"))
    with Image.open(file) as image:
        return image.convert("RGB").crop((0, 0, 237, 311))


@pytest.fixture
def picture() -> Image.Image:
    """A small picture with gradients, 13 high and 17 wide, so that no two of its sides or corners agree."""
    rows, columns = np.mgrid[0:13, 0:17]
    channels = (rows * 19, columns * 15, (rows + columns) * 8)
    return Image.fromarray(np.stack(channels, axis=2).astype(np.uint8))


@pytest.fixture
def tree(tmp_path: Path, picture: Image.Image) -> Callable[..., Path]:
    """Makes a folder of named files: images by their suffix, text where a text is given."""

    def make(*images: str, **texts: str) -> Path:
        root = tmp_path / "data"
        root.mkdir(exist_ok=True)
        for name in images:
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("/"):
                file.mkdir(exist_ok=True)
            else:
                picture.save(file, "PNG")
        for name, text in texts.items():
            (root / name.replace("_dot_", ".")).write_text(text)
        return root

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Makes a file of lines: bytes, text, or mappings as JSON."""

    def make(name: str, *lines: str | bytes | dict[str, Any]) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = [json.dumps(line) if isinstance(line, dict) else line for line in lines]
        file.write_bytes(b"".join((row if isinstance(row, bytes) else row.encode()) + b"\n" for row in rows))
        return file

    return make
