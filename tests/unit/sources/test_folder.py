"""Class folders and plain folders: labels, ids, what is refused and what is told."""

from __future__ import annotations

import io
import os
import pickle
import unicodedata
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from augflow.errors import BadSampleError, SourceError
from augflow.rng import sample_key
from augflow.sample import UNLABELED
from augflow.sources import FieldRequest, Source, open_source
from augflow.sources.base import FieldKind
from augflow.spec.model import SourceSpec

Tree = Callable[..., Path]

NFC, NFD = unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")


def ids(source: Source) -> list[str]:
    return [source.sample_id(index) for index in range(len(source))]


def labels(source: Source) -> list[int]:
    return [source.read(index).label for index in range(len(source))]


def refusal(source: object, **options: object) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(source, **options)
    return str(caught.value)


def test_the_first_folder_is_the_class(tree: Tree) -> None:
    """Labels count the first folders below the source, sorted by code point; deeper ones do not matter."""
    root = tree("b/1.png", "a/x/y/2.png", "Z/3.png", "a/1.png", "b-c/1.png")
    source = open_source(str(root))
    assert source.classes == ("Z", "a", "b", "b-c")
    assert ids(source) == ["Z/3.png", "a/1.png", "a/x/y/2.png", "b-c/1.png", "b/1.png"]
    assert labels(source) == [0, 1, 1, 3, 2]
    sample = source.read(2)
    assert (sample.id, sample.index, sample.target) == ("a/x/y/2.png", 2, None)
    assert sample.fields["image"].shape == (13, 17, 3)
    assert source.place(2) == str(root / "a/x/y/2.png")


def test_suffixes_in_any_case_are_images(tree: Tree) -> None:
    """All image suffixes count, in any case, and content decides the decoder."""
    names = ["1.JPG", "2.jpeg", "3.Png", "4.bmp", "5.WEBP", "6.tif", "7.TIFF", "8.gif"]
    source = open_source(tree(*(f"a/{name}" for name in names)))
    assert ids(source) == [f"a/{name}" for name in names]
    assert all(source.read(index).fields["image"].shape == (13, 17, 3) for index in range(8))


def test_a_folder_of_files_alone_is_unlabeled(tree: Tree) -> None:
    """Without folders there are no classes, and every label is UNLABELED."""
    source = open_source(tree("1.png", "2.png"))
    assert source.classes == ()
    assert labels(source) == [UNLABELED, UNLABELED]
    assert "unlabeled" in source.description


def test_other_and_hidden_files_are_counted_and_told(tree: Tree) -> None:
    """What is passed over stands in the description, and hidden folders are not entered."""
    root = tree("a/1.png", "a/.2.png", ".git/3.png", "b/4.png", README_dot_md="text", Makefile="text")
    (root / "a" / "notes.TXT").write_text("text")
    source = open_source(root)
    assert ids(source) == ["a/1.png", "b/4.png"]
    assert "2 images of 2 classes (a, b)" in source.description
    assert "3 files of other kinds (.md, .txt, without a suffix), 2 hidden" in source.description


def test_images_beside_class_folders_are_refused(tree: Tree) -> None:
    """A stray image would have no class: it is an error that names it."""
    said = refusal(tree("a/1.png", "stray.png"))
    assert "1 image (stray.png) beside the folders (a)" in said


def test_a_class_folder_without_images_is_refused(tree: Tree) -> None:
    """An empty class is most likely a mistake; a list of classes says that it is none."""
    root = tree("a/1.png", "empty/")
    assert "no images in the class folder empty" in refusal(root)
    assert open_source(root, classes=["a", "empty"]).classes == ("a", "empty")
    assert open_source(root, classes=["a"]).classes == ("a",)


@pytest.mark.parametrize("name", ["", "nothing here", "wav"])
def test_folders_without_images_are_refused(tree: Tree, name: str) -> None:
    """An empty folder, a missing one and one of other files each say what was found."""
    root = tree()
    if name == "wav":
        (root / "a.wav").write_bytes(b"RIFF")
        assert "no image files: found .wav" in refusal(root)
    elif name:
        assert "no such file or folder" in refusal(root / name)
    else:
        assert "holds no files" in refusal(root)


def test_a_file_is_no_folder(tree: Tree) -> None:
    """A path to one file says what to give instead."""
    assert "not a folder" in refusal(tree("a.png") / "a.png")


def test_class_lists_are_frozen(tree: Tree) -> None:
    """A given list fixes the labels; classes without files are fine, unknown classes are not."""
    root = tree("cat/1.png", "dog/1.png")
    source = open_source(root, classes=["dog", "bird", "cat"])
    assert source.classes == ("dog", "bird", "cat")
    assert labels(source) == [2, 0]
    assert open_source(root, SourceSpec(classes=("dog", "cat"))).classes == ("dog", "cat")
    assert "class 'dog' is not one of the classes given (cat)" in refusal(root, classes=["cat"])


