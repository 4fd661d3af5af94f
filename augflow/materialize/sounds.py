"""A sound to the bytes of a file."""

from __future__ import annotations

import struct

import numpy as np

from augflow.sample import Array

FLOAT_FORMAT = 3
BYTES_A_SAMPLE = 4
HEADER = struct.Struct("<4sI4s 4sIHHIIHHH 4sII 4sI")
"""RIFF; the format (18 bytes, as others than PCM need); the number of samples; the head of the data."""

MAX_BYTES = 2**32 - 1 - HEADER.size
"""Of samples, as sizes in the header have 32 bits."""


def encode_wav(samples: Array, sample_rate: int) -> bytes:
    """A WAV file of 32-bit floats, which holds float32 (channels, time) without loss.

    The bytes depend on the arguments alone: libsndfile would write the time of day among them. Raises
    `ValueError` for arrays of other kinds and for sounds too long for the format.
    """
    if samples.dtype != np.float32 or samples.ndim != 2:
        raise ValueError(f"a sound is float32 (channels, time), got {samples.dtype} {samples.shape}")
    if samples.nbytes > MAX_BYTES:
        raise ValueError(f"a WAV file holds at most {MAX_BYTES:,} bytes of samples, got {samples.nbytes:,}")
    channels, time = samples.shape
    block = channels * BYTES_A_SAMPLE
    form = (FLOAT_FORMAT, channels, sample_rate, sample_rate * block, block, 8 * BYTES_A_SAMPLE, 0)
    size = HEADER.size - 8 + samples.nbytes
    header = HEADER.pack(
        b"RIFF", size, b"WAVE", b"fmt ", 18, *form, b"fact", 4, time, b"data", samples.nbytes
    )
    return header + samples.T.astype("<f4", copy=False).tobytes()
