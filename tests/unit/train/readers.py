"""Small streams of every modality, and every way to read one: what tests of positions share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import pytest
from torch.utils.data import DataLoader

from augflow.stream import BatchStream
from augflow.train import StreamDataset, StreamLoader

from ..memory import Memory, pictures, sounds, stream, texts

N = 24
LABELS, CLASSES = [n % 3 for n in range(N)], ("a", "b", "c")
SMALL = {"size": 8, "tile": 8}
IMAGES = {
    "modality": "image",
    "augment": [{"horizontal_flip": {}}, {"rotate": {"limit": 20}}],
    "batch": {**SMALL, "mix": {"one_of": {"transforms": [{"mixup": {}}, {"cutmix": {}}]}}},
}
REPEATS = {
    "modality": "image",
    "augment": [{"vertical_flip": {}}],
    "batch": {**SMALL, "views": 2, "repeats": 2},
}
WORDS = {
    "modality": "text",
    "augment": [{"random_swap": {"p": 0.8}}],
    "finish": [{"hash_tokens": {"buckets": 50}}],
    "batch": {**SMALL, "bucket": 2},
}
MEL = {"log_mel": {"n_mels": 8, "n_fft": 64, "window_ms": 8, "hop_ms": 4}}
SOUNDS = {
    "modality": "audio",
    "augment": [{"gain": {}}, {"add_gaussian_noise": {}}],
    "finish": [MEL, {"spec_augment": {}}],
    "batch": {**SMALL, "mix": {"cutmix": {}}},
}
Open = Callable[..., BatchStream]


def opener(spec: dict[str, Any], fields: list[dict[str, Any]], sizes: list[int] | None = None) -> Open:
    def opened(**options: Any) -> BatchStream:
        return stream(spec, Memory(fields, LABELS, CLASSES, sizes=sizes), **options)

    return opened


SENTENCES = texts(N)
CASES: dict[str, Open] = {
    "mixed images": opener(IMAGES, pictures(N)),
    "views and repeats": opener(REPEATS, pictures(N)),
    "texts in buckets": opener(WORDS, SENTENCES, [len(item["text"]) for item in SENTENCES]),
    "mixed sounds": opener(SOUNDS, sounds(N)),
}


class Whole:
    """torch's own loader around a stream; the position is the dataset's, as torchdata reads it."""

    def __init__(self, found: BatchStream) -> None:
        self.dataset = StreamDataset(found)
        self._loader = DataLoader(self.dataset, batch_size=None)
        self.state_dict, self.load_state_dict = self.dataset.state_dict, self.dataset.load_state_dict

    def __iter__(self) -> Iterator[Any]:
        return iter(self._loader)


def loader(found: BatchStream) -> StreamLoader:
    return StreamLoader(found)


def copying_ahead(found: BatchStream) -> StreamLoader:
    return StreamLoader(found, copy_ahead=True)


def itself(found: BatchStream) -> BatchStream:
    return found


READERS: list[Callable[[BatchStream], Any]] = [itself, loader, copying_ahead, Whole]
LOADERS = pytest.mark.parametrize("read", [loader, copying_ahead])


def marks(batches: Iterable[Any]) -> list[dict[str, Any]]:
    """Every column of every batch, as values that compare."""
    return [{name: mark(value) for name, value in batch.items()} for batch in batches]


def mark(value: Any) -> Any:
    if isinstance(value, list):
        return value
    array = np.asarray(value)
    return array.tolist() if array.dtype.kind in "OU" else (str(array.dtype), array.shape, array.tobytes())


def place(reader: Any) -> tuple[int, int]:
    state = reader.state_dict()
    return state["epoch"], state["step"]


def indices(batches: Iterable[Any]) -> list[list[int]]:
    return [batch["index"].tolist() for batch in batches]
