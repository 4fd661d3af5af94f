"""A stream of scikit-learn's digits that keeps the promises of `BatchStream` in a few lines."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from augflow.errors import StateError
from augflow.sample import Batch
from augflow.spec.model import OutputSpec
from augflow.spec.regularize import RegularizeSpec


class FakeStream:
    """Batches of arrays in memory, shuffled by epoch; the state is epoch and step."""

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        *,
        batch_size: int = 32,
        train: bool = True,
        classes: tuple[str, ...] | None = None,
        output: OutputSpec | None = None,
        regularize: RegularizeSpec | None = None,
        lam: float = 1.0,
    ) -> None:
        self.images, self.labels, self.lam = images, labels, lam
        self.batch_size, self.train = batch_size, train
        self.rank, self.world_size = 0, 1
        self.classes = tuple("0123456789") if classes is None else classes
        spec = SimpleNamespace(
            output=output or OutputSpec(),
            regularize=regularize or RegularizeSpec(),
            batch=SimpleNamespace(mix_by="worker", views=1),
        )
        field = SimpleNamespace(name="image", modality="image")
        self.plan = SimpleNamespace(spec=spec, fingerprint="feed", mix=None, fields=(field,))
        self.source = SimpleNamespace(target_kind="class")
        self.epoch = self.step = self.held = 0
        self.placed, self.loaded = True, False
        self.live: Any = None

    def __len__(self) -> int:
        whole, rest = divmod(len(self.labels), self.batch_size)
        return whole if self.train else whole + bool(rest)

    def __iter__(self) -> Any:
        if not self.placed:
            self.epoch, self.step = self.epoch + 1, 0
        self.placed, self.loaded, self.held = True, False, 0
        return self._rest_of(self.epoch)

    def _rest_of(self, epoch: int) -> Any:
        while self.epoch == epoch:
            batch = self.batch(self.epoch, self.step)
            self.step += 1
            self.placed = self.step == len(self)
            if self.placed:
                self.epoch, self.step = self.epoch + 1, 0
            yield batch

    def batch(self, epoch: int, step: int) -> Batch:
        order = np.arange(len(self.labels))
        if self.train:
            order = np.random.default_rng([7, epoch]).permutation(order)
        rows = order[step * self.batch_size : (step + 1) * self.batch_size]
        n = len(rows)
        own = np.eye(max(1, len(self.classes)), dtype=np.float32)[self.labels[rows]]
        lam = np.float32(self.lam)
        columns = {
            "image": self.images[rows],
            "target": lam * own + (1 - lam) * own[::-1],
            "label": self.labels[rows].astype(np.int64),
            "index": rows.astype(np.int64),
            "id": np.array([f"digit-{row}" for row in rows]),
            "partner": np.arange(n)[::-1].copy(),
            "lam": np.full(n, lam, np.float32),
            "box": np.zeros((n, 4), np.int32),
            "valid": np.ones(n, bool),
            "replaced": np.zeros(n, bool),
        }
        return Batch(columns, epoch=epoch, step=step)

    def peek(self) -> Batch:
        return self.batch(self.epoch, self.step)

    def set_epoch(self, epoch: int) -> None:
        if not (self.loaded and epoch == self.epoch):
            self.epoch, self.step = epoch, 0
        self.placed, self.held = True, 0

    def state_dict(self) -> dict[str, Any]:
        epoch, step = divmod(self.epoch * len(self) + self.step - self.held, len(self))
        return {"epoch": epoch, "step": step, "samples": len(self.labels)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if state["samples"] != len(self.labels):
            raise StateError(f"samples is {len(self.labels)} here and {state['samples']} there")
        self.epoch, self.step = state["epoch"], state["step"]
        self.placed = self.loaded = True
        self.held = 0


def digits(start: int, stop: int, **options: Any) -> FakeStream:
    """Digits [start, stop) as uint8 images (N, 16, 16, 1)."""
    data = load_digits()
    images = (data.images[start:stop] * 15.9375).astype(np.uint8)
    images = images.repeat(2, axis=1).repeat(2, axis=2)[..., None]
    return FakeStream(images, data.target[start:stop], **options)


@pytest.fixture(autouse=True)
def _one_thread() -> Any:
    """Tiny models gain nothing from threads, and lose much where other processes want the cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def make_digits() -> Any:
    return digits


@pytest.fixture
def make_stream() -> Any:
    return FakeStream
