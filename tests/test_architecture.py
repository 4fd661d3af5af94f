"""The shape of the code: what imports what, how large things are, what stays out of the library."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
LIBRARY = sorted((REPOSITORY / "augflow").rglob("*.py"))
FILE_LINES = 350
FUNCTION_LINES = 40
PARAMETERS = 5
PARAMETERS_OF_OTHERS = (
    "augflow/cli/",
    "augflow/transforms/keras_names.py",
    "augflow/transforms/torchvision_names.py",
)
"""Functions whose parameters are the options of a command, or those of another library's op."""
JUNK_DRAWERS = {
    "utils",
    "util",
    "utilities",
    "helpers",
    "helper",
    "common",
    "misc",
    "manager",
    "shared",
    "core",
}
HEAVY = (
    "albumentations",
    "audiomentations",
    "cv2",
    "datasets",
    "fsspec",
    "librosa",
    "lightning",
    "matplotlib",
    "nlpaug",
    "pandas",
    "pyarrow",
    "ray",
    "scipy",
    "sklearn",
    "soundfile",
    "soxr",
    "tokenizers",
    "torch",
)
IMPORTED_BY_NAME = {
    "albumentations": "augflow/transforms/",
    "cv2": "augflow/transforms/",
}
"""Libraries that are loaded by need, through `importlib`, which import contracts do not see."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree_of(file: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def place(file: Path, node: ast.AST | None = None) -> str:
    """The path in the repository, with the line."""
    path = file.relative_to(REPOSITORY).as_posix()
    return f"{path}:{node.lineno}" if isinstance(node, ast.stmt | ast.expr) else path


def nodes(kind: type[ast.AST] | tuple[type[ast.AST], ...]) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of a kind in the library, with its file."""
    for file in LIBRARY:
        for node in ast.walk(tree_of(file)):
            if isinstance(node, kind):
                yield file, node


def functions() -> Iterator[tuple[Path, Function]]:
    """Every function and method of the library."""
    for file, node in nodes((ast.FunctionDef, ast.AsyncFunctionDef)):
        assert isinstance(node, Function)
        yield file, node


def body_lines(function: Function) -> int:
    """Lines of the body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_import_contracts_hold() -> None:
    """Layers and the homes of Ray, torch, YAML and `random`, as pyproject.toml states them."""
    command = [Path(sys.executable).parent / "lint-imports", "--no-logo", "--no-cache"]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_importing_augflow_is_light() -> None:
    """`import augflow` loads none of the heavy libraries; they come with the first use."""
    program = f"import sys, augflow; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr


def test_the_command_line_starts_light() -> None:
    """`augflow --help` answers without loading the heavy libraries."""
    program = f"import sys, augflow.cli; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout.strip()) == (0, ""), ran.stderr


def test_files_are_short() -> None:
    """A file fits in one's head."""
    folders = (REPOSITORY / name for name in ("augflow", "benchmarks", "examples", "tests"))
    files = [file for folder in folders for file in folder.rglob("*.py")]
    lines = {place(file): len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert {name: count for name, count in lines.items() if count > FILE_LINES} == {}


def test_functions_are_short() -> None:
    """A function fits on a screen."""
    long = {place(file, node): (node.name, body_lines(node)) for file, node in functions()}
    assert {where: found for where, found in long.items() if found[1] > FUNCTION_LINES} == {}


def test_functions_take_few_parameters() -> None:
    """Five positional parameters at most; more go into a frozen dataclass or by keyword."""
    many = []
    for file, node in functions():
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        count = len([name for name in names if name not in ("self", "cls")])
        if count > PARAMETERS and not place(file).startswith(PARAMETERS_OF_OTHERS):
            many.append((place(file, node), node.name, count))
    assert many == []


def test_no_module_is_a_junk_drawer() -> None:
    """Every module is named for what it holds."""
    names = {part.removesuffix(".py").strip("_") for file in LIBRARY for part in Path(place(file)).parts}
    assert names & JUNK_DRAWERS == set()


def test_the_library_does_not_print() -> None:
    """Standard output belongs to the caller; the command line writes through its report."""
    calls = [(file, node) for file, node in nodes(ast.Call) if isinstance(node, ast.Call)]
    found = [place(file, node) for file, node in calls if ast.unparse(node.func) == "print"]
    assert found == []


def test_generators_are_made_in_one_place() -> None:
    """Outside rng.py nobody draws from numpy's global generator or makes one."""
    calls = [(file, node) for file, node in nodes(ast.Call) if isinstance(node, ast.Call)]
    made = [
        place(file, node)
        for file, node in calls
        if ast.unparse(node.func).startswith(("np.random.", "numpy.random.", "random."))
        and place(file) != "augflow/rng.py"
    ]
    imported = [
        place(file, node)
        for file, node in nodes(ast.ImportFrom)
        if isinstance(node, ast.ImportFrom) and node.module in ("numpy.random", "random")
    ]
    assert made + [name for name in imported if not name.startswith("augflow/rng.py")] == []


@pytest.mark.parametrize("library", IMPORTED_BY_NAME)
def test_libraries_loaded_by_name_stay_in_their_place(library: str) -> None:
    """Neither an import statement nor `import_module` reaches for the library elsewhere."""
    found = []
    for file, node in nodes((ast.Import, ast.ImportFrom, ast.Call)):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), level=0):
                modules = [module]
            case ast.Call(func=func, args=[ast.Constant(value=str(module)), *_]):
                modules = [module] if ast.unparse(func).endswith("import_module") else []
            case _:
                continue
        if any(module.split(".")[0] == library for module in modules):
            found.append(place(file, node))
    assert found, f"nothing imports {library} any more: update this test"
    assert [name for name in found if not name.startswith(IMPORTED_BY_NAME[library])] == []


def test_workers_folder_holds_no_code() -> None:
    """What workers run is augflow/engine; the folder `workers` only says how they are deployed."""
    assert list((REPOSITORY / "workers").rglob("*.py")) == []
    assert os.access(REPOSITORY / "workers" / "entrypoint", os.X_OK)


def test_nothing_that_git_ignores_is_tracked() -> None:
    """No environment, build or cache slipped into the repository."""
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    ran = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60)
    if ran.returncode:
        pytest.skip(f"not a git repository: {ran.stderr.strip()}")
    tracked = ran.stdout.splitlines()
    assert not tracked, f"{len(tracked)} files, the first is {tracked[0]}; use: git rm -r --cached"
