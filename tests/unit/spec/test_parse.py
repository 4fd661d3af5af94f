"""What is wrong with a spec is said at once and in full, each with file, line, column and path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from augflow.errors import SpecError
from augflow.plan import compile_plan
from augflow.spec.items import Collector
from augflow.spec.model import PipelineSpec
from augflow.spec.parse import MAX_BYTES, parse_data, parse_file, parse_text

HEAD = "version: 1\nmodality: image\n"


def problems(text: str) -> list[str]:
    """Everything wrong with a spec's text, as printed."""
    with pytest.raises(SpecError) as caught:
        compile_plan(parse_text(text, Collector("s.yaml")))
    return str(caught.value).splitlines()


def only(text: str) -> str:
    """The one thing wrong with a spec that starts with the usual head."""
    found = problems(HEAD + text)
    assert len(found) == 1, found
    return found[0]


def parsed(text: str) -> PipelineSpec:
    result = parse_text(HEAD + text, Collector("s.yaml"))
    assert result.spec is not None, result.collector.sorted()
    return result.spec


def test_many_problems_come_at_once_in_the_order_of_the_file() -> None:
    """Problems of form, of names and of parameters stand together, sorted by line and column."""
    text = """version: 2
modality: image
seed: '17'
augment:
  - rotate: {limitt: 15, p: 2}
  - horizontal_flop: {}
  - blur
  - rotate: {limit: 15}
    weight: 2
batch: {size: 10, tile: 4, mix: {mixup: {alpha: 0}}}
regularize: {dropuot: 0.3}
"""
    found = problems(text)
    places = [line.split(": ")[:2] for line in found]
    assert places == [
        ["s.yaml:1:1", "$.version"],
        ["s.yaml:3:1", "$.seed"],
        ["s.yaml:5:14", "$.augment[0].rotate.limitt"],
        ["s.yaml:6:5", "$.augment[1].horizontal_flop"],
        ["s.yaml:7:5", "$.augment[2]"],
        ["s.yaml:9:5", "$.augment[3].weight"],
        ["s.yaml:10:42", "$.batch.mix.mixup.alpha"],
        ["s.yaml:11:14", "$.regularize.dropuot"],
    ]


