"""Unit tests run in milliseconds in one process: neither Ray nor waiting is within their reach."""

from __future__ import annotations

import time
from typing import Any

import pytest
import ray


@pytest.fixture(autouse=True)
def neither_ray_nor_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    """`ray.init` and `time.sleep` fail the test that calls them, whatever the arguments."""

    def refuse(name: str, remedy: str) -> Any:
        def refused(*args: object, **kwargs: object) -> None:
            pytest.fail(f"a unit test must not call {name}: {remedy}")

        return refused

    monkeypatch.setattr(ray, "init", refuse("ray.init", "move it to tests/integration"))
    monkeypatch.setattr(
        time, "sleep", refuse("time.sleep", "inject the clock, or move it to tests/integration")
    )
