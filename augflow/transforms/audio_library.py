"""Imports what sounds need the way augflow needs it: late, and the versions that it knows."""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from types import ModuleType
from typing import Any

from augflow.transforms.library import LibraryMissingError

OLDEST, NEXT = (0, 43, 1), (0, 44)
"""Releases of audiomentations from the first (included) to the second (excluded) are known."""

REMEDY = "install the extra `audio`: pip install -e '.[audio]' in augflow's folder"
EXTRAS_REMEDY = "install the extra `audio-extras`: pip install -e '.[audio-extras]' in augflow's folder"


@cache
def audiomentations() -> Any:
    """The module `audiomentations`, once its version is known to be right."""
    module = _imported("audiomentations")
    release = tuple(int(part) for part in module.__version__.split(".")[:3] if part.isdecimal())
    if not OLDEST <= release < NEXT:
        raise LibraryMissingError(
            f"sounds need audiomentations {_dotted(OLDEST)} or later, below {_dotted(NEXT)}, found "
            f"{module.__version__}: other versions give other samples; {REMEDY}"
        )
    return module


@cache
def soxr() -> ModuleType:
    """The module `soxr`, which resamples."""
    return _imported("soxr")


def is_installed(module: str) -> bool:
    """Whether a module can be imported; it is not."""
    return importlib.util.find_spec(module) is not None


def _imported(name: str) -> ModuleType:
    if not is_installed(name):
        raise LibraryMissingError(f"sounds need {name}, which is not installed: {REMEDY}")
    return importlib.import_module(name)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
