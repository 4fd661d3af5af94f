"""Tokens and padding: ids that never change, files that count by content, errors with the remedy."""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.errors import OpError, SpecError
from augflow.plan import load_plan
from augflow.sample import Audio, Padded
from augflow.transforms.chain import OpStep
from augflow.transforms.lookup import resolve_op
from augflow.transforms.tokens import vocabulary_size

from .conftest import keyed

VOCABULARY = {"[UNK]": 0, "the": 1, "film": 2, "is": 3, "good": 4}
TOKENIZER = {
    "version": "1.0",
    "model": {"type": "WordLevel", "vocab": VOCABULARY, "unk_token": "[UNK]"},
    "pre_tokenizer": {"type": "Whitespace"},
}


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    file = tmp_path / "tokenizer.json"
    file.write_text(json.dumps(TOKENIZER))
    return file


def run(name: str, params: dict[str, Any], value: Any, modality: str = "text") -> Any:
    op, params, _ = resolve_op(name, params, modality)
    canonical, problems = op.check(params)
    assert not problems
    assert not op.is_random(canonical)
    return op.build(canonical)({modality: value}, keyed())[0][modality]


def finished(*finish: Any, text: str = "the film") -> Any:
    return augflow.load({"modality": "text", "finish": list(finish)})(text)["text"]


def refused(*finish: Any) -> str:
    with pytest.raises(SpecError) as caught:
        augflow.load({"modality": "text", "finish": list(finish)})
    return str(caught.value)


def test_hashed_ids_are_what_they_always_were() -> None:
    """Models are kept with these ids: a change of them would be a change of every model."""
    tokens = run("hash_tokens", {}, "The film, the 电影 don't!")
    assert tokens.dtype == np.int64
    assert len(tokens) == 9
    assert tokens[0] == tokens[3]
    assert run("hash_tokens", {"buckets": 1000}, "the film").tolist() == EXPECTED


EXPECTED = [925, 226]


def test_hashing_keeps_case_and_cuts_where_asked() -> None:
    """`lower: false` tells cases apart; `max_length` keeps the first; ids are in [1, buckets)."""
    assert (
        run("hash_tokens", {"lower": False}, "The the").tolist()[0]
        != run("hash_tokens", {}, "the").tolist()[0]
    )
    whole = run("hash_tokens", {}, "a b c d")
    assert run("hash_tokens", {"max_length": 2}, "a b c d").tolist() == whole[:2].tolist()
    ids = run("hash_tokens", {"buckets": 7}, " ".join(f"w{n}" for n in range(300)))
    assert (ids.min(), ids.max()) == (1, 6)
    assert run("hash_tokens", {}, " \n").shape == (0,)


def test_a_tokenizers_file_gives_the_librarys_ids(tokenizer: Path) -> None:
    """Ids, unknown words, truncation; the op travels with the file's content."""
    params = {"file": str(tokenizer)}
    assert run("tokenize", params, "the film was good").tolist() == [1, 2, 0, 4]
    assert run("tokenize", {**params, "max_length": 2}, "the film was good").tolist() == [1, 2]
    pipeline = augflow.load({"modality": "text", "finish": [{"tokenize": params}]})
    plan = pickle.loads(pickle.dumps(pipeline.plan))
    tokenizer.unlink()
    assert augflow.Pipeline.from_plan(plan)("the film")["text"].tolist() == [1, 2]


def test_a_file_counts_by_its_content(tokenizer: Path, tmp_path: Path) -> None:
    """Moved, the fingerprint stays; changed, it does not; what was written stays readable."""

    def mark(file: Path) -> str:
        return augflow.load({"modality": "text", "finish": [{"tokenize": {"file": str(file)}}]}).fingerprint

    moved = tmp_path / "elsewhere.json"
    moved.write_text(tokenizer.read_text())
    changed = tmp_path / "changed.json"
    changed.write_text(tokenizer.read_text().replace("good", "bad"))
    assert mark(tokenizer) == mark(moved) != mark(changed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "must be a tokenizer.json that can be read: "),
        ("{}", "is not a tokenizer of the library tokenizers: "),
        ("no json", "is not a tokenizer of the library tokenizers: "),
        (b"\xff\xfe", "must be a tokenizer.json that can be read: "),
    ],
)
def test_files_that_are_no_tokenizers_are_refused(tmp_path: Path, content: Any, message: str) -> None:
    """Before anything runs, at the parameter."""
    file = tmp_path / "t.json"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = refused({"tokenize": {"file": str(file)}})
    assert said.startswith(f"$.finish[0].tokenize.file: {message}")


