"""`views` and `repeats`: the same sample several times, augmented independently, in one batch."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.errors import BadSampleBudgetError, BadSampleError, SpecError
from augflow.sample import Sample

from .memory import (
    Memory,
    assert_resumes_everywhere,
    boxed,
    digest,
    pictures,
    rows_of,
    stream,
    texts,
    world_digest,
)

N = 22
CLASSES = ("a", "b", "c")


def source(n: int = N) -> Memory:
    return Memory(pictures(n), [k % 3 for k in range(n)], CLASSES)


def spec(**batch: Any) -> dict[str, Any]:
    return {
        "modality": "image",
        "prepare": [{"resize": {"height": 10, "width": 10}}],
        "augment": [{"rotate": {"limit": 80, "p": 1}}, {"gauss_noise": {"p": 0.5}}],
        "batch": {"size": 8, **batch},
    }


def test_the_first_view_is_the_stream_without_views_and_the_others_differ() -> None:
    """`image` is what it would be with one view; `image_view1`, `image_view2` are drawn independently."""
    plain = rows_of(stream(spec(), source()))
    for name, row in rows_of(stream(spec(views=3), source())).items():
        assert np.array_equal(row["image"], plain[name]["image"])
        views = [row["image"], row["image_view1"], row["image_view2"]]
        assert len({view.tobytes() for view in views}) == 3
        assert row["label"] == plain[name]["label"]


def test_evaluation_has_one_view_and_no_repeats() -> None:
    """What stands under `batch` for training leaves evaluation alone."""
    for batch in (spec(views=2), spec(repeats=4)):
        found = list(stream(batch, source(), train=False))
        assert all("image_view1" not in step for step in found)
        assert sorted(index for step in found for index in step["index"].tolist()) == list(range(N))


def test_all_fields_have_views_and_what_follows_an_image_follows_in_each() -> None:
    """Every view has its own mask, boxes, lengths and texts; masks move as their image does."""
    fields = {
        "image": {
            "modality": "image",
            "augment": [{"horizontal_flip": {}}, {"random_crop": {"height": 20, "width": 14}}],
        },
        "mask": {"follows": "image"},
        "boxes": {"follows": "image"},
        "text": {
            "modality": "text",
            "augment": [{"random_deletion": {"p": 1}}],
            "finish": [{"hash_tokens": {}}],
        },
    }
    data = [{**one, **two} for one, two in zip(boxed(16), texts(16), strict=True)]
    for item in data:  # the picture shows the mask, so that both can be compared after any crop
        item["image"] = np.repeat(item["mask"][:, :, None], 3, axis=2)
    found = stream({"fields": fields, "batch": {"size": 8, "views": 2}}, Memory(data))
    for batch in found:
        for suffix in ("", "_view1"):
            assert np.array_equal(batch[f"image{suffix}"][..., 0], batch[f"mask{suffix}"])
            for name in ("boxes", "text"):
                assert (
                    batch[f"{name}{suffix}_mask"].sum(1).tolist() == batch[f"{name}{suffix}_length"].tolist()
                )
        assert not np.array_equal(batch["image"], batch["image_view1"])
        assert (batch["text_length"] != batch["text_view1_length"]).any()


def test_views_are_not_mixed() -> None:
    """Views of a sample and mixing exclude each other, also where the model would mix."""
    for mix in ({"mixup": {}}, {"mixup": {}, "by": "model"}):
        with pytest.raises(SpecError, match=r"\$\.batch\.views: views of a sample are not mixed"):
            augflow.load(spec(views=2, mix=mix))


@pytest.mark.parametrize("n", [16, 22])
@pytest.mark.parametrize("repeats", [2, 4])
def test_every_sample_stands_exactly_k_times_in_one_batch(n: int, repeats: int) -> None:
    """All k copies of a sample are in one global batch, each with its own draws, and none is left out; the
    last batch is short by whole samples."""
    found = list(stream(spec(repeats=repeats), source(n), drop_last=False))
    counts: Counter[int] = Counter()
    for batch in found:
        inside = Counter(batch["index"].tolist())
        assert set(inside.values()) == {repeats}
        counts += inside
        for index in inside:
            copies = batch["image"][batch["index"] == index]
            assert len({copy.tobytes() for copy in copies}) == repeats
    assert counts == dict.fromkeys(range(n), repeats)
    assert [batch.size for batch in found[:-1]] == [8] * (len(found) - 1)
    assert sum(batch.size for batch in found) == n * repeats


def test_the_first_copy_is_the_sample_without_repeats() -> None:
    """Copy 0 draws what the sample draws alone."""
    plain = rows_of(stream(spec(), source(), drop_last=False))
    for batch in stream(spec(repeats=2), source(), drop_last=False):
        half = batch.size // 2
        assert np.array_equal(batch["index"][:half], batch["index"][half:])
        for row in range(half):
            assert np.array_equal(batch["image"][row], plain[batch["id"][row]]["image"])


def test_copies_and_views_together_are_all_different() -> None:
    """Two views of two copies are four images."""
    for batch in stream(spec(repeats=2, views=2), source()):
        for index in set(batch["index"].tolist()):
            rows = batch["index"] == index
            four = [*batch["image"][rows], *batch["image_view1"][rows]]
            assert len({one.tobytes() for one in four}) == 4


@pytest.mark.parametrize("batch", [{"repeats": 2}, {"repeats": 4, "mix": {"mixup": {}}}, {"views": 2}])
@pytest.mark.parametrize("drop_last", [True, False])
def test_every_world_size_gives_the_same_bytes(batch: dict[str, Any], drop_last: bool) -> None:
    """1, 2 and 4 ranks together deliver one stream."""
    found = {world_digest(spec(**batch), source(), world, drop_last=drop_last) for world in (1, 2, 4)}
    assert len(found) == 1


@pytest.mark.parametrize("batch", [{"repeats": 2}, {"repeats": 4, "mix": {"cutmix": {}}}, {"views": 3}])
def test_resuming_after_any_step_goes_on(batch: dict[str, Any]) -> None:
    """No state but the position is needed."""
    assert_resumes_everywhere(spec(**batch), source(), drop_last=False)


def test_another_number_of_copies_is_another_stream() -> None:
    """Views and repeats are in the fingerprint and in the state; a size that does not divide is refused."""
    marks = {augflow.load(spec(**batch)).fingerprint for batch in ({}, {"views": 2}, {"repeats": 2})}
    assert len(marks) == 3
    state = stream(spec(), source()).state_dict()
    for batch in ({"views": 2}, {"repeats": 2}):
        with pytest.raises(augflow.StateError, match="spec is"):
            stream(spec(**batch), source()).load_state_dict(state)
    with pytest.raises(SpecError, match=r"size \(8\) must be a multiple of repeats \(3\)"):
        augflow.load(spec(repeats=3))


def test_epochs_draw_anew() -> None:
    """Neither views nor copies come again in the next epoch."""
    found = stream(spec(views=2, repeats=2), source())
    first, second = (rows_of(found) for _ in range(2))
    for name in first.keys() & second.keys():
        assert not np.array_equal(first[name]["image_view1"], second[name]["image_view1"])
    assert digest(found, 1) == digest(stream(spec(views=2, repeats=2), source()), 1)


class Broken(Memory):
    """Sample 3 cannot be read."""

    def read(self, index: int) -> Sample:
        if index == 3:
            raise BadSampleError(self.place(index), "broken")
        return super().read(index)


def test_a_bad_sample_counts_once_however_often_it_is_repeated() -> None:
    """A budget of one bad sample is kept by one that stands four times in its batch."""
    data = Broken(pictures(N), [k % 3 for k in range(N)], CLASSES)
    made = {**spec(repeats=4), "source": {"on_error": "replace", "max_bad": 1}}
    replaced = [int(batch["replaced"].sum()) for batch in stream(made, data, drop_last=False)]
    assert sorted(replaced)[-1] == 4
    assert sum(replaced) == 4
    none = {**made, "source": {"on_error": "replace", "max_bad": 0}}
    with pytest.raises(BadSampleBudgetError):
        list(stream(none, data, drop_last=False))
