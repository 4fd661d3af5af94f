"""What the tests of materialize share: a folder of small pictures and a spec."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import augflow

SPEC: dict[str, Any] = {
    "modality": "image",
    "augment": [{"horizontal_flip": {}}, {"random_brightness_contrast": {"p": 0.5}}],
    "batch": {"size": 16},
}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Class folders of 21 PNGs, with a subfolder and a name that needs care."""
    root = tmp_path / "data"
    names = [f"cats/{i}.png" for i in range(9)] + [f"dogs/sub/{i}.png" for i in range(10)]
    for number, name in enumerate([*names, "dogs/a__b.png", "dogs/é ü.png"]):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, (6, 5, 3), np.uint8)
        Image.fromarray(pixels).save(file)
    return root


@pytest.fixture
def pipeline() -> Callable[..., augflow.Pipeline]:
    """Makes a pipeline: `pipeline(mix={...})`, `pipeline(seed=3)`."""

    def make(mix: Any = None, **sections: Any) -> augflow.Pipeline:
        return augflow.load({**SPEC, "batch": {"size": 16, "mix": mix}, **sections})

    return make


@pytest.fixture
def tree() -> Callable[[Path], dict[str, bytes]]:
    """Every file below a folder with its bytes; folders as well."""

    def read(root: Path) -> dict[str, bytes]:
        return {
            file.relative_to(root).as_posix(): file.read_bytes() if file.is_file() else b""
            for file in root.rglob("*")
        }

    return read
