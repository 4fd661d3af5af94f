"""One SHA-256 over a stream, the same on every machine that makes the same bytes.

Fed to the hash: for each epoch its number as int64, then for each row in position order and each
column in the order of the names: name, dtype, shape, bytes, all little-endian, names and ids as UTF-8,
each preceded by its length. Left out: padding, and `partner` and `valid`, which speak of batch
boundaries, and with them what pads rows that differ in length: a row is hashed as long as it is.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from augflow.batching.ragged import MASK, OFFSETS, RaggedColumn, cut_row
from augflow.sample import Batch
from augflow.stream import BatchStream

LEFT_OUT = ("partner", "valid")


class StreamDigest:
    """Feeds batches to one hash, and remembers a hash a step."""

    def __init__(self, ragged: Mapping[str, RaggedColumn]) -> None:
        self._ragged = ragged
        self._whole = hashlib.sha256()
        self.steps: list[str] = []
        self.samples = 0

    def start_epoch(self, epoch: int) -> None:
        """All batches that follow are of this epoch."""
        self._whole.update(struct.pack("<q", epoch))

    def add(self, batches: Sequence[Batch]) -> None:
        """One step: the batches of all ranks, in the order of the ranks."""
        step = hashlib.sha256()
        for batch in batches:
            for row in np.flatnonzero(batch["valid"]):
                data = b"".join(_row_parts(batch, int(row), self._ragged))
                self._whole.update(data)
                step.update(data)
                self.samples += 1
        self.steps.append(step.hexdigest())

    def hexdigest(self) -> str:
        """SHA-256 of everything so far."""
        return self._whole.hexdigest()


def digest_streams(streams: Sequence[BatchStream], epochs: int, steps: int | None = None) -> StreamDigest:
    """The digest of the streams of all ranks together, over `epochs` epochs of up to `steps` steps."""
    digest = StreamDigest(streams[0].plan.ragged)
    for epoch in range(epochs):
        digest.start_epoch(epoch)
        for stream in streams:
            stream.set_epoch(epoch)
        for step, batches in enumerate(zip(*streams, strict=True)):
            digest.add(batches)
            if steps is not None and step + 1 == steps:
                break
    return digest


def _row_parts(batch: Batch, row: int, ragged: Mapping[str, RaggedColumn]) -> Iterator[bytes]:
    shaped = {column.field + end for column in ragged.values() for end in (MASK, OFFSETS)}
    for name in sorted(batch):
        if name in LEFT_OUT or name in shaped:
            continue
        value: Any = cut_row(name, batch, row, ragged)
        if isinstance(value, str):
            text = value.encode("utf-8", "surrogatepass")
            yield _framed(name.encode()) + b"str" + _framed(text)
            continue
        array = np.asarray(value)
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        shape = struct.pack(f"<q{array.ndim}q", array.ndim, *array.shape)
        yield _framed(name.encode()) + _framed(array.dtype.str.encode()) + shape + array.tobytes()


def _framed(data: bytes) -> bytes:
    return struct.pack("<q", len(data)) + data
