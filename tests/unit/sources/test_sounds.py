"""Encoded sounds become float32 (channels, time), or a BadSampleError that a person can read."""

from __future__ import annotations

import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from augflow.errors import BadSampleError, SourceError
from augflow.materialize.sounds import encode_wav
from augflow.sample import Audio
from augflow.sources import decoding, sounds
from augflow.sources.decoding import read
from augflow.sources.sounds import decode_audio

PLACE = "somewhere/a.wav"
RATE = 16000


def two_tones(seconds: float = 0.5) -> np.ndarray:
    """(time, 2): tones of 440 and 660 Hz at half of full scale."""
    time = np.arange(int(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * np.outer(time, [440, 660]))).astype(np.float32)


def encoded(samples: np.ndarray, kind: str, subtype: str) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, RATE, format=kind, subtype=subtype)
    return buffer.getvalue()


def reason(data: bytes) -> str:
    with pytest.raises(BadSampleError) as caught:
        decode_audio(data, PLACE)
    assert caught.value.sample == PLACE
    assert len(caught.value.reason) > 10
    return caught.value.reason


EXACT = [
    ("WAV", "PCM_U8", 2**-7),
    ("WAV", "PCM_16", 2**-15),
    ("WAV", "PCM_24", 2**-23),
    ("WAV", "PCM_32", 2**-24),
    ("WAV", "FLOAT", 0),
    ("WAV", "DOUBLE", 0),
    ("WAVEX", "PCM_16", 2**-15),
    ("RF64", "PCM_16", 2**-15),
    ("AIFF", "PCM_16", 2**-15),
    ("FLAC", "PCM_16", 2**-15),
    ("FLAC", "PCM_24", 2**-23),
]
LOSSY = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III")]
KINDS = [(kind, subtype) for kind, subtype, _ in EXACT] + LOSSY


@pytest.mark.parametrize(("kind", "subtype", "step"), EXACT)
@pytest.mark.parametrize("channels", [1, 2])
def test_lossless_files_keep_their_samples(kind: str, subtype: str, step: float, channels: int) -> None:
    """Within one step of the file's resolution, samples are what was written."""
    samples = two_tones()[:, :channels]
    audio = decode_audio(encoded(samples, kind, subtype), PLACE)
    assert audio.sample_rate == RATE
    assert audio.samples.dtype == np.float32
    assert audio.samples.shape == (channels, len(samples))
    assert audio.samples.flags.c_contiguous
    assert np.abs(audio.samples - samples.T).max() <= step


@pytest.mark.parametrize(("kind", "subtype"), LOSSY)
def test_lossy_files_keep_tones(kind: str, subtype: str) -> None:
    """The length is exact, and each channel's tone is where it was."""
    audio = decode_audio(encoded(two_tones(1.0), kind, subtype), PLACE)
    assert audio.samples.shape == (2, RATE)
    peaks = np.abs(np.fft.rfft(audio.samples)).argmax(axis=1)
    assert peaks.tolist() == [440, 660]


