"""Symbolic links in the folder of a source: inside of it, out of it, in a ring, to nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import augflow
from augflow.errors import SourceError
from augflow.sources import FieldRequest, Source, open_source
from augflow.spec.model import SourceSpec

from .archives import tar_bytes

Tree = Callable[..., Path]

REMEDY = "`source: {links: follow}` or ?links=follow behind the path"
FOLLOW = SourceSpec(links="follow")
TEXT = (FieldRequest("text", "text"),)
WITH_MASK = (FieldRequest("image", "image"), FieldRequest("mask", "mask", "../masks"))


def ids(source: Source) -> list[str]:
    return [source.sample_id(index) for index in range(len(source))]


def refusal(source: object, spec: SourceSpec | None = None, fields: tuple[FieldRequest, ...] = ()) -> str:
    with pytest.raises(SourceError) as caught:
        open_source(source, spec, **({"fields": fields} if fields else {}))
    return str(caught.value)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder beside the source, with x.png and deep/y.png."""
    folder = tmp_path / "elsewhere"
    for name in ("x.png", "deep/y.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (17, 13)).save(folder / name)
    return folder


def test_links_inside_are_followed(tree: Tree) -> None:
    """To files and to folders, absolute or relative, by a chain too; the description counts them."""
    root = tree("a/1.png", "a/deep/3.png", "README.md")
    (root / "a" / "2.png").symlink_to(root / "a" / "1.png")
    (root / "a" / "4.png").symlink_to("2.png")
    (root / "b").symlink_to("a/deep")
    (root / "notes.md").symlink_to("README.md")
    source = open_source(root)
    assert ids(source) == ["a/1.png", "a/2.png", "a/4.png", "a/deep/3.png", "b/3.png"]
    assert source.classes == ("a", "b")
    assert "; 3 links followed;" in source.description
    assert source.read(4).fields["image"].shape == (13, 17, 3)
    assert open_source(root, FOLLOW).fingerprint() == source.fingerprint()


@pytest.mark.parametrize(("link", "target"), [("a/3.png", "x.png"), ("b", "."), ("a/deep/b", "deep")])
def test_links_that_lead_out_are_refused(
    link: str, target: str, tree: Tree, tmp_path: Path, outside: Path
) -> None:
    """Files and folders, at any depth: link, target and remedy are named, and the remedy is one."""
    root = tree("a/1.png", "a/deep/1.png")
    (root / link).symlink_to(outside / target)
    message = refusal(root)
    assert f"{root / link} is a link that leads out of the source, to {outside / target}; " in message
    assert REMEDY in message
    assert "Hugging Face" in message
    for source in (open_source(f"{root}?links=follow"), open_source(root, FOLLOW)):
        assert len(source) == 2 + (2 if target == "." else 1)
        assert "; 1 link followed" in source.description
        assert all(source.read(index).fields["image"].shape == (13, 17, 3) for index in range(len(source)))


def test_a_chain_of_links_leads_where_it_ends(tree: Tree, outside: Path) -> None:
    """Each link points to one inside, and the last leads out; the folder of a link may be a link."""
    root = tree("a/1.png", "a/deep/5.png")
    (root / "a" / "2.png").symlink_to("3.png")
    (root / "a" / "3.png").symlink_to("deep/4.png")
    (root / "a" / "deep" / "4.png").symlink_to(outside / "x.png")
    for name in ("2.png", "3.png"):
        assert f"to {outside}/x.png; " in refusal(root)
        assert refusal(root / "a").startswith(f"{root}/a/")
        (root / "a" / name).unlink()
    assert refusal(root).startswith(f"{root}/a/deep/4.png is a link")
    (root / "a" / "deep" / "4.png").unlink()
    (root / "b").symlink_to("a/deep")
    assert len(open_source(root)) == 3


def test_a_neighbor_of_a_like_name_is_outside(tree: Tree, tmp_path: Path) -> None:
    """`data-2` does not lie in `data`."""
    root = tree("a/1.png")
    other = root.with_name(root.name + "-2")
    other.mkdir()
    Image.new("L", (2, 2)).save(other / "x.png")
    (root / "a" / "2.png").symlink_to(f"../../{other.name}/x.png")
    assert "leads out of the source" in refusal(root)


@pytest.mark.parametrize("spec", [None, FOLLOW])
@pytest.mark.parametrize(("link", "target"), [("2.png", "gone.png"), ("2.png", "2.png"), ("b", "/gone")])
def test_links_to_nothing_are_refused(link: str, target: str, spec: SourceSpec | None, tree: Tree) -> None:
    """Each is a missing sample, or a missing class, whatever is followed."""
    root = tree("a/1.png")
    (root / "a" / link).symlink_to(target)
    assert refusal(root, spec) == f"{root}/a/{link} is a link to nothing; remove it"


@pytest.mark.parametrize("spec", [None, FOLLOW])
def test_rings_are_refused(spec: SourceSpec | None, tree: Tree) -> None:
    """A link to the source, to its own folder, or to one between."""
    root = tree("a/deep/1.png")
    for target in (".", "a", "a/deep"):
        link = root / "a" / "deep" / "b"
        link.symlink_to(root / target)
        assert f"{link}/ is a ring: it leads back to {root / target}" in refusal(root, spec).replace(
            "/,", ","
        )
        link.unlink()


def test_rings_outside_are_refused(tree: Tree, outside: Path) -> None:
    """Two folders outside that lead to each other, and one that leads back to the source."""
    root = tree("a/1.png")
    (root / "b").symlink_to(outside)
    for target in (root, outside):
        (outside / "deep" / "back").symlink_to(target)
        assert "is a ring" in refusal(root, FOLLOW)
        (outside / "deep" / "back").unlink()
    assert ids(open_source(root, FOLLOW)) == ["a/1.png", "b/deep/y.png", "b/x.png"]


def test_two_links_may_lead_to_one_folder(tree: Tree, outside: Path) -> None:
    """That is no ring: the files are samples of both."""
    root = tree("a/1.png")
    for name in ("b", "c"):
        (root / name).symlink_to(outside)
    found = ids(open_source(root, FOLLOW))
    assert found == ["a/1.png", "b/deep/y.png", "b/x.png", "c/deep/y.png", "c/x.png"]


def test_links_in_the_folder_of_a_table(tree: Tree, outside: Path) -> None:
    """They obey the same rule; what a table says never leads out by its path."""
    root = tree("1.png")

    def listed(path: str) -> Path:
        (root / "labels.csv").write_text(f"path,label\n{path},a\n")
        return root

    (root / "2.png").symlink_to("1.png")
    assert len(open_source(listed("2.png"))) == 1
    (root / "far").symlink_to(outside)
    (root / "3.png").symlink_to("far/x.png")
    for path, link in (("far/deep/y.png", "far"), ("3.png", "3.png")):
        message = refusal(listed(path))
        assert f"{root / link} is a link that leads out of the source" in message
        assert REMEDY in message
        assert len(open_source(f"{root}?links=follow")) == 1
    for path in (outside / "x.png", "../elsewhere/x.png", "far/../../elsewhere/x.png"):
        assert "leads out of the source; paths are relative" in refusal(listed(str(path)), FOLLOW)


def test_a_linked_list_of_labels(tree: Tree, tmp_path: Path) -> None:
    """`labels.csv` itself is a file of the folder; a table that the user names may be a link."""
    root = tree("1.png")
    (tmp_path / "elsewhere.csv").write_text("path,label\n1.png,a\n")
    (root / "labels.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert "labels.csv is a link that leads out of the source" in refusal(root)
    assert ids(open_source(root, FOLLOW)) == ids(open_source(root / "labels.csv")) == ["1.png"]


def test_links_among_shards(tmp_path: Path) -> None:
    """A folder of archives obeys the same rule; an archive that the user names may be a link."""
    root, outside = tmp_path / "shards", tmp_path / "outside.tar"
    outside.write_bytes(tar_bytes({"0.txt": "x"}))
    root.mkdir()
    (root / "a.tar").symlink_to(outside)
    assert REMEDY in refusal(root, None, TEXT)
    assert len(open_source(root, FOLLOW, fields=TEXT)) == 1
    assert len(open_source(root / "a.tar", fields=TEXT)) == 1
    (root / "b.tar").symlink_to("gone.tar")
    assert "'b.tar' is not in" in refusal(root, FOLLOW, TEXT)


@pytest.mark.parametrize("linked", ["file", "folder"])
def test_links_among_annotations(linked: str, tree: Tree, outside: Path) -> None:
    """Masks lie in a folder of their own, and links in it obey the same rule."""
    root, masks = tree("x/x.png"), outside.parent / "masks"
    if linked == "file":
        (masks / "x").mkdir(parents=True)
        (masks / "x" / "x.png").symlink_to(outside / "x.png")
    else:
        masks.mkdir()
        (outside / "deep" / "y.png").unlink()
        (masks / "x").symlink_to(outside)
    message = refusal(root, None, WITH_MASK)
    assert f"{masks}/x" in message
    assert REMEDY in message
    source = open_source(root, FOLLOW, fields=WITH_MASK)
    assert source.read(0).fields["mask"].shape == (13, 17)
    (outside / "ring").symlink_to(masks)
    if linked == "folder":
        assert "is a ring" in refusal(root, FOLLOW, WITH_MASK)


def test_folders_outside_are_not_entered(tree: Tree, tmp_path: Path) -> None:
    """A linked folder is refused for where it lies, whether or not it holds anything that is wanted."""
    root = tree("x.png")
    for name in ("masks", "elsewhere"):
        (tmp_path / name).mkdir()
    Image.new("L", (17, 13)).save(tmp_path / "masks" / "x.png")
    (tmp_path / "masks" / "other").symlink_to(tmp_path / "elsewhere")
    assert "other is a link that leads out" in refusal(root, None, WITH_MASK)
    (root / "other").symlink_to(tmp_path / "elsewhere")
    assert "other is a link that leads out" in refusal(root)


def test_links_say_nothing_to_other_sources(tmp_path: Path) -> None:
    """Where there are no links, or none is ever followed, the option would be ignored: an error."""
    (tmp_path / "manifest.jsonl").write_text("{}\n")
    (tmp_path / "augflow.json").write_text('{"classes": []}')
    for source in (tmp_path, "memory://nowhere"):
        assert "links=follow is for folders" in refusal(f"{source}?links=follow")
    assert "links must be one of inside, follow" in refusal(f"{tmp_path}?links=all")


def test_links_are_no_part_of_a_fingerprint() -> None:
    """They decide which files may be read, as a path does, and what was read has a fingerprint of its own."""
    plain, follow = (
        augflow.Pipeline(modality="image", **section) for section in ({}, {"source": {"links": "follow"}})
    )
    assert plain.fingerprint == follow.fingerprint
    assert "links: follow" in follow.to_yaml()
