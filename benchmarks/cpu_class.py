"""Question: which bytes depend on the CPU class, and by how much?

Method: every op of the catalog with the parameters of its contract tests, every decoder and mixing run in
a process of their own, once as they are and once with something switched off that makes libraries take
other code, as on a CPU without it. Images are 181 x 243, uint8 and float32; three keys an op.

Command: python -m benchmarks.cpu_class [--switch NAME ...] [--json]

What differs on which CPU stands in README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from augflow.environment import describe_environment
from benchmarks.cpu_outputs import Output, write_inputs
from benchmarks.report import table

SWITCHES: Mapping[str, Mapping[str, str]] = {
    "nothing": {},
    "OpenCV without AVX2": {"OPENCV_CPU_DISABLE": "AVX2"},
    "OpenCV without AVX-512": {"OPENCV_CPU_DISABLE": "AVX512-SKX"},
    "OpenCV without AVX2 and AVX-512": {"OPENCV_CPU_DISABLE": "AVX2,AVX512-SKX"},
    "IPP without AVX-512": {"OPENCV_IPP": "avx2"},
    "IPP without AVX2": {"OPENCV_IPP": "sse42"},
    "OpenCV without IPP": {"OPENCV_IPP": "disabled"},
    "numpy without AVX-512": {"NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"},
    "numpy without AVX-512 of Ice Lake": {"NPY_DISABLE_CPU_FEATURES": "AVX512_ICL AVX512_SPR"},
    "numpy without AVX2 and AVX-512": {"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"},
    "OpenBLAS for Haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "OpenBLAS for SkylakeX": {"OPENBLAS_CORETYPE": "SkylakeX"},
    "OpenBLAS for Nehalem": {"OPENBLAS_CORETYPE": "Nehalem"},
    "C library without AVX2 and FMA": {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F"},
    "libjpeg-turbo without vectors": {"JSIMD_FORCENONE": "1"},
    "soxr without vectors": {"SOXR_USE_SIMD": "0"},
    "one thread": {"OPENCV_FOR_THREADS_NUM": "1", "OPENBLAS_NUM_THREADS": "1"},
    "AVX2 and AVX-512 off everywhere": {
        "OPENCV_CPU_DISABLE": "AVX2,AVX512-SKX",
        "OPENCV_IPP": "sse42",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
        "OPENBLAS_CORETYPE": "Nehalem",
        "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX512F",
        "JSIMD_FORCENONE": "1",
    },
}


@dataclass(frozen=True)
class Difference:
    """An op or decoder whose output is not the same."""

    group: str
    name: str
    values: float
    """Share of the values of its differing outputs that differ."""
    largest: float
    """Largest difference of two values: levels of 255 in uint8 images, 1 = full scale elsewhere; infinite
    where shapes or texts differ."""


def differences(plain: Sequence[Output], other: Sequence[Output]) -> list[Difference]:
    """One entry for every name whose outputs differ."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for (group, name, one), (also_group, also_name, two) in zip(plain, other, strict=True):
        if (group, name) != (also_group, also_name):
            raise ValueError(f"{group} {name} was compared with {also_group} {also_name}")
        if (differs := _difference(one, two)) is not None:
            found.setdefault((group, name), []).append(differs)
    return [
        Difference(*key, float(np.mean([share for share, _ in pairs])), max(most for _, most in pairs))
        for key, pairs in sorted(found.items())
    ]


def _difference(one: Any, other: Any) -> tuple[float, float] | None:
    """The share of values that differ, and by how much at most; None where all are equal."""
    if isinstance(one, str) or one.shape != other.shape or one.dtype != other.dtype:
        return None if isinstance(one, str) and one == other else (1.0, float("inf"))
    if one.tobytes() == other.tobytes():
        return None
    apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return float((one != other).mean()), float(apart.max())


def outputs_with(variables: Mapping[str, str], folder: Path) -> list[Output]:
    """What a process with these variables makes of the inputs in the folder."""
    results = folder.with_suffix(".results")
    command = [sys.executable, "-m", "benchmarks.cpu_outputs", str(folder), str(results)]
    subprocess.run(command, env={**os.environ, **variables}, check=True, stderr=subprocess.DEVNULL)
    made: list[Output] = pickle.loads(results.read_bytes())
    return made


def main(arguments: list[str] | None = None) -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cpu_class", description=__doc__)
    parser.add_argument("--switch", action="append", choices=SWITCHES, help="one of them; all if left out")
    parser.add_argument("--json", action="store_true", help="everything, as JSON, instead of tables")
    chosen = parser.parse_args(arguments)
    found: list[tuple[str, int, list[Difference]]] = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "inputs")
        folder.mkdir()
        write_inputs(folder)
        plain = outputs_with({}, folder)
        compared = len({output[:2] for output in plain})
        for name in chosen.switch or SWITCHES:
            differing = differences(plain, outputs_with(SWITCHES[name], folder))
            found.append((name, compared, differing))
    print(as_json(found) if chosen.json else markdown(found))


def as_json(found: Sequence[tuple[str, int, list[Difference]]]) -> str:
    """Everything, for programs."""
    switches = [
        {"switch": name, "variables": SWITCHES[name], "compared": compared, "differing": [*map(asdict, rows)]}
        for name, compared, rows in found
    ]
    return json.dumps({"environment": describe_environment(), "switches": switches}, indent=2)


def markdown(found: Sequence[tuple[str, int, list[Difference]]]) -> str:
    """Tables for people: a line a switch, then a line an op."""
    rows = []
    for name, compared, differing in found:
        groups = [row.group for row in differing]
        counts = ", ".join(f"{groups.count(group)} {group}" for group in dict.fromkeys(groups))
        rows.append((name, f"{len(differing)} of {compared}", counts or "-"))
    parts = [", ".join(f"{name} {value}" for name, value in describe_environment().items())]
    parts.append(table(("switched off", "ops and decoders that differ", "of them"), rows))
    for name, _, differing in found:
        if differing:
            lines = [(row.group, row.name, f"{row.values:.1e}", f"{row.largest:.2g}") for row in differing]
            head = ("group", "name", "share of values", "largest difference")
            parts.append(f"### {name}\n\n{table(head, lines)}")
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