def test_problems_of_yaml_keys_do_not_hide_the_others() -> None:
    """A key that stands twice is one problem among the others."""
    found = problems(f"{HEAD}seed: 1\nseed: 2\naugmnt: []\n")
    assert [line.split(": ")[1] for line in found] == ["$.seed", "$.augmnt"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("augmnt: []", "s.yaml:3:1: $.augmnt: unknown key 'augmnt'; did you mean augment?"),
        ("batch: {siez: 3}", "s.yaml:3:9: $.batch.siez: unknown key 'siez'; did you mean size?"),
        (
            "regularize: {early_stopping: {patiense: 3}}",
            "s.yaml:3:31: $.regularize.early_stopping.patiense: unknown key 'patiense'; did you mean pat",
        ),
        ("augment: [{rotat: {}}]", "did you mean rotate"),
        ("augment: [{rotate: {limitt: 3}}]", "did you mean limit"),
        ("batch: {mix: {mixpu: {}}}", "did you mean mixup"),
        ("batch: {mix: {mixup: {alpa: 1}}}", "did you mean alpha"),
        ("augment: [{one_of: {transform: [], transforms: [flip: {}]}}]", "did you mean transforms"),
    ],
)
def test_misspelled_names_come_with_the_closest(text: str, expected: str) -> None:
    """Keys, ops, parameters and mixing ops name what may have been meant."""
    assert expected in only(text).replace("`", "")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("seed: '17'", "s.yaml:3:1: $.seed"),
        ("batch: {size: '128'}", "s.yaml:3:9: $.batch.size"),
        ("regularize: {dropout: '0.3'}", "s.yaml:3:14: $.regularize.dropout"),
        ("regularize: {weight_decay: '5e-4'}", "s.yaml:3:14: $.regularize.weight_decay"),
        ("batch: {mix: {mixup: {p: '1'}}}", "s.yaml:3:23: $.batch.mix.mixup.p"),
    ],
)
def test_numbers_in_quotes_are_refused_with_the_remedy(text: str, place: str) -> None:
    """A quoted number is text; the message says which and what to do."""
    found = only(text)
    assert found.startswith(place)
    assert found.endswith("; remove the quotes")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed: 1\nseed: 2", "s.yaml:4:1: $.seed: key 'seed' stands twice, first in line 3"),
        ("augment:\n  - rotate: {limit: 1, limit: 2}", "s.yaml:4:24: $.augment[0].rotate.limit"),
        ("augment: &a []\nevaluate: *a", "s.yaml:4:11: $: aliases are not allowed"),
        ("batch:\n  <<: {size: 8}", "s.yaml:4:3: $.batch: keys must be plain words"),
        ("batch: {? [a] : 1}", "s.yaml:3:11: $.batch: keys must be plain words"),
        ("augment: !!set {a}", "s.yaml:3:1: $.augment: tag tag:yaml.org,2002:set is not allowed"),
        ("augment: !!python/tuple [a]", "tag tag:yaml.org,2002:python/tuple is not allowed"),
        ("name: !!binary aGk=", "s.yaml:3:1: $.name: tag tag:yaml.org,2002:binary is not allowed"),
        ("name: !foo bar", "s.yaml:3:1: $.name: tag !foo is not allowed"),
        ("seed: !!int x", "s.yaml:3:1: $.seed: is not readable as int, got 'x'"),
        ("seed: 1" + "0" * 5000, "s.yaml:3:1: $.seed: is not readable as int"),
        ("regularize: {l1: .nan}", "s.yaml:3:14: $.regularize.l1: must be a finite number, got .nan"),
        ("augment: [{rotate: {limit: -.inf}}]", "$.augment[0].rotate.limit: must be a finite number"),
        ("---\nversion: 1", "s.yaml:3:1: $: is not YAML: but found another document"),
        ("\tseed: 1", "s.yaml:3:1: $: is not YAML: found character '\\t'"),
        ("augment: [", "s.yaml:4:1: $: is not YAML"),
        ('name: "\\ud800"', "s.yaml:3:1: $.name: must be text that UTF-8 can hold"),
        ("augment: " + "[" * 40 + "]" * 40, "s.yaml:3:41: $: nested deeper than 32 levels"),
        ("augment:\n" + "  - {}\n" * 25_001, "has more than 50000 values"),
    ],
)
def test_yaml_that_hides_meaning_is_refused(text: str, expected: str) -> None:
    """Duplicate keys, aliases, merges, tags, infinities, second documents and tabs have their places."""
    assert expected in only(text + "\n")


def test_words_and_numbers_are_those_of_yaml_1_2() -> None:
    """`5e-4` is a number, `no` and `on` are words, `010` is ten: what PyYAML reads otherwise."""
    spec = parsed("name: no\nseed: 010\nregularize: {weight_decay: 5e-4}\nsource: {split: on}\n")
    assert (spec.name, spec.seed, spec.source.split) == ("no", 10, "on")
    assert spec.regularize.weight_decay == 0.0005
    assert parsed("name: 2024-01-01\n").name == "2024-01-01"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """A megabyte is more than any spec; the rest of the file is never loaded."""
    file = tmp_path / "large.yaml"
    file.write_text("#" * (MAX_BYTES + 1))
    assert f"at most {MAX_BYTES} bytes" in str(parse_file(file).collector.sorted()[0])


def test_a_file_that_is_not_utf8_is_refused_by_byte(tmp_path: Path) -> None:
    """Latin-1 text is named as such, with the place of the first wrong byte; a byte-order mark is fine."""
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"name: \xe4\n")
    assert str(parse_file(file).collector.sorted()[0]) == (
        f"{file}:1:1: $: must be UTF-8 text, byte 6 is not; save the file as UTF-8"
    )
    file.write_bytes(b"\xef\xbb\xbf" + HEAD.encode())
    assert parse_file(file).spec is not None


