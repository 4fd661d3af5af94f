"""The contract of every text op."""

from __future__ import annotations

import json
import os
import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from augflow.transforms.readable import readable
from augflow.transforms.spans import Edit, apply_edits, find_words
from augflow.transforms.text import TEXT_FOREIGN, TEXT_TYPED, text_ops, text_unusable
from augflow.transforms.text_op import TextTransform

from .text_cases import (
    BARE,
    NAMES,
    REQUIRED,
    REVIEW,
    STRONG,
    TEXTS,
    WORDS_AND_MARKS,
    built,
    change,
    keyed,
    run,
    strong,
)

each_op = pytest.mark.parametrize("name", NAMES)
WEAKEST: dict[str, dict[str, Any]] = {
    "aeda": {"punc_ratio": 0},
    "eda": {"alpha_sr": 0, "alpha_ri": 0, "alpha_rs": 0, "alpha_rd": 0},
}


def test_names_are_there() -> None:
    """Specs rely on these names."""
    wanted = "synonym antonym random_swap random_insertion random_deletion word_order keyboard ocr spelling"
    assert {*wanted.split(), "eda", "aeda"} <= set(NAMES)
    assert set(TEXT_TYPED.values()) <= set(NAMES)
    names = [*NAMES, *TEXT_TYPED, *TEXT_FOREIGN, *text_unusable()]
    assert len(names) == len(set(names))


@each_op
def test_canonical_parameters_are_a_fixed_point(name: str) -> None:
    """Checking what a check returned changes nothing, and all of it survives JSON."""
    op = text_ops()[name]
    given_params = {**REQUIRED.get(name, {}), "protected": ["Zoo", "b", "zoo"]}
    canonical, problems = op.check(given_params)
    assert not problems
    assert canonical["protected"] == ["b", "zoo"]
    assert op.check(json.loads(json.dumps(canonical))) == (canonical, [])
    assert set(canonical) == set(op.params)
    json.dumps([[dict(param.schema), param.default] for param in op.params.values()])
    assert op.summary.endswith((".", ")")) or op.summary
    assert (op.modality, op.default_p, op.carries, op.output_size({}, None)) == (
        "text",
        1.0,
        frozenset(),
        None,
    )
    pickle.loads(pickle.dumps(op))


@each_op
def test_same_key_same_text(name: str) -> None:
    """A key decides: called again, after other texts, after pickling, beside disturbed globals."""
    transform = strong(name)
    for text in TEXTS:
        first = change(transform, text)
        run(transform, REVIEW, "other")
        np.random.seed(1)  # noqa: NPY002  # the global generators must not matter
        random.seed(1)
        assert change(transform, text) == first
        assert change(pickle.loads(pickle.dumps(transform)), text) == first
        assert change(strong(name), text) == first
        json.dumps(readable(first[1]))


@each_op
def test_every_op_changes_something(name: str) -> None:
    """At full strength a review does not stay as it is, and other keys change it otherwise."""
    assert run(strong(name), REVIEW) != REVIEW
    weaker = built(name, **{**STRONG.get(name, {}), **({} if name in WEAKEST else {"aug_p": 0.1})})
    assert len({run(weaker, REVIEW, str(key)) for key in range(40)}) > 1


@each_op
@pytest.mark.parametrize("text", [*TEXTS, *BARE])
def test_strength_zero_is_identity(name: str, text: str) -> None:
    """With a share of 0 or at most 0 words nothing changes, whatever the least number is."""
    for params in [WEAKEST.get(name), {"aug_p": 0, "aug_min": 3}, {"aug_p": 1, "aug_max": 0, "aug_min": 0}]:
        if params is not None and (name in WEAKEST) == (params in WEAKEST.values()):
            assert run(built(name, **params), text) == text


@each_op
@pytest.mark.parametrize("text", BARE)
def test_texts_without_words_come_back(name: str, text: str) -> None:
    """There is nothing to change, and nothing fails."""
    assert run(strong(name), text) == text


@each_op
@settings(max_examples=60, deadline=None)
@given(text=WORDS_AND_MARKS)
def test_edits_touch_words_and_blanks_alone(name: str, text: str) -> None:
    """Whatever is replaced is a word that may be, or blanks beside one; the opposite edits give the text
    byte for byte; a text with words never ends blank."""
    transform = strong(name)
    assert isinstance(transform, TextTransform)
    words = find_words(text)
    if not words.all:
        return
    edits = sorted(transform.edit.change(words, keyed().python).edits, key=lambda e: (e.start, e.end))
    new = run(transform, text)
    assert new == apply_edits(text, edits)
    assert new.strip()
    inside = {at for word in words.all for at in range(word.start, word.end)}
    shift, back = 0, []
    for edit in edits:
        assert all(at in inside or text[at].isspace() for at in range(edit.start, edit.end))
        back.append(Edit(edit.start + shift, edit.start + shift + len(edit.new), text[edit.start : edit.end]))
        shift += len(edit.new) - (edit.end - edit.start)
    assert apply_edits(new, back) == text


