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
TRAINING = ("regularization", "parity", "paired_draws", "mixing_accelerator")
"""They train for minutes to hours, so each runs only where it is named."""


def main(arguments: list[str] | None = None) -> None:
    """Run one question or all and print what they found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument(
        "--question", choices=QUESTIONS + TRAINING, help=f"one of them; if left out {', '.join(QUESTIONS)}"
    )
    parser.add_argument("--rounds", type=int, default=Settings.rounds, help="interleaved rounds")
    parser.add_argument("--data", type=Path, help="folder of class folders of JPEG files; of CIFAR's files")
    parser.add_argument("--scale", type=float, default=1.0, help="of all sizes; below 1 to see that it runs")
    parser.add_argument("--json", action="store_true", help="everything, as JSON, instead of tables")
    training = parser.add_argument_group("questions that train", ", ".join(TRAINING))
    training.add_argument("--out", type=Path, default=Settings.out, help="a file for each finished run")
    training.add_argument("--only", help="runs with this in their name")
    training.add_argument("--limit", type=int, help="at most so many new runs; 0 shows what is there")
    training.add_argument("--processes", type=int, default=Settings.processes, help="runs side by side")
    training.add_argument("--device", help="for mixing_accelerator; CUDA if left out")
    training.add_argument("--epochs", type=int, help="for mixing_accelerator; 30 if left out")
    chosen = vars(parser.parse_args(arguments))
    question, as_json = chosen.pop("question"), chosen.pop("json")
    settings = Settings(**chosen)
    reports, out = [], _own_output()
    for name in [question] if question else QUESTIONS:
        report = importlib.import_module(f"benchmarks.bench_{name}").run(settings)
        reports.append(report.as_dict())
        if not as_json:
            print(report.markdown(), end="\n\n", flush=True, file=out)
    if as_json:
        print(json.dumps(reports, indent=2), flush=True, file=out)


def _own_output() -> TextIO:
    """Standard output, for what benchmarks say alone: what Ray writes to it goes to standard error."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return out


if __name__ == "__main__":
    main()
