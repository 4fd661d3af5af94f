"""What a SOURCE may be, and what its options are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augflow.errors import SourceError
from augflow.sources import FieldRequest, open_source
from augflow.spec.model import SourceSpec

Tree = Callable[..., Path]


def refusal(source: object, spec: SourceSpec | None = None) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(source, spec)
    return str(caught.value)


@pytest.fixture
def remote(tree: Tree) -> Iterator[Callable[[Path, str], str]]:
    """Copies a folder to a file system in memory that is reached by URL, as any other is."""
    system = pytest.importorskip("fsspec").filesystem("memory")

    def upload(folder: Path, name: str) -> str:
        for file in folder.rglob("*"):
            if file.is_file():
                system.pipe_file(f"/{name}/{file.relative_to(folder)}", file.read_bytes())
        return f"memory://{name}"

    yield upload
    for name in ("folders", "labels", "table"):
        if system.exists(f"/{name}"):
            system.rm(f"/{name}", recursive=True)


def test_a_folder_behind_a_url_is_the_folder(tree: Tree, remote: Callable[[Path, str], str]) -> None:
    """Class folders have the same samples, ids and fingerprint wherever they lie."""
    local = tree("a/1.png", "b/2.png", "a/.3.png", README_dot_md="text")
    here, there = open_source(local), open_source(remote(local, "folders"))
    assert there.fingerprint() == here.fingerprint()
    assert there.place(1) == "memory://folders/b/2.png"
    np.testing.assert_array_equal(there.read(1).fields["image"], here.read(1).fields["image"])
    assert (
        "2 images of 2 classes (a, b); passed over: 1 file of other kinds (.md), 1 hidden"
        in there.description
    )
    assert open_source(f"file://{local}").fingerprint() == here.fingerprint()


def test_tables_behind_a_url(tree: Tree, remote: Callable[[Path, str], str]) -> None:
    """labels.csv finds its files in the remote folder, and options behind the URL count."""
    local = tree("data/1.png", "data/2.png", labels_dot_csv="path,label,split\n1.png,a,x\n2.png,b,y\n")
    url = remote(local, "labels")
    source = open_source(f"{url}?split=y")
    assert [source.sample_id(index) for index in range(len(source))] == ["data/2.png"]
    assert source.fingerprint() == open_source(f"{local}?split=y").fingerprint()
    assert open_source(f"{url}/labels.csv?split=x").sample_id(0) == "data/1.png"
    (local / "data" / "2.png").unlink()
    bad = remote(tree(labels_dot_csv="path,label\ngone.png,a\n"), "table")
    assert "labels.csv:2: 'gone.png' is not in memory://table" in refusal(bad)
    assert "no such file or folder" in refusal("memory://nothing/here")


def test_only_tables_and_objects_give_several_fields(tree: Tree) -> None:
    """A folder gives one field; what follows an image needs one image."""
    folder = tree("a/1.png")
    with pytest.raises(SourceError, match="taken for a folder, which gives one field, and 2 are asked for"):
        open_source(folder, fields=(FieldRequest("a", "image"), FieldRequest("b", "text")))
    with pytest.raises(SourceError, match=r"masks, boxes and keypoints follow one image, and the fields are"):
        open_source(folder, fields=(FieldRequest("a", "text"), FieldRequest("b", "mask")))


def test_options_behind_the_path(tree: Tree) -> None:
    """`PATH?split=train` selects, and goes before what the spec says."""
    root = tree("1.png", "2.png", labels_dot_csv="path,label,split\n1.png,a,train\n2.png,b,test\n")
    assert open_source(f"{root}?split=train").sample_id(0) == "1.png"
    assert open_source(f"{root}?split=test", SourceSpec(split="train")).sample_id(0) == "2.png"
    assert open_source(f"{root}?kind=folder").classes == ()
    assert len(open_source(f"{root}?kind=labels&split=test")) == 1


@pytest.mark.parametrize("query", ["", "split", "split=", "color=red", "split=a&color=red", "Split=a"])
def test_unknown_options_are_refused(tree: Tree, query: str) -> None:
    """A misspelled option is an error that lists the options."""
    assert "one of kind, split" in refusal(f"{tree('a/1.png')}?{query}")


def test_unknown_kinds_are_refused(tree: Tree) -> None:
    """A kind, quoting or target that does not exist lists those that do."""
    path = tree("a/1.png")
    kinds = "folder, labels, manifest, table, webdataset"
    assert f"kind must be one of {kinds}, got 'tar'" in refusal(f"{path}?kind=tar")
    assert "quoting must be one of on, off, got 'yes'" in refusal(f"{path}?quoting=yes")
    assert "target must be one of class, multi_label, regression, got 'x'" in refusal(f"{path}?target=x")


def test_options_say_where_masks_lie(tmp_path: Path) -> None:
    """`PATH?masks=...` goes before what the spec says, and is refused where no mask is asked for."""
    for folder, color in (("images", (9, 0, 0)), ("masks", 3), ("others", 4)):
        (tmp_path / folder).mkdir()
        mode = "L" if isinstance(color, int) else "RGB"
        Image.new(mode, (4, 3), color).save(tmp_path / folder / "a.png")
    wanted = (FieldRequest("image", "image"), FieldRequest("mask", "mask", "../others"))
    source = open_source(f"{tmp_path}/images?masks=../masks", fields=wanted)
    assert np.unique(source.read(0).fields["mask"]).tolist() == [3]
    with pytest.raises(SourceError, match=r"masks=\.\./masks says where masks are, and no field"):
        open_source(f"{tmp_path}/images?masks=../masks")


def test_a_question_mark_in_a_real_name(tree: Tree) -> None:
    """A folder whose name holds a question mark opens as it stands."""
    root = tree("a/1.png").rename(tree().with_name("what?split=x"))
    assert len(open_source(str(root))) == 1


def test_split_of_class_folders_is_refused(tree: Tree) -> None:
    """Class folders have no split column; where a folder of that name exists, it is the remedy."""
    root = tree("train/a/1.png", "test/a/1.png")
    assert f"open {root}/train instead" in refusal(f"{root}?split=train")
    assert "leave it out" in refusal(f"{root}?split=dev")
    assert "leave them out" in refusal(root, SourceSpec(columns={"label": "breed"}))


@pytest.mark.parametrize(
    "spec",
    [
        SourceSpec(split="a"),
        SourceSpec(kind="folder"),
        SourceSpec(columns={"id": "key"}),
        SourceSpec(links="follow"),
    ],
)
def test_path_options_are_refused_for_objects(spec: SourceSpec) -> None:
    """Options that would be ignored are an error."""
    assert "is for paths" in refusal(np.zeros((1, 2, 2), np.uint8), spec)