def test_class_lists_must_make_sense(tree: Tree) -> None:
    """Twice the same name, a bare string, numbers and two lists at once are refused."""
    root = tree("a/1.png")
    assert "'a' more than once" in refusal(root, classes=["a", "a"])
    assert "single string 'ab'" in refusal(root, classes="ab")
    assert "must be strings, got 3" in refusal(root, classes=["a", 3])
    assert "two class lists" in refusal(root, spec=SourceSpec(classes=("a",)), classes=["b"])


def test_the_source_itself_may_be_a_link(tree: Tree, tmp_path: Path) -> None:
    """Where the folder lies is the user's business; only what lies in it is checked."""
    root = tree("a/1.png")
    link = tmp_path / "link"
    link.symlink_to(root)
    (root / "a" / "2.png").symlink_to(root / "a" / "1.png")
    assert open_source(link).fingerprint() == open_source(root).fingerprint()


def test_pipes_are_not_opened(tree: Tree) -> None:
    """A named pipe with an image's name would hang a worker: it is no image."""
    root = tree("a/1.png")
    os.mkfifo(root / "a" / "2.png")
    assert ids(open_source(root)) == ["a/1.png"]


def test_unicode_forms_of_one_name_are_one_id(tree: Tree) -> None:
    """A copy on a file system that stores another Unicode form has the same ids, labels and order."""
    one, other = tree(f"{NFC}/{NFC}1.png", "z/1.png"), None
    first = open_source(one)
    moved = one.rename(one.with_name("composed"))
    other = tree(f"{NFD}/{NFD}1.png", "z/1.png")
    second = open_source(other)
    assert ids(second) == ids(open_source(moved)) == ["z/1.png", f"{NFC}/{NFC}1.png"]
    assert second.classes == first.classes == ("z", NFC)
    assert second.fingerprint() == first.fingerprint()
    assert second.read(1).fields["image"].shape == (13, 17, 3)


def test_names_that_differ_in_unicode_form_alone_collide(tree: Tree) -> None:
    """Two files with one id would share their draws: refused, naming both."""
    said = refusal(tree(f"a/{NFC}.png", f"a/{NFD}.png"))
    assert "two samples have the id" in said
    assert r"e\u0301" in said


def test_odd_names_are_read_and_told_on_one_line(tree: Tree) -> None:
    """Names with newlines, escapes and bytes that are not UTF-8 are samples like others."""
    root = tree("a/new\nline.png", "a/\x1b[31mred.png", "a/ .png")
    raw = os.fsencode(root / "a") + b"/\xff\xfe.png"
    os.rename(root / "a" / " .png", raw)
    source = open_source(root)
    assert ids(source) == ["a/\x1b[31mred.png", "a/\\xff\\xfe.png", "a/new\nline.png"]
    for index in range(3):
        assert source.read(index).fields["image"].shape == (13, 17, 3)
        assert source.place(index).isprintable()
        assert len(sample_key(1, 0, source.sample_id(index)).at()) == 16
        source.sample_id(index).encode()
    assert len(source.fingerprint()) == 32


def test_undecodable_class_names_are_written_out(tree: Tree) -> None:
    """A folder whose name is not UTF-8 is a class with a printable name."""
    root = tree("a/1.png")
    os.rename(root / "a", os.fsencode(root) + b"/\xe9t\xe9")
    source = open_source(root)
    assert source.classes == ("\\xe9t\\xe9",)
    assert labels(source) == [0]


def test_a_vanished_or_broken_file_is_a_bad_sample(tree: Tree) -> None:
    """What goes wrong after opening is the sample's fault, and names its path."""
    root = tree("a/1.png", "a/2.png")
    source = open_source(root)
    (root / "a/1.png").unlink()
    (root / "a/2.png").write_text("not an image any more")
    for index, says in ((0, "No such file"), (1, "begins with")):
        with pytest.raises(BadSampleError, match=says) as caught:
            source.read(index)
        assert caught.value.sample == source.place(index)


def test_the_fingerprint_sees_names_labels_and_sizes(tree: Tree) -> None:
    """It changes with an id, a label or a size, and not with the place of the folder."""
    root = tree("a/1.png", "b/2.png")
    before = open_source(root).fingerprint()
    assert open_source(root, classes=["b", "a"]).fingerprint() != before
    moved = root.rename(root.with_name("moved"))
    assert open_source(moved).fingerprint() == before
    with (moved / "a/1.png").open("ab") as file:
        file.write(b"\0")
    longer = open_source(moved).fingerprint()
    assert longer != before
    (moved / "a/1.png").rename(moved / "a/11.png")
    assert open_source(moved).fingerprint() not in (before, longer)


