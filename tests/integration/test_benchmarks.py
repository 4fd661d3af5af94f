"""The benchmarks still run: a tiny setting of those that start every kind of contender."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


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
