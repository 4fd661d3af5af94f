"""Real sounds, texts, masks and boxes: equal digests without workers, on two Ray workers, and for any number
of ranks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.train import StreamLoader

from ..streams import Delivered, Delivery, deliver, received

pytestmark = pytest.mark.timeout(120)

Same = Callable[[Delivered, Delivered], None]
DATA = Path(os.environ.get("AUGFLOW_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))

GROWS = {"linear": [0.05, 0.3], "over": [0, 2]}
SOUNDS = {
    "modality": "audio",
    "seed": 5,
    "augment": [
        {"add_gaussian_noise": {"p": 0.5}},
        {"pitch_shift": {"p": 0.3}, "when": {"speaker": {"not": "theo"}}},
        {"time_stretch": {"p": 0.3, "leave_length_unchanged": False}},
    ],
    "batch": {"size": 64, "mix": {"one_of": {"transforms": [{"mixup": {}}, {"cutmix": {}}]}}},
}
MEL = {**SOUNDS, "finish": [{"log_mel": {}}, {"spec_augment": {}}]}
WORDS = {
    "modality": "text",
    "seed": 5,
    "augment": [{"synonym": {"aug_p": GROWS}}, {"random_deletion": {"p": 0.5}}, {"keyboard": {"p": 0.3}}],
    "batch": {"size": 256, "mix": {"cutmix": {"p": 0.5}}},
}
TOKENS = {
    **WORDS,
    "finish": [{"hash_tokens": {}}],
    "batch": {"size": 256, "bucket": 10},
}
FLIPS = {
    "modality": "image",
    "prepare": [{"resize": {"height": 96, "width": 96}}],
    "augment": [{"horizontal_flip": {}}, {"affine": {"rotate": [-20, 20], "scale": [0.8, 1.2]}}],
}
MASKED = {
    "seed": 5,
    "fields": {"image": FLIPS, "mask": {"follows": "image", "from": "../../masks_semantic/train"}},
    "batch": {"size": 8, "mix": {"cutmix": {}}},
}
BOXED = {
    "seed": 5,
    "fields": {
        "image": FLIPS,
        "boxes": {"follows": "image", "from": "../../annotations/boxes_train.json", "min_visibility": 0.2},
    },
    "batch": {"size": 8, "mix": {"mixup": {}}},
}
VIEWS = {"modality": "audio", "augment": SOUNDS["augment"], "batch": {"size": 32, "views": 2, "repeats": 2}}

CASES = {
    "sounds": (SOUNDS, "fsdd"),
    "spectrograms": (MEL, "fsdd"),
    "views": (VIEWS, "fsdd"),
    "mr": (WORDS, "text/mr/train.tsv"),
    "snips": (WORDS, "text/snips/test.jsonl"),
    "tokens in buckets": (TOKENS, "text/mr/test.tsv"),
    "masks": (MASKED, "detseg/images/train"),
    "boxes": (BOXED, "detseg/images/train"),
}


@pytest.fixture(scope="module", autouse=True)
def shared_ray(pipeline: augflow.Pipeline, samples: Path) -> Iterator[None]:
    """A stream that is kept open, so that the module starts one Ray."""
    with pipeline.stream(samples, num_workers=2) as stream:
        next(iter(stream))
        yield


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[augflow.Pipeline, Path]:
    """A pipeline and the real data that it is for."""
    spec, place = CASES[request.param]
    if not (DATA / place).exists():
        pytest.skip(f"no test data at {DATA / place}; set AUGFLOW_TEST_DATA")
    return augflow.load(spec), DATA / place


def test_workers_do_not_change_a_byte(case: tuple[augflow.Pipeline, Path], assert_same_stream: Same) -> None:
    """Two epochs, 0 and 2 workers, step by step."""
    pipeline, place = case
    with pipeline.stream(place, num_workers=2) as there:
        assert_same_stream(pipeline.stream(place), there)


def test_ranks_do_not_change_a_byte(case: tuple[augflow.Pipeline, Path], assert_same_stream: Same) -> None:
    """World sizes 1, 2 and 4, the short last batch included."""
    pipeline, place = case

    def world(size: int) -> Delivery:
        ranks = [pipeline.stream(place, rank=rank, world_size=size, drop_last=False) for rank in range(size)]
        return deliver(ranks, steps=min(6, len(ranks[0])))

    one = world(1)
    for size in (2, 4):
        assert_same_stream(one, world(size))


def test_texts_and_ragged_arrays_arrive_whole_from_workers() -> None:
    """Strings are strings, views of shared memory never reach the user, tensors can be written to."""
    place = DATA / "text/snips/test.jsonl"
    if not place.exists():
        pytest.skip(f"no test data at {place}; set AUGFLOW_TEST_DATA")
    with augflow.load(WORDS).stream(place, num_workers=2) as stream:
        batch = next(iter(stream))
        assert batch["text"].dtype == object
        assert all(type(text) is str for text in batch["text"])
    with augflow.load({**TOKENS, "batch": {"size": 64}}).stream(place, num_workers=2) as stream:
        for batch in StreamLoader(stream):
            batch["text"].add_(1)
            break
        arrays: dict[str, Any] = next(iter(stream.for_rank(0)))
        assert all(np.asarray(column).flags.writeable for column in arrays.values())


def test_a_run_resumes_on_workers_in_the_middle_of_a_schedule(assert_same_stream: Same) -> None:
    """A state taken without workers goes on with two, in an epoch between the ends of its schedule."""
    place = DATA / "text/mr/test.tsv"
    if not place.exists():
        pytest.skip(f"no test data at {place}; set AUGFLOW_TEST_DATA")
    pipeline = augflow.load(TOKENS)
    first = pipeline.stream(place)
    found = deliver(first, steps=len(first) + 1)
    with pipeline.stream(place, num_workers=2) as second:
        second.load_state_dict(first.state_dict())
        for _ in received([second], found, len(first) - 1):
            pass
    assert_same_stream(pipeline.stream(place), found)
