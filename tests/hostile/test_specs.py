"""Specs of any content: refused with a place, on lines that a terminal shows, within seconds."""

from __future__ import annotations

import contextlib
import os
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import augflow
from augflow.errors import SpecError

from .settings import EXAMPLES

HEAD = "version: 1\nmodality: image\n"
TEXTS = "version: 1\nmodality: text\n"
DIGITS = "9" * 10_000

SPECS = {
    "laughs": "a: &a [x, x]\nb: &b [*a, *a]\n" + HEAD,
    "10 MB": HEAD + "name: " + "a" * 10_000_000,
    "brackets": "[" * 990_000,
    "braces": "{" * 990_000,
    "dashes": "- " * 490_000,
    "questions": "? " * 490_000,
    "documents": "---\n" * 240_000,
    "directives": "%a b\n" * 190_000,
    "list": "[" + "a," * 490_000 + "]",
    "tag": "!" + "a" * 990_000 + " b",
    "marks": "!" * 990_000,
    "tags": "!a " * 320_000,
    "key": HEAD + "a" * 990_000 + ": 1\n",
    "keys": HEAD + "".join(f"k{number}: 1\n" for number in range(24_000)),
    "ops": HEAD + "augment:\n" + "".join(f" - hflip{number}: {{}}\n" for number in range(9_000)),
    "lists of ops": TEXTS[:11]
    + "fields:\n"
    + "".join(f" f{n}: {{modality: image, augment: [{{hflap{n}: {{}}}}]}}\n" for n in range(4_000)),
    "word": HEAD + "augment: [" + "a" * 900_000 + "]\n",
    "python": HEAD + "name: !!python/object/apply:os.mkdir [ran]",
    "python new": "!!python/object/new:os.mkdir {}",
    "infinity": HEAD + "seed: .inf",
    "overflow": HEAD + "augment: [{rotate: {p: 1e999}}]",
    "digits": HEAD + f"seed: {DIGITS}",
    "hexadecimal": HEAD + "seed: 0x" + "f" * 10_000,
    "octal": HEAD + "augment: [{rotate: {limit: 0o" + "7" * 10_000 + "}}]",
    "weight": HEAD + f"augment: [{{one_of: {{transforms: [{{blur: {{}}, weight: {DIGITS[:400]}}}]}}}}]",
    "schedule": HEAD + f"augment: [{{rotate: {{limit: {{linear: [1, {DIGITS[:400]}], over: [0, 9]}}}}}}]",
    "escape in a tag": HEAD + "name: !%1B%5B2J x",
    "escape in a key": HEAD + '"\\e[31mred": 1',
    "line break in a key": HEAD + '"a\\nb": 1',
    "escape in an op": HEAD + 'augment: [{"\\e[2Jrot": {}}]',
    "surrogate": HEAD + 'name: "\\ud800"',
    "resize": HEAD + "prepare: [{resize: {height: 1000000000, width: 1000000000}}]",
    "pad": HEAD + "prepare: [{pad_if_needed: {min_height: 1000000000, min_width: 8}}]",
    "crop": HEAD + "augment: [{random_resized_crop: {size: [1000000000, 8]}}]",
    "num_ops": HEAD + "augment: [{rand_augment: {num_ops: 1000000000}}]",
    "some_of": HEAD + "augment: [{some_of: {n: 1000000000, transforms: [{blur: {}}]}}]",
    "views": HEAD + "batch: {views: 1000000000}",
    "repeats": HEAD + "batch: {repeats: 1000000000}",
    "batch": HEAD + "batch: {size: 1000000000}",
    "mels": "version: 1\nmodality: audio\nfinish: [{log_mel: {n_mels: 1000000000}}]",
    "rate": "version: 1\nmodality: audio\nprepare: [{resample: {sample_rate: 1000000000000}}]",
    "tokens": TEXTS + "finish: [{hash_tokens: {}}, {pad: {length: 1000000000000}}]",
    "device as tokenizer": TEXTS + "finish: [{tokenize: {file: /dev/zero}}]",
    "device as table": TEXTS + "augment: [{synonym: {table: /dev/zero}}]",
    "NUL as table": TEXTS + 'augment: [{synonym: {table: "a\\0"}}]',
    "field that follows itself": "version: 1\nfields: {a: {follows: b}, b: {follows: a}}",
    "field that leads out": "version: 1\nfields: {../../a: {modality: image}}",
    "id that leads out": HEAD + "augment: [{rotate: {}, id: ../../a}]",
}


