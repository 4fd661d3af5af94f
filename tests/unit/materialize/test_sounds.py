"""Sounds are written without loss, and always as the same bytes."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from augflow.materialize.sounds import encode_wav
from augflow.sources.sounds import decode_audio

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 50))


@given(arrays(np.float32, SHAPES, elements=st.floats(-16, 16, width=32)), st.integers(1, 400_000))
def test_a_sound_comes_back_bit_for_bit(samples: np.ndarray, sample_rate: int) -> None:
    """Writing and reading changes neither a sample nor the rate, beyond full scale too."""
    audio = decode_audio(encode_wav(samples, sample_rate), "a")
    assert audio.samples.tobytes() == samples.tobytes()
    assert audio.sample_rate == sample_rate


def test_the_file_is_a_plain_wav_of_floats() -> None:
    """Others read it as 32-bit float, and nothing but the sound is in it: no time of writing."""
    samples = np.linspace(-1, 1, 200, dtype=np.float32).reshape(2, 100)
    data = encode_wav(samples, 22050)
    assert len(data) == 58 + samples.nbytes
    info = soundfile.info(io.BytesIO(data))
    assert (info.format, info.subtype, info.channels, info.samplerate) == ("WAV", "FLOAT", 2, 22050)
    read, _ = soundfile.read(io.BytesIO(data), dtype="float32")
    assert np.array_equal(read, samples.T)


def test_layout_in_memory_does_not_count() -> None:
    """A transposed or strided array gives the bytes of its values."""
    samples = np.arange(12, dtype=np.float32).reshape(2, 6) / 16
    assert encode_wav(np.asfortranarray(samples), 8000) == encode_wav(samples, 8000)
    assert encode_wav(samples[:, ::2], 8000) == encode_wav(samples[:, ::2].copy(), 8000)


@pytest.mark.parametrize("samples", [np.zeros((1, 4)), np.zeros(4, np.float32), np.zeros((1, 4), np.int16)])
def test_other_arrays_are_refused(samples: np.ndarray) -> None:
    """Only float32 (channels, time) is a sound."""
    with pytest.raises(ValueError, match=r"a sound is float32 \(channels, time\)"):
        encode_wav(samples, 8000)


def test_a_sound_beyond_the_format_is_refused() -> None:
    """More than 4 GiB do not fit a WAV header; the array here is one number seen many times."""
    huge = np.broadcast_to(np.float32(0), (2, 2**30))
    with pytest.raises(ValueError, match="at most 4,294,967,237 bytes"):
        encode_wav(huge, 8000)
