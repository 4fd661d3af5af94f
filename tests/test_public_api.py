"""The names that users may rely on."""

from __future__ import annotations

import importlib
import inspect
from importlib import metadata
from types import ModuleType

import pytest

import augflow

PACKAGES = ["augflow", "augflow.study", "augflow.train"]


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_sorted_without_repeats(package: str) -> None:
    """`__all__` reads like an index, abbreviations first."""
    names = importlib.import_module(package).__all__
    assert list(names) == sorted(set(names), key=lambda name: (not name.isupper(), name))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_listed_and_every_listed_name_is_there(package: str) -> None:
    """Nothing is public by accident: what is visible and not a module is in `__all__`."""
    module = importlib.import_module(package)
    visible = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not isinstance(value, ModuleType)
        and getattr(value, "__module__", "").startswith("augflow")
    }
    assert visible <= {*module.__all__, *augflow.__all__}
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_described(package: str) -> None:
    """`help()` says something about everything that users may rely on."""
    module = importlib.import_module(package)
    described = {name: inspect.getdoc(getattr(module, name)) for name in module.__all__}
    assert [name for name, text in described.items() if not text] == []


def test_version_is_the_installed_one() -> None:
    """The version in the code and in the package's metadata are the same."""
    assert augflow.__version__ == metadata.version("augflow-service")