def test_integers_reach_from_minus_one_to_almost_one() -> None:
    """The most negative 16-bit number is -1, and the most positive one below 1."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(struct.pack("<3h", -32768, 0, 32767))
    audio = decode_audio(buffer.getvalue(), PLACE)
    assert audio.samples.tolist() == [[-1.0, 0.0, 32767 / 32768]]


@pytest.mark.parametrize(("kind", "subtype"), KINDS)
def test_a_file_that_was_cut_off_is_refused(kind: str, subtype: str) -> None:
    """Wherever a file ends early, even one sample early, it is an error and never a shorter sound."""
    data = encoded(two_tones(1.0), kind, subtype)
    for end in (len(data) // 4, len(data) // 2, len(data) - len(data) // 5, len(data) - 8):
        assert reason(data[:end])


def test_an_ogg_file_without_its_last_page_is_refused() -> None:
    """Pages that are whole, but not all, are noticed too."""
    data = encoded(two_tones(3.0), "OGG", "VORBIS")
    assert "does not end the stream" in reason(data[: data.rindex(b"OggS")])


def test_a_recording_without_a_size_is_read_to_its_end() -> None:
    """Recorders that cannot go back leave the largest size in the header; the file tells the length."""
    data = bytearray(encode_wav(two_tones().T.copy(), RATE))
    data[4:8] = data[data.index(b"data") + 4 : data.index(b"data") + 8] = b"\xff\xff\xff\xff"
    assert np.array_equal(decode_audio(bytes(data), PLACE).samples, two_tones().T)


@pytest.mark.parametrize("mode", ["CONSTANT", "VARIABLE"])
def test_an_mp3_that_does_not_tell_its_length_is_read_whole_or_refused(mode: str) -> None:
    """Without the header, a constant bit rate is read to its end, tags aside; of a variable one libsndfile
    would drop what lies behind its guess, so it is an error."""
    buffer = io.BytesIO()
    options = {"format": "MP3", "bitrate_mode": mode, "compression_level": 0.5}
    with soundfile.SoundFile(buffer, "w", RATE, 2, **options) as file:
        file.write(two_tones(4.0))
    data = buffer.getvalue()
    headless = data[data.index(data[:2], 4) :] + b"TAG" + bytes(125)
    if mode == "VARIABLE":
        assert "variable bit rate without a header of its length" in reason(headless)
    else:
        assert abs(decode_audio(headless, PLACE).samples.shape[1] - 4 * RATE) < 4000


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    """A FLAC file called .wav is read as what it is."""
    file = tmp_path / "a.wav"
    file.write_bytes(encoded(two_tones(), "FLAC", "PCM_16"))
    assert read("audio", str(file), PLACE).samples.shape == (2, RATE // 2)


def test_empty_and_foreign_files_are_refused() -> None:
    """No bytes, no samples, text, and formats that are not supported are told apart."""
    assert "0 bytes" in reason(b"")
    assert "no samples" in reason(encode_wav(np.zeros((1, 0), np.float32), RATE))
    assert "not a readable WAV, AIFF, FLAC, Ogg or MP3 file" in reason(b"label,text\n0,hello\n" * 20)
    assert "begins with b'" in reason(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert "is not supported; convert it" in reason(encoded(two_tones(), "AU", "PCM_16"))


@pytest.mark.parametrize(
    ("value", "words"), [(np.nan, "not finite"), (np.inf, "not finite"), (-np.inf, "not")]
)
def test_samples_that_are_no_numbers_are_refused(value: float, words: str) -> None:
    """One NaN or infinity anywhere is an error that counts them."""
    samples = two_tones().T.copy()
    samples[1, 77] = value
    assert f"1 of {samples.size:,} samples are {words}" in reason(encode_wav(samples, RATE))


def test_floats_over_full_scale_are_kept_and_integers_as_floats_refused() -> None:
    """Headroom of a float file is its own; 16-bit numbers written as floats are a mistake."""
    loud = two_tones().T * np.float32(3)
    assert np.array_equal(decode_audio(encode_wav(loud, RATE), PLACE).samples, loud)
    assert "full scale is 1" in reason(encode_wav(two_tones().T * np.float32(32767), RATE))


def test_sizes_are_refused_by_the_header(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Bytes, samples over all channels, and channels have limits that hold before memory is taken."""
    data = encoded(two_tones(), "FLAC", "PCM_16")
    with monkeypatch.context() as patch:
        patch.setattr(sounds, "MAX_VALUES", 15_999)
        assert "8,000 samples in 2 channels, above the limit of 15,999" in reason(data)
    with monkeypatch.context() as patch:
        patch.setattr(sounds, "MAX_CHANNELS", 1)
        assert "2 channels, above the limit of 1" in reason(data)
    file = tmp_path / "a.flac"
    file.write_bytes(data)
    monkeypatch.setitem(decoding.MAX_BYTES, "audio", 100)
    with pytest.raises(BadSampleError, match="above the limit of 100"):
        read("audio", str(file), PLACE)


def test_a_header_that_promises_too_much_takes_no_memory() -> None:
    """A FLAC header of 2**36 - 1 samples is refused, whatever follows."""
    data = bytearray(encoded(two_tones(), "FLAC", "PCM_16"))
    data[21] |= 0x0F
    data[22:26] = b"\xff\xff\xff\xff"
    assert "above the limit" in reason(bytes(data))


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """The system's reason is in the message."""
    with pytest.raises(BadSampleError, match="No such file"):
        read("audio", str(tmp_path / "absent.wav"), PLACE)


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without soundfile the message says which extra to install."""
    monkeypatch.setattr(sounds.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SourceError, match="install the extra `audio`"):
        sounds.soundfile.__wrapped__()


def test_real_recordings_are_read_as_the_standard_library_reads_them(test_data: Path) -> None:
    """Every recording of spoken digits is its 16-bit numbers over 32,768."""
    files = sorted((test_data / "fsdd" / "recordings").glob("*.wav"))
    assert len(files) == 780
    for path in files[::13]:
        with wave.open(str(path)) as file:
            numbers = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        audio = read("audio", str(path), path.name)
        assert isinstance(audio, Audio)
        assert audio.sample_rate == 8000
        assert np.array_equal(audio.samples, (numbers / 32768).astype(np.float32)[None])
