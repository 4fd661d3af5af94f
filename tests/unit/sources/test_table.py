"""Tables of texts and files: what columns mean, ids, splits, other columns, several fields."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from augflow.errors import BadSampleError
from augflow.sources import FieldRequest, Source, open_source
from augflow.spec.model import SourceSpec

from .tables import TEXT, ids, labels, refusal, texts

Write = Callable[..., Path]


ROWS = [("a b", "x"), (" double  blank ", "y"), ("é 🙂 ﷽", "x")]


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_every_format_gives_the_same_samples(write: Write, suffix: str, tmp_path: Path) -> None:
    """Texts keep every byte; labels, ids and places mean the same in all formats."""
    if suffix == "jsonl":
        file = write("t.jsonl", *({"text": text, "label": label, "n": 1} for text, label in ROWS))
    elif suffix == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        table = __import__("pyarrow").Table.from_pylist(
            [{"text": text, "label": label, "n": 1} for text, label in ROWS]
        )
        file = tmp_path / "t.parquet"
        parquet.write_table(table, file)
    else:
        separator = "," if suffix == "csv" else "\t"
        file = write(f"t.{suffix}", *(separator.join((*row, "1")) for row in [("text", "label"), *ROWS]))
        file.write_bytes(
            file.read_bytes().replace(
                b"label" + separator.encode() + b"1", b"label" + separator.encode() + b"n"
            )
        )
    source = open_source(file, fields=TEXT)
    assert texts(source) == [text for text, _ in ROWS]
    assert (source.classes, labels(source), ids(source)) == (("x", "y"), [0, 1, 0], ["0", "1", "2"])
    assert source.read(1).row == {"n": "1" if suffix in ("csv", "tsv") else 1}
    assert source.columns == ("n",)
    assert source.lengths().tolist() == [2, 2, 3]  # words and marks
    assert source.place(1) == (
        f"{file}, row 1" if suffix == "parquet" else f"{file}:{2 if suffix == 'jsonl' else 3}"
    )
    again: Source = pickle.loads(pickle.dumps(source))
    assert (texts(again), again.fingerprint()) == (texts(source), source.fingerprint())
    assert "3 texts of 2 classes (x, y)" in source.description
    assert "other columns: n" in source.description


def test_a_table_pickles_as_buffers(write: Write) -> None:
    """A row costs its text and a few dozen bytes, not Python objects."""
    rows = [f"text {number:06},{number % 3},{number % 7}" for number in range(2_000)]
    source = open_source(write("t.csv", "text,label,day", *rows), fields=TEXT)
    assert len(pickle.dumps(source)) < 2_000 + 2_000 * (11 + 8 + 8 + 8 + 8 + 4 + 1)


def test_columns_can_be_named(write: Write) -> None:
    """By the spec, by the options behind the path, and by a field's own `from`."""
    file = write("t.tsv", "key\tbody\tstars\ttext", "k2\tone\tgood\t-", "k1\ttwo\tbad\t-")
    by_spec = open_source(
        file, SourceSpec(columns={"text": "body", "label": "stars", "id": "key"}), fields=TEXT
    )
    by_query = open_source(f"{file}?text=body&label=stars&id=key", fields=TEXT)
    for source in (by_spec, by_query):
        assert (ids(source), texts(source)) == (["k1", "k2"], ["two", "one"])
        assert (source.classes, labels(source)) == (("bad", "good"), [0, 1])
        assert source.read(0).row == {"text": "-"}
    spec = SourceSpec(columns={"text": "text", "label": "stars"})
    assert texts(open_source(f"{file}?text=body", spec, fields=TEXT)) == ["one", "two"]
    by_field = open_source(file, fields=(FieldRequest("text", "text", "body"),))
    assert (texts(by_field), by_field.classes) == (["one", "two"], ())
    assert "unlabeled" in by_field.description


def test_a_text_field_may_be_files(write: Write, tmp_path: Path) -> None:
    """Without a text column, a path column names .txt files, and its ids are the paths."""
    write("texts/b.txt", "two")
    write("texts/a.txt", "one")
    source = open_source(write("t.csv", "path,label", "b.txt,x", "a.txt,y"), fields=TEXT)
    assert (ids(source), texts(source)) == (["texts/a.txt", "texts/b.txt"], ["one\n", "two\n"])
    assert source.place(0) == str(tmp_path / "texts" / "a.txt")


