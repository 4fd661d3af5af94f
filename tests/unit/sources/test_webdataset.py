"""WebDataset archives as a source: every sample by index, with its fields and columns."""

from __future__ import annotations

import io
import pickle
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
from PIL import Image

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Boxes
from augflow.sources import storage
from augflow.sources.base import FieldRequest, Source
from augflow.sources.classes import ClassList
from augflow.sources.decode import decode_image

from .archives import TEXT, opened, png, write_shard

Shard = Callable[..., Path]


@pytest.fixture
def shard(tmp_path: Path) -> Shard:
    """Writes an archive: `shard("a.tar", {"0.txt": "hello"})`."""
    return partial(write_shard, tmp_path)


def test_samples_of_real_photos_read_as_the_files_do(test_data: Path, tmp_path: Path) -> None:
    """Every photo, decoded from its archive, equals the photo decoded from its file, in any order."""
    files = sorted((test_data / "photos" / "test").rglob("*.jpg"))[:12]
    for number in range(2):
        with tarfile.open(tmp_path / f"p-{number}.tar", "w") as tar:
            for file in files[number::2]:
                tar.add(file, f"{file.parent.name}/{file.stem}.jpg")
                label = tarfile.TarInfo(f"{file.parent.name}/{file.stem}.cls")
                label.size = len(file.parent.name)
                tar.addfile(label, io.BytesIO(file.parent.name.encode()))
    source = opened(tmp_path / "p-{0..1}.tar")
    assert isinstance(source, Source)
    assert len(source) == 12
    by_id = {f"{file.parent.name}/{file.stem}": file for file in files}
    assert [source.sample_id(index) for index in range(12)] == sorted(by_id)
    for index in (7, 0, 11, 3, 3):
        file = by_id[source.sample_id(index)]
        sample = source.read(index)
        assert source.classes[sample.label] == file.parent.name
        assert np.array_equal(sample.fields["image"], decode_image(file.read_bytes(), str(file)))
        assert source.lengths()[index] == file.stat().st_size


def test_the_index_does_not_depend_on_the_packing(shard: Shard) -> None:
    """The same samples in other archives, in another order: the same ids, order and fingerprint."""
    samples = {f"d/{n}": {f"d/{n}.png": png(n), f"d/{n}.cls": str(n % 3)} for n in range(9)}

    def packed(*keys: str) -> dict[str, Any]:
        return {name: data for key in keys for name, data in samples[key].items()}

    keys = sorted(samples)
    one = opened(shard("one.tar", packed(*keys)))
    shard("two-a.tar", packed(*keys[5:]))
    two = opened(shard("two-b.tar", packed(*keys[:5])).parent / "two-{a,b}.tar")
    assert one.fingerprint() == two.fingerprint()
    for index in range(9):
        assert one.sample_id(index) == two.sample_id(index)
        assert np.array_equal(one.read(index).fields["image"], two.read(index).fields["image"])
        assert one.read(index).label == two.read(index).label
    changed = opened(shard("three.tar", packed(*keys[:8]) | {"d/8.png": png(8), "d/8.cls": "0"}))
    assert changed.fingerprint() != one.fingerprint()


def test_keys_end_at_the_first_dot_of_the_base_name(shard: Shard) -> None:
    """Folders with dots belong to the key, what follows the name's first dot to the extension."""
    files = {"v1.0/a.b.c.txt": "x", "v1.0/a.txt": "one", "v1.0/b.TXT": "two", "v1.0/._b.txt": "no"}
    files |= {"v1.0/none": "no", "__meta__.json": "no"}
    source = opened(shard("a.tar", files), TEXT)
    assert [source.sample_id(index) for index in range(len(source))] == ["v1.0/a", "v1.0/b"]
    assert [source.read(index).fields["text"] for index in range(2)] == ["one", "two"]
    assert "passed over: 3 files of no sample" in source.description


def test_columns_are_what_every_json_says(shard: Shard) -> None:
    """Plain values that all samples have become the row; label and target do not."""
    files = {
        "0.txt": "x",
        "0.json": {"label": "a", "speaker": "jo", "n": 1, "more": [1]},
        "1.txt": "y",
        "1.json": {"label": "b", "speaker": None, "n": 2, "only": True},
    }
    source = opened(shard("a.tar", files), TEXT)
    assert source.columns == ("n", "speaker")
    assert [source.read(n).row for n in range(2)] == [{"n": 1, "speaker": "jo"}, {"n": 2, "speaker": None}]


