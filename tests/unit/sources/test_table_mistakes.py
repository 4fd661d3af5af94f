"""Targets of tables, and mistakes in tables with file and line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augflow.errors import SourceError
from augflow.sample import UNLABELED
from augflow.sources import FieldRequest, open_source
from augflow.spec.model import SourceSpec

from .tables import TEXT, labels, refusal

Write = Callable[..., Path]


def test_several_labels(write: Write) -> None:
    """Classes are the union, sorted; a row without any is all 0; labels themselves are none."""
    csv = open_source(
        write("t.csv", "text,label", "a,y|x", "b,", "c,z"), SourceSpec(target="multi_label"), fields=TEXT
    )
    json_lines = open_source(
        write(
            "t.jsonl",
            {"text": "a", "label": ["y", "x"]},
            {"text": "b", "label": []},
            {"text": "c", "label": "z"},
        ),
        SourceSpec(target="multi_label"),
        fields=TEXT,
    )
    for source in (csv, json_lines):
        assert (source.classes, source.target_kind) == (("x", "y", "z"), "multi_label")
        assert [source.read(n).target.tolist() for n in range(3)] == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
        assert source.read(0).target.dtype == np.float32
        assert labels(source) == [UNLABELED] * 3
        assert "any number of 3 classes (x, y, z)" in source.description
    frozen = SourceSpec(target="multi_label", classes=("x",))
    with pytest.raises(SourceError, match=r"t.csv:2: class 'y' is not one of"):
        open_source(write("t.csv", "text,label", "a,x|y"), frozen, fields=TEXT)
    for cell, says in (("x||y", "several labels are names"), ("x|x", "twice: x, x")):
        assert f"t.csv:2: {says}" in refusal(
            write("t.csv", "text,label", f"a,{cell}"), target="multi_label"
        ).replace("a class stands there ", "")


def test_numbers_to_predict(write: Write) -> None:
    """Each label column is a number of the target, under its own name; 0 is a number like others."""
    file = write("t.csv", "text,x,y", "a,1.5,0", "b,-2e3,7")
    for source in (
        open_source(file, SourceSpec(target="regression", columns={"label": ("x", "y")}), fields=TEXT),
        open_source(f"{file}?target=regression&label=x,y", fields=TEXT),
    ):
        assert (source.classes, source.target_kind) == (("x", "y"), "regression")
        assert [source.read(n).target.tolist() for n in range(2)] == [[1.5, 0], [-2000, 7]]
        assert labels(source) == [UNLABELED] * 2
        assert "2 numbers to predict (x, y)" in source.description
    for cell in ("", "nan", "inf", "1_0", "1e60", "one"):
        table = write("t.csv", "text,label", "a,1", f"b,{cell}")
        assert f"t.csv:3: 'label' must be a finite number, got {cell!r}" in refusal(
            table, target="regression"
        )
    assert "must be one name where target is class" in refusal(file, columns={"label": ("x", "y")})


@pytest.mark.parametrize(
    ("name", "lines", "says"),
    [
        ("t.tsv", ["text,label", "a,b"], "t.tsv:1: no column 'text' or 'path' or 'filename'"),
        ("t.tsv", ["text,label", "a,b"], "the first line has no tab"),
        ("t.csv", ["a sentence", "another"], "the first line has no comma"),
        ("t.csv", ["txet,label", "a,b"], "columns: {text: txet}"),
        ("t.csv", ["text,text", "a,b"], "t.csv:1: column 'text' stands there twice"),
        ("t.csv", ["text,label", "a,b,c"], "t.csv:2: 3 fields, where the first line has 2"),
        ("t.csv", ["text,label", "a"], "t.csv:2: 1 field, where the first line has 2"),
        ("t.csv", ["text,label", "a,"], "t.csv:2: the label is empty; fill it in"),
        ("t.csv", ["text", "a", "", "b"], "t.csv:3: the line is blank"),
        ("t.tsv", ["text\tlabel", "a\tb", ""], "t.tsv:3: the line is blank"),
        ("t.csv", ["text,label"], "t.csv: the table has no rows"),
        ("t.csv", [], "t.csv: the table is empty"),
        ("t.jsonl", [], "t.jsonl: the table has no rows"),
        (
            "t.csv",
            [b"text,label", b"ok,a", b"caf\xe9,b"],
            "t.csv:3: not UTF-8 (invalid continuation byte 0xe9 at byte 19",
        ),
        (
            "t.jsonl",
            [b'{"text": "\xff"}'],
            "t.jsonl:1: not JSON: not UTF-8 (invalid start byte 0xff at byte 10",
        ),
        ("t.jsonl", [{"text": "a"}, "", {"text": "b"}], "t.jsonl:2: the line is blank"),
        ("t.jsonl", ["[1]"], "t.jsonl:1: must be a JSON object, got [1]"),
        ("t.jsonl", ["{"], "t.jsonl:1: not JSON"),
        ("t.jsonl", ['{"text": "a", "text": "b"}'], "t.jsonl:1: not JSON: key 'text' stands there twice"),
        ("t.jsonl", [{"text": "a"}, {"body": "b"}], "t.jsonl:2: the text is empty"),
        ("t.jsonl", [{"text": 3}], "t.jsonl:1: 'text' must be a string, got 3"),
        ("t.jsonl", ['{"text": "\\ud800"}'], "t.jsonl:1: holds half of a surrogate pair"),
        (
            "t.jsonl",
            [{"text": "a", "label": ["x"]}],
            "t.jsonl:1: the label must be a name or a number, got ['x']",
        ),
        ("t.jsonl", [{"text": "a", "label": None}], "t.jsonl:1: the label is empty"),
        ("t.csv", ["text,id", "a,1", "b,1"], "two samples have the id '1'"),
        ("t.csv", ["path,label", "gone.txt,a"], "t.csv:2: 'gone.txt' is not in"),
        ("t.csv", ["path,label", "../x.txt,a"], "t.csv:2: '../x.txt' leads out of the source"),
        ("t.csv", ["path,label", "a.wav,a"], "t.csv:2: no text files: found .wav"),
        ("t.parquet", ["PAR1"], "t.parquet: not readable as Parquet"),
    ],
)
def test_mistakes_name_file_and_line(write: Write, name: str, lines: list[Any], says: str) -> None:
    """What is wrong with a table is refused when it is opened, with its place."""
    assert says in refusal(write(name, *lines))


def test_named_columns_must_be_used(write: Write) -> None:
    """A column that nothing is read from is a mistake in the settings, not something to pass over."""
    file = write("t.csv", "text,label,body", "a,x,b")
    assert "names 'label', which no field is read from" in refusal(
        file, columns={"text": "text", "path": "label"}
    )
    assert (
        "no column 'boddy'; the columns are text, label, body: name the right one, as in from: body"
        in refusal(file, fields=(FieldRequest("text", "text", "boddy"),))
    )
    assert "no column 'stars'" in refusal(file, columns={"label": "stars"})
    assert "quoting is for .csv and .tsv" in refusal(write("t.jsonl", {"text": "a"}), quoting="on")
    assert "no column 'split'" in refusal(file, split="train")
