"""Shipped specs by name."""

from __future__ import annotations

from pathlib import Path

import pytest

import augflow
from augflow.errors import SpecError
from augflow.presets import preset_names, spec_path


def test_every_shipped_spec_compiles_under_its_name(repository: Path) -> None:
    """The presets are the YAML files of pipelines/, all of them valid."""
    files = {f"{file.parent.name}/{file.stem}" for file in (repository / "pipelines").rglob("*.yaml")}
    assert set(preset_names()) == files
    for name in files:
        modality = name.partition("/")[0]
        assert augflow.load(f"preset:{name}").plan.fields[0].modality == modality


def test_a_misspelled_preset_names_the_closest() -> None:
    """An unknown preset is a problem of the spec, with what may have been meant."""
    with pytest.raises(SpecError, match=r"unknown preset 'image/smal'; did you mean .?image/small"):
        augflow.load("preset:image/smal")
    with pytest.raises(SpecError, match="unknown preset"):
        augflow.load("preset:../../etc/passwd")


def test_other_words_are_paths() -> None:
    """Only the prefix makes a preset."""
    assert spec_path("image/small") == Path("image/small")
