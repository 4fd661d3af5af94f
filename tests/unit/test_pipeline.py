"""A compiled spec as users hold it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.errors import SourceError, SpecError
from augflow.sources import open_source

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 6, 6, 3), np.uint8)
LABELS = np.arange(40) % 3
SPEC: dict[str, Any] = {
    "version": 1,
    "modality": "image",
    "seed": 4,
    "prepare": [{"to_gray": {"num_output_channels": 3}}],
    "augment": [{"rotate": {"limit": 30}}, {"horizontal_flip": {}}],
    "evaluate": [{"equalize": {}}],
    "finish": [{"gauss_noise": {"p": 0.5}}, {"invert_img": {}}],
    "batch": {"size": 16, "mix": {"mixup": {}}},
}


def rows(pipeline: augflow.Pipeline, **options: Any) -> dict[int, np.ndarray]:
    """Every image of epoch 0 by its index."""
    found = pipeline.stream((PIXELS, LABELS), drop_last=False, **options)
    return {int(i): image for batch in found for i, image in zip(batch["index"], batch["image"], strict=True)}


def same(one: dict[int, np.ndarray], other: dict[int, np.ndarray]) -> bool:
    return set(one) == set(other) and all(np.array_equal(one[i], other[i]) for i in one)


def test_file_mapping_and_keywords_build_one_pipeline(tmp_path: Path) -> None:
    """A YAML file, a dict, Pipeline(...) and to_yaml() of any of them have one fingerprint."""
    built = augflow.Pipeline(**SPEC)
    file = tmp_path / "spec.yaml"
    file.write_text(built.to_yaml())
    found = {p.fingerprint for p in (built, augflow.load(SPEC), augflow.load(file), augflow.load(str(file)))}
    assert len(found) == 1


def test_problems_are_told_at_once_in_python_too() -> None:
    """Every problem with its path, none hidden by the first."""
    with pytest.raises(SpecError) as caught:
        augflow.Pipeline(modality="image", augment=[{"rotat": {}}], batch={"size": 0}, sed=1)
    assert {problem.path for problem in caught.value.problems} == {
        "$.augment[0].rotat",
        "$.batch.size",
        "$.sed",
    }


def test_replace_changes_seed_and_batch_alone() -> None:
    """The pipeline itself stays; what was replaced compiles and is checked like a spec."""
    base = augflow.load(SPEC)
    other = base.replace(seed=9, batch_size=32)
    assert (other.plan.spec.seed, other.plan.spec.batch.size) == (9, 32)
    assert (base.plan.spec.seed, base.plan.spec.batch.size) == (4, 16)
    assert base.replace() is base
    assert other.replace(seed=4, batch_size=16).fingerprint == base.fingerprint
    with pytest.raises(SpecError, match=r"\$\.batch\.size"):
        base.replace(batch_size=0)


def test_a_call_gives_what_a_stream_gives() -> None:
    """pipeline(sample) with the id of the stream's sample has its bytes, mixing aside."""
    pipeline = augflow.load({**SPEC, "batch": {"size": 16}})
    for train in (True, False):
        streamed = rows(pipeline, train=train)
        for index in (0, 17, 39):
            called = pipeline(PIXELS[index], sample_id=str(index), train=train)["image"]
            assert np.array_equal(called, streamed[index])
    assert not np.array_equal(pipeline(PIXELS[0])["image"], pipeline(PIXELS[0], epoch=1)["image"])
    assert np.array_equal(pipeline({"image": PIXELS[0]})["image"], pipeline(PIXELS[0])["image"])


def test_without_mixing_only_leaves_samples_apart() -> None:
    """Ops, draws and seed stay as they were."""
    pipeline = augflow.load(SPEC)
    apart = pipeline.without_mixing()
    assert apart.plan.mix is None
    assert same(rows(apart), rows(augflow.load({**SPEC, "batch": {"size": 16}})))
    assert apart.plan.describe() == pipeline.plan.describe()[:-1]


def test_without_augmentation_is_evaluation_on_training_samples() -> None:
    """Every evaluate op fires, random finish ops stay out, nothing is mixed, the order is training's."""
    pipeline = augflow.load(SPEC)
    plain = pipeline.without_augmentation()
    assert same(rows(plain), rows(pipeline, train=False))
    order = [batch["index"].tolist() for batch in plain.stream((PIXELS, LABELS))]
    assert order == [batch["index"].tolist() for batch in pipeline.stream((PIXELS, LABELS))]
    assert order[0] != list(range(16))


def test_classes_are_frozen_for_evaluation() -> None:
    """Labels of a validation source count in the classes of training."""
    pipeline = augflow.load({"modality": "image", "batch": {"size": 4}})
    train = pipeline.stream((PIXELS, LABELS))
    val = pipeline.stream((PIXELS[:4], np.array([2, 2, 0, 2])), train=False, classes=train.classes)
    batch = next(iter(val))
    assert batch["label"].tolist() == [2, 2, 0, 2]
    assert batch["target"].shape == (4, 3)


def test_a_source_that_is_open_has_its_classes() -> None:
    """Classes given beside an open source are not ignored: they must be its own."""
    pipeline = augflow.load({"modality": "image", "batch": {"size": 4}})
    source = open_source((PIXELS, LABELS))
    pipeline.stream(source, classes=["0", "1", "2"])
    with pytest.raises(SourceError, match="pass them to open_source"):
        pipeline.stream(source, classes=["0", "1", "2", "3"])


@pytest.fixture
def without_source() -> Callable[[], augflow.BatchStream]:
    return lambda: augflow.load({"modality": "image"}).stream()


def test_a_stream_needs_a_source(without_source: Callable[[], augflow.BatchStream]) -> None:
    """Neither given nor in the spec: said at once."""
    with pytest.raises(SourceError, match="no source is named"):
        without_source()


def test_other_seeds_draw_other_augmentations() -> None:
    """Two seeds draw other augmentations for the same samples."""
    pipeline = augflow.load({**SPEC, "batch": {"size": 16}})
    one, other = rows(pipeline), rows(pipeline, seed=5)
    assert sum(np.array_equal(one[i], other[i]) for i in one) < 10
