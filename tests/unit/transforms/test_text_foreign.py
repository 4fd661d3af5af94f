"""nlpaug's names, parameters and tables."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from typing import Any

import pytest

from augflow.transforms import text_nlpaug
from augflow.transforms.aliases import Foreign
from augflow.transforms.text import TEXT_FOREIGN, text_ops, text_unusable

from .test_text_ops import TEN, changed_places, words
from .text_cases import run

REQUIRED: dict[str, dict[str, Any]] = {"reserved_aug": {"reserved_tokens": [["alpha", "beta"]]}}
ACTIONS = [("random_word_aug", a) for a in ("substitute", "swap", "delete", "crop")]
ACTIONS += [("random_char_aug", a) for a in ("insert", "substitute", "swap", "delete")]


def translated(name: str, **params: Any) -> Any:
    """The transform that a foreign name means."""
    foreign = TEXT_FOREIGN[name]
    assert isinstance(foreign, Foreign)
    translation, problems = foreign.translated({**REQUIRED.get(name, {}), **params})
    assert translation is not None, problems
    op = text_ops()[translation[0]]
    canonical, problems = op.check(translation[1])
    assert not problems
    return op.build(canonical)


@pytest.mark.parametrize(("name", "action"), [*((name, None) for name in TEXT_FOREIGN), *ACTIONS])
def test_foreign_defaults_are_ops_of_the_catalog(name: str, action: str | None) -> None:
    """Every name with its library's defaults is an op whose parameters are right."""
    transform = translated(name, **({} if action is None else {"action": action}))
    assert TEXT_FOREIGN[name].default_p == 1.0
    assert TEXT_FOREIGN[name].summary
    assert isinstance(run(transform, TEN), str)


def test_synonym_aug_counts_as_nlpaug_does() -> None:
    """aug_p of all words rounded up, aug_min, aug_max 10 by default, stopwords; but 0 changes nothing."""
    text = "film movie story child big large small little tale drama"
    twice = f"{text} {text}"
    for key in map(str, range(30)):
        assert len(changed_places(text, run(translated("synonym_aug"), text, key))) == 3
        least = translated("synonym_aug", aug_p=0.1, aug_min=5)
        assert len(changed_places(text, run(least, text, key))) == 5
        most = translated("synonym_aug", aug_p=1.0)
        assert len(changed_places(twice, run(most, twice, key))) == 10
        spared = translated("synonym_aug", aug_p=1.0, stopwords=["film", "movie"])
        assert words(run(spared, text, key))[:2] == ["film", "movie"]
        assert run(translated("synonym_aug", aug_p=0.0), text, key) == text


def test_bounds_of_none_are_no_bounds() -> None:
    """nlpaug reads a null or a zero as no bound."""
    assert (
        len(
            changed_places(
                TEN, run(translated("random_word_aug", action="substitute", aug_p=1.0, aug_max=None), TEN)
            )
        )
        == 10
    )


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("synonym_aug", {"aug_src": "ppdb"}, "use synonym: {table: FILE}"),
        ("synonym_aug", {"lang": "fra"}, "the shipped table is English, got lang 'fra'"),
        ("synonym_aug", {"tokenizer": "x"}, "is not a parameter"),
        ("random_word_aug", {"target_words": ["x"]}, "target_words belong to the action substitute"),
        ("random_word_aug", {"action": "insert"}, "must be one of substitute, swap, delete, crop"),
    ],
)
def test_what_has_no_equal_is_refused(name: str, params: dict[str, Any], message: str) -> None:
    """With the remedy where there is one."""
    translation, problems = TEXT_FOREIGN[name].translated(params)
    assert translation is None
    assert message in problems[0].message


def test_unusable_augmenters_say_why() -> None:
    """Each of nlpaug's other text augmenters has a reason."""
    assert "contextual_word_embs_aug" in text_unusable()
    assert "back_translation_aug" in text_unusable()
    assert all(len(reason) > 20 for reason in text_unusable().values())


def test_every_op_but_nlpaugs_does_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without nlpaug three ops are refused at the check, naming the extra; the others are whole."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    text_nlpaug.resources.cache_clear()
    refused = {}
    for name, op in text_ops().items():
        _, problems = op.check({"reserved_tokens": [["a", "b"]]} if name == "reserved" else {})
        if problems:
            refused[name] = problems[0].message
    text_nlpaug.resources.cache_clear()
    assert set(refused) == {"keyboard", "ocr", "spelling"}
    assert all("install the extra `text`" in message for message in refused.values())


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tables would give other texts."""
    monkeypatch.setattr(importlib.metadata, "version", lambda _name: "1.2.0")
    text_nlpaug.resources.cache_clear()
    _, problems = text_ops()["ocr"].check({})
    text_nlpaug.resources.cache_clear()
    assert "this op needs nlpaug 1.1.11, found 1.2.0" in problems[0].message
