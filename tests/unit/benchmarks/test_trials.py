"""Runs that are kept in files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from augflow.errors import TrainError
from benchmarks.settings import Settings
from benchmarks.trials import Trial, run_trials


def test_a_finished_run_is_not_run_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A limited call does so many, a failure is said and stops no other, a later call does the rest."""
    done: list[int] = []

    def measure(values: Mapping[str, Any]) -> dict[str, Any]:
        done.append(values["number"])
        if values["number"] == 1 and len(done) < 4:
            raise TrainError("no such luck")
        return {"square": values["number"] ** 2}

    trials = [Trial(f"run {number}", {"number": number}) for number in range(4)]
    settings = Settings(out=tmp_path, processes=1, limit=3)
    first = run_trials("q", trials, measure, settings)
    assert done == [0, 1, 2]
    assert list(first.missing) == ["run 1", "run 3"]
    assert first.words.startswith("INCOMPLETE: 2 of 4 runs")
    assert "run 1: FAILED: no such luck" in capsys.readouterr().err
    second = run_trials("q", trials, measure, settings)
    assert done == [0, 1, 2, 1, 3]
    assert {name: result["square"] for name, result in second.results.items()} == {
        f"run {number}": number**2 for number in range(4)
    }
    assert second.words == "4 runs"
    assert not list(tmp_path.glob("q/*.partial"))


def test_other_values_are_another_run(tmp_path: Path) -> None:
    """What was found for a run of the same name with other values is not taken for it."""
    settings = Settings(out=tmp_path, processes=1)
    for epochs in (1, 2):
        found = run_trials("q", [Trial("a", {"epochs": epochs})], lambda values: dict(values), settings)
        assert found.results["a"]["epochs"] == epochs
    only = Settings(out=tmp_path, processes=1, only="b")
    assert run_trials("q", [Trial("a", {"epochs": 3})], lambda values: dict(values), only).words == "0 runs"
