"""A training loop as users write it, with a checkpoint of everything that it goes on from.

Also a program, for a resume in another process: training.py SPEC SOURCE CHECKPOINT EPOCHS
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

import augflow
from augflow.train import (
    LayerOptions,
    ResidualCNN,
    StreamLoader,
    clip_gradients,
    soft_cross_entropy,
    weights_sha256,
)


@contextmanager
def deterministic_torch() -> Iterator[None]:
    """Deterministic algorithms on one thread: another number of threads shows in the last digits."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_num_threads(threads)


class Training:
    """A model whose weights remember every batch: dropout, running statistics, moments of AdamW."""

    def __init__(self, stream: augflow.BatchStream) -> None:
        torch.manual_seed(0)
        self.loader = StreamLoader(stream)
        self.model = ResidualCNN(len(stream.classes), options=LayerOptions(dropout=0.2))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-3)
        self.steps = 0

    @property
    def weights(self) -> str:
        """The SHA-256 of the weights."""
        return weights_sha256(self.model)

    def run(
        self, epochs: int, stop_after: int | None = None, after_step: Callable[[int], None] | None = None
    ) -> str:
        """Train up to that epoch, or that step; the digest of the weights."""
        while self.loader.state_dict()["epoch"] < epochs:
            for batch in self.loader:
                loss = soft_cross_entropy(self.model(batch["image"]), batch["target"], label_smoothing=0.1)
                self.optimizer.zero_grad()
                loss.backward()
                clip_gradients(self.model, clip_norm=1.0)
                self.optimizer.step()
                self.steps += 1
                if after_step is not None:
                    after_step(self.steps)
                if self.steps == stop_after:
                    return self.weights
        return self.weights

    def save(self, path: Path) -> None:
        """Model, optimizer, position and torch's generator."""
        saved = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "data": self.loader.state_dict(),
            "random": torch.get_rng_state(),
            "steps": self.steps,
        }
        torch.save(saved, path)

    def load(self, path: Path) -> None:
        """Go on from what was saved."""
        saved = torch.load(path, weights_only=True)
        self.model.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.loader.load_state_dict(saved["data"])
        torch.set_rng_state(saved["random"])
        self.steps = saved["steps"]


def main(spec: str, source: str, checkpoint: str, epochs: str) -> None:
    """Go on from a checkpoint and print the digest of the weights."""
    with deterministic_torch():
        training = Training(augflow.load(spec).stream(source))
        training.load(Path(checkpoint))
        print(training.run(int(epochs)))


if __name__ == "__main__":
    main(*sys.argv[1:])
