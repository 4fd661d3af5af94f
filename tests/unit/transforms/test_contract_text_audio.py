"""The contract of every op of every modality as a step of a compiled plan, which is how a stream runs it."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import subprocess
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augflow.plan import FieldPlan, load_plan
from augflow.rng import KeyedRandom, sample_key
from augflow.sample import Audio, Padded
from augflow.transforms.chain import Passage
from augflow.transforms.lookup import catalog

from . import audio_cases, conftest, text_cases

TOKENIZER = {
    "version": "1.0",
    "model": {
        "type": "WordLevel",
        "vocab": {"[UNK]": 0, "the": 1, "film": 2, "movie": 3},
        "unk_token": "[UNK]",
    },
    "pre_tokenizer": {"type": "Whitespace"},
}

FOLLOWED = frozenset(
    {
        "at_least_one_bbox_random_crop",
        "bbox_safe_random_crop",
        "constrained_coarse_dropout",
        "crop_non_empty_mask_if_exists",
        "mask_dropout",
        "random_sized_bbox_safe_crop",
    }
)
"""Image ops that look at what follows the image; see `test_follow`."""

NAMES = [
    (modality, name)
    for modality in ("image", "text", "audio")
    for name in catalog(modality)
    if name not in FOLLOWED and (modality != "audio" or name in audio_cases.HERE or name == "pad")
]
AFTER_TOKENS = [{"hash_tokens": {}}]

each_op = pytest.mark.parametrize(("modality", "name"), NAMES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_files(tmp_path_factory.mktemp("noises"))


def write_files(folder: Path) -> Path:
    """The files that ops read: noises, and a tokenizer."""
    audio_cases.made_noises(folder)
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    return folder


def params_of(modality: str, name: str, folder: Path) -> dict[str, Any]:
    """The least that an op must be given."""
    if name == "pad" and modality != "image":
        return {"length": 30}
    if name == "tokenize":
        return {"file": str(folder / "tokenizer.json")}
    if modality == "image":
        return conftest.REQUIRED.get(name, {})
    if modality == "text":
        return text_cases.REQUIRED.get(name, {})
    return audio_cases.with_noises(audio_cases.FIRST.get(name, {}), folder)


def compiled(modality: str, name: str, folder: Path, p: float = 1.0) -> FieldPlan:
    """A field whose `augment` is the op, after those that it needs before it."""
    before = [{"log_mel": {}}] if name == "spec_augment" else []
    before = AFTER_TOKENS if (modality, name) == ("text", "pad") else before
    item = {name: {**params_of(modality, name, folder), "p": p}}
    return load_plan({"modality": modality, "prepare": before, "augment": [item]}).fields[0]


def given(modality: str) -> Any:
    """A read-only value of a modality."""
    if modality == "image":
        return conftest.picture()
    return text_cases.REVIEW if modality == "text" else audio_cases.sound()


def run(field: FieldPlan, key: str, rng: KeyedRandom | None = None) -> Any:
    """The value after `prepare` and `augment`."""
    passage = Passage(rng or KeyedRandom(), sample_key(0, 0, key), key)
    return passage.run(field.before_mixing(train=True), {field.modality: given(field.modality)})[
        field.modality
    ]


def content(value: Any) -> Any:
    """All that a value is."""
    if isinstance(value, str):
        return value
    if isinstance(value, Padded):
        return content(value.values), value.length
    array = value.samples if isinstance(value, Audio) else value
    return array.dtype.str, array.shape, array.tobytes(), getattr(value, "sample_rate", 0)


def array_of(value: Any) -> Any:
    """The array of a value that has one."""
    value = value.values if isinstance(value, Padded) else value
    return value.samples if isinstance(value, Audio) else value


@each_op
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_step_gives_the_bytes_of_its_key(modality: str, name: str, folder: Path) -> None:
    """Again, after another sample with the same generators, from a pickled plan, beside disturbed globals."""
    field = compiled(modality, name, folder)
    rng = KeyedRandom()
    first = content(run(field, "a", rng))
    run(field, "b", rng)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    assert content(run(field, "a", rng)) == first
    assert content(run(pickle.loads(pickle.dumps(field)), "a")) == first


@each_op
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_step_leaves_its_input_and_returns_memory_of_its_own(
    modality: str, name: str, folder: Path
) -> None:
    """Writable input stays as it was; what comes out is the input itself, untouched, or shares nothing."""
    field = compiled(modality, name, folder)
    if modality == "text":
        return  # texts cannot be written to
    value = given(modality)
    before = content(value)
    passage = Passage(KeyedRandom(), sample_key(0, 0, "a"), "a")
    result = array_of(passage.run(field.before_mixing(train=True), {modality: value})[modality])
    assert content(value) == before
    if content(result)[2] != before[2]:
        assert not np.shares_memory(result, array_of(value))


@each_op
def test_p_of_0_is_identity(modality: str, name: str, folder: Path) -> None:
    """The sample itself comes back, and nothing is drawn."""
    field = compiled(modality, name, folder, p=0.0)
    value = given(modality)
    passage = Passage(KeyedRandom(), sample_key(0, 0, "a"), "a", drawn={})
    assert passage.run(field.augment, {modality: value})[modality] is value
    assert passage.drawn == {}


@each_op
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_step_keeps_the_kind_of_its_value(modality: str, name: str, folder: Path) -> None:
    """Images stay images of their dtype, sounds float32 (channels, time) and finite, texts words or int64."""
    for key in "abc":
        value = run(compiled(modality, name, folder), key)
        array = array_of(value)
        if modality == "image":
            assert (array.dtype, array.ndim) == (np.uint8, 3)
        elif modality == "audio":
            assert (array.dtype, array.ndim) == (np.float32, 2)
            assert np.isfinite(array).all()
        elif isinstance(value, str):
            assert value.strip()
        else:
            assert (array.dtype, array.ndim) == (np.int64, 1)
            assert (array >= 0).all()


PATTERNS = {
    "image": ["horizontal_flip", "vertical_flip", "transpose"],
    "text": ["random_swap", "keyboard", "random_case"],
    "audio": ["gain", "polarity_inversion", "shift"],
}


@pytest.mark.parametrize("modality", PATTERNS)
def test_three_ops_fire_independently(modality: str) -> None:
    """All eight on/off patterns in about equal shares of 2,000 samples: chi-squared below its 99.9% point."""
    items = [{name: {"p": 0.5}} for name in PATTERNS[modality]]
    steps = load_plan({"modality": modality, "augment": items}).fields[0].augment
    rng, seen = KeyedRandom(), Counter[tuple[bool, ...]]()
    for number in range(2000):
        passage = Passage(rng, sample_key(0, 0, f"{number}"), "", drawn={})
        value = "a good film" if modality == "text" else given(modality)
        if modality == "audio":
            value = Audio(value.samples[:, :400], value.sample_rate)
        passage.run(steps, {modality: value})
        seen[tuple(step.path in (passage.drawn or {}) for step in steps)] += 1
    assert set(seen) == set(product((False, True), repeat=3))
    assert sum((count - 250) ** 2 / 250 for count in seen.values()) < 24.3


HASHES = """
import sys
from tests.unit.transforms.test_contract_text_audio import hashes
print(hashes(sys.argv[1]))
"""


def hashes(folder: str) -> str:
    """One hash over every text and audio op of the catalog."""
    found = hashlib.sha256()
    for modality, name in NAMES:
        if modality != "image":
            found.update(f"{name} {content(run(compiled(modality, name, Path(folder)), 'a'))!r}".encode())
    return found.hexdigest()


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_another_process_makes_the_same_bytes(folder: Path) -> None:
    """With another hash seed, another order of imports and one BLAS thread."""
    root = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", HASHES, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=root)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == hashes(str(folder))
