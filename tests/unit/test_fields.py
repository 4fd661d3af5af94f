"""Several fields in one sample: each by its own ops and draws, followers with their image, videos as one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import augflow
from augflow.errors import BadSampleError, CollateError, SpecError
from augflow.sample import Audio

from .memory import Memory, boxed, digest, pictures, rows_of, sounds, stream, texts

N = 16
LABELS = [n % 2 for n in range(N)]
CLASSES = ("a", "b")

IMAGE = {"modality": "image", "augment": [{"rotate": {"limit": 60, "p": 0.7}}]}
CAPTION = {"modality": "text", "augment": [{"random_swap": {"p": 1}}]}


def captioned() -> Memory:
    pairs = zip(pictures(N), texts(N), strict=True)
    return Memory([{**image, "caption": text["text"]} for image, text in pairs], LABELS, CLASSES)


def spec(**fields: Any) -> dict[str, Any]:
    return {"fields": fields, "batch": {"size": 8}}


def test_every_field_goes_through_its_own_ops() -> None:
    """An image is rotated and its caption swapped, and both arrive under their names."""
    data = captioned()
    found = rows_of(stream(spec(image=IMAGE, caption=CAPTION), data))
    assert len(found) == N
    for row in found.values():
        own = data.fields[row["index"]]
        assert row["image"].shape == own["image"].shape
        assert sorted(row["caption"].split()) == sorted(own["caption"].split())
    assert any(row["caption"] != data.fields[row["index"]]["caption"] for row in found.values())


def test_a_field_alone_is_the_short_form() -> None:
    """`modality: image` is one field named `image`: equal fingerprint, equal bytes."""
    short = {"modality": "image", "augment": IMAGE["augment"], "batch": {"size": 8}}
    data = Memory(pictures(N), LABELS, CLASSES)
    assert augflow.load(short).fingerprint == augflow.load(spec(image=IMAGE)).fingerprint
    assert digest(stream(short, data)) == digest(stream(spec(image=IMAGE), data))


def test_the_draws_of_a_field_do_not_change_with_another_field() -> None:
    """Other ops in the caption, no caption, another order: the image stays what it was."""
    whole = rows_of(stream(spec(image=IMAGE, caption=CAPTION), captioned()))
    others = [
        spec(image=IMAGE, caption={"modality": "text"}),
        spec(image=IMAGE),
        spec(caption={"modality": "text", "augment": [{"keyboard": {"p": 1}}]}, image=IMAGE),
    ]
    for other in others:
        for name, row in rows_of(stream(other, captioned())).items():
            assert np.array_equal(row["image"], whole[name]["image"])


def test_fields_of_one_modality_draw_for_themselves() -> None:
    """Two images with equal ops are not turned alike."""
    data = Memory([{"left": one["image"], "right": one["image"]} for one in pictures(N)])
    turn = {"modality": "image", "augment": [{"rotate": {"limit": 80, "p": 1}}]}
    found = rows_of(stream(spec(left=turn, right=turn), data))
    assert not any(np.array_equal(row["left"], row["right"]) for row in found.values())


def test_the_order_of_fields_counts_for_what_is_mixed_and_nothing_else() -> None:
    """Turned round, the fingerprint stays; with mixing the first field is mixed, unless `on` says which."""

    def mark(first: str, second: str, mix: Any = None) -> str:
        made = {"image": IMAGE, "caption": CAPTION}
        batch = {"size": 8} if mix is None else {"size": 8, "mix": mix}
        data = {"fields": {first: made[first], second: made[second]}, "batch": batch}
        return augflow.load(data).fingerprint

    assert mark("image", "caption") == mark("caption", "image")
    assert mark("image", "caption", {"cutmix": {}}) != mark("caption", "image", {"cutmix": {}})
    on = {"cutmix": {}, "on": "caption"}
    assert (
        mark("image", "caption", on)
        == mark("caption", "image", on)
        == mark("caption", "image", {"cutmix": {}})
    )


def test_where_a_field_comes_from_counts() -> None:
    """Another key or column is other data."""
    one, other = (augflow.load(spec(image={**IMAGE, "from": key})).fingerprint for key in ("a", "b"))
    assert one != other


FOLLOWED = {
    "image": {"modality": "image", "augment": [{"horizontal_flip": {"p": 0.5}}]},
    "mask": {"follows": "image"},
    "boxes": {"follows": "image"},
    "keypoints": {"follows": "image"},
}


def test_what_follows_an_image_moves_with_it() -> None:
    """Where the image is mirrored, so are its mask, boxes and keypoints; else nothing is."""
    data = Memory(boxed(N))
    flipped = 0
    for row in rows_of(stream(spec(**FOLLOWED), data)).values():
        own = data.fields[row["index"]]
        count = int(row["boxes_length"])
        corners, points = row["boxes"][:count], row["keypoints"]
        expected = own["boxes"].corners
        mirrored = np.array_equal(row["image"], own["image"][:, ::-1])
        flipped += mirrored
        if mirrored:
            expected = np.stack([24 - expected[:, 2], expected[:, 1], 24 - expected[:, 0], expected[:, 3]], 1)
            assert np.array_equal(row["mask"], own["mask"][:, ::-1])
            assert np.allclose(points[:, 1], own["keypoints"].points[:, 1], atol=1e-4)
        else:
            assert np.array_equal(row["image"], own["image"])
            assert np.array_equal(row["mask"], own["mask"])
            assert np.array_equal(points, own["keypoints"].points)
        assert np.allclose(corners, expected, atol=1e-3)
        assert row["boxes_label"][:count].tolist() == own["boxes"].labels.tolist()
        assert row["boxes_label"].dtype == np.int64
    assert 0 < flipped < N


def test_followers_do_not_change_the_image() -> None:
    """With or without what follows, the image draws the same."""
    followed = rows_of(stream(spec(**FOLLOWED), Memory(boxed(N))))
    for name, row in rows_of(stream(spec(image=FOLLOWED["image"]), Memory(boxed(N)))).items():
        assert np.array_equal(row["image"], followed[name]["image"])


def test_limits_of_boxes_are_the_specs() -> None:
    """Boxes under `min_area` go, with their labels, as soon as an op moves them; limits are in the bytes."""
    crop = {"modality": "image", "augment": [{"random_crop": {"height": 16, "width": 12}}]}
    kept = {}
    for area in (0, 60):
        fields = {"image": crop, "boxes": {"follows": "image", "min_area": area}}
        kept[area] = rows_of(stream(spec(**fields), Memory(boxed(N))))
    for name, row in kept[60].items():
        count = int(row["boxes_length"])
        corners = row["boxes"][:count]
        assert (np.prod(corners[:, 2:] - corners[:, :2], axis=1) >= 60 - 1e-3).all()
        assert count <= kept[0][name]["boxes_length"]
    assert sum(int(row["boxes_length"]) for row in kept[60].values()) > 0
    marks = [augflow.load(spec(image=crop, boxes={"follows": "image", "min_area": area})) for area in (0, 60)]
    assert marks[0].fingerprint != marks[1].fingerprint


def test_the_frames_of_a_video_share_their_draws() -> None:
    """A video (T, H, W, C) is turned as a whole, and as its single frames would be."""
    frame = pictures(N)
    data = Memory([{"image": np.stack([one["image"], one["image"][::-1], one["image"]])} for one in frame])
    still = rows_of(stream(spec(image=IMAGE), Memory(frame)))
    for name, row in rows_of(stream(spec(image=IMAGE), data)).items():
        assert row["image"].shape == (3, 12, 10, 3)
        assert np.array_equal(row["image"][0], row["image"][2])
        assert np.array_equal(row["image"][0], still[name]["image"])


def test_videos_mix() -> None:
    """cutmix pastes one box into every frame; the label weighs it."""
    rng = np.random.default_rng(0)
    data = Memory(
        [{"image": rng.integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)} for _ in range(N)], LABELS, CLASSES
    )
    mixed = {"modality": "image", "batch": {"size": 8, "mix": {"cutmix": {}}}}
    for batch in stream(mixed, data):
        for row in range(8):
            own, other = (data.fields[batch["index"][at]]["image"] for at in (row, batch["partner"][row]))
            y0, x0, y1, x1 = batch["box"][row]
            expected = own.copy()
            expected[:, y0:y1, x0:x1] = other[:, y0:y1, x0:x1]
            assert np.array_equal(batch["image"][row], expected)
            assert batch["lam"][row] == np.float32(1 - (y1 - y0) * (x1 - x0) / 64)


def test_a_video_has_no_followers() -> None:
    """A mask of many frames has no meaning here, and says so."""
    data = Memory([{"image": np.zeros((2, 4, 4, 3), np.uint8), "mask": np.zeros((4, 4), np.uint8)}] * N)
    fields = {"image": FOLLOWED["image"], "mask": {"follows": "image"}}
    with pytest.raises(BadSampleError, match="mask follows image, which is a video"):
        next(iter(stream(spec(**fields), data)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"text": {"modality": "text"}, "text_length": {"modality": "image"}},
            "$.fields.text_length: 'text_length' is a column of 'text' as well; rename one of the fields",
        ),
        (
            {"sound_sample_rate": {"modality": "image"}, "sound": {"modality": "audio"}},
            "$.fields.sound: 'sound_sample_rate' is a column of 'sound_sample_rate' as well",
        ),
        (
            {
                "image": {"modality": "image"},
                "boxes": {"follows": "image"},
                "boxes_label": {"modality": "text"},
            },
            "$.fields.boxes_label: 'boxes_label' is a column of 'boxes' as well",
        ),
        (
            {
                "a": {"modality": "text"},
                "a_mask": {"follows": "i", "kind": "mask"},
                "i": {"modality": "image"},
            },
            "$.fields.a_mask: 'a_mask' is a column of 'a' as well",
        ),
    ],
)
def test_names_that_would_share_a_column_are_refused(fields: Any, message: str) -> None:
    """A field must not be overwritten by the length or label of another."""
    with pytest.raises(SpecError) as caught:
        augflow.load({"fields": fields})
    assert message in str(caught.value)


def test_names_of_views_are_taken_where_there_are_views() -> None:
    """`image_view1` is free with one view and the second view's with two."""
    fields = {"image": {"modality": "image"}, "image_view1": {"modality": "image"}}
    augflow.load({"fields": fields})
    with pytest.raises(SpecError, match=r"'image_view1' is a column of 'image' as well"):
        augflow.load({"fields": fields, "batch": {"views": 2}})