@each_op
def test_protected_words_stay(name: str) -> None:
    """A protected word or phrase is neither changed nor lost, in any case, and nothing comes between."""
    text = "The GOOD movie and Motion  Picture of the big film begins in New York , really ."
    kept = ["good", "motion picture", "new york", "film", "really"]
    for word_list in ("protected", "stopwords"):
        params = {**STRONG.get(name, {"aug_p": 1.0}), word_list: kept}
        for key in range(60):
            new = run(built(name, **params), text, str(key))
            for phrase in ("GOOD", "Motion  Picture", "New York", "film", "really"):
                assert new.count(phrase) >= 1, new


@each_op
def test_units_are_never_changed_inside(name: str) -> None:
    """Numbers, addresses, tags and emoji survive whole or go whole."""
    text = (
        "the movie https://a.example/good?x=1 costs 3.5% or $5 at me@film.org <br /> 👩‍👩‍👧 in big v1.2 #good"
    )
    units = [find_words(text)[i] for i, word in enumerate(find_words(text).all) if word.kind.value == "unit"]
    deletes = name in ("eda", "random_deletion", "span_deletion")
    for key in range(40):
        new = run(strong(name), text, str(key))
        found = [unit for unit in units if unit in new]
        assert deletes or found == units, new
        left = find_words(new)
        kept = {left[i] for i, word in enumerate(left.all) if word.kind.value == "unit"}
        assert not deletes or kept <= {*units}, new


@pytest.fixture(scope="module")
def reviews() -> list[str]:
    """Sentences of real reviews."""
    folder = Path(os.environ.get("AUGFLOW_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
    file = folder / "text" / "mr" / "test.tsv"
    if not file.is_file():
        pytest.skip(f"no test data at {file}; set AUGFLOW_TEST_DATA")
    return [line.split("\t")[0] for line in file.read_text(encoding="utf-8").split("\n")[1:101]]


@each_op
def test_real_reviews_stay_texts(name: str, reviews: list[str]) -> None:
    """Each op runs over real sentences, changes some of them, and leaves words in all."""
    transform = built(name)
    results = [run(transform, review, str(key)) for key, review in enumerate(reviews)]
    assert results != reviews
    assert all(find_words(result).all for result, review in zip(results, reviews, strict=True) if review)


def test_a_text_must_be_a_text() -> None:
    """Behind a tokenizer there are no words any more."""
    with pytest.raises(TypeError, match="needs a str, got ndarray; put text ops before tokenizing"):
        built("eda")({"text": np.zeros(3)}, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "params", "where", "message"),
    [
        ("synonym", {"aug_p": 1.5}, "aug_p", "must be at most 1.0, got 1.5"),
        ("synonym", {"aug_min": -1}, "aug_min", "must be at least 0, got -1"),
        ("synonym", {"aug_min": 3, "aug_max": 2}, "aug_max", "must not be below aug_min, which is 3, got 2"),
        ("synonym", {"senses": 3}, "senses", "must be at most 2, got 3"),
        ("synonym", {"stopwords": "the"}, "stopwords", "must be a list, got 'the'"),
        (
            "keyboard",
            {"aug_char_min": 3, "aug_char_max": 2},
            "aug_char_max",
            "must not be below aug_char_min",
        ),
        ("keyboard", {"lang": "eng"}, "lang", "did you mean en?"),
        ("random_char", {"candidates": [" "]}, "candidates", "characters that are not blank"),
        ("reserved", {"reserved_tokens": [["a"]]}, "reserved_tokens", "at least two expressions"),
        ("reserved", {}, "reserved_tokens", "is required"),
        ("eda", {"alpha": 0.1}, "alpha", "is not a parameter of this op"),
    ],
)
def test_wrong_parameters_are_named(name: str, params: dict[str, Any], where: str, message: str) -> None:
    """What is wrong is told with the parameter, the rule and the value."""
    required = {} if name == "reserved" else REQUIRED.get(name, {})
    _, problems = text_ops()[name].check({**required, **params})
    assert any(problem.name == where and message in problem.message for problem in problems), problems
