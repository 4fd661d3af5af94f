"""One hash that anyone can compare."""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.digest import StreamDigest, digest_streams
from augflow.sample import Batch
from augflow.stream import BatchStream

PIXELS = np.random.default_rng(0).integers(0, 256, (50, 4, 4, 3), np.uint8)


def stream(**options: Any) -> BatchStream:
    spec = {"modality": "image", "augment": [{"horizontal_flip": {}}], "batch": {"size": 16}}
    return augflow.load(spec).stream((PIXELS, np.arange(50) % 2), **options)


def batch(**columns: Any) -> Batch:
    return Batch({"valid": np.ones(2, bool), "partner": np.zeros(2, np.int64), **columns}, epoch=0, step=0)


def hexdigest(*batches: Batch) -> str:
    digest = StreamDigest({})
    digest.start_epoch(0)
    digest.add(batches)
    return digest.hexdigest()


def test_the_bytes_that_are_hashed_are_those_that_the_description_names() -> None:
    """Epoch, then a row's columns by name: name, dtype, shape, little-endian bytes, lengths before them."""

    def framed(data: bytes) -> bytes:
        return struct.pack("<q", len(data)) + data

    rows = b""
    for identity, pixel in (("ä", 1), ("b", 2)):
        rows += framed(b"id") + b"str" + framed(identity.encode())
        rows += framed(b"x") + framed(b"<i4") + struct.pack("<qq", 1, 2) + struct.pack("<ii", pixel, 7)
    found = hexdigest(batch(x=np.array([[1, 7], [2, 7]], ">i4"), id=np.array(["ä", "b"], object)))
    assert found == hashlib.sha256(struct.pack("<q", 0) + rows).hexdigest()


def test_batch_boundaries_do_not_count() -> None:
    """Rows in one batch or in two, of one rank or of two, are the same rows."""
    one = digest_streams([stream(drop_last=False)], 2)
    large = augflow.load({"modality": "image", "augment": [{"horizontal_flip": {}}], "batch": {"size": 48}})
    whole = digest_streams([large.stream((PIXELS, np.arange(50) % 2), drop_last=False)], 2)
    ranks = digest_streams([stream(drop_last=False, rank=r, world_size=2) for r in range(2)], 2)
    assert one.hexdigest() == whole.hexdigest() == ranks.hexdigest()
    assert one.steps == ranks.steps
    assert (len(one.steps), len(whole.steps)) == (8, 4)
    assert one.samples == ranks.samples == 100


@pytest.mark.parametrize(
    "columns",
    [
        {"x": np.array([1, 3], np.uint8)},
        {"x": np.array([1, 2], np.int8)},
        {"x": np.array([[1], [2]], np.uint8)},
        {"y": np.array([1, 2], np.uint8)},
        {"x": np.array([1, 2], np.uint8), "valid": np.array([True, False])},
    ],
)
def test_values_dtypes_shapes_names_and_padding_count(columns: dict[str, Any]) -> None:
    """Whatever a trainer could see changes the hash."""
    assert hexdigest(batch(**columns)) != hexdigest(batch(x=np.array([1, 2], np.uint8)))


def test_partner_does_not_count() -> None:
    """Its numbers speak of the batch: another world size has others."""
    one = batch(x=np.array([1, 2]), partner=np.array([1, 0]))
    assert hexdigest(one) == hexdigest(batch(x=np.array([1, 2])))


def test_ids_that_are_not_unicode_are_hashed() -> None:
    """Names from file systems may hold lone surrogates; none stops the digest."""
    ids = [np.array(["\udcff", name], object) for name in ("\ud800", "\udfff")]
    assert hexdigest(batch(id=ids[0])) != hexdigest(batch(id=ids[1]))


def test_steps_and_epochs_can_be_cut() -> None:
    """The first steps of a longer digest are those of a shorter one, and an epoch begins with its number."""
    whole, short = digest_streams([stream()], 2), digest_streams([stream()], 2, steps=1)
    assert short.steps == [whole.steps[0], whole.steps[3]]
    assert digest_streams([stream()], 1).hexdigest() != digest_streams([stream(train=False)], 1).hexdigest()


def test_a_digest_starts_at_epoch_0_wherever_the_stream_stands() -> None:
    """A stream that was read before has the same digest."""
    used = stream()
    next(iter(used))
    assert digest_streams([used], 1).hexdigest() == digest_streams([stream()], 1).hexdigest()


def test_a_golden_digest() -> None:
    """The literal digest of untouched samples: relied on by whoever compares machines and versions."""
    spec = {"modality": "image", "batch": {"size": 8}}
    pixels = np.arange(16 * 2 * 2 * 3, dtype=np.uint8).reshape(16, 2, 2, 3)
    found = digest_streams([augflow.load(spec).stream((pixels, np.arange(16) % 4))], 1)
    assert found.hexdigest() == "38c59cd828af6b89b3ab5efa19242afd32d6965898fa1fe979eb9cc07c5c6967"
