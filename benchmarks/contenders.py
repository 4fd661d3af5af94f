"""Those who make the batches of a workload: the bare kernel, torch's DataLoader twice, augflow.

Each touches a batch as little as the others: it looks at its length. Shuffling goes on over the ends
of epochs, so that nobody's workers run dry there (`bench_epoch_boundary` asks about that).
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from benchmarks.seats import Contender
from benchmarks.workload import RowMaker, Workload, mix_rows

WORKERS = 2


def endless_order(length: int, seed: int) -> Iterator[int]:
    """Indices, shuffled anew for every epoch, without end."""
    rng = np.random.default_rng(seed)
    while True:
        yield from map(int, rng.permutation(length))


def _bare(pipe: Connection, workload: Workload, seed: int) -> None:
    maker = RowMaker(workload)
    order = endless_order(len(workload.samples), seed)
    images = np.empty((workload.batch_size, *workload.shape), workload.dtype)
    targets = np.empty((workload.batch_size, workload.samples.classes), np.float32)
    while (batches := pipe.recv()) is not None:
        for _ in range(batches):
            maker.fill([next(order) for _ in range(workload.batch_size)], images, targets)
        pipe.send(len(images) * batches)


class Kernel:
    """The work alone, in two plain processes at once; nothing is handed over."""

    def __init__(self, workload: Workload) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipes, self._processes = [], []
        for seed in range(WORKERS):
            pipe, other = context.Pipe()
            process = context.Process(target=_bare, args=(other, workload, seed), daemon=True)
            process.start()
            self._pipes.append(pipe)
            self._processes.append(process)

    def consume(self, batches: int) -> int:
        """Half the batches in each process; ends when both are done."""
        for pipe in self._pipes:
            pipe.send(-(-batches // WORKERS))
        return sum(pipe.recv() for pipe in self._pipes)

    def close(self) -> None:
        """End the two processes."""
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            pipe.send(None)
            process.join()


class Endless:
    """A sampler for DataLoader over several epochs."""

    def __init__(self, length: int) -> None:
        self._length = length

    def __iter__(self) -> Iterator[int]:
        return endless_order(self._length, 0)


class _Items:
    """A map-style dataset as a tutorial writes it: Pillow, Compose, one sample at a time."""

    def __init__(self, workload: Workload) -> None:
        import albumentations

        self._samples = workload.samples
        self._compose = albumentations.Compose([op.build(op.p) for op in workload.ops])
        self._float = workload.dtype == "float32"

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        import torch

        image = torch.from_numpy(self._compose(image=self._samples.pixels_by_pillow(index))["image"])
        return image.float().div_(255) if self._float else image, self._samples.label(index)


class _Batches:
    """A dataset that makes whole batches, straight into the shared memory they travel in."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._maker: RowMaker | None = None

    def __len__(self) -> int:
        return len(self._workload.samples)

    def __getitems__(self, indices: Sequence[int]) -> tuple[Any, Any]:
        import torch

        if self._maker is None:
            self._maker = RowMaker(self._workload)
        shape = (len(indices), *self._workload.shape)
        like: Any = torch.empty(0, dtype=getattr(torch, self._workload.dtype))
        images = like.new(like._typed_storage()._new_shared(int(np.prod(shape)))).view(shape)
        targets = torch.zeros(len(indices), self._workload.samples.classes)
        self._maker.fill(indices, images.numpy(), targets.numpy())
        return images, targets


def _one_thread(_: int) -> None:
    import cv2

    cv2.setNumThreads(0)


def _collate_and_mix(items: list[Any], *, classes: int, alpha: float) -> tuple[Any, Any]:
    import torch
    from torch.utils.data import default_collate

    images, labels = default_collate(items)
    targets = torch.nn.functional.one_hot(labels, classes).float()
    mix_rows(images.numpy(), targets.numpy(), alpha, np.random.default_rng())
    return images, targets


def _as_they_are(batch: tuple[Any, Any]) -> tuple[Any, Any]:
    return batch


class Loader:
    """torch's DataLoader with persistent workers; `best` uses batched fetching and turbo decoding."""

    def __init__(self, workload: Workload, *, best: bool, prefetch: int) -> None:
        from torch.utils.data import DataLoader

        collate: Any = _as_they_are if best else None
        if not best and workload.mixup_alpha is not None:
            collate = partial(_collate_and_mix, classes=workload.samples.classes, alpha=workload.mixup_alpha)
        dataset: Any = _Batches(workload) if best else _Items(workload)
        sampler: Any = Endless(len(workload.samples))
        loader = DataLoader(
            dataset,
            batch_size=workload.batch_size,
            sampler=sampler,
            num_workers=WORKERS,
            collate_fn=collate,
            worker_init_fn=_one_thread,
            persistent_workers=True,
            prefetch_factor=prefetch,
        )
        self._batches = iter(loader)

    def consume(self, batches: int) -> int:
        """See `Contender`."""
        return sum(len(next(self._batches)[0]) for _ in range(batches))

    def close(self) -> None:
        """End the workers."""
        del self._batches


class Augflow:
    """The stream, epoch after epoch."""

    def __init__(self, workload: Workload, workers: int = WORKERS) -> None:
        import augflow

        pipeline = augflow.load(workload.spec())
        self._stream = pipeline.stream(workload.samples.for_augflow(), num_workers=workers)
        self._batches = self._epochs()

    def _epochs(self) -> Iterator[Any]:
        while True:
            yield from self._stream

    def consume(self, batches: int) -> int:
        """See `Contender`."""
        return sum(len(next(self._batches)["image"]) for _ in range(batches))

    def close(self) -> None:
        """Stop the workers and Ray."""
        self._batches = iter(())
        self._stream.close()


def kernel(workload: Workload) -> Callable[[], Contender]:
    """How a seat builds the kernel."""
    return partial(Kernel, workload)


def loader(workload: Workload, *, best: bool, prefetch: int) -> Callable[[], Contender]:
    """How a seat builds a DataLoader."""
    return partial(Loader, workload, best=best, prefetch=prefetch)


def stream(workload: Workload) -> Callable[[], Contender]:
    """How a seat builds augflow."""
    return partial(Augflow, workload)
