"""A folder with `labels.csv`: rows become samples, and mistakes name file and line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from augflow.errors import SourceError
from augflow.sources import Source, open_source
from augflow.spec.model import SourceSpec

Tree = Callable[..., Path]
Table = Callable[..., Path]


def ids(source: Source) -> list[str]:
    return [source.sample_id(index) for index in range(len(source))]


def labels(source: Source) -> list[int]:
    return [source.read(index).label for index in range(len(source))]


def refusal(source: object, **spec: object) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(source, SourceSpec(**spec))
    return str(caught.value)


@pytest.fixture
def table(tree: Tree) -> Table:
    """Makes a folder of 1.png, 2.png, sub/3.png and a labels.csv of the given lines."""

    def make(*lines: str | bytes, newline: bytes = b"\n") -> Path:
        root = tree("1.png", "2.png", "sub/3.png")
        body = newline.join(line if isinstance(line, bytes) else line.encode() for line in lines)
        (root / "labels.csv").write_bytes(body + newline)
        return root

    return make


def test_rows_are_samples_sorted_by_id(table: Table) -> None:
    """Paths are ids, classes are sorted by code point, and the order of the rows does not matter."""
    source = open_source(table("path,label", "sub/3.png,b", "2.png,a", "1.png,B"))
    assert source.classes == ("B", "a", "b")
    assert ids(source) == ["1.png", "2.png", "sub/3.png"]
    assert labels(source) == [0, 1, 2]
    assert "3 images of 3 classes (B, a, b)" in source.description
    shuffled = open_source(table("path,label", "1.png,B", "./2.png,a", "sub//3.png,b"))
    assert shuffled.fingerprint() == source.fingerprint()


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_tables_as_spreadsheets_write_them(table: Table, newline: bytes) -> None:
    """A byte-order mark, quotes, blank lines and extra columns are read."""
    lines = ("\ufefffilename,label,note", '1.png,"Crème, brûlée",x', "", '2.png,b,"two\nlines"')
    source = open_source(table(*lines, newline=newline))
    assert source.classes == ("Crème, brûlée", "b")
    assert ids(source) == ["1.png", "2.png"]


def test_columns_can_be_named(table: Table) -> None:
    """`columns` says which column means what."""
    spec = SourceSpec(columns={"path": "file", "label": "breed", "id": "key", "split": "part"}, split="x")
    source = open_source(table("key,file,breed,part,label", "k1,2.png,cat,x,0", "k0,1.png,dog,x,0"), spec)
    assert ids(source) == ["k0", "k1"]
    assert source.classes == ("cat", "dog")
    assert labels(source) == [1, 0]
    assert source.place(0).endswith("/1.png")


def test_an_id_column_is_the_id(table: Table) -> None:
    """Ids from the table let a file move without changing its draws."""
    assert ids(open_source(table("id,path,label", "z,1.png,a", "y,2.png,a"))) == ["y", "z"]


def test_split_selects_rows_and_keeps_the_classes(table: Table) -> None:
    """Each split has the classes of the whole table, so that labels mean the same."""
    root = table("path,label,split", "1.png,b,train", "2.png,a,test", "sub/3.png,b,train")
    train, test = (open_source(root, SourceSpec(split=split)) for split in ("train", "test"))
    assert train.classes == test.classes == ("a", "b")
    assert (ids(train), ids(test)) == (["1.png", "sub/3.png"], ["2.png"])
    assert "split train, 1 row of others" in train.description
    assert "all splits together (test, train)" in open_source(root).description
    assert "no rows of split 'dev'; the splits are test, train" in refusal(root, split="dev")


def test_paths_may_lie_in_the_one_folder_that_holds_them(table: Table) -> None:
    """Bare file names are found in the one subfolder that has them, and the id says so."""
    assert ids(open_source(table("filename,label", "3.png,a"))) == ["sub/3.png"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["path,klass", "1.png,a"], "csv:1: no column 'label'; the columns are path, klass"),
        (["file,label", "1.png,a"], "csv:1: no column 'path' or 'filename'"),
        (["path,label,label", "1.png,a,b"], "csv:1: column 'label' stands there twice"),
        (["path,label", "1.png,a", "2.png,a,b"], "csv:3: 3 fields, where the first line has 2"),
        (["path,label", "1.png"], "csv:2: 1 field, where the first line has 2"),
        (["path,label", "1.png,a", "", "gone.png,a"], "csv:4: 'gone.png' is not in"),
        (["path,label", "1.png,a", "1.png,b"], "csv:2 and"),
        (["path,label", "1.png,a", "./1.png,b"], "csv:3; ids must differ"),
        (["path,label,id", "1.png,a,k", "2.png,b,k"], "two samples have the id 'k'"),
        (["path,label", "../data/1.png,a"], "csv:2: '../data/1.png' leads out of the source"),
        (["path,label", "sub/../../x.png,a"], "leads out of the source"),
        (["path,label", "/etc/passwd,a"], "csv:2: '/etc/passwd' leads out of the source"),
        (["path,label", "sub,a"], "csv:2: 'sub' is not a file"),
        (["path,label", "1.png,"], "csv:2: the label is empty"),
        (["path,label", ",a"], "csv:2: the path is empty"),
        (["path,label"], "the table has no rows"),
        ([""], "the table is empty"),
        (["path,label", "1.wav,a"], "csv:2: no image files: found .wav"),
        (["path,label", '1.png,"a'], "csv:2: not readable as CSV"),
        (["path,label", b"1.png,\xff"], "not UTF-8"),
        (["path,label", "1\0.png,a"], "csv:2"),
        (["path,label", "1.png," + "a" * 200_000], "csv:2: not readable as CSV: field larger"),
    ],
)
def test_mistakes_name_file_and_line(table: Table, lines: list[str | bytes], says: str) -> None:
    """Every mistake in the table is refused when it is opened, with its place."""
    assert says in refusal(table(*lines))


def test_a_named_column_must_exist(table: Table) -> None:
    """A column that the spec names is never replaced by a default."""
    root = table("path,label", "1.png,a")
    assert "no column 'key'" in refusal(root, columns={"id": "key"})
    assert "no column 'split'" in refusal(root, split="train")


def test_classes_can_be_frozen(table: Table) -> None:
    """A class of the table that the list lacks is refused with its line."""
    root = table("path,label", "1.png,a", "2.png,b")
    assert labels(open_source(root, classes=["c", "b", "a"])) == [2, 1]
    assert "csv:3: class 'b' is not one of the classes given" in refusal(root, classes=("a",))


def test_recordings_are_refused_by_name(test_data: Path, tmp_path: Path) -> None:
    """A real table of WAV files says that it holds no images."""
    shutil.copy(test_data / "fsdd" / "labels.csv", tmp_path)
    assert "no image files: found .wav" in refusal(tmp_path)
