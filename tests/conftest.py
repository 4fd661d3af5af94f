"""What all tests share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

POLL_S = 0.1
FOREIGN_VARIABLES = (
    "AUGFLOW_ENGINE",
    "RANK",
    "RAY_ADDRESS",
    "RAY_AUTH_MODE",
    "RAY_AUTH_TOKEN",
    "RAY_AUTH_TOKEN_PATH",
    "WORLD_SIZE",
)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds pyproject.toml."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True, scope="session")
def plain_environment() -> Iterator[None]:
    """A developer's own cluster, engine or ranks must not reach the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in FOREIGN_VARIABLES:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def wait_until() -> Callable[..., None]:
    """Polls what another process does: `wait_until(condition, "the head answers", within_s=30)`."""

    def wait(condition: Callable[[], object], what: str, within_s: float = 30) -> None:
        deadline = time.monotonic() + within_s
        pause = threading.Event()
        while not condition():
            if time.monotonic() > deadline:
                pytest.fail(f"not within {within_s:g} s: {what}")
            pause.wait(POLL_S)

    return wait
