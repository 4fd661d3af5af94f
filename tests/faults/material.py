"""Small data of three modalities, made here, each sample carrying its number, and specs over it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from PIL import Image

import augflow

from .trap import EPOCH

SAMPLES = 44
"""Five whole global batches and a short one."""

BATCH = 8
STEPS = -(-SAMPLES // BATCH)
RATE = 8000
VOCABULARY = [
    "the",
    "a",
    "film",
    "story",
    "was",
    "not",
    "very",
    "good",
    "dull",
    "bright",
    "and",
    "but",
    "of",
    "in",
    "don't",
    "3.5%",
]

SPECS: dict[str, dict[str, Any]] = {
    "image mixed": {
        "modality": "image",
        "augment": [{"horizontal_flip": {}}, {"rotate": {"limit": 15}}],
        "batch": {"mix": {"one_of": {"transforms": [{"mixup": {}}, {"cutmix": {}}]}}},
    },
    "image apart": {
        "modality": "image",
        "augment": [{"gauss_noise": {}}, {"random_crop": {"height": 16, "width": 16}}],
    },
    "text mixed": {
        "modality": "text",
        "augment": [{"random_swap": {}}, {"keyboard": {"p": 0.3}}],
        "batch": {"mix": {"cutmix": {"p": 0.5}}},
    },
    "text in buckets": {
        "modality": "text",
        "augment": [{"random_deletion": {"p": 0.5}}],
        "finish": [{"hash_tokens": {}}],
        "batch": {"bucket": 3},
    },
    "audio mixed": {
        "modality": "audio",
        "augment": [{"add_gaussian_noise": {}}, {"gain": {}}],
        "batch": {"mix": {"mixup": {}}},
    },
    "audio in buckets": {
        "modality": "audio",
        "augment": [{"add_gaussian_noise": {}}],
        "finish": [{"log_mel": {}}, {"spec_augment": {}}],
        "batch": {"bucket": 2},
    },
}


@dataclass(frozen=True)
class Material:
    """A spec and the samples that it is for; sample number n is index n of the dataset."""

    name: str
    pipeline: augflow.Pipeline
    place: Path

    def stream(self, **options: Any) -> augflow.BatchStream:
        """A stream that covers every sample, the short last batch included."""
        return self.pipeline.stream(self.place, drop_last=False, **options)

    def path(self, number: int) -> str:
        """What errors call the sample."""
        return self.stream().source.place(number)


def trapped(spec: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The spec with the trap as its first op."""
    op = {f"trap_{spec['modality']}": {"folder": str(folder), "epoch": EPOCH}}
    return {
        "version": 1,
        "seed": 11,
        "source": {"max_bad": SAMPLES // 2},
        **spec,
        "augment": [op, *spec["augment"]],
        "batch": {"size": BATCH, **spec.get("batch", {})},
    }


def write_samples(root: Path) -> dict[str, Path]:
    """A table a modality, row n for sample n; returns the tables."""
    rng = np.random.default_rng(5)
    writers = {"image": write_image, "text": write_text, "audio": write_audio}
    tables = {}
    for modality, write in writers.items():
        folder = root / modality
        folder.mkdir()
        rows = [{**write(folder, number, rng), "label": "ab"[number % 2]} for number in range(SAMPLES)]
        tables[modality] = folder / "samples.csv"
        with tables[modality].open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, list(rows[0]))
            table.writeheader()
            table.writerows(rows)
    return tables


def write_image(folder: Path, number: int, rng: np.random.Generator) -> dict[str, str]:
    """Noise; the red of the first pixel is the number."""
    pixels = rng.integers(0, 256, (24, 20, 3), dtype=np.uint8)
    pixels[0, 0] = number
    Image.fromarray(pixels).save(folder / f"{number:02d}.png")
    return {"path": f"{number:02d}.png"}


def write_text(folder: Path, number: int, rng: np.random.Generator) -> dict[str, str]:
    """2 to 30 words after the number."""
    return {"text": " ".join([f"n{number}", *rng.choice(VOCABULARY, rng.integers(2, 30))])}


def write_audio(folder: Path, number: int, rng: np.random.Generator) -> dict[str, str]:
    """50 to 200 ms of noise; the first value is the number of 256ths."""
    samples = rng.uniform(-0.5, 0.5, rng.integers(RATE // 20, RATE // 5))
    samples[0] = number / 256
    soundfile.write(folder / f"{number:02d}.wav", samples, RATE, subtype="PCM_16")
    return {"path": f"{number:02d}.wav"}