def test_a_file_that_is_not_there_is_a_problem_of_the_spec(tmp_path: Path) -> None:
    """A missing file and a folder are told like everything else, not as a bare OSError."""
    assert "cannot be read: No such file" in str(parse_file(tmp_path / "no.yaml").collector.sorted()[0])
    assert "cannot be read: Is a directory" in str(parse_file(tmp_path).collector.sorted()[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "s.yaml:1:1: $: the file is empty; start with `version: 1` and `modality: image`"),
        ("# nothing\n", "s.yaml:1:1: $: the file is empty"),
        ("- 1\n", "s.yaml:1:1: $: must be a mapping of sections, got list"),
        (
            "version: 1\n",
            "s.yaml:1:1: $: needs `modality: image|text|audio` for one field, or `fields:` for several",
        ),
        (
            "version: 1\nmodality: smell\n",
            "s.yaml:2:1: $.modality: must be 'image', 'text' or 'audio', got 'smell'",
        ),
    ],
)
def test_what_is_no_spec_says_how_to_start(text: str, expected: str) -> None:
    """Empty files, lists and specs without a modality get the first step told."""
    assert expected in problems(text)[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("source: {max_bad: [1]}", "$.source.max_bad: must be a valid string or a valid integer, got [1]"),
        ("output: {mean: 5}", "$.output.mean: must be"),
        ("output: {std: x}", "$.output.std: must be numbers or one of imagenet, half, got 'x'"),
        ("output: {std: [0.0]}", "$.output: std must be above 0 in every channel, got [0.0]"),
        (
            "source: {columns: {foo: x}}",
            "$.source.columns.foo: must be 'label', 'text', 'path', 'id' or 'split'",
        ),
        ("source: {max_bad: 5}\nregularize: {l2: 1, weight_decay: 1}", "keep one"),
    ],
)
def test_values_with_several_forms_are_refused_once(text: str, expected: str) -> None:
    """A value that fits no alternative of a type is one problem, under the path that the user wrote."""
    assert expected in only(text)


def test_python_data_reads_like_yaml() -> None:
    """Tuples are lists and numpy's scalars numbers; the path stands without file and line."""
    text = "augment:\n  - random_resized_crop: {size: [8, 8], scale: [0.5, 1.0]}\nseed: 3\n"
    crop = {"size": (8, np.int64(8)), "scale": (np.float32(0.5), 1.0)}
    data = {
        "version": 1,
        "modality": "image",
        "seed": np.int64(3),
        "augment": ({"random_resized_crop": crop},),
    }
    assert parse_data(data).spec == parsed(text)
    with pytest.raises(SpecError) as caught:
        compile_plan(parse_data({"modality": "image", "augment": [{"rotat": {}}]}))
    assert str(caught.value).startswith("$.augment[0].rotat: unknown op 'rotat'")


def test_python_data_that_is_no_data_is_refused() -> None:
    """Objects, number keys, infinities and endless nesting are problems, not crashes."""
    endless: list[object] = []
    endless.append(endless)
    data = {
        "modality": "image",
        "augment": [{"rotate": {"limit": object()}}, {"rotate": {1: 2}}],
        "regularize": {"l1": float("nan")},
        "evaluate": endless,
        "name": "\ud800",
    }
    found = "\n".join(map(str, parse_data(data).collector.sorted()))
    for message in (
        "$.augment[0].rotate.limit: must be a number, word, list or mapping, got object",
        "$.augment[1].rotate: keys must be words, got 1",
        "$.regularize.l1: must be a finite number, got nan",
        "nested deeper than 32 levels",
        "$.name: must be text that UTF-8 can hold",
    ):
        assert message in found
