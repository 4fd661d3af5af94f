"""The data sets of the questions that train: which samples, the spec around them, and the plain spec.

They lie in the folder that AUGFLOW_TEST_DATA names, or in `shared/data` beside the clone.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import augflow
from augflow.pipeline import Pipeline
from augflow.sources import Source, open_source
from augflow.sources.split import Part
from augflow.spec.parse import written_spec
from benchmarks.pictures import HOME

HASH_TOKENS = {"hash_tokens": {"buckets": 20000, "max_length": 64}}
SPEECH_FINISH = (
    {"log_mel": {"n_mels": 20, "window_ms": 50, "hop_ms": 25}},
    {"spec_augment": {"freq_masks": 1, "freq_width": 3, "time_masks": 1, "time_fraction": 0.1}},
)


@dataclass(frozen=True, eq=False)
class SmallSet:
    """Some samples, a shipped spec for them, and how long to train."""

    name: str
    preset: str
    train: str
    test: str
    a_class: int | None
    """Training samples of each class; None takes all there are."""
    epochs: int
    check_every: int
    """Epochs from one look at the test samples to the next."""
    words: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Sections in place of the preset's."""
    batch_size: int = 32

    @property
    def modality(self) -> str:
        """`image`, `audio` or `text`."""
        return self.preset.partition("/")[0]


SETS: Mapping[str, SmallSet] = {
    one.name: one
    for one in (
        SmallSet(
            "clothing64",
            "image/clothing",
            "clothing64/train",
            "clothing64/test",
            a_class=60,
            epochs=15,
            check_every=3,
            words="clothes at 64 pixels, 600 of the 3,064 training photos (60 a class), all 372 for test",
        ),
        SmallSet(
            "fashion-mnist",
            "image/small",
            "fashion-mnist/train",
            "fashion-mnist/test",
            a_class=50,
            epochs=15,
            check_every=3,
            words="500 training images (50 a class), all 1,000 for test",
        ),
        SmallSet(
            "fsdd",
            "audio/speech",
            "fsdd?split=train",
            "fsdd?split=test",
            a_class=None,
            epochs=10,
            check_every=2,
            words="spoken digits, 600 for training and 180 for test as labels.csv has it; "
            "coarse spectrograms, 20 bands of 41 frames",
            changes={"finish": SPEECH_FINISH},
        ),
        SmallSet(
            "text-mr",
            "text/eda",
            "text/mr/train.tsv",
            "text/mr/test.tsv",
            a_class=250,
            epochs=8,
            check_every=2,
            words="500 sentences of film reviews (250 a class), all 1,200 for test; at most 64 words",
            changes={"finish": (HASH_TOKENS,)},
        ),
    )
}


def data_folder() -> Path:
    """Where the data sets lie."""
    return Path(os.environ.get("AUGFLOW_TEST_DATA", HOME))


@cache
def preset_sections(small: SmallSet) -> Mapping[str, Any]:
    """The shipped spec with this set's changes; not to be changed in place."""
    sections = written_spec(augflow.load(f"preset:{small.preset}").plan.spec)
    batch = {**sections.get("batch", {}), "size": small.batch_size}
    return {**sections, **small.changes, "batch": batch}


@cache
def plain_sections(small: SmallSet) -> Mapping[str, Any]:
    """The same without augmentation, mixing and regularization; not to be changed in place."""
    sections = written_spec(augflow.load(preset_sections(small)).without_augmentation().plan.spec)
    sections.pop("regularize", None)
    return {**sections, "batch": {"size": small.batch_size}}


def open_sources(small: SmallSet, pipeline: Pipeline, most: int | None = None) -> tuple[Source, Source]:
    """(training samples, test samples); `most` of each are enough where a smoke test says so.

    Training samples are the first of each class in the order of the hashes of their ids.
    """
    opened: list[Source] = []
    for place in (small.train, small.test):
        path = data_folder() / place.partition("?")[0]
        if not path.exists():
            raise FileNotFoundError(f"{path}: no such data; set AUGFLOW_TEST_DATA to the folder it is in")
        classes = opened[0].classes if opened else None
        fields = pipeline.plan.requests()
        opened.append(
            open_source(data_folder() / place, pipeline.plan.spec.source, classes=classes, fields=fields)
        )
    train, test = opened
    if small.a_class is not None:
        train = _first_of_each(train, small.a_class)
    return at_most(train, most), at_most(test, most)


def _first_of_each(source: Source, a_class: int) -> Source:
    wanted = a_class * len(source.classes)
    found: Counter[int] = Counter()
    chosen = []
    for index in _keyed_order(source):
        label = source.read(index).label
        if found[label] < a_class:
            found[label] += 1
            chosen.append(index)
        if len(chosen) == wanted:
            return _part(source, chosen)
    raise ValueError(f"{source.description}: fewer than {a_class} samples in a class: {dict(found)}")


def at_most(source: Source, most: int | None) -> Source:
    """The first samples in the order of the hashes of their ids; all for None."""
    return source if most is None else _part(source, _keyed_order(source)[:most])


def _keyed_order(source: Source) -> list[int]:
    def key(index: int) -> bytes:
        return hashlib.blake2b(source.sample_id(index).encode(), digest_size=8).digest()

    return sorted(range(len(source)), key=key)


def _part(source: Source, indices: list[int]) -> Source:
    return Part(source, np.array(sorted(indices), np.int64), "keyed choice")
