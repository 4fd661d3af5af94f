"""A source of samples in memory, and streams over it, for tests of more than images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import augflow
from augflow.digest import digest_streams
from augflow.options import StreamOptions
from augflow.sample import UNLABELED, Array, Audio, Boxes, Keypoints, Sample
from augflow.stream import BatchStream

RATE = 8000


@dataclass
class Memory:
    """Samples given by their fields; whatever else a source can have."""

    fields: Sequence[Mapping[str, Any]]
    labels: Sequence[int] = ()
    classes: tuple[str, ...] = ()
    targets: Array | None = None
    target_kind: str = "class"
    rows: Sequence[Mapping[str, Any]] = ()
    sizes: Sequence[int] | None = None
    reads: list[int] = field(default_factory=list)
    description = "samples in memory"

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.rows[0]) if self.rows else ()

    def __len__(self) -> int:
        return len(self.fields)

    def sample_id(self, index: int) -> str:
        return f"s{index}"

    def place(self, index: int) -> str:
        return f"sample {index}"

    def read(self, index: int) -> Sample:
        self.reads.append(index)
        return Sample(
            self.sample_id(index),
            index,
            dict(self.fields[index]),
            label=self.labels[index] if len(self.labels) else UNLABELED,
            target=None if self.targets is None else self.targets[index],
            row=self.rows[index] if self.rows else {},
        )

    def lengths(self) -> Array | None:
        return None if self.sizes is None else np.array(self.sizes, np.int64)

    def fingerprint(self) -> str:
        return f"memory-{len(self)}"


def stream(spec: Mapping[str, Any], source: Memory, **options: Any) -> BatchStream:
    """A stream of a spec over a source."""
    return BatchStream(augflow.load(spec).plan, source, StreamOptions(**options))


def rows_of(batches: Any) -> dict[str, dict[str, Any]]:
    """Every column of every valid row, by id."""
    return {
        batch["id"][row]: {name: column[row] for name, column in batch.items()}
        for batch in batches
        for row in np.flatnonzero(batch["valid"])
    }


def digest(found: BatchStream, epochs: int = 2) -> str:
    """The digest of one stream."""
    return digest_streams([found], epochs).hexdigest()


def world_digest(spec: Mapping[str, Any], source: Memory, world: int, **options: Any) -> str:
    """The digest of all ranks together."""
    ranks = [stream(spec, source, rank=rank, world_size=world, **options) for rank in range(world)]
    return digest_streams(ranks, 2).hexdigest()


def assert_resumes_everywhere(spec: Mapping[str, Any], source: Memory, **options: Any) -> None:
    """A state taken after any step goes on with the bytes of the undisturbed stream."""
    whole = stream(spec, source, **options)
    steps = [marks(batch) for _ in range(3) for batch in whole]
    first = stream(spec, source, **options)
    done = 0
    for _ in range(2):
        for batch in first:
            assert marks(batch) == steps[done]
            done += 1
            resumed = stream(spec, source, **options)
            resumed.load_state_dict(first.state_dict())
            rest = [marks(batch) for batch in resumed]
            assert rest
            assert rest == steps[done : done + len(rest)]


def marks(batch: Mapping[str, Any]) -> dict[str, Any]:
    """All columns of a batch as values that compare."""
    return {
        name: column.tolist() if column.dtype == object else column.tobytes()
        for name, column in batch.items()
    }


def pictures(n: int, height: int = 12, width: int = 10) -> list[dict[str, Any]]:
    """Images of noise, no two alike."""
    pixels = np.random.default_rng(0).integers(0, 256, (n, height, width, 3), dtype=np.uint8)
    return [{"image": image} for image in pixels]


def sounds(n: int, channels: int = 1, rate: int = RATE) -> list[dict[str, Any]]:
    """Sounds of different lengths and loudness."""
    rng = np.random.default_rng(1)
    lengths = rng.integers(200, 900, n)
    return [
        {
            "audio": Audio(
                (rng.uniform(0.05, 0.5) * rng.uniform(-1, 1, (channels, k))).astype(np.float32), rate
            )
        }
        for k in lengths
    ]


WORDS = [
    "the",
    "a",
    "film",
    "movie",
    "story",
    "plot",
    "actor",
    "is",
    "was",
    "not",
    "very",
    "good",
    "bad",
    "dull",
    "bright",
    "and",
    "but",
    "of",
    "in",
    "3.5%",
    "don't",
]


def texts(n: int) -> list[dict[str, Any]]:
    """Texts of 2 to 30 words."""
    rng = np.random.default_rng(2)
    return [{"text": " ".join(rng.choice(WORDS, rng.integers(2, 30)))} for _ in range(n)]


def boxed(n: int, most: int = 4, masks: bool = False) -> list[dict[str, Any]]:
    """Images of 32x24 pixels with masks, 0 to `most` boxes, and 3 keypoints."""
    rng = np.random.default_rng(3)
    found = []
    for number in range(n):
        count = number % (most + 1)
        low = rng.uniform(0, 12, (count, 2))
        corners = np.concatenate([low, low + rng.uniform(3, 11, (count, 2))], 1).astype(np.float32)
        instance = np.zeros((count, 32, 24), np.uint8)
        for one, (x0, y0, x1, y1) in zip(instance, corners.astype(int), strict=True):
            one[y0:y1, x0:x1] = 1
        boxes = Boxes(
            corners, rng.integers(0, 3, count), np.ones(count, np.float32), instance if masks else None
        )
        points = rng.uniform(0, 24, (3, 2)).astype(np.float32)
        found.append(
            {
                "image": rng.integers(0, 256, (32, 24, 3), dtype=np.uint8),
                "mask": rng.integers(0, 5, (32, 24), dtype=np.uint8),
                "boxes": boxes,
                "keypoints": Keypoints(points, np.arange(3), np.ones(3, bool)),
            }
        )
    return found
