"""The benchmarks still run: tiny settings of those that start every kind of contender, and that train."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.settings import Settings


@pytest.mark.parametrize("question", ["heavy_stream", "epoch_boundary", "lost_worker"])
@pytest.mark.timeout(300)
def test_a_tiny_benchmark_runs(question: str, repository: Path) -> None:
    """It ends by itself, says what its data was, and gives every figure a number."""
    command = [sys.executable, "-m", "benchmarks.run", "--question", question]
    command += ["--rounds", "1", "--scale", "0.1", "--json"]
    ended = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=280, check=False)
    assert ended.returncode == 0, ended.stderr
    (report,) = json.loads(ended.stdout)
    assert report["data"]
    assert report["figures"]
    for figure in report["figures"]:
        # The system counts CPU time in steps of 10 ms, which is more than a tiny turn may take.
        assert figure["value"] > 0 or ("CPU" in figure["what"] and figure["value"] == 0), figure


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose fashion-mnist is two classes of noise."""
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    for part, count in (("train", 100), ("test", 20)):
        for name in ("boots", "coats"):
            place = folder / "fashion-mnist" / part / name
            place.mkdir(parents=True)
            for number in range(count):
                Image.fromarray(rng.integers(0, 256, (28, 28), np.uint8)).save(place / f"{number}.png")
    return folder


@pytest.mark.parametrize(
    ("question", "only", "runs"),
    [
        ("regularization", "fashion-mnist/dropout 0.3/", 1),
        ("regularization", "fashion-mnist/early stopping", 1),
        ("parity", None, 4),
        ("paired_draws", "flip", 9),
        ("mixing_accelerator", "cutmix", 1),
    ],
)
def test_a_tiny_training_is_kept(
    question: str, only: str | None, runs: int, noise: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run is trained once and kept, and what a second call shows is what the first one found."""
    monkeypatch.setenv("AUGFLOW_TEST_DATA", str(noise))
    settings = Settings(scale=0.01, out=tmp_path, only=only, processes=1, device="cpu")
    module = importlib.import_module(f"benchmarks.bench_{question}")
    report = module.run(settings)
    assert len(list((tmp_path / question).glob("*.json"))) == runs
    assert len(report.details["runs"]) == runs
    shown = report.markdown()
    assert f"{runs} runs" in shown
    again = Settings(scale=0.01, out=tmp_path, only=only, processes=1, device="cpu", limit=0)
    assert module.run(again).markdown() == shown