def refused(spec: Path | str | Mapping[str, Any]) -> str:
    with pytest.raises(SpecError) as caught:
        augflow.load(spec)
    message = str(caught.value)
    assert all(line.isprintable() for line in message.split("\n")), ascii(message[:500])
    assert max(map(len, message.split("\n"))) < 2000
    return message


@pytest.mark.timeout(15)
@pytest.mark.parametrize("text", SPECS.values(), ids=SPECS)
def test_a_hostile_spec_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line of the message is short and names the file; nothing of the spec is run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(text)
    assert all(line.startswith("s.yaml:") for line in refused("s.yaml").split("\n"))
    assert not (tmp_path / "ran").exists()


def test_places_of_specs(tmp_path: Path) -> None:
    """Names that no file has, folders, rings of links, devices, presets that lead out."""
    (tmp_path / "ring").symlink_to("ring")
    for place in ("a\0b", tmp_path, tmp_path / "ring", "/dev/zero", "preset:../../../etc/passwd"):
        refused(str(place))


@pytest.mark.parametrize("op", ["tokenize: {file: PLACE}", "synonym: {table: PLACE}"])
def test_pipes_as_files_of_ops(op: str, tmp_path: Path) -> None:
    """Validating waits for nobody."""
    os.mkfifo(tmp_path / "pipe.json")
    section = "finish" if "tokenize" in op else "augment"
    text = f"{TEXTS}{section}: [{{{op.replace('PLACE', str(tmp_path / 'pipe.json'))}}}]"
    (tmp_path / "s.yaml").write_text(text)
    assert "a pipe, device or socket" in refused(tmp_path / "s.yaml")


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a": ' + "9" * 20_000 + "}"], ids=["deep", "digits"])
def test_tables_of_words(text: str, tmp_path: Path) -> None:
    """JSON that Python's reader gives up on."""
    (tmp_path / "t.json").write_text(text)
    (tmp_path / "s.yaml").write_text(f"{TEXTS}augment: [{{synonym: {{table: {tmp_path}/t.json}}}}]")
    assert "t.json" in refused(tmp_path / "s.yaml")


def test_python_data_that_holds_itself() -> None:
    """Lists and mappings in a ring, which no file can hold, are counted and not followed for ever."""
    ring: dict[str, Any] = {}
    ring["limit"] = ring
    refused({"modality": "image", "augment": [{"rotate": ring}]})
    lists: list[Any] = []
    lists += [lists] * 10
    assert "more than 50,000 values" in refused({"modality": "image", "augment": lists})


WORDS = st.sampled_from(
    [
        "version",
        "modality",
        "image",
        "text",
        "audio",
        "augment",
        "prepare",
        "finish",
        "fields",
        "batch",
        "size",
        "mix",
        "mixup",
        "one_of",
        "some_of",
        "transforms",
        "p",
        "weight",
        "id",
        "when",
        "label",
        "rotate",
        "limit",
        "blur",
        "source",
        "path",
        "classes",
        "seed",
        "output",
        "mean",
        "name",
    ]
)
SCALARS = st.one_of(
    WORDS,
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.text(max_size=8),
    st.sampled_from([2**63, 10**400, -(10**400), 1e308, "\ud800", "\0", "\x1b[2J", b"x", object()]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, SCALARS), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.fixed_dictionaries({"modality": st.just("image")}, optional={"x": VALUES}), VALUES, WORDS)
@settings(max_examples=4 * EXAMPLES, deadline=None)
def test_any_data_is_a_spec_or_refused(data: dict[str, Any], value: Any, section: str) -> None:
    """Whatever stands where: a plan, or SpecError."""
    data[section] = value
    with contextlib.suppress(SpecError):
        augflow.load(data)


PIECES = st.sampled_from(
    [
        *string.punctuation,
        "\n",
        "\n  ",
        "- ",
        ": ",
        "? ",
        "a",
        "1",
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
        "|\n",
        "\t",
        '"',
    ]
)


@given(st.lists(st.one_of(PIECES, WORDS), max_size=40))
@settings(max_examples=4 * EXAMPLES, deadline=None)
def test_any_text_is_a_spec_or_refused(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    """Marks of YAML in any order."""
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_text(HEAD + "".join(parts), encoding="utf-8", errors="surrogatepass")
    with contextlib.suppress(SpecError):
        augflow.load(path)
