"""What `keras.Model.fit` is given of a stream, recorded inside of Keras."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

import augflow
from augflow import ops
from augflow.errors import TrainError
from augflow.stream import BatchStream
from augflow.train import KerasDataset, StreamLoader

CLASSES = 3
Seen = list[tuple[np.ndarray, np.ndarray]]


@pytest.fixture
def recorder(keras: Any) -> Any:
    """A model that keeps what its steps were given, compiled anew at each call."""

    class Recorder(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.parts = [keras.layers.Flatten(), keras.layers.Dense(CLASSES, activation="softmax")]
            self.trained: Seen = []
            self.checked: Seen = []

        def call(self, x: Any) -> Any:
            for part in self.parts:
                x = part(x)
            return x

        def train_step(self, data: Any) -> Any:
            self.trained.append(tuple(value.numpy().copy() for value in data))
            return super().train_step(data)

        def test_step(self, data: Any) -> Any:
            self.checked.append(tuple(value.numpy().copy() for value in data))
            return super().test_step(data)

    def compiled(model: Any = None) -> Any:
        model = model or Recorder()
        model.compile("sgd", "categorical_crossentropy", metrics=["categorical_accuracy"])
        return model

    return compiled


def stream_of(count: int = 48, **options: Any) -> BatchStream:
    """Three (of 48) mixed batches of 16 random pictures an epoch."""
    rng = np.random.default_rng(0)
    data = (rng.integers(0, 256, (count, 8, 6, 3), np.uint8), np.arange(count) % CLASSES)
    pipeline = augflow.Pipeline(
        modality="image",
        augment=[ops.rotate(limit=20, p=1.0)],
        batch={"size": 16, "mix": ops.mixup(alpha=0.5)},
    )
    return pipeline.stream(data, **options)


def batches(stream: BatchStream, **options: Any) -> DataLoader[Any]:
    return DataLoader(KerasDataset(stream, **options), batch_size=None)


def expected(stream: BatchStream, epochs: int, channels_last: bool = True) -> Seen:
    """The same stream through the loader of torch loops."""
    loader = StreamLoader(stream)
    rows = [(batch["image"], batch["target"]) for _ in range(epochs) for batch in loader]
    return [(x.permute(0, 2, 3, 1).numpy() if channels_last else x.numpy(), y.numpy()) for x, y in rows]


def assert_same(seen: Seen, wanted: Seen) -> None:
    assert len(seen) == len(wanted)
    for (x, y), (image, target) in zip(seen, wanted, strict=True):
        assert (x.dtype, y.dtype) == (image.dtype, target.dtype) == (np.float32, np.float32)
        np.testing.assert_array_equal(x, image)
        np.testing.assert_array_equal(y, target)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_keras_sees_the_stream(data_format: str, recorder: Any) -> None:
    """Two of Keras' epochs are the stream's first two, bytes and order, soft labels with them; each check
    counts each sample once, in order, the short last batch too."""
    model, stream, val = recorder(), stream_of(), stream_of(25, train=False)
    loader, checks = (batches(part, data_format=data_format) for part in (stream, val))
    model.fit(loader, epochs=2, validation_data=checks, shuffle=False, verbose=0)
    last = data_format == "channels_last"
    assert_same(model.trained, expected(stream_of(), 2, last))
    assert_same(model.checked, expected(stream_of(25, train=False), 2, last))
    assert [len(y) for _, y in model.checked] == [16, 9] * 2
    assert model.trained[0][0].shape == ((16, 8, 6, 3) if last else (16, 3, 8, 6))
    soft = np.concatenate([y for _, y in model.trained])
    assert ((soft > 0.01) & (soft < 0.99)).any()
    np.testing.assert_allclose(soft.sum(1), 1, atol=1e-6)
    assert {"tensorflow", "jax"} & sys.modules.keys() == set()


@pytest.mark.parametrize("steps", range(1, 7))
def test_a_stopped_fit_goes_on_at_its_batch(steps: int, keras: Any, recorder: Any) -> None:
    """Stopped after any step of two epochs, a new model on a new stream sees the rest and no batch twice."""
    model, stream, states = recorder(), stream_of(), []

    def keep(*_: Any, **__: Any) -> None:
        states.append(stream.state_dict())
        model.stop_training = len(states) == steps

    callback = keras.callbacks.LambdaCallback(on_train_batch_end=keep)
    model.fit(batches(stream), epochs=2, callbacks=[callback], shuffle=False, verbose=0)
    again, rest = recorder(), stream_of()
    rest.load_state_dict(states[-1])
    left = {"epochs": 2, "initial_epoch": states[-1]["epoch"]}
    again.fit(batches(rest), **left, shuffle=False, verbose=0)
    assert_same(model.trained + again.trained, expected(stream_of(), 2))


def test_epochs_go_on_over_fits_and_compiles(recorder: Any) -> None:
    """Keras looks at a batch before it trains whenever it was compiled anew: that skips nothing. Epochs of
    its own length (`steps_per_epoch`) run on through the stream's."""
    model, loader = recorder(), batches(stream_of())
    model.fit(loader, epochs=1, shuffle=False, verbose=0)
    model.fit(loader, epochs=1, shuffle=False, verbose=0)
    recorder(model).fit(loader, epochs=1, shuffle=False, verbose=0)
    recorder(model).fit(loader, epochs=3, steps_per_epoch=1, shuffle=False, verbose=0)
    assert_same(model.trained, expected(stream_of(), 4))


