"""The wheel holds what the tree holds, and works without the tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from email import message_from_string
from pathlib import Path
from zipfile import ZipFile

import pytest

PACKED = ("augflow", "pipelines", "LICENSE", "README.md", "pyproject.toml")


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy: setuptools leaves a `build` folder, whose old files would reach later wheels."""
    copy = tmp_path_factory.mktemp("tree")
    for name in PACKED:
        if (repository / name).is_dir():
            shutil.copytree(repository / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(repository / name, copy / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "."]
    built = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=100)
    assert built.returncode == 0, built.stderr
    (file,) = copy.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """The files of the wheel."""
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_wheel_installs_one_top_level_name(names: set[str]) -> None:
    """Nothing but `augflow` and its metadata lands in site-packages."""
    top = {name.split("/")[0] for name in names}
    assert {name for name in top if not name.endswith(".dist-info")} == {"augflow"}
    assert len(top) == 2


def test_wheel_holds_every_file_of_the_package(names: set[str], repository: Path) -> None:
    """The list of packages in pyproject.toml, which drops a new subpackage in silence, is complete."""
    package = repository / "augflow"
    files = {file.relative_to(repository).as_posix() for file in package.rglob("*") if file.is_file()}
    wanted = {file for file in files if "__pycache__" not in file}
    assert wanted <= names


def test_wheel_holds_the_shipped_specs(names: set[str], repository: Path) -> None:
    """Every spec under pipelines/ is package data of augflow.pipelines."""
    specs = {
        f"augflow/{file.relative_to(repository).as_posix()}" for file in repository.glob("pipelines/*/*.yaml")
    }
    assert specs
    assert specs <= names


def test_wheel_is_typed_and_licensed(wheel: Path, names: set[str], repository: Path) -> None:
    """Type checkers see the annotations, and the license travels with every copy."""
    assert "augflow/py.typed" in names
    (license_file,) = (name for name in names if name.endswith(".dist-info/licenses/LICENSE"))
    (about,) = (name for name in names if name.endswith(".dist-info/METADATA"))
    with ZipFile(wheel) as archive:
        assert archive.read(license_file) == (repository / "LICENSE").read_bytes()
        metadata = message_from_string(archive.read(about).decode())
    assert b"Apache License" in (repository / "LICENSE").read_bytes()
    assert metadata["License-Expression"] == "Apache-2.0"


def test_wheel_works_without_the_tree(wheel: Path, tmp_path: Path) -> None:
    """From the wheel alone, a shipped spec loads by its preset's name."""
    with ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import augflow\n"
        "assert augflow.__file__.startswith(sys.argv[1]), augflow.__file__\n"
        "print(augflow.load('preset:image/small').plan.spec.name)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "site")]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout.strip()) == (0, "image-small"), ran.stderr


def test_constraints_pin_every_dependency(repository: Path) -> None:
    """Whatever pyproject.toml asks for, constraints.txt says which version was tested."""
    pins = [line for line in (repository / "constraints.txt").read_text().splitlines() if line[:1].isalnum()]
    pinned = {pin.split("==")[0].lower() for pin in pins}
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    wanted = {_name(requirement) for group in groups for requirement in group}
    assert wanted - {project["name"]} <= pinned
    assert all("==" in pin and "+" not in pin for pin in pins)


def _name(requirement: str) -> str:
    """`ray[default]>=2,<3` -> `ray`."""
    end = next((i for i, letter in enumerate(requirement) if letter in "[<>=~! ;"), len(requirement))
    return requirement[:end].lower()
