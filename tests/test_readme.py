"""The README is true: its spec and its program run as they stand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML

import augflow

README = Path(__file__).parent.parent / "README.md"


def blocks(language: str) -> list[str]:
    """The code blocks of the README in one language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    """The folders that the README's program reads, with random pictures in two classes."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 40), ("test", 6)):
        for name in ("daisy", "tulip"):
            folder = tmp_path / "flowers" / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 256, (80, 90, 3), np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    (tmp_path / "flowers.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    return tmp_path


def test_the_first_program_runs_on_the_first_spec(flowers: Path) -> None:
    """Ten lines of YAML and ten of Python, copied out, stream and judge."""
    program = flowers / "program.py"
    program.write_text(blocks("python")[0], encoding="utf-8")
    done = subprocess.run([sys.executable, program], cwd=flowers, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "12 test images\n"


def test_the_registered_op_of_the_readme_runs(tmp_path: Path) -> None:
    """The op that the README registers passes the catalog's contract and stands in a pipeline."""
    program = tmp_path / "program.py"
    program.write_text(blocks("python")[1], encoding="utf-8")
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "(8, 8, 3)" in done.stdout


def test_the_first_spec_and_program_are_ten_lines() -> None:
    """The first screen keeps its promise of length."""
    for language in ("yaml", "python"):
        lines = [line for line in blocks(language)[0].splitlines() if line.strip()]
        assert len(lines) <= 11


def test_every_spec_of_the_readme_is_valid() -> None:
    """Also the pieces: what a piece leaves out is the version and images as modality."""
    for text in blocks("yaml"):
        spec = YAML(typ="safe").load(text)
        whole = {"version": 1, **({} if "fields" in spec else {"modality": "image"}), **spec}
        assert augflow.Pipeline(**whole).fingerprint


def test_every_path_that_the_readme_names_exists() -> None:
    """Links to files of the project lead somewhere, tests named as proof among them."""
    text = README.read_text(encoding="utf-8")
    named = set(re.findall(r"\]\((?!http|#)([^)#]+)\)", text))
    named |= set(re.findall(r"`((?:tests|benchmarks|pipelines|workers|examples)/[\w./-]+\.\w+)", text))
    missing = [path for path in sorted(named) if not (README.parent / path).exists()]
    assert not missing


def test_every_test_that_is_named_as_proof_exists() -> None:
    """`tests/x.py::test_y` in the README names a test that is there."""
    for file, name in re.findall(r"`(tests/[\w./]+\.py)::(\w+)`", README.read_text(encoding="utf-8")):
        assert f"def {name}(" in (README.parent / file).read_text(encoding="utf-8"), f"{file}::{name}"