def test_ops_that_cannot_move_a_follower_are_refused_and_so_are_those_that_miss_one() -> None:
    """Each problem stands at its op in its field."""
    fields = {
        "image": {"modality": "image", "augment": [{"bbox_safe_random_crop": {}}, {"rotat": {}}]},
        "mask": {"follows": "image"},
        "text": {"modality": "text", "augment": [{"rotate": {}}]},
    }
    with pytest.raises(SpecError) as caught:
        augflow.load({"fields": fields})
    said = str(caught.value)
    assert (
        "$.fields.image.augment[0].bbox_safe_random_crop: looks at boxes, and no such field follows" in said
    )
    assert "$.fields.image.augment[1].rotat: unknown op 'rotat'; did you mean rotate" in said
    assert "$.fields.text.augment[0].rotate: 'rotate' is an op for image, and this field is text" in said


def test_one_sample_needs_all_its_fields() -> None:
    """A pipeline that is called takes fields by name, and says which is missing."""
    pipeline = augflow.load(spec(image=IMAGE, caption=CAPTION))
    own = captioned().fields[0]
    found = pipeline(own, sample_id="s0")
    streamed = rows_of(stream(spec(image=IMAGE, caption=CAPTION), captioned()))["s0"]
    assert np.array_equal(found["image"], streamed["image"])
    assert found["caption"] == streamed["caption"]
    with pytest.raises(ValueError, match="the sample has no 'caption'"):
        pipeline({"image": own["image"]})


