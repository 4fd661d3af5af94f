"""What hostile input must never do: take memory or time without bound, or end in anything but an error of
augflow. Memory is bounded by the kernel, time by pytest-timeout."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOM_BYTES = 1_500_000_000
"""What one test may take beyond what the process has."""

TEST_S = 30


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A hang is a failure, soon, and what takes long is none for want of a core."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.alone)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(TEST_S))


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """Whoever asks for more than a little memory gets MemoryError, and that is no error of augflow."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + ROOM_BYTES, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.fixture
def picture(tmp_path: Path) -> Callable[..., Path]:
    """`picture("i/x.png")`: a small image below the test's folder."""

    def write(name: str, side: int = 16) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rows, columns = np.mgrid[0:side, 0:side]
        Image.fromarray(np.stack((rows, columns, rows), axis=2).astype(np.uint8)).save(path)
        return path

    return write