def test_without_the_library_the_extra_is_named(tokenizer: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`tokenizers` missing is told at validation, and hash_tokens works without it."""
    from augflow.transforms import tokens

    tokens._tokenizer.cache_clear()
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    said = refused({"tokenize": {"file": str(tokenizer)}})
    assert "tokenize needs tokenizers, which is not installed: install the extra `text`" in said
    assert finished({"hash_tokens": {}}).shape == (2,)


def test_vocabulary_sizes(tokenizer: Path) -> None:
    """What an embedding must hold, padding included; None for what makes no tokens."""

    def size(item: dict[str, Any]) -> int | None:
        (step,) = load_plan({"modality": "text", "finish": [item]}).fields[0].finish
        assert isinstance(step, OpStep)
        return vocabulary_size(step.transform)

    assert size({"hash_tokens": {"buckets": 50}}) == 50
    assert size({"tokenize": {"file": str(tokenizer)}}) == max(VOCABULARY.values()) + 1
    assert size({"pad": {"length": 3}}) is None
    renumber(tokenizer, 100)
    assert size({"tokenize": {"file": str(tokenizer)}}) == max(VOCABULARY.values()) + 101


def test_a_file_that_was_written_anew_is_read_anew(tokenizer: Path) -> None:
    """In one process too: a tokenizer trained again under its name gives its own ids and fingerprint."""
    spec = {"modality": "text", "finish": [{"tokenize": {"file": str(tokenizer)}}]}
    before = augflow.Pipeline(**spec)
    renumber(tokenizer, 100)
    after = augflow.Pipeline(**spec)
    word = next(iter(VOCABULARY))
    assert (after(word)["text"] == before(word)["text"] + 100).all()
    assert after.fingerprint != before.fingerprint


def renumber(tokenizer: Path, more: int) -> None:
    """Add to every id of a tokenizer's file."""
    content = json.loads(tokenizer.read_text())
    vocabulary = content["model"]["vocab"]
    content["model"]["vocab"] = {word: number + more for word, number in vocabulary.items()}
    tokenizer.write_text(json.dumps(content))


@pytest.mark.parametrize("length", [1, 4, 9])
def test_padding_fills_or_cuts(length: int) -> None:
    """Tokens, samples and frames along their last axis; dtype and rate stay, the input is left alone."""
    tokens = np.arange(1, 5)
    sound = Audio(np.ones((2, 4), np.float32), 8000)
    for value, modality in ((tokens, "text"), (sound, "audio"), (sound.samples, "audio")):
        found = run("pad", {"length": length, "value": -1}, value, modality)
        assert isinstance(found, Padded)
        assert found.length == min(4, length)
        filled = found.values.samples if isinstance(value, Audio) else found.values
        own = value.samples if isinstance(value, Audio) else value
        assert (filled.shape[-1], filled.dtype) == (length, own.dtype)
        assert np.array_equal(filled[..., : found.length], own[..., : found.length])
        assert (filled[..., found.length :] == -1).all()
        assert not np.shares_memory(filled, own)


def test_the_order_of_the_last_ops_matters_and_says_so() -> None:
    """Words before tokens before padding."""
    twice = [{"hash_tokens": {}}, {"hash_tokens": {}}]
    with pytest.raises(
        OpError, match="tokenized already; keep one op that makes tokens, and text ops before it"
    ):
        finished(*twice)
    with pytest.raises(OpError, match="put text ops before"):
        finished({"hash_tokens": {}}, {"random_swap": {}})


@pytest.mark.parametrize(
    ("op", "message"),
    [
        ({"pad": {}}, "pad.length: "),
        ({"pad": {"length": 0}}, "pad.length: "),
        ({"hash_tokens": {"buckets": 1}}, "hash_tokens.buckets: "),
        ({"hash_tokens": {"max_lenght": 3}}, "hash_tokens.max_lenght: "),
        ({"hash_tokens": {"p": 0.5}}, "hash_tokens.p: is always 1 in a deterministic op of finish"),
        ({"tokenize": {}}, "tokenize.file: "),
    ],
)
def test_wrong_parameters_stand_at_their_place(op: Any, message: str) -> None:
    """Every problem with its path."""
    assert refused(op).startswith(f"$.finish[0].{message}")
