"""`augflow ablate` and `augflow search` with real fits and real Ray."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from .conftest import AUGFLOW

pytestmark = [pytest.mark.timeout(120), pytest.mark.usefixtures("shared_memory_as_before")]

Cli = Callable[..., Any]
SHORT = ["--epochs", 1, "--seeds", 2]
CLOCKS = ("seconds", "samples_per_s")


def timeless(value: Any) -> Any:
    """A result without what a clock measured."""
    if isinstance(value, dict):
        return {name: timeless(inner) for name, inner in value.items() if name not in CLOCKS}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def test_ablation_is_the_same_however_many_run_at_once(
    cli: Cli, spec: Path, samples: Path, tmp_path: Path
) -> None:
    """In this process and on two workers: one JSON object, equal to the weights, and nothing beside --out.

    Run again it fits nothing, and shows the table."""
    elements = "image/augment/rotate,batch/mix"
    base = ["ablate", spec, samples, "--val", samples, "--over", elements, *SHORT]
    one = cli(*base, "--json", "--workers", 0)
    assert one.status == 0, one.err
    two = cli(*base, "--json", "--workers", 2, "--out", tmp_path / "out")
    assert two.status == 0, two.err
    found = json.loads(two.out)
    assert timeless(found) == timeless(json.loads(one.out))
    assert {element["name"] for element in found["elements"]} == set(elements.split(","))
    hashes = {run["weights_sha256"] for element in found["elements"] for run in element["runs"]}
    assert len(hashes) == 4
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"ablation.json", "ablation.png", "trials"}
    assert Image.open(tmp_path / "out" / "ablation.png").width > 500
    assert json.loads((tmp_path / "out" / "ablation.json").read_text()) == found
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "out" / "trials").iterdir()}
    again = cli(*base, "--workers", 2, "--out", tmp_path / "out")
    assert again.status == 0, again.err
    assert "batch/mix" in again.out
    assert "fits:" not in again.err
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "out" / "trials").iterdir()} == kept


def test_ctrl_c_leaves_trials_that_the_next_run_takes_over(
    start: Callable[..., Any], wait_until: Callable[..., None], spec: Path, samples: Path, tmp_path: Path
) -> None:
    """Ctrl-C ends workers and Ray within seconds; what was fitted is there, and is not fitted again."""
    trials = tmp_path / "out" / "trials"
    options = ["--val", samples, "--epochs", "1", "--seeds", "5", "--over", "image/augment/rotate"]
    options += ["--out", tmp_path / "out"]

    def finished() -> set[Path]:
        return set(trials.glob("*seed*.json"))

    program = start(AUGFLOW, "ablate", spec, samples, *options, "--workers", "2", "--json")
    wait_until(lambda: len(finished()) >= 1, "a trial has finished", within_s=60)
    program.signal_group(signal.SIGINT)
    assert program.wait(15) == 130
    wait_until(lambda: not program.processes(), "every process has ended", within_s=5)
    assert program.out == ""
    assert "Traceback" not in program.err
    before = {file: file.stat().st_mtime_ns for file in finished()}
    assert len(before) < 15
    program = start(AUGFLOW, "ablate", spec, samples, *options, "--workers", "0", "--json")
    assert program.wait(60) == 0, program.err
    assert len(json.loads(program.out)["elements"]) == 1
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert len(finished()) == 15


def test_a_trial_that_fails_is_named(cli: Cli, samples: Path, tmp_path: Path) -> None:
    """An op that breaks a fit: element and seed, and status 1, for the fits without it are done."""
    spec = tmp_path / "wrong.yaml"
    spec.write_text(
        "version: 1\nmodality: image\naugment:\n  - random_crop: {height: 21, width: 21, p: 0.5}\n"
        "  - horizontal_flip: {}\nbatch: {size: 8}\n"
    )
    ran = cli("ablate", spec, samples, "--val", samples, *SHORT, "--workers", 0, "--seeds", 1)
    assert (ran.status, ran.out) == (1, "")
    assert "whole with seed 0: " in ran.err
    assert "random_crop with seed 0" not in ran.err


def test_search_writes_the_best_spec(cli: Cli, spec: Path, samples: Path, tmp_path: Path) -> None:
    """The table names every knob, says that the figure is too good without --test, and `best.yaml` is a spec
    with the values of the best trial. Wrong values are told before any fit."""
    base = ["search", spec, samples, "--val", samples, "--workers", 0, "--epochs", 1, "--seeds", 1]
    over = ["--over", "regularize.dropout=0.0:0.6", "--over", "augment/rotate.limit=5:45", "--trials", 2]
    refused = cli(*base, *over, "--over", "regularize.label_smoothing=0.0:1.0")
    assert (refused.status, refused.out) == (2, "")
    assert "label_smoothing=1.0" in refused.err
    assert "fits" not in refused.err
    ran = cli(*base, *over, "--out", tmp_path / "out")
    assert ran.status == 0, ran.err
    assert "--test" in ran.out
    assert all(name in ran.out for name in ("regularize.dropout", "augment/rotate.limit", "as written"))
    assert cli("validate", tmp_path / "out" / "best.yaml").status == 0
    tested = cli(*base, *over, "--out", tmp_path / "out", "--test", samples, "--json")
    best = json.loads(tested.out)
    assert best["tested"][0]["values"] == best["best"]["values"]
    assert best["tested"][0]["test_accuracy"] == best["best"]["val_accuracy"]  # here they are one source
    assert Image.open(tmp_path / "out" / "search.png").width > 400