def test_epochs_of_one_batch_are_never_repeated(recorder: Any) -> None:
    """Where the batch that Keras looks at is a whole epoch, it is lost rather than trained on for ever."""
    model, wanted = recorder(), stream_of(16)
    model.fit(batches(stream_of(16)), epochs=3, shuffle=False, verbose=0)
    wanted.set_epoch(1)
    assert_same(model.trained, expected(wanted, 3))


def test_a_position_set_by_hand_is_kept(recorder: Any) -> None:
    """What was only looked at is not gone back to once somebody has moved the stream."""
    dataset = KerasDataset(stream_of())
    next(iter(dataset))
    dataset.stream.set_epoch(5)
    model = recorder()
    model.fit(DataLoader(dataset, batch_size=None), shuffle=False, verbose=0)
    wanted = stream_of()
    wanted.set_epoch(5)
    assert_same(model.trained, expected(wanted, 1))


def test_padding_is_left_out(recorder: Any) -> None:
    """Over two ranks that pad, each sample of the source counts once in Keras' own metric."""
    rows = 0
    for rank in range(2):
        model = recorder()
        checks = batches(stream_of(17, train=False, rank=rank, world_size=2))
        model.evaluate(checks, verbose=0)
        rows += sum(len(y) for _, y in model.checked)
        metric = next(metric for metric in model.metrics if metric.name == "compile_metrics")
        (accuracy,) = metric.metrics
        assert int(accuracy.count) == sum(len(y) for _, y in model.checked)
    assert rows == 17


def test_texts_come_with_their_mask() -> None:
    """A model of two inputs gets tokens and mask as Keras wants several inputs: in one tuple."""
    pipeline = augflow.Pipeline(
        modality="text", finish=[{"hash_tokens": {"buckets": 100}}], batch={"size": 2}
    )
    ((tokens, mask), target) = next(iter(KerasDataset(pipeline.stream([("a b", 0), ("c", 1)]))))
    assert (tokens.dtype, mask.dtype, target.shape) == (torch.int64, torch.bool, (2, 2))
    assert sorted(mask.sum(1).tolist()) == [1, 2]


def test_an_unknown_layout_is_refused() -> None:
    """The two names are Keras' own."""
    with pytest.raises(TrainError, match="channels_last or channels_first, got 'nhwc'"):
        KerasDataset(stream_of(), "nhwc")  # type: ignore[arg-type]


def test_mixing_by_the_model_is_refused() -> None:
    """Keras' fit knows no partner, and the targets would come unmixed."""
    data = (np.zeros((32, 8, 8, 3), np.uint8), np.arange(32) % CLASSES)
    pipeline = augflow.Pipeline(modality="image", batch={"size": 16, "mix": {"mixup": {}, "by": "model"}})
    with pytest.raises(TrainError, match="take `by: model` out"):
        KerasDataset(pipeline.stream(data))
    KerasDataset(pipeline.stream(data, train=False))
