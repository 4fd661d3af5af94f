"""Runs benchmarks: `python -m benchmarks.run [--question NAME] [--rounds N] [--json] [--data DIR]`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
from pathlib import Path
from typing import TextIO

from benchmarks.settings import Settings

QUESTIONS = (
    "heavy_stream",
    "light_stream",
    "transport",
    "epoch_boundary",
    "lost_worker",
    "kill_storm",
    "memory",
)


def main(arguments: list[str] | None = None) -> None:
    """Run one question or all and print what they found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--question", choices=QUESTIONS, help="one of them; all if left out")
    parser.add_argument("--rounds", type=int, default=Settings.rounds, help="interleaved rounds")
    parser.add_argument("--data", type=Path, help="folder of class folders of JPEG files")
    parser.add_argument("--scale", type=float, default=1.0, help="of all sizes; below 1 to see that it runs")
    parser.add_argument("--json", action="store_true", help="everything, as JSON, instead of tables")
    chosen = parser.parse_args(arguments)
    settings = Settings(rounds=chosen.rounds, data=chosen.data, scale=chosen.scale)
    reports, out = [], _own_output()
    for name in [chosen.question] if chosen.question else QUESTIONS:
        report = importlib.import_module(f"benchmarks.bench_{name}").run(settings)
        reports.append(report.as_dict())
        if not chosen.json:
            print(report.markdown(), end="\n\n", flush=True, file=out)
    if chosen.json:
        print(json.dumps(reports, indent=2), flush=True, file=out)


def _own_output() -> TextIO:
    """Standard output, for what benchmarks say alone: what Ray writes to it goes to standard error."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return out


if __name__ == "__main__":
    main()
