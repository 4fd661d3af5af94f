from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from augflow.errors import StateError, TrainError
from augflow.spec.model import OutputSpec
from augflow.train import StreamDataset, StreamLoader

IMAGENET = OutputSpec(mean="imagenet", std="imagenet")


def photos(make_stream, dtype=np.uint8, **options):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (10, 6, 5, 3), dtype=np.uint8)
    if dtype == np.float32:
        images = (images / 255).astype(np.float32)
    return make_stream(images, np.arange(10) % 3, batch_size=4, classes=("a", "b", "c"), **options)


def indices(batches):
    return [batch["index"].tolist() for batch in batches]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_are_normalized_and_turned(make_stream, dtype):
    """Both wire formats give (x - mean) / std of x in [0, 1], as (N, C, H, W)."""
    stream = photos(make_stream, dtype, output=IMAGENET)
    batch = next(iter(StreamLoader(stream)))
    source = stream.batch(0, 0)["image"].astype(np.float64) / (255 if dtype == np.uint8 else 1)
    expected = (source - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    torch.testing.assert_close(
        batch["image"], torch.tensor(expected.transpose(0, 3, 1, 2), dtype=torch.float32)
    )


def test_images_without_statistics_end_in_0_to_1(make_stream):
    """Without mean and std, uint8 is only divided by 255."""
    stream = photos(make_stream)
    image = next(iter(StreamLoader(stream)))["image"]
    np.testing.assert_array_equal(
        image.permute(0, 2, 3, 1).numpy(), stream.batch(0, 0)["image"].astype(np.float32) / np.float32(255)
    )


def test_images_are_channels_last_in_the_dtype_asked_for(make_stream):
    """The memory is channels_last, and half precision is rounded once, at the end."""
    stream = photos(make_stream, output=IMAGENET)
    full = next(iter(StreamLoader(stream)))["image"]
    stream.set_epoch(0)
    half = next(iter(StreamLoader(stream, dtype=torch.bfloat16)))["image"]
    assert full.is_contiguous(memory_format=torch.channels_last)
    assert half.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(half, full.to(torch.bfloat16), rtol=0, atol=0)


def test_normalizing_leaves_the_users_array(make_stream):
    """The float arrays of the stream's batch are not written to."""
    stream = photos(make_stream, np.float32, output=IMAGENET)
    before = stream.images.copy()
    list(StreamLoader(stream))
    np.testing.assert_array_equal(stream.images, before)


def test_a_wrong_number_of_channels_is_named(make_digits):
    """Three means for gray images are refused, not broadcast to three channels."""
    with pytest.raises(TrainError, match=r"output.mean has 3 values and the images have 1 channel"):
        next(iter(StreamLoader(make_digits(0, 40, output=IMAGENET))))


def test_fields_keep_their_types(make_stream):
    """Every column comes as a tensor of its dtype; ids stay a list of strings."""
    batch = next(iter(StreamLoader(photos(make_stream))))
    kinds = {name: value.dtype for name, value in batch.items() if name != "id"}
    assert kinds == {
        "image": torch.float32,
        "target": torch.float32,
        "label": torch.int64,
        "index": torch.int64,
        "partner": torch.int64,
        "lam": torch.float32,
        "box": torch.int32,
        "valid": torch.bool,
        "replaced": torch.bool,
    }
    assert batch["id"] == [f"digit-{index}" for index in batch["index"].tolist()]


@pytest.mark.parametrize("copy_ahead", [False, True])
def test_state_is_what_was_handed_out(make_digits, copy_ahead):
    """Resuming from the state after any batch gives exactly the batches after it."""
    whole = indices(StreamLoader(make_digits(0, 200)))
    for count in range(len(whole)):
        loader = StreamLoader(make_digits(0, 200), copy_ahead=copy_ahead)
        batches = iter(loader)
        for _ in range(count):
            next(batches)
        resumed = StreamLoader(make_digits(0, 200), copy_ahead=copy_ahead)
        resumed.load_state_dict(loader.state_dict())
        assert indices(resumed) == whole[count:]


@pytest.mark.parametrize("copy_ahead", [False, True])
def test_state_at_an_epochs_end_is_the_next_epoch(make_digits, copy_ahead):
    """After the last batch the position is the next epoch's start, before the loop asks once more."""
    loader = StreamLoader(make_digits(0, 200), copy_ahead=copy_ahead)
    batches = iter(loader)
    for _ in range(len(loader)):
        next(batches)
    assert (loader.state_dict()["epoch"], loader.state_dict()["step"]) == (1, 0)


def test_copying_ahead_gives_the_same_batches(make_digits):
    """Two epochs are the same with and without copying ahead."""
    plain, ahead = StreamLoader(make_digits(0, 200)), StreamLoader(make_digits(0, 200), copy_ahead=True)
    for _ in range(2):
        assert indices(plain) == indices(ahead)


def test_a_broken_off_loop_leaves_the_state_where_it_was(make_digits):
    """`break` while a batch is copied ahead does not count that batch."""
    loader = StreamLoader(make_digits(0, 200), copy_ahead=True)
    for count, _ in enumerate(loader):
        if count == 2:
            break
    assert loader.state_dict()["step"] == 3


def test_the_order_of_a_lightning_resume(make_digits):
    """load_state_dict, iter and set_epoch of the same epoch keep the position; another epoch starts it."""
    loader = StreamLoader(make_digits(0, 200))
    first = iter(loader)
    next(first)
    next(first)
    state = loader.state_dict()
    fresh = StreamLoader(make_digits(0, 200))
    fresh.load_state_dict(state)
    batches = iter(fresh)
    fresh.sampler.set_epoch(0)
    assert indices(batches) == indices(first)
    fresh.load_state_dict(state)
    fresh.sampler.set_epoch(5)
    assert len(list(fresh)) == len(fresh)


def test_the_stream_refuses_a_foreign_state(make_digits):
    """The stream's own error reaches the caller."""
    loader = StreamLoader(make_digits(0, 100))
    with pytest.raises(StateError, match="samples is 200 here"):
        StreamLoader(make_digits(0, 200)).load_state_dict(loader.state_dict())


def test_dataset_equals_loader(make_digits):
    """Inside torch's DataLoader the same tensors come, epoch after epoch."""
    loader = StreamLoader(make_digits(0, 200, output=OutputSpec(mean="half", std="half")))
    inside = DataLoader(
        StreamDataset(make_digits(0, 200, output=OutputSpec(mean="half", std="half"))), batch_size=None
    )
    assert len(inside) == len(loader)
    for _ in range(2):
        for ours, theirs in zip(loader, inside, strict=True):
            assert ours["id"] == theirs["id"]
            for name in ours.keys() - {"id"}:
                torch.testing.assert_close(ours[name], theirs[name], rtol=0, atol=0)


def test_dataset_refuses_torchs_workers(make_digits):
    """torch's own workers are refused, naming the stream's as the remedy."""
    loader = DataLoader(StreamDataset(make_digits(0, 100)), batch_size=None, num_workers=1)
    with pytest.raises(TrainError, match=r"pipeline\.stream\(\.\.\., num_workers=1\)"):
        next(iter(loader))


def test_dataset_is_stateful(make_digits):
    """torchdata's StatefulDataLoader finds state_dict and load_state_dict on the dataset."""
    dataset = StreamDataset(make_digits(0, 200))
    batches = iter(dataset)
    next(batches)
    other = StreamDataset(make_digits(0, 200))
    other.load_state_dict(dataset.state_dict())
    assert indices(other) == indices(batches)
