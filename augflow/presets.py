"""Shipped specs, by names such as `preset:image/small`."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from augflow.errors import Problem, SpecError
from augflow.wording import closest

PREFIX = "preset:"


def preset_names() -> list[str]:
    """The names of all shipped specs, such as `image/small`."""
    root = resources.files("augflow.pipelines")
    folders = [entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("_")]
    names = [
        f"{folder.name}/{entry.name.removesuffix('.yaml')}"
        for folder in folders
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    ]
    return sorted(names)


def spec_path(name: str) -> Path:
    """The file behind a path or a preset's name; raises `SpecError` for an unknown preset."""
    if not name.startswith(PREFIX):
        return Path(name)
    wanted = name.removeprefix(PREFIX)
    names = preset_names()
    if wanted not in names:
        message = f"unknown preset {wanted!r}{closest(wanted, names)}"
        raise SpecError((Problem("", "$", message),))
    return Path(str(resources.files("augflow.pipelines").joinpath(f"{wanted}.yaml")))
