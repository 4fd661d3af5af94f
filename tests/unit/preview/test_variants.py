"""The promise of a preview: what it shows of a sample is what the stream delivers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import augflow
from augflow.preview.mixing import mixed_rows
from augflow.preview.variants import Shown, VariantMaker, chosen_indices
from augflow.sample import Audio, Boxes
from augflow.sources import open_source

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 16, 16, 3), np.uint8)
SENTENCES = [f"the film number {n} is not a bad one at all, I liked the {n} actors" for n in range(24)]
TURNS = [{"rotate": {"limit": 40, "p": 0.7}}, {"gauss_noise": {"p": 0.5}}]
EPOCHS = 3


class Ids:
    """Items with ids of their own, so that draws do not belong to positions."""

    def __init__(self, items: list[Any]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Any:
        return self._items[index]

    def sample_id(self, index: int) -> str:
        return f"item-{index}"


def images() -> Ids:
    return Ids([(image, number % 3) for number, image in enumerate(PIXELS)])


def shown_of(pipeline: augflow.Pipeline, source: Any) -> dict[str, Shown]:
    opened = open_source(source, fields=pipeline.plan.requests(), classes=["a", "b", "c"])
    maker = VariantMaker(pipeline.plan, opened)
    made = [maker.make(index, EPOCHS) for index in range(len(opened))]
    return {shown.id: shown for shown in made}


def delivered(pipeline: augflow.Pipeline, source: Any) -> list[augflow.Batch]:
    stream = pipeline.stream(source, classes=["a", "b", "c"])
    batches = []
    for epoch in range(EPOCHS):
        stream.set_epoch(epoch)
        batches += list(stream)
    return batches


SPECS: dict[str, dict[str, Any]] = {
    "image": {"augment": TURNS},
    "float32": {"augment": TURNS, "output": {"dtype": "float32"}},
    "prepare": {
        "prepare": [{"resize": {"height": 20, "width": 20}}],
        "augment": [*TURNS, {"random_crop": {"height": 12, "width": 12, "p": 1}}],
        "evaluate": [{"center_crop": {"height": 12, "width": 12}}],
    },
    "schedule": {"augment": [{"rotate": {"limit": {"linear": [5, 90], "over": [0, 2]}, "p": 1}}]},
    "condition": {"augment": [{"rotate": {"limit": 40, "p": 1}, "when": {"label": "b"}}]},
    "containers": {"augment": [{"one_of": {"p": 0.8, "transforms": TURNS_P1}} for TURNS_P1 in [
        [{"rotate": {"limit": 40}}, {"gauss_noise": {}}]]]},
    "repeats": {"augment": TURNS, "batch": {"size": 8, "repeats": 2}},
}  # fmt: skip


@pytest.mark.parametrize("name", SPECS)
def test_a_variant_is_what_the_stream_delivers(name: str) -> None:
    """Every sample in every epoch: the pixels shown are the bytes of the batch (of its first copy)."""
    pipeline = augflow.Pipeline(modality="image", seed=5, **{"batch": {"size": 8}, **SPECS[name]})
    shown = shown_of(pipeline, images())
    compared = 0
    for batch in delivered(pipeline, images()):
        first: set[str] = set()
        for row, sample_id in enumerate(batch["id"]):
            if sample_id in first:
                continue  # a further copy of a repeated sample
            first.add(sample_id)
            variant = shown[sample_id].variants[-EPOCHS + batch.epoch]
            assert variant.title == f"epoch {batch.epoch}"
            assert variant.values["image"].dtype == batch["image"].dtype
            assert variant.values["image"].tobytes() == batch["image"][row].tobytes()
            compared += 1
    assert compared == EPOCHS * len(PIXELS)


def test_what_is_shown_as_drawn_is_what_the_stream_drew() -> None:
    """The parameters on the page are those that `replay` tells for the same row."""
    pipeline = augflow.Pipeline(modality="image", augment=TURNS, batch={"size": 8})
    shown = shown_of(pipeline, images())
    replay = pipeline.stream(images(), classes=["a", "b", "c"]).replay(epoch=2, step=1)
    for sample_id, drawn in zip(replay.batch["id"], replay.drawn, strict=True):
        assert shown[sample_id].variants[-1].drawn == drawn


def test_views_are_shown_one_by_one() -> None:
    """Each view of a sample has its own pixels, draws and title."""
    pipeline = augflow.Pipeline(modality="image", augment=TURNS, batch={"size": 8, "views": 2})
    shown = shown_of(pipeline, images())
    for batch in delivered(pipeline, images()):
        for row, sample_id in enumerate(batch["id"]):
            views = shown[sample_id].variants[1 + 2 * batch.epoch :][:2]
            assert [view.title for view in views] == [f"epoch {batch.epoch}, view {n}" for n in (0, 1)]
            for name, view in zip(("image", "image_view1"), views, strict=True):
                assert np.array_equal(view.values["image"], batch[name][row])
    assert any(
        shown["item-0"].variants[1 + 2 * epoch].drawn != shown["item-0"].variants[2 + 2 * epoch].drawn
        for epoch in range(EPOCHS)
    )


def test_texts_are_shown_as_delivered() -> None:
    """A text is that of the batch, character by character."""
    pipeline = augflow.Pipeline(modality="text", augment=[{"random_swap": {}}], batch={"size": 8})
    shown = shown_of(pipeline, Ids(list(SENTENCES)))
    for batch in delivered(pipeline, Ids(list(SENTENCES))):
        for row, sample_id in enumerate(batch["id"]):
            assert shown[sample_id].variants[1 + batch.epoch].values["text"] == batch["text"][row]


def test_sounds_are_shown_before_finish_and_spectrograms_after() -> None:
    """`finish` turns waveforms into spectrograms: both are there, and the spectrogram is the batch's."""
    rng = np.random.default_rng(0)
    sounds = [Audio(rng.uniform(-0.5, 0.5, (1, 4000)).astype(np.float32), 8000) for _ in range(8)]
    pipeline = augflow.Pipeline(
        modality="audio",
        augment=[{"add_gaussian_noise": {"min_amplitude": 0.01, "max_amplitude": 0.05, "p": 0.5}}],
        finish=[{"log_mel": {}}, {"spec_augment": {}}],
        batch={"size": 8},
    )
    shown = shown_of(pipeline, Ids(sounds))
    for batch in delivered(pipeline, Ids(sounds)):
        for row, sample_id in enumerate(batch["id"]):
            variant = shown[sample_id].variants[1 + batch.epoch]
            assert isinstance(variant.values["audio"], Audio)
            assert np.array_equal(variant.finished["audio"], batch["audio"][row])
            assert "audio/finish/spec_augment" in (variant.drawn or {})