def test_three_modalities_at_once() -> None:
    """Image, sound and text of one sample in one batch, with lengths and masks where they are ragged."""
    parts = zip(pictures(N), sounds(N), texts(N), strict=True)
    data = Memory([{**one, **two, **three} for one, two, three in parts], LABELS, CLASSES)
    fields = {
        "image": IMAGE,
        "audio": {"modality": "audio", "augment": [{"add_gaussian_noise": {"p": 1}}]},
        "text": {**CAPTION, "finish": [{"hash_tokens": {}}]},
    }
    batch = next(iter(stream(spec(**fields), data)))
    assert batch["image"].shape == (8, 12, 10, 3)
    assert batch["audio"].dtype == np.float32
    assert batch["text"].dtype == np.int64
    for name, axis in (("audio", -1), ("text", 1)):
        lengths = batch[f"{name}_length"]
        assert batch[name].shape[axis] == lengths.max()
        assert batch[f"{name}_mask"].sum(1).tolist() == lengths.tolist()
    assert isinstance(data.fields[0]["audio"], Audio)


def test_an_op_that_makes_other_columns_must_always_fire() -> None:
    """Tokens for some and words for others are no column: an error with the sample, not garbage."""
    for item in ({"hash_tokens": {"p": 0.5}}, {"hash_tokens": {"p": 1}, "when": {"label": "a"}}):
        data = Memory(texts(N), LABELS, CLASSES)
        with pytest.raises(CollateError, match="some are without text_length"):
            list(stream({"modality": "text", "augment": [item], "batch": {"size": 8}}, data))
