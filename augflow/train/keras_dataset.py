"""A stream as `keras.Model.fit` takes it; Keras itself is not needed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from torch import Tensor
from torch.utils.data import IterableDataset

from augflow.errors import TrainError
from augflow.stream import BatchStream
from augflow.train.inputs import model_inputs
from augflow.train.loader import StreamDataset, TensorBatch

KerasBatch = tuple[Tensor | tuple[Tensor, ...], Tensor]


class KerasDataset(IterableDataset[KerasBatch]):
    """Pairs of inputs and target: `model.fit(DataLoader(KerasDataset(stream), batch_size=None))`.

    Inputs are one tensor, or a tuple for a model of several (texts and sounds come with their mask); the
    target is float32 (N, K), soft where samples were mixed. Each of Keras' epochs is the stream's next.
    Images are (N, H, W, C) as Keras has them by default; pass `keras.config.image_data_format()`.

    Padding of the last batch is left out and not weighed with 0, because Keras divides by the number of rows
    and counts them in metrics. The position is `state_dict()`, after the last batch that Keras asked for.
    """

    def __init__(
        self,
        stream: BatchStream,
        data_format: Literal["channels_last", "channels_first"] = "channels_last",
    ) -> None:
        super().__init__()
        if data_format not in ("channels_last", "channels_first"):
            raise TrainError(f"data_format must be channels_last or channels_first, got {data_format!r}")
        if stream.train and stream.plan.mix is not None and stream.plan.spec.batch.mix_by == "model":
            raise TrainError(
                "`mix: {by: model}` leaves mixing to a loop that knows partner and lam, and Keras' fit does "
                "not; take `by: model` out"
            )
        self.stream = stream
        self.data_format = data_format
        self._batches = StreamDataset(stream)
        self._glance: tuple[dict[str, Any], dict[str, Any]] | None = None

    def __len__(self) -> int:
        return len(self.stream)

    def __iter__(self) -> Iterator[KerasBatch]:
        """The next epoch, or the same again where the last one was given up after its first batch.

        `fit` takes one batch to learn its shapes, drops it and starts over: without this its first epoch
        would be the stream's second, and a resumed one would begin a batch late. Nothing is taken back
        once the stream was moved by hand, nor where one batch is the whole epoch.
        """
        before, self._glance = self._glance, None
        if before is not None and before[1] == self.state_dict():
            self.load_state_dict(before[0])
        start = self.state_dict()
        for number, batch in enumerate(self._batches):
            self._glance = (start, self.state_dict()) if number == 0 and len(self) > 1 else None
            if bool(batch["valid"].any()):
                yield self._pair(batch)
        self._glance = None  # asked for more than one batch, it was no glance

    def _pair(self, batch: TensorBatch) -> KerasBatch:
        rows = slice(None) if bool(batch["valid"].all()) else batch["valid"]
        inputs = tuple(self._laid_out(value)[rows] for value in model_inputs(batch, self.stream.plan))
        return inputs if len(inputs) > 1 else inputs[0], batch["target"][rows]

    def _laid_out(self, value: Tensor) -> Tensor:
        """Images are the only inputs of four axes."""
        return value.movedim(1, -1) if value.ndim == 4 and self.data_format == "channels_last" else value

    def state_dict(self) -> dict[str, Any]:
        """The position after the last batch that was handed out."""
        return self._batches.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to a saved position."""
        self._batches.load_state_dict(state)