def test_several_fields_and_what_follows_are_shown_together() -> None:
    """Image, mask, boxes and caption of one sample come with the bytes of the batch."""
    pipeline = augflow.Pipeline(
        fields={
            "image": {"modality": "image", "augment": TURNS},
            "mask": {"follows": "image"},
            "boxes": {"follows": "image"},
            "caption": {"modality": "text", "augment": [{"random_swap": {}}]},
        },
        batch={"size": 8},
    )
    items = Ids(
        [
            {
                "image": image,
                "mask": (image[:, :, 0] > 128).astype(np.uint8),
                "boxes": Boxes(
                    np.array([[2, 3, 9, 12]], np.float32), np.zeros(1, np.int64), np.ones(1, np.float32)
                ),
                "caption": text,
            }
            for image, text in zip(PIXELS, SENTENCES, strict=True)
        ]
    )
    shown = shown_of(pipeline, items)
    for batch in delivered(pipeline, items):
        for row, sample_id in enumerate(batch["id"]):
            values = shown[sample_id].variants[1 + batch.epoch].values
            count = int(batch["boxes_length"][row])
            assert np.array_equal(values["image"], batch["image"][row])
            assert np.array_equal(values["mask"], batch["mask"][row])
            assert np.array_equal(values["boxes"].corners, batch["boxes"][row][:count])
            assert values["caption"] == batch["caption"][row]


def test_evaluation_is_what_the_evaluation_stream_delivers() -> None:
    """The second state is the sample as a model is judged on it, and is left out where that is the source."""
    pipeline = augflow.Pipeline(modality="image", batch={"size": 8}, **SPECS["prepare"])
    shown = shown_of(pipeline, images())
    for batch in pipeline.stream(images(), classes=["a", "b", "c"], train=False):
        for row, sample_id in enumerate(batch["id"]):
            state = shown[sample_id].variants[1]
            assert state.title == "evaluation"
            assert np.array_equal(state.values["image"], batch["image"][row])
    plain = augflow.Pipeline(modality="image", augment=TURNS, batch={"size": 8})
    assert [state.title for state in shown_of(plain, images())["item-0"].variants] == [
        "source", "epoch 0", "epoch 1", "epoch 2",
    ]  # fmt: skip


@pytest.mark.parametrize("at", ["augment", "finish"])
@pytest.mark.parametrize("mix", [{"mixup": {"alpha": 1.0}}, {"cutmix": {}}, {"cutout": {}}])
def test_mixed_rows_are_those_of_the_first_batch(mix: dict[str, Any], at: str) -> None:
    """Own, partner and result: the result, its label and its lambda are those of epoch 0, step 0."""
    pipeline = augflow.Pipeline(modality="image", augment=TURNS, batch={"size": 16, "mix": {**mix, "at": at}})
    source = open_source(images(), fields=pipeline.plan.requests(), classes=["a", "b", "c"])
    batch = next(iter(pipeline.stream(source)))
    found = mixed_rows(pipeline.plan, source, count=10)
    assert found.looked_at == 10
    assert len(found.rows) == 10
    alone = {i: s.variants[-EPOCHS].values["image"] for i, s in shown_of(pipeline, images()).items()}
    for row, mixed in enumerate(found.rows):
        assert mixed.id == batch["id"][row]
        assert np.array_equal(mixed.mixed["image"], batch["image"][row])
        assert np.array_equal(mixed.own["image"], alone[mixed.id])
        if "cutout" in mix:
            assert mixed.partner is None
        else:
            assert mixed.partner is not None
            assert mixed.drawn["lam"] == batch["lam"][row]
            assert np.array_equal(mixed.partner["image"], alone[mixed.drawn["partner"]])


def test_samples_that_cannot_be_mixed_say_why() -> None:
    """Images of two sizes are a problem of the section, not the end of the preview."""
    pipeline = augflow.Pipeline(modality="image", batch={"size": 8, "mix": {"mixup": {}}})
    source = open_source([np.zeros((8 + n % 2, 8, 3), np.uint8) for n in range(8)])
    found = mixed_rows(pipeline.plan, source, count=8)
    assert found.rows == ()
    assert "add resize or a crop" in found.problem


def test_samples_are_drawn_from_the_whole_source() -> None:
    """Sources are often sorted by class: the samples shown are those that epoch 0 begins with."""
    pipeline = augflow.Pipeline(modality="image", seed=7, batch={"size": 8})
    first = pipeline.stream(PIXELS).replay(0, 0).batch["index"]
    source = open_source(PIXELS)
    assert chosen_indices(source, 7, 8) == list(first)
    assert sorted(chosen_indices(source, 7, 1000)) == list(range(len(PIXELS)))
