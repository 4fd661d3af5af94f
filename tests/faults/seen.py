"""A slow stream whose workers are seen, and a reader that holds it against the reference."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import augflow

SAMPLES = 480
SIDE = 112
"""Four samples are more than the 100 KiB that Ray keeps out of a node's store."""
NAP_S = 0.01
EPOCHS = 6


class Seen:
    """A slow pipeline whose workers leave their process ids."""

    def __init__(self, folder: Path) -> None:
        marks, here = str(folder), os.getpid()

        @augflow.op()
        def slow_and_seen(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
            if os.getpid() != here:
                time.sleep(NAP_S)
                with open(f"{marks}/{os.getpid()}", "a") as file:
                    file.write(".")
            return image ^ rng.integers(0, 256, image.shape, dtype=np.uint8)

        pixels = np.random.default_rng(0).integers(0, 256, (SAMPLES, SIDE, SIDE, 3), dtype=np.uint8)
        self._source = pixels, np.arange(SAMPLES) % 3
        self._folder = folder
        self._pipeline = augflow.load(
            {"modality": "image", "seed": 5, "augment": [{"slow_and_seen": {}}], "batch": {"size": 16}}
        )

    def stream(self, **options: Any) -> augflow.BatchStream:
        return self._pipeline.stream(self._source, **options)

    def pids(self) -> set[int]:
        """The workers that have worked; the one sample that they warm up with is not counted."""
        return {int(file.name) for file in self._folder.iterdir() if file.stat().st_size > 1}

    def forget(self) -> None:
        """As if nobody had worked."""
        for file in self._folder.iterdir():
            file.unlink()


def digest(batch: augflow.Batch) -> bytes:
    return b"".join(np.ascontiguousarray(batch[name]).tobytes() for name in ("index", "image", "target"))


class Reader:
    """All epochs of a stream, one batch after the other, each held against the reference."""

    def __init__(self, stream: augflow.BatchStream, reference: list[bytes], at: int = 0) -> None:
        self._batches = (batch for _ in range(EPOCHS) for batch in stream)
        self._stream, self._reference = stream, reference
        self.at = at
        self.longest_s = 0.0

    def read(self) -> None:
        """One batch."""
        began = time.monotonic()
        batch = next(self._batches)
        self.longest_s = max(self.longest_s, time.monotonic() - began)
        assert digest(batch) == self._reference[self.at]
        self.at += 1

    def read_more(self, number: int) -> None:
        """So many batches."""
        for _ in range(number):
            self.read()

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Batches until something is so."""
        while not condition():
            assert self.at < len(self._reference) - 4, f"never: {what}"
            self.read()

    def until_workers(self, number: int) -> None:
        """Batches until so many workers are there."""
        self.until(lambda: self._stream.stats()["workers"] == number, f"{number} workers")

    def stop(self) -> None:
        """In the middle."""
        self._batches.close()

    def rest(self) -> None:
        """All that is left."""
        while self.at < len(self._reference):
            self.read()
        assert next(self._batches, None) is None
