"""augflow's own ops for sounds: rate, channels, length, level, spectrograms."""

from __future__ import annotations

import pickle
from typing import Any

import librosa
import numpy as np
import pytest

from augflow.sample import Audio

from .audio_cases import built, keyed, run, sound


def ramp(time: int = 10, channels: int = 1, rate: int = 10) -> Audio:
    samples = np.arange(1, 1 + time * channels, dtype=np.float32).reshape(channels, time) / 100
    return Audio(samples, rate)


def tone(hertz: float, rate: int, seconds: float = 1.0) -> Audio:
    time = np.arange(int(seconds * rate)) / rate
    return Audio((0.5 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)[None], rate)


def done(name: str, audio: Any, key: str = "a", **params: Any) -> Any:
    return run(built(name, params)[0], audio, key)


@pytest.mark.parametrize(("before", "after"), [(8000, 16000), (44100, 16000), (16000, 8000), (48000, 11025)])
def test_resampling_keeps_tones_and_gives_the_rounded_length(before: int, after: int) -> None:
    """A tone keeps pitch and level within 0.1 dB, and time * new / old samples come out, rounded."""
    for length in (before, before + 1, before // 3 + 7):
        audio = tone(1000, before, 2.0)
        cut = Audio(audio.samples[:, :length], before)
        assert done("resample", cut, sample_rate=after).samples.shape[1] == int(length * after / before + 0.5)
    resampled = done("resample", tone(1000, before), sample_rate=after)
    middle = slice(after // 10, -after // 10)
    expected = tone(1000, after).samples[:, middle]
    assert resampled.sample_rate == after
    assert np.abs(resampled.samples[:, middle] - expected).max() < 0.006


def test_resampling_lets_no_alias_through() -> None:
    """A tone above half of the new rate is 80 dB down, where taking every other sample would fold it."""
    resampled = done("resample", tone(6000, 16000), sample_rate=8000)
    assert np.abs(resampled.samples[:, 400:-400]).max() < 0.5 * 1e-4


def test_resampling_to_the_same_rate_is_identity_and_to_nothing_an_error() -> None:
    """The very sound comes back at its own rate; a sound that would vanish or explode is refused."""
    audio = sound()
    assert done("resample", audio, sample_rate=audio.sample_rate) is audio
    with pytest.raises(ValueError, match="would become 0 at 8 Hz"):
        done("resample", ramp(10, rate=8000), sample_rate=8)
    with pytest.raises(ValueError, match="is not between 1 and"):
        done("resample", ramp(10000, rate=1), sample_rate=768_000)


def test_mono_is_the_mean_and_stereo_a_double() -> None:
    """Channels are averaged, or doubled; what has the right number comes back itself."""
    two = ramp(4, channels=2)
    assert np.array_equal(done("mono", two).samples, two.samples.mean(axis=0, keepdims=True))
    one = ramp(4)
    assert done("mono", one) is one
    assert done("stereo", two) is two
    assert np.array_equal(done("stereo", one).samples, np.concatenate([one.samples, one.samples]))
    with pytest.raises(ValueError, match="has 3 channels; put mono before stereo"):
        done("stereo", ramp(4, channels=3))


def test_a_stereo_sound_where_mono_is_declared_is_an_error() -> None:
    """`mix: false` declares one channel: two are refused with the remedy."""
    with pytest.raises(ValueError, match=r"has 2 channels where one is declared; write mono: \{mix: true\}"):
        done("mono", ramp(4, channels=2), mix=False)
    assert done("mono", ramp(4), mix=False).samples.shape == (1, 4)


@pytest.mark.parametrize(
    ("align", "pad", "expected"),
    [
        ("start", "zero", [1, 2, 3, 0, 0, 0, 0]),
        ("center", "zero", [0, 0, 1, 2, 3, 0, 0]),
        ("end", "zero", [0, 0, 0, 0, 1, 2, 3]),
        ("start", "repeat", [1, 2, 3, 1, 2, 3, 1]),
        ("center", "repeat", [2, 3, 1, 2, 3, 1, 2]),
        ("start", "reflect", [1, 2, 3, 2, 1, 2, 3]),
        ("end", "reflect", [1, 2, 3, 2, 1, 2, 3]),
    ],
)
def test_duration_pads(align: str, pad: str, expected: list[int]) -> None:
    """A short sound stands where `align` says, with what `pad` says around it."""
    longer = done("duration", ramp(3), seconds=0.7, align=align, pad=pad)
    assert np.allclose(longer.samples[0] * 100, expected)


@pytest.mark.parametrize(("align", "first"), [("start", 1), ("center", 4), ("end", 8)])
def test_duration_crops(align: str, first: int) -> None:
    """A long sound keeps the part that `align` says, in memory of its own."""
    audio = ramp(10)
    shorter = done("duration", audio, seconds=0.3, align=align)
    assert np.allclose(shorter.samples[0] * 100, [first, first + 1, first + 2])
    assert not np.shares_memory(shorter.samples, audio.samples)


@pytest.mark.parametrize("seconds", [0.01, 0.3337, 1.0, 2.71828])
def test_duration_is_exact(seconds: float) -> None:
    """round(seconds * rate) samples come out, whatever went in; less than a sample is an error."""
    for rate in (8000, 11025, 44100):
        for length in (1, 100, 50000):
            audio = Audio(np.ones((2, length), np.float32), rate)
            assert done("duration", audio, seconds=seconds, pad="reflect").samples.shape == (
                2,
                round(seconds * rate),
            )
    with pytest.raises(ValueError, match="is not between 1 and"):
        done("duration", ramp(), seconds=0.01)


def test_a_random_crop_may_start_anywhere_alike() -> None:
    """Every offset of a crop, the last one too, comes up equally often."""
    transform, _ = built("random_crop", {"seconds": 0.7})
    starts = [transform({"audio": ramp(10)}, keyed(str(number)))[1]["start"] for number in range(2000)]
    counts = np.bincount(starts, minlength=4)
    assert len(counts) == 4
    assert np.abs(counts - 500).max() < 80  # standard deviation 19
    assert done("random_crop", ramp(3), seconds=0.5).samples.shape == (1, 5)


def test_levels_are_what_was_asked_for() -> None:
    """The peak, or the root mean square, of all channels lies at its decibels; channels keep balance."""
    audio = sound(2)
    peak = done("peak_normalize", audio, peak_db=-6).samples
    assert abs(20 * np.log10(np.abs(peak).max()) + 6) < 1e-4
    loud = done("loudness_normalize", audio, rms_db=-26).samples
    assert abs(10 * np.log10(np.square(loud, dtype=np.float64).mean()) + 26) < 1e-4
    ratio = audio.samples.std(axis=1)[0] / audio.samples.std(axis=1)[1]
    assert np.isclose(loud.std(axis=1)[0] / loud.std(axis=1)[1], ratio, rtol=1e-4)
    quiet = Audio(np.full((1, 100), 1e-30, np.float32), 8000)
    assert np.isfinite(done("peak_normalize", quiet).samples).all()


LIBROSA = [
    (16000, {}, {"n_fft": 1024, "win_length": 400, "hop_length": 160, "n_mels": 64}),
    (8000, {"n_mels": 40}, {"n_fft": 512, "win_length": 200, "hop_length": 80, "n_mels": 40}),
    (
        16000,
        {"n_mels": 80, "n_fft": 400, "f_min_hz": 20, "f_max_hz": 7600},
        {"n_fft": 400, "win_length": 400, "hop_length": 160, "n_mels": 80, "fmin": 20, "fmax": 7600},
    ),
    (
        16000,
        {"scale": "htk", "n_mels": 32, "window_ms": 32, "hop_ms": 16},
        {"n_fft": 1024, "win_length": 512, "hop_length": 256, "n_mels": 32, "htk": True},
    ),
]


@pytest.mark.filterwarnings("ignore:n_fft=:UserWarning")
@pytest.mark.parametrize(("rate", "params", "options"), LIBROSA)
@pytest.mark.parametrize("length", [1, 300, 8000, 9001])
def test_log_mel_is_librosa_s(
    rate: int, params: dict[str, Any], options: dict[str, Any], length: int
) -> None:
    """Within 0.01 dB above the floor, the spectrogram is librosa's in decibels."""
    noise = np.random.default_rng(0).standard_normal(length)
    samples = (0.1 * noise + 0.3 * np.sin(np.arange(length) / 5)).astype(np.float32)
    found = done("log_mel", Audio(samples[None], rate), **params)
    power = librosa.feature.melspectrogram(y=samples, sr=rate, pad_mode="constant", **options)
    expected = np.maximum(10 * np.log10(np.maximum(power, 1e-10)), -80)
    assert found.shape == expected.shape == (options["n_mels"], 1 + length // options["hop_length"])
    assert np.abs(found - expected).max() < 0.01


def test_log_mel_has_a_floor_and_no_holes() -> None:
    """Silence is the floor everywhere; more bands than the FFT can tell apart are an error with a remedy."""
    silence = Audio(np.zeros((1, 4000), np.float32), 8000)
    assert (done("log_mel", silence, floor_db=-60) == -60).all()
    with pytest.raises(ValueError, match=r"holds no frequency .* lower n_mels \(now 500\), or raise n_fft"):
        done("log_mel", silence, n_mels=500)


def test_log_mel_says_what_does_not_fit_the_rate() -> None:
    """A highest frequency above half the rate and a window longer than the FFT are named with numbers."""
    with pytest.raises(ValueError, match=r"at 8000 Hz, got a window of 200.*f_max_hz 8000"):
        done("log_mel", sound(), f_max_hz=8000)
    with pytest.raises(ValueError, match="n_fft 128"):
        done("log_mel", sound(), n_fft=128)


def test_a_long_sound_has_the_spectrogram_of_its_parts() -> None:
    """Working in blocks leaves no seam."""
    noise = np.random.default_rng(0).standard_normal((1, 8000 * 45)).astype(np.float32)
    whole = done("log_mel", Audio(noise, 8000))
    part = done("log_mel", Audio(noise[:, 8000 * 20 : 8000 * 22], 8000))
    assert np.array_equal(whole[:, 2010:2190], part[:, 10:190])


def test_spec_augment_masks_stripes_of_the_drawn_size() -> None:
    """Exactly the drawn bands and frames are the mean; widths and places reach both ends of their ranges."""
    spectrogram = np.random.default_rng(0).standard_normal((40, 100)).astype(np.float32)
    transform, _ = built(
        "spec_augment", {"freq_masks": 1, "freq_width": 6, "time_masks": 1, "time_fraction": 0.2}
    )
    bands, frames = [], []
    for number in range(600):
        fields, drawn = transform({"audio": spectrogram}, keyed(str(number)))
        expected = np.zeros((40, 100), bool)
        (start, width), (first, length) = drawn["bands"][0], drawn["frames"][0]
        expected[start : start + width] = True
        expected[:, first : first + length] = True
        assert np.array_equal(fields["audio"] != spectrogram, expected)
        assert np.all(fields["audio"][expected] == np.float32(spectrogram.mean(dtype=np.float64)))
        bands.append((start, width))
        frames.append((first, length))
    assert {width for _, width in bands} == set(range(7))
    assert {length for _, length in frames} == set(range(21))
    assert min(start for start, _ in bands) == 0
    assert max(start + width for start, width in bands) == 40


def test_own_transforms_pickle_small() -> None:
    """What travels to workers holds neither sound nor filters."""
    for name, params in (("log_mel", {}), ("resample", {"sample_rate": 8000}), ("spec_augment", {})):
        assert len(pickle.dumps(built(name, params)[0])) < 600