def test_image_and_caption(write: Write, tmp_path: Path) -> None:
    """Several fields come from several columns of one row, and a bad one names file, line and field."""
    for name in ("1.png", "2.png"):
        Image.new("RGB", (4, 3), "red").save(tmp_path / name)
    fields = (FieldRequest("picture", "image"), FieldRequest("caption", "text"))
    file = write(
        "t.jsonl", {"path": "2.png", "caption": "two"}, {"path": "1.png", "caption": "one", "x": True}
    )
    source = open_source(file, fields=fields)
    assert ids(source) == ["1.png", "2.png"]
    sample = source.read(0)
    assert sample.fields["picture"].shape == (3, 4, 3)
    assert (sample.fields["caption"], sample.row) == ("one", {"x": True})
    assert "2 samples (picture, caption), unlabeled" in source.description
    assert source.lengths().tolist() == [1, 1]
    (tmp_path / "1.png").write_bytes(b"gone")
    with pytest.raises(BadSampleError, match=r"picture \(1.png\): not a readable") as caught:
        source.read(0)
    assert caught.value.sample == source.place(0) == f"{file}:2"
    assert "would both be read from column 'path'" in refusal(
        file, fields=(FieldRequest("a", "image"), FieldRequest("b", "image"))
    )
    assert "gives one field, and 2 are asked for" in refusal(tmp_path, fields=fields, kind="folder")


def test_row_numbers_are_ids_of_the_whole_table(write: Write) -> None:
    """A row keeps its id, and so its draws, when rows are added behind it or a split is chosen."""
    lines = ["text,split", "a,train", "b,test", "c,train"]
    train = open_source(f"{write('t.csv', *lines)}?split=train", fields=TEXT)
    assert (ids(train), texts(train)) == (["0", "2"], ["a", "c"])
    longer = open_source(f"{write('t.csv', *lines, 'd,train')}?split=train", fields=TEXT)
    assert ids(longer) == ["0", "2", "3"]
    assert "split train, 1 row of others" in train.description


def test_an_empty_text_is_a_bad_sample(write: Write) -> None:
    """A cell without a text is left to the bad-sample policy, with its line."""
    source = open_source(write("t.tsv", "text\tlabel", "a\tx", "\tx"), fields=TEXT)
    with pytest.raises(BadSampleError, match=r"t.tsv:3: the text is empty"):
        source.read(1)


def test_the_fingerprint_sees_texts_labels_ids_and_columns(write: Write) -> None:
    """Any change that could change a batch changes it; where the file lies does not."""
    header = "text,label,id,day"
    tables = [
        ["a,x,1,mon", "c,y,9,mon"],
        ["b,x,1,mon", "c,y,9,mon"],
        ["a,y,1,mon", "c,x,9,mon"],
        ["a,x,2,mon", "c,y,9,mon"],
        ["a,x,1,tue", "c,y,9,mon"],
        ["a,x,1,mon", "c,y,9,mon", "b,x,2,mon"],
    ]
    prints = {
        open_source(write(f"{n}/t.csv", header, *rows), fields=TEXT).fingerprint()
        for n, rows in enumerate(tables)
    }
    assert len(prints) == len(tables)
    moved = open_source(write("moved/u.csv", header, *tables[0]), fields=TEXT)
    assert moved.fingerprint() in prints


def test_values_of_rows_keep_their_type(write: Write) -> None:
    """Plain values of JSON are conditions' values; lists and objects are no columns."""
    row = {"text": "a", "n": 1, "f": 1.5, "b": False, "none": None, "s": "é", "list": [1], "map": {}}
    source = open_source(write("t.jsonl", row, {"text": "b"}), fields=TEXT)
    assert source.columns == ("n", "f", "b", "none", "s")
    first, second = source.read(0).row, source.read(1).row
    assert first == {"n": 1, "f": 1.5, "b": False, "none": None, "s": "é"}
    assert type(first["b"]) is bool
    assert second == dict.fromkeys(source.columns)


def test_encoded_files_in_parquet(tmp_path: Path) -> None:
    """Binary columns, and structs as Hugging Face writes them, are decoded row by row."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    encoded = []
    for color in ((9, 0, 0), (0, 9, 0), (0, 0, 9)):
        file = tmp_path / "x.png"
        Image.new("RGB", (3, 2), color).save(file)
        encoded.append(file.read_bytes())
    fields = (FieldRequest("image", "image"),)
    for column in (encoded, [{"bytes": data, "path": None} for data in encoded]):
        table = pa.table({"image": column, "label": ["r", "g", "b"], "day": [1, 2, 3]})
        parquet.write_table(table, tmp_path / "t.parquet", row_group_size=2)
        source: Source = pickle.loads(pickle.dumps(open_source(tmp_path / "t.parquet", fields=fields)))
        assert [source.read(n).fields["image"][0, 0].tolist() for n in (2, 0, 1)] == [
            [0, 0, 9],
            [9, 0, 0],
            [0, 9, 0],
        ]
        assert (source.classes, labels(source)) == (("b", "g", "r"), [2, 1, 0])
        assert source.read(2).row == {"day": 3}
        assert source.lengths() is None
