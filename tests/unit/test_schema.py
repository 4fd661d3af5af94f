"""The JSON Schema accepts what the compiler accepts, and an editor sees misspellings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from augflow.errors import SpecError
from augflow.plan import load_plan
from augflow.schema import spec_schema

PRESETS = sorted((Path(__file__).parents[2] / "pipelines").glob("*/*.yaml"))


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = spec_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: f"{file.parent.name}/{file.stem}")
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


GROWS = {"linear": [5, 15], "over": [0, 40]}
FIELDS = {
    "image": {"modality": "image", "augment": [{"rotate": {"limit": GROWS}}], "from": "photo"},
    "mask": {"follows": "image"},
    "things": {"follows": "image", "kind": "boxes", "min_area": 4, "min_visibility": 0.1},
    "caption": {"modality": "text", "augment": [{"eda": {}}], "finish": [{"hash_tokens": {}}]},
    "speech": {"modality": "audio", "prepare": [{"resample": {"sample_rate": 8000}}], "augment": None},
}


@pytest.mark.parametrize(
    "spec",
    [
        {"modality": "text", "augment": [{"synonym": {"aug_p": 0.1}}], "finish": [{"pad": {"length": 4}}]},
        {
            "modality": "audio",
            "augment": [{"gain": None}],
            "finish": [{"log_mel": {}}, {"pad": {"length": 9}}],
        },
        {"fields": FIELDS, "batch": {"mix": {"cutmix": {}, "on": "image", "until_epoch": 9}}},
        {"fields": FIELDS, "batch": {"views": 2, "repeats": 4, "bucket": 10, "ragged": "offsets"}},
        {
            "modality": "image",
            "augment": [{"rotate": {"limit": GROWS, "p": {"linear": [0, 1], "over": [0, 9]}}}],
        },
        {"modality": "image", "augment": [{"rotate": {}, "when": {"label": ["cat", 3], "loud": True}}]},
        {"modality": "image", "augment": [{"rotate": {}, "when": {"speaker": {"not": ["a", "b"]}}}]},
        {
            "modality": "text",
            "source": {"columns": {"text": "review", "label": ["a", "b"]}, "target": "regression"},
        },
        {
            "modality": "text",
            "source": {
                "kind": "table",
                "quoting": "off",
                "links": "follow",
                "split": "train",
                "classes": ["a"],
            },
        },
    ],
)
def test_every_modality_and_form_is_accepted(validator: Draft202012Validator, spec: dict[str, Any]) -> None:
    """Text, audio, fields, conditions, schedules: what compiles shows no red, and it does compile."""
    errors = list(validator.iter_errors({"version": 1, **spec}))
    assert not errors, errors[0].message
    load_plan(spec)


@pytest.mark.parametrize(
    "spec",
    [
        {"modality": "text", "augment": [{"rotate": {}}]},
        {"modality": "audio", "augment": [{"synonym": {}}]},
        {"modality": "text", "finish": [{"pad": {}}]},
        {"fields": {"caption": {"modality": "text", "augment": [{"rotate": {}}]}}},
        {"fields": {"image": {"modality": "image", "agument": []}}},
        {"fields": {"mask": {"follows": "image", "kind": "masks"}}},
        {"modality": "image", "augment": [{"rotate": {"limit": {"linear": [5], "over": [0, 4]}}}]},
        {"modality": "image", "augment": [{"rotate": {"limit": {"linear": [5, 15]}}}]},
        {"modality": "image", "augment": [{"rotate": {"limit": {**GROWS, "by": 3}}}]},
        {"modality": "image", "augment": [{"rotate": {}, "when": {}}]},
        {"modality": "image", "augment": [{"rotate": {}, "when": {"label": {"is": "cat"}}}]},
        {"modality": "image", "augment": [{"rotate": {}, "when": "cat"}]},
        {"modality": "image", "batch": {"ragged": "padded"}},
        {"modality": "image", "batch": {"views": 0}},
        {"modality": "image", "batch": {"mix": {"mixup": {}, "until_epoch": 0}}},
        {"modality": "image", "batch": {"mix_until": 3}},
        {"modality": "image", "source": {"target": "classes"}},
        {"modality": "image", "source": {"links": "all"}},
        {"modality": "image", "views": 2},
    ],
)
def test_wrong_forms_of_every_modality_are_refused(
    validator: Draft202012Validator, spec: dict[str, Any]
) -> None:
    """Red in the editor, and refused by the compiler."""
    assert list(validator.iter_errors({"version": 1, **spec}))
    with pytest.raises(SpecError):
        load_plan(spec)
