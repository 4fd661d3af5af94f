"""Whatever the bytes, decoding gives a sound or BadSampleError."""

from __future__ import annotations

import functools
import io

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augflow.errors import BadSampleError
from augflow.sources import sounds
from augflow.sources.sounds import decode_audio

KINDS = [
    ("WAV", "PCM_16"),
    ("WAV", "FLOAT"),
    ("WAVEX", "PCM_24"),
    ("RF64", "PCM_16"),
    ("AIFF", "PCM_16"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
]
MAGICS = (
    b"",
    b"RIFF\0\0\0\0WAVEfmt ",
    b"RF64\xff\xff\xff\xffWAVEds64",
    b"fLaC\0\0\0\x22",
    b"OggS\0\2",
    b"ID3\4",
    b"\xff\xfb",
)

FUZZ = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def short_sounds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps a lucky mutation of a length from decoding a hundred million samples."""
    monkeypatch.setattr(sounds, "MAX_VALUES", 1_000_000)


@functools.cache
def valid(kind: str, subtype: str) -> bytes:
    time = np.arange(2000)
    samples = 0.5 * np.sin(np.outer(time, [0.1, 0.13]))
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, 16000, format=kind, subtype=subtype)
    return buffer.getvalue()


def check(data: bytes) -> None:
    try:
        audio = decode_audio(data, "fuzzed")
    except BadSampleError:
        return
    assert audio.samples.dtype == np.float32
    assert audio.samples.ndim == 2
    assert audio.samples.size > 0
    assert np.isfinite(audio.samples).all()
    assert audio.sample_rate > 0


@FUZZ
@given(magic=st.sampled_from(MAGICS), tail=st.binary(max_size=400))
def test_random_bytes(magic: bytes, tail: bytes) -> None:
    """Random bytes behind any format's first bytes never raise anything else."""
    check(magic + tail)


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
@FUZZ
@given(data=st.data())
def test_mutated_files(kind: str, subtype: str, data: st.DataObject) -> None:
    """Valid files with bytes changed, removed or cut off never raise anything else."""
    body = bytearray(valid(kind, subtype))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(0, min(len(body), 400) - 1)))
        body[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    check(bytes(body[: data.draw(st.integers(0, len(body)))] if data.draw(st.booleans()) else body))
