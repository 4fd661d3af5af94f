"""Imports albumentations the way augflow needs it: quiet, light, and the version that it knows."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from augflow.errors import AugflowError

ALBUMENTATIONS = "2.0.8"
"""The last release under the MIT license."""

REMEDY = "install the extra `image`: pip install -e '.[image]' in augflow's folder"


class LibraryMissingError(AugflowError, ImportError):
    """The library behind a family of ops is not installed, or is another version."""


@cache
def albumentations() -> Any:
    """The module `albumentations`, once its version is known to be right."""
    # Without it, every import asks the network for a newer version; workers inherit it.
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    if importlib.util.find_spec("albumentations") is None:
        raise LibraryMissingError(f"image ops need albumentations, which is not installed: {REMEDY}")
    with _torch_hidden():
        module = importlib.import_module("albumentations")
    if module.__version__ != ALBUMENTATIONS:
        raise LibraryMissingError(
            f"image ops need albumentations {ALBUMENTATIONS}, found {module.__version__}: "
            "other versions give other pixels, and AlbumentationsX, which has the same module name, is AGPL; "
            f"{REMEDY}"
        )
    # Workers are the parallelism; OpenCV's own threads would take every core in each of them.
    importlib.import_module("cv2").setNumThreads(0)
    return module


def use_one_thread() -> None:
    """Keep OpenCV to one thread in this process, whether it is loaded already or by a user's op later."""
    os.environ["OPENCV_FOR_THREADS_NUM"] = "1"
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(0)


@contextmanager
def _torch_hidden() -> Iterator[None]:
    """Keep albumentations from importing torch, which costs a worker 190 MB, unless it is there already."""
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # documented: None makes an import fail
    try:
        yield
    finally:
        # Left hidden, scipy fails later.
        del sys.modules["torch"]
