"""A stream as torch tensors: `StreamLoader` for training loops, `StreamDataset` for torch's DataLoader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from augflow.batching.ragged import view_name
from augflow.errors import TrainError
from augflow.plan import Plan
from augflow.sample import Batch
from augflow.stream import BatchStream
from augflow.train.normalize import Normalizer

TensorBatch = dict[str, Any]
"""A batch with tensors in place of arrays; images are (N, C, H, W), texts and `id` lists of N strings."""


@dataclass(frozen=True)
class _Copy:
    """A batch on its way; `done` is set on CUDA and passed once the tensors are there."""

    tensors: TensorBatch
    done: torch.cuda.Event | None


class EpochSetter:
    """What Lightning expects of a sampler: it calls `loader.sampler.set_epoch`, never the loader's own."""

    def __init__(self, loader: StreamLoader) -> None:
        self._loader = loader

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration."""
        self._loader.set_epoch(epoch)


class StreamLoader:
    """The batches of a stream as tensors on `device`, with the habits of torch's DataLoader.

    Images are normalized on the device with the spec's `output` statistics and come as (N, C, H, W)
    of `dtype` in channels_last memory. On CUDA a batch is pinned and copied on a side stream while the
    one before it is in use (`copy_ahead`: None means on CUDA only). `state_dict()` is the position of
    what was handed out, not of what was copied ahead. Not thread-safe.
    """

    batch_sampler = None
    """Lightning reads it of every evaluation loader that has a `sampler`."""

    def __init__(
        self,
        stream: BatchStream,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        copy_ahead: bool | None = None,
    ) -> None:
        self.stream = stream
        self.device = torch.device(device)
        self.sampler = EpochSetter(self)
        on_cuda = self.device.type == "cuda"
        self._copy_ahead = on_cuda if copy_ahead is None else copy_ahead
        self._side = torch.cuda.Stream(self.device) if on_cuda else None  # type: ignore[no-untyped-call]
        self._images = image_columns(stream.plan)
        self._normalize = Normalizer(stream.plan.spec.output.statistics(), self.device, dtype)

    @property
    def batch_size(self) -> int:
        """Samples in a batch over all ranks."""
        return self.stream.batch_size

    def __len__(self) -> int:
        return len(self.stream)

    def __iter__(self) -> Iterator[TensorBatch]:
        """The next epoch. Nothing is read before the first batch is asked for.

        Lightning calls `iter` and then `set_epoch`; an eager iterator would start the wrong epoch.
        """
        batches = iter(self.stream)
        ahead = None
        while True:
            # Where somebody has moved the stream since, what was copied ahead is no part of it any more.
            copy = ahead if self.stream.held else self._take(batches)
            if copy is None:
                return
            ahead = self._take(batches) if self._copy_ahead else None
            self.stream.held -= 1
            yield self._hand_out(copy)

    def _take(self, batches: Iterator[Batch]) -> _Copy | None:
        """Take a batch from the stream and send it on its way; None at the end of the epoch."""
        batch = next(batches, None)
        if batch is None:
            return None
        self.stream.held += 1
        return self._copy(batch)

    def _copy(self, batch: Batch) -> _Copy:
        """Start a batch's way to the device."""
        if self._side is None:
            return _Copy(self._tensors(batch), None)
        with torch.cuda.stream(self._side):
            return _Copy(self._tensors(batch), self._side.record_event())

    def _tensors(self, batch: Batch) -> TensorBatch:
        """Every column on the device, without a copy where none is needed; strings stay on the host."""
        tensors = to_tensors(batch, self.device)
        return tensors | {name: self._normalize(tensors[name]) for name in self._images if name in tensors}

    def _hand_out(self, copy: _Copy) -> TensorBatch:
        """Let the trainer's own stream of work wait for the copy, and for no later one."""
        if copy.done is not None:
            current = torch.cuda.current_stream(self.device)
            current.wait_event(copy.done)
            for value in copy.tensors.values():
                if isinstance(value, Tensor):
                    # Without this the allocator may hand the memory out again while `current` reads it.
                    value.record_stream(current)
        return copy.tensors

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration; a position just loaded in that epoch is kept."""
        self.stream.set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """The position after the last batch that was handed out."""
        return self.stream.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to a saved position; the stream refuses a state that is not its own."""
        self.stream.load_state_dict(state)


class StreamDataset(IterableDataset[TensorBatch]):
    """A stream inside torch's own loader: `DataLoader(StreamDataset(stream), batch_size=None)`.

    Yields what `StreamLoader(stream)` yields on the CPU. The stream has workers of its own, so
    torch's `num_workers` must stay 0. The position is this dataset's: torch's loader has none, so that
    Lightning resumes a `StreamLoader` and not this; torchdata's StatefulDataLoader does ask the dataset.
    """

    def __init__(self, stream: BatchStream) -> None:
        super().__init__()
        self.stream = stream
        self._loader = StreamLoader(stream)

    def __len__(self) -> int:
        return len(self.stream)

    def __iter__(self) -> Iterator[TensorBatch]:
        worker = get_worker_info()
        if worker is not None:
            raise TrainError(
                f"a StreamDataset cannot be read by torch's own workers (num_workers={worker.num_workers}): "
                f"leave DataLoader's num_workers at 0 and give the stream its workers with "
                f"pipeline.stream(..., num_workers={worker.num_workers})"
            )
        yield from self._loader

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration."""
        self._loader.set_epoch(epoch)

    def state_dict(self) -> dict[str, Any]:
        """The position after the last batch that was handed out."""
        return self._loader.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go to a saved position."""
        self._loader.load_state_dict(state)


def image_columns(plan: Plan) -> list[str]:
    """The columns that hold images."""
    names = [field.name for field in plan.fields if field.modality == "image"]
    return [view_name(name, view) for name in names for view in range(plan.spec.batch.views)]


def to_tensors(batch: Mapping[str, Any], device: torch.device) -> TensorBatch:
    """Every column of a batch on `device`, without a copy where none is needed; strings stay on the host."""
    tensors: TensorBatch = {}
    for name, value in batch.items():
        array = np.asarray(value)
        if array.dtype.kind in "UO":
            tensors[name] = array.tolist()
            continue
        tensor = torch.from_numpy(array)
        if device.type == "cuda":
            tensor = tensor.pin_memory()
        tensors[name] = tensor.to(device, non_blocking=True)
    return tensors