def test_ids_do_not_run_into_each_other(tree: Tree) -> None:
    """The fingerprint tells `a/1` + `a/23` from `a/12` + `a/3`."""
    first = tree("a/1.png", "a/1.pnga/2.png")
    before = open_source(first).fingerprint()
    moved = first.rename(first.with_name("moved"))
    assert ids(open_source(moved)) == ["a/1.png", "a/1.pnga/2.png"]
    assert open_source(tree("a/1.pnga/1.png", "a/2.png")).fingerprint() != before


def test_pickles_small_and_reads_alike(tree: Tree) -> None:
    """The pickled source holds a few dozen bytes a file, and reads the same samples."""
    root = tree(*(f"class{number % 3}/{number:06}.png" for number in range(300)))
    source = open_source(root)
    data = pickle.dumps(source)
    assert len(data) < 1_000 + 300 * (len("class0/000000.png") + 8 + 4 + 8)
    again: Source = pickle.loads(data)
    assert ids(again) == ids(source)
    assert (again.classes, again.fingerprint()) == (source.classes, source.fingerprint())
    np.testing.assert_array_equal(again.read(7).fields["image"], source.read(7).fields["image"])


def test_the_working_directory_may_change(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A relative path is fixed when it is opened: workers run elsewhere."""
    tree("a/1.png")
    monkeypatch.chdir(tmp_path)
    source = open_source("data")
    monkeypatch.chdir("/")
    assert source.read(0).id == "a/1.png"


def test_folders_that_look_like_splits_are_pointed_out(tree: Tree) -> None:
    """`train` and `test` as class names are told, for that is rarely meant."""
    assert "look like splits: open" in open_source(tree("train/a/1.png", "test/a/1.png")).description
    assert "splits" not in open_source(tree("train/a/1.png", "test/a/1.png", "bus/1.png")).description


@pytest.mark.parametrize(
    ("kind", "name", "noun"), [("text", "1.TXT", "2 texts"), ("audio", "1.wav", "2 sounds")]
)
def test_folders_of_other_kinds(tmp_path: Path, kind: FieldKind, name: str, noun: str) -> None:
    """The field that is asked for decides which files are samples; all rules of folders hold."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as sound:
        sound.setnchannels(1), sound.setsampwidth(2), sound.setframerate(8_000)
        sound.writeframes(b"\0\1" * 50)
    content = {"text": "\ufeffé 🙂\r\n".encode(), "audio": stream.getvalue()}[kind]
    for folder in ("b", "a"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_bytes(content)
        (tmp_path / folder / "photo.jpg").touch()
    source = open_source(tmp_path, fields=(FieldRequest("field", kind),))
    assert (ids(source), labels(source)) == ([f"a/{name}", f"b/{name}"], [0, 1])
    assert f"{noun} of 2 classes (a, b); passed over: 2 files of other kinds (.jpg)" in source.description
    value = source.read(0).fields["field"]
    if kind == "text":
        assert value == "é 🙂\r\n"
    else:
        assert (value.sample_rate, value.samples.shape) == (8_000, (1, 50))
    assert source.lengths().tolist() == [len(content)] * 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the text is empty"),
        (b"\xef\xbb\xbf", "the text is empty"),
        (b"a\nb\xff", "not UTF-8: invalid start byte 0xff at byte 3, line 2"),
        ("\ufeffa".encode() + b"\xff", "0xff at byte 4, line 1"),
        ("text".encode("utf-16"), "0xff at byte 0, line 1"),
    ],
)
def test_unreadable_texts_are_bad_samples(tmp_path: Path, content: bytes, says: str) -> None:
    """A text that is none names the byte and the line."""
    (tmp_path / "1.txt").write_bytes(content)
    source = open_source(tmp_path, fields=(FieldRequest("text", "text"),))
    with pytest.raises(BadSampleError, match=says) as caught:
        source.read(0)
    assert caught.value.sample == source.place(0)


def test_a_folder_of_tables_says_how_to_open_one(tmp_path: Path) -> None:
    """A table is opened by its own path."""
    (tmp_path / "reviews.tsv").write_text("text\tlabel\n")
    assert "no image files: found .tsv" in refusal(tmp_path)
    assert "to open a .tsv, give its own path" in refusal(tmp_path)


def test_real_class_folders(test_data: Path) -> None:
    """Ten classes of photos open with sorted labels."""
    source = open_source(test_data / "photos" / "train")
    assert len(source) == 400
    assert len(source.classes) == 10
    assert list(source.classes) == sorted(source.classes)
    sample = source.read(399)
    assert sample.id.split("/")[0] == source.classes[sample.label]