def test_fields_are_found_by_extension(shard: Shard) -> None:
    """By `from`, by the field's own name, by the kind; masks are class numbers as they stand."""
    mask = np.array([[0, 1], [300, 2]], np.uint16)
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, "PNG")
    array = io.BytesIO()
    np.save(array, np.arange(6, dtype=np.float32).reshape(2, 3))
    boxes = {"corners": [[0, 0, 2, 1.5]], "labels": [1], "weights": [0.5]}
    files = {
        "0.jpg": png(0),
        "0.depth.png": png(1),
        "0.mask.png": stream.getvalue(),
        "0.txt": "a caption",
        "0.mel.npy": array.getvalue(),
        "0.json": {"boxes": boxes},
    }
    fields = (
        FieldRequest("image", "image"),
        FieldRequest("far", "image", "depth.png"),
        FieldRequest("mask", "mask"),
        FieldRequest("caption", "text"),
        FieldRequest("mel", "audio"),
        FieldRequest("boxes", "boxes"),
    )
    source = opened(shard("a.tar", files), fields, ClassList(["cat", "dog"]))
    found = source.read(0).fields
    assert np.array_equal(found["image"], decode_image(png(0), "x"))
    assert np.array_equal(found["far"], decode_image(png(1), "x"))
    assert found["mask"].dtype == np.uint16
    assert np.array_equal(found["mask"], mask)
    assert found["caption"] == "a caption"
    assert found["mel"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert isinstance(found["boxes"], Boxes)
    assert (found["boxes"].corners.tolist(), found["boxes"].labels.tolist()) == ([[0, 0, 2, 1.5]], [1])
    assert source.classes == ("cat", "dog")


def test_a_sample_without_a_field_is_a_bad_sample(shard: Shard) -> None:
    """Where others have it; where none has it, the source is refused with what there is."""
    files = {"0.png": png(0), "0.txt": "x", "1.txt": "y"}
    place = shard("a.tar", files)
    source = opened(place)
    assert source.read(0).fields["image"].shape == (4, 3, 3)
    with pytest.raises(BadSampleError, match=r"a\.tar:1: has no image for the field 'image'"):
        source.read(1)
    with pytest.raises(SourceError, match=r"no sample has a file for the audio 'audio'; there are png, txt"):
        opened(place, (FieldRequest("audio", "audio"),))
    with pytest.raises(SourceError, match=r"png and jpg may each be the image 'image'; .*from: png"):
        opened(shard("b.tar", {"0.png": png(0), "0.jpg": png(1)}))


def test_a_file_that_cannot_be_decoded_is_named(shard: Shard) -> None:
    """Archive and member stand in the message."""
    source = opened(shard("a.tar", {"0.png": png(0)[:40], "1.png": b""}))
    for index in range(2):
        with pytest.raises(BadSampleError, match=rf"/a\.tar:{index}\.png: "):
            source.read(index)


def test_settings_that_mean_nothing_here_are_refused(shard: Shard) -> None:
    """Splits and columns but the label belong to tables."""
    place = shard("a.tar", {"0.txt": "x"})
    for settings in ({"split": "train"}, {"columns": {"text": "body"}}, {"columns": {"label": ("a", "b")}}):
        with pytest.raises(SourceError, match=r"columns\.label"):
            opened(place, TEXT, **settings)


def test_the_source_travels_whole(shard: Shard) -> None:
    """It pickles without open files, and compactly: a few bytes a sample."""
    count = 2000
    files = {
        f"{n:05d}.{end}": text for n in range(count) for end, text in (("txt", f"text {n}"), ("cls", "a"))
    }
    source = opened(shard("a.tar", files), TEXT)
    data = pickle.dumps(source)
    assert len(data) < count * 100
    assert pickle.loads(data).read(1234).fields["text"] == "text 1234"


@pytest.fixture
def memory() -> Iterator[fsspec.AbstractFileSystem]:
    """An empty file system in memory."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    storage._file_system_of.cache_clear()
    yield system
    system.store.clear()


def test_remote_shards_read_as_local_ones(
    memory: fsspec.AbstractFileSystem, shard: Shard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By braces and as a folder, with ranged reads only: near files of a sample come with one."""
    files = {
        f"{n}.{end}": value
        for n in range(4)
        for end, value in (("png", png(n)), ("json", {"label": "ab"[n % 2], "n": n}))
    }
    (tmp_path / "classes.txt").write_text("b\na\n")
    memory.pipe("/d/classes.txt", b"b\na\n")
    memory.pipe("/d/s-0.tar", shard("s-0.tar", files).read_bytes())
    local, remote = opened(tmp_path / "s-0.tar"), opened("memory://d/s-{0..0}.tar")
    assert opened("memory://d").fingerprint() == remote.fingerprint() == local.fingerprint()
    assert remote.classes == ("b", "a")
    asked: list[tuple[int, int]] = []
    read_range = storage.read_range

    def counting(place: str, start: int, size: int) -> bytes:
        asked.append((start, size))
        return read_range(place, start, size)

    monkeypatch.setattr("augflow.sources.webdataset.read_range", counting)
    for index in range(4):
        assert np.array_equal(remote.read(index).fields["image"], local.read(index).fields["image"])
        assert remote.read(index).row == {"n": index}
    assert len(asked) == 12
    assert remote.place(0) == "memory://d/s-0.tar:0"
