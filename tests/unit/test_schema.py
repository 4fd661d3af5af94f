"""The JSON Schema accepts what the compiler accepts, and an editor sees misspellings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from augflow.schema import spec_schema

PRESETS = sorted((Path(__file__).parents[2] / "pipelines" / "image").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = spec_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: file.stem)
def test_every_preset_fulfils_the_schema(validator: Draft202012Validator, file: Path) -> None:
    """What ships is valid in an editor too."""
    errors = list(validator.iter_errors(YAML(typ="safe", pure=True).load(file.read_text())))
    assert not errors, errors[0].message


@pytest.mark.parametrize(
    "sections",
    [
        {},
        {"augment": None, "batch": {"mix": None}, "output": None},
        {"augment": [{"flip": None}, {"rotate": {"limit": 15, "p": 0.5}, "id": "a"}]},
        {"augment": [{"one_of": {"p": 0.3, "transforms": [{"flip": {}, "weight": 2}, {"blur": None}]}}]},
        {"augment": [{"some_of": {"n": 2, "transforms": [{"flip": {}}, {"rand_augment": {"num_ops": 1}}]}}]},
        {"batch": {"size": 32, "tile": 8, "mix": {"cutmix": {"per": "tile"}, "at": "finish", "by": "model"}}},
        {"batch": {"mix": {"one_of": {"p": 0.5, "transforms": [{"mixup": None, "weight": 2}]}}}},
        {"output": {"dtype": "float32", "mean": [0.5], "std": "half"}, "source": {"max_bad": "2%"}},
    ],
)
def test_what_compiles_is_accepted(validator: Draft202012Validator, sections: dict[str, Any]) -> None:
    """The forms of a spec, short and long."""
    errors = list(validator.iter_errors({"version": 1, "modality": "image", **sections}))
    assert not errors, errors[0].message


@pytest.mark.parametrize(
    "sections",
    [
        {"augmnt": []},
        {"augment": [{"rotat": {}}]},
        {"augment": [{"rotate": {"limitt": 15}}]},
        {"augment": [{"rotate": {"p": 2}}]},
        {"augment": [{"rotate": {}, "blur": {}}]},
        {"augment": [{"id": "a"}]},
        {"augment": [{"one_of": {"transforms": []}}]},
        {"augment": ["rotate"]},
        {"batch": {"siez": 3}},
        {"batch": {"mix": {"mixpu": {}}}},
        {"batch": {"mix": {"mixup": {"alpha": 0}}}},
        {"batch": {"mix_at": "finish"}},
        {"regularize": {"dropuot": 0.1}},
        {"modality": "images"},
        {"seed": "17"},
    ],
)
def test_what_is_misspelled_is_refused(validator: Draft202012Validator, sections: dict[str, Any]) -> None:
    """Names, parameters and values that the compiler refuses show red in an editor."""
    assert list(validator.iter_errors({"version": 1, "modality": "image", **sections}))
