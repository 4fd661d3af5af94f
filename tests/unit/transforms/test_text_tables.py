"""Tables of words: the shipped ones, and those that users bring."""

from __future__ import annotations

import pickle
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from augflow.transforms import text_tables
from augflow.transforms.text import text_ops
from augflow.transforms.text_stopwords import FUNCTION_WORDS
from augflow.transforms.text_tables import english

from .text_cases import built, run

GERMAN = "# Filme\nFilm\tStreifen, Spielfilm\nschön\thübsch\nguten Tag\tgrüß Gott\n\n"


@pytest.fixture
def german(tmp_path: Path) -> Path:
    """A table of another language."""
    file = tmp_path / "german.tsv"
    file.write_text(GERMAN, encoding="utf-8")
    return file


@pytest.mark.parametrize("name", ["synonyms", "antonyms"])
def test_the_shipped_tables_hold_plain_words(name: str) -> None:
    """No names, digits or function words, no word for itself, two senses at most."""
    table = english(name)
    assert len(table) > 3000
    for word, senses in table.items():
        new = senses.replace("|", " ").split()
        assert len(senses.split("|")) <= 2
        assert word not in new
        assert new
        for each in (word, *new):
            assert re.fullmatch(r"[a-z]+(?:[-'][a-z]+)*", each), (word, each)
            assert each not in FUNCTION_WORDS


def test_the_license_ships_with_the_tables() -> None:
    """WordNet's notice goes with every copy."""
    text = files("augflow.transforms.words").joinpath("LICENSE.wordnet").read_text(encoding="ascii")
    assert "WordNet 3.0 Copyright 2006 by Princeton University" in text
    assert "Permission to use, copy, modify and distribute" in text


def test_unsound_senses_are_out() -> None:
    """What a far-fetched sense, a rare word, an inflected form or a name would give is not in the table."""
    table = english("synonyms")
    assert table["movie"] == "film"
    for word in ("dog", "saw", "john", "needs", "time", "have", "crap"):
        assert word not in table


def test_a_table_of_another_language(german: Path) -> None:
    """Words and phrases in any case and composition; nouns keep their capitals; nothing else changes."""
    transform = built("synonym", table=str(german), aug_p=1.0)
    text = "Ein scho\u0308ner Film ist scho\u0308n, SCHÖN, Guten  Tag!"
    results = {run(transform, text, str(key)) for key in range(50)}
    assert results == {
        f"Ein scho\u0308ner {film} ist hübsch, HÜBSCH, Grüß Gott!" for film in ("Streifen", "Spielfilm")
    }
    assert run(transform, "a movie") == "a movie"


def test_a_table_of_a_script_without_blanks(tmp_path: Path) -> None:
    """The longest run of ideographs that the table knows is replaced."""
    file = tmp_path / "chinese.json"
    file.write_text('{"电影": ["影片"], "电": ["气"], "喜欢": ["爱"]}', encoding="utf-8")
    transform = built("synonym", table=str(file), aug_p=1.0)
    assert run(transform, "我喜欢看电影。") == "我爱看影片。"


@pytest.mark.parametrize("name", ["antonym", "random_insertion", "eda"])
def test_other_ops_take_a_table(name: str, german: Path) -> None:
    """Whatever looks words up does so in the user's table alone."""
    params: dict[str, Any] = {"alpha_rs": 0, "alpha_rd": 0} if name == "eda" else {"aug_p": 1.0}
    transform = built(name, table=str(german), **params)
    assert any(
        new in run(transform, "Film good", str(key)) for key in range(9) for new in ("Streifen", "Spielfilm")
    )
    assert run(transform, "a good movie") == "a good movie"


def test_content_decides_the_canonical_parameters(german: Path, tmp_path: Path) -> None:
    """Another place, order or comment does not count, another entry does; the hash stands for the table."""
    op = text_ops()["synonym"]
    first = op.check({"table": str(german)})[0]["table"]
    assert first.startswith("sha256:")
    other = tmp_path / "other.tsv"
    other.write_text("\n".join(reversed(GERMAN.strip().split("\n")[1:])), encoding="utf-8")
    assert op.check({"table": str(other)})[0]["table"] == first
    assert op.check({"table": first}) == (op.check({"table": str(german)})[0], [])
    other.write_text(GERMAN + "gut\tprima\n", encoding="utf-8")
    assert op.check({"table": str(other)})[0]["table"] != first


def test_a_table_travels_with_the_op(german: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the op arrives, neither the file nor what the sender had read is there, and its hash is known."""
    transform = built("synonym", table=str(german), aug_p=1.0)
    before = run(transform, "der Film")
    packed = pickle.dumps(transform)
    canonical = text_ops()["synonym"].check({"table": str(german)})[0]
    german.unlink()
    monkeypatch.setattr(text_tables, "_tables", {})
    assert text_ops()["synonym"].check(canonical)[1]
    assert run(pickle.loads(packed), "der Film") == before
    assert text_ops()["synonym"].check(canonical) == (canonical, [])


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (
            "t.tsv",
            "a\tb\nfilm movie\n",
            "t.tsv:2: needs a tab between word and alternatives, got 'film movie'",
        ),
        ("t.tsv", "a\tb\nfilm\tmovie,,pic\n", "t.tsv:2: 'film' needs alternatives that are not empty"),
        ("t.tsv", "film\tFilm\n", "t.tsv:1: 'film' needs alternatives that are not empty"),
        ("t.tsv", "--\tdash\n", "t.tsv:1: '--' holds no word"),
        ("t.tsv", "# nothing\n", "t.tsv: has no entries"),
        ("t.tsv", b"\xff\xfe", "must be UTF-8, byte 0 is not"),
        ("t.tsv", None, "cannot be read: No such file or directory"),
        ("t.json", '{"a": ["b"],\n"c": }', "t.json:2: is no JSON"),
        ("t.json", "[1]", "must be a map from words to lists, got list"),
        ("t.json", '{"a": "b"}', "'a' must have a list of words, got 'b'"),
        ("t.tsv", b"x" * (8 * 2**20 + 1), "a table may have 8388608 bytes, got 8388609"),
    ],
)
def test_wrong_tables_are_named_with_their_line(
    tmp_path: Path, file: str, content: str | bytes | None, message: str
) -> None:
    """The file, the line, the rule and the value."""
    path = tmp_path / file
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    _, problems = text_ops()["synonym"].check({"table": str(path)})
    assert [problem.name for problem in problems] == ["table"]
    assert message in problems[0].message
