"""Every claim about audio ops that has a number, measured."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augflow.sample import Array, Audio
from augflow.sources.decoding import read

from .audio_cases import FIRST, built, keyed, made_noises, run, sound, with_noises

RATE = 16000
KEYS = [str(number) for number in range(40)]


def tone(hertz: float, seconds: float = 1.0, level: float = 0.3) -> Audio:
    time = np.arange(int(seconds * RATE)) / RATE
    return Audio((level * np.sin(2 * np.pi * hertz * time)).astype(np.float32)[None], RATE)


def silence(seconds: float = 0.5, channels: int = 1) -> Audio:
    return Audio(np.zeros((channels, int(seconds * RATE)), np.float32), RATE)


def click(place: int) -> Audio:
    samples = np.zeros((1, RATE), np.float32)
    samples[0, place] = 0.9
    return Audio(samples, RATE)


def pitch(audio: Audio) -> float:
    """The frequency of the highest peak, from a parabola through three bins of a windowed spectrum."""
    middle = audio.samples[0][len(audio.samples[0]) // 8 : -len(audio.samples[0]) // 8]
    power = np.log(np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 17)) + 1e-12)
    peak = int(power.argmax())
    left, top, right = power[peak - 1 : peak + 2]
    return (peak + 0.5 * (left - right) / (left - 2 * top + right)) * audio.sample_rate / (1 << 17)


def db(ratio: float) -> float:
    return 20 * float(np.log10(ratio))


def rms(samples: Array) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def outcomes(name: str, params: dict[str, Any], audio: Audio) -> list[tuple[Audio, dict[str, Any]]]:
    transform, _ = built(name, params)
    results = (transform({"audio": audio}, keyed(key)) for key in KEYS)
    return [(fields["audio"], dict(drawn)) for fields, drawn in results]


@pytest.mark.parametrize("snr_db", [-5, 0, 10, 30])
@pytest.mark.parametrize("name", ["add_gaussian_snr", "add_color_noise"])
def test_snr_is_what_was_asked_for_within_a_fifth_of_a_decibel(name: str, snr_db: float) -> None:
    """Noise is as far below the sound as the parameter says, one sound at a time."""
    audio = tone(440)
    for noisy, _ in outcomes(name, {"min_snr_db": snr_db, "max_snr_db": snr_db}, audio):
        noise = noisy.samples - audio.samples
        assert abs(db(rms(audio.samples) / rms(noise)) - snr_db) < 0.2


def test_snr_is_drawn_evenly_from_its_range() -> None:
    """Signal-to-noise ratios of 5 to 40 dB have the mean and the spread of a uniform choice."""
    transform, _ = built("add_gaussian_snr", {})
    audio = tone(440, 0.2)
    found = []
    for number in range(400):
        noisy = run(transform, audio, str(number))
        found.append(db(rms(audio.samples) / rms(noisy.samples - audio.samples)))
    assert abs(np.mean(found) - 22.5) < 2.1  # 4 standard errors of 0.51
    assert abs(np.std(found) - 35 / np.sqrt(12)) < 1.2
    assert min(found) > 4.5
    assert max(found) < 40.5


def test_gaussian_noise_has_the_amplitude_that_was_drawn() -> None:
    """The deviation of the preset's noise lies within 0.01 and 0.05, is what was drawn, and is Gaussian."""
    audio = silence(2.0)
    for noisy, drawn in outcomes("add_gaussian_noise", {"min_amplitude": 0.01, "max_amplitude": 0.05}, audio):
        deviation = float(noisy.samples.std())
        assert 0.01 <= drawn["amplitude"] <= 0.05
        assert abs(deviation / drawn["amplitude"] - 1) < 0.02
        assert abs(np.mean((noisy.samples / deviation) ** 4) - 3) < 0.3


@pytest.mark.parametrize("semitones", [-12, -4, -1, 0.5, 1, 4, 7, 12])
def test_pitch_moves_to_440_times_a_twelfth_power_of_two(semitones: float) -> None:
    """The peak of the spectrum lies within 1% of 440 * 2**(n/12) Hz."""
    shifted = run(
        built("pitch_shift", {"min_semitones": semitones, "max_semitones": semitones})[0], tone(440)
    )
    assert abs(pitch(shifted) / (440 * 2 ** (semitones / 12)) - 1) < 0.01


def test_pitch_drawn_is_pitch_heard() -> None:
    """Semitones are drawn from -4 to 4, and every tone is where its draw puts it."""
    semitones = []
    for shifted, drawn in outcomes("pitch_shift", {}, tone(440)):
        semitones.append(drawn["num_semitones"])
        assert abs(pitch(shifted) / (440 * 2 ** (semitones[-1] / 12)) - 1) < 0.01
        assert shifted.samples.shape == (1, RATE)
    assert min(semitones) < -2
    assert max(semitones) > 2
    assert max(map(abs, semitones)) <= 4


@pytest.mark.parametrize("semitones", [-4, -1, 2, 4])
@pytest.mark.parametrize("place", [3000, 8000, 13000])
def test_pitch_shift_keeps_an_onset(semitones: float, place: int) -> None:
    """A click stays where it was, within 5 ms: the default is the back end that does not smear it away."""
    shifted = run(
        built("pitch_shift", {"min_semitones": semitones, "max_semitones": semitones})[0], click(place)
    )
    assert abs(int(np.abs(shifted.samples[0]).argmax()) - place) <= 80


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.25, 2.0])
def test_time_stretch_changes_length_and_not_pitch(rate: float) -> None:
    """A stretched sound is 1 / rate as long with its pitch within 1%, or cut and filled to its old length."""
    stretch = {"min_rate": rate, "max_rate": rate}
    free = run(built("time_stretch", {**stretch, "leave_length_unchanged": False})[0], tone(440))
    assert abs(free.samples.shape[1] - RATE / rate) <= 1
    assert abs(pitch(free) / 440 - 1) < 0.01
    kept = run(built("time_stretch", stretch)[0], tone(440))
    assert kept.samples.shape == (1, RATE)
    if rate > 1:
        assert not kept.samples[0, int(RATE / rate) + 1 :].any()


def test_gain_is_drawn_in_decibels() -> None:
    """Gains of -12 to 12 dB are uniform in decibels, and each sound is scaled by what was drawn."""
    transform, _ = built("gain", {})
    audio, gains = tone(440, 0.05), []
    for number in range(400):
        louder = run(transform, audio, str(number))
        gains.append(db(rms(louder.samples) / rms(audio.samples)))
    assert abs(np.mean(gains)) < 1.4  # 4 standard errors of 0.35
    assert abs(np.std(gains) - 24 / np.sqrt(12)) < 0.8
    assert max(map(abs, gains)) <= 12.001


def test_a_gain_above_full_scale_is_not_clipped() -> None:
    """Between ops samples may leave [-1, 1], so that a later op can bring the sound back unharmed."""
    louder = run(built("gain", {"min_gain_db": 12, "max_gain_db": 12})[0], tone(440, level=0.9))
    assert louder.samples.max() > 3
    back = run(built("peak_normalize", {"peak_db": 0})[0], louder)
    assert np.allclose(back.samples, tone(440, level=1.0).samples, atol=1e-3)


def test_shift_rolls_by_a_share_of_the_length_drawn_evenly() -> None:
    """A click moves by the drawn share of the length, round the ends, from -1/2 to 1/2."""
    amounts = []
    for rolled, drawn in outcomes("shift", {"fade_duration": 0}, click(4000)):
        amounts.append(drawn["shift_amount"])
        assert int(rolled.samples[0].argmax()) == (4000 + round(amounts[-1] * RATE)) % RATE
    assert abs(np.mean(amounts)) < 0.19  # 4 standard errors of 0.046
    assert max(map(abs, amounts)) <= 0.5


def test_random_resample_tells_the_rate_that_it_drew() -> None:
    """The sound's rate is the drawn one, its length and pitch fit it, and no frequency is heard twice."""
    for resampled, drawn in outcomes("random_resample", {}, tone(440)):
        assert resampled.sample_rate == drawn["target_sample_rate"]
        assert abs(resampled.samples.shape[1] - resampled.sample_rate) <= 1
        assert abs(pitch(resampled) / 440 - 1) < 0.001


LEVELED = ("add_gaussian_snr", "add_color_noise", "normalize", "tanh_distortion", "peak_normalize")


@pytest.mark.parametrize(
    "name", [*LEVELED, "loudness_normalize", "gain", "pitch_shift", "time_stretch", "trim"]
)
def test_silence_stays_silence(name: str) -> None:
    """What is scaled to the sound's own level makes no noise of silence, and no NaN."""
    for key in KEYS[:5]:
        result = run(built(name, {})[0], silence(channels=2), key)
        assert not result.samples.any()


@pytest.mark.parametrize("rate", [4000, 8000])
@pytest.mark.parametrize("name", ["peaking_filter", "seven_band_parametric_eq", "band_pass_filter"])
def test_filters_stay_stable_at_low_rates(name: str, rate: int) -> None:
    """Center frequencies above half the rate, at which the library's peaks blow up, are held below it."""
    noise = np.random.default_rng(0).standard_normal((1, rate)).astype(np.float32) * 0.1
    transform, _ = built(name, {})
    loudest = max(
        float(np.abs(run(transform, Audio(noise, rate), str(key)).samples).max()) for key in range(200)
    )
    assert loudest < 60


@pytest.mark.parametrize("params", [{}, {"crossfade_duration": 0}, {"mode": "replace"}])
def test_repeat_part_has_room_wherever_the_part_lies(params: dict[str, Any]) -> None:
    """Parts drawn at the very end, on which the library fails, are moved to where they fit; a sound that is
    too short stays as it is."""
    short = {"min_part_duration": 0.02, "max_part_duration": 0.1}
    transform, _ = built("repeat_part", {**short, **params})
    for number in range(300):
        audio = sound(seconds=0.02 + number % 11 / 100)
        repeated = run(transform, audio, str(number))
        assert repeated.samples.shape[1] >= audio.samples.shape[1]
    tiny = sound(seconds=0.01)
    assert run(transform, tiny) is tiny


@pytest.mark.parametrize("section", ["start", "end"])
@pytest.mark.parametrize("mode", ["silence", "wrap", "reflect"])
def test_padding_keeps_the_length(mode: str, section: str) -> None:
    """A share is replaced, all of it too, and as many samples come out as went in."""
    whole = {"min_fraction": 1.0, "max_fraction": 1.0}
    transform, _ = built("padding", {"mode": mode, "pad_section": section, **whole})
    assert run(transform, sound()).samples.shape == sound().samples.shape


def test_shift_longer_than_the_sound_is_a_clear_error() -> None:
    """A shift in seconds that a short sound does not hold names lengths and remedy; shares always fit."""
    transform, _ = built("shift", {"shift_unit": "seconds", "min_shift": -0.5, "max_shift": -0.4})
    with pytest.raises(ValueError, match=r"length of 800 samples at 8000 Hz; write shift_unit: fraction"):
        run(transform, sound(seconds=0.1))
    whole, _ = built("shift", {"min_shift": -1, "max_shift": -1})
    assert run(whole, sound()).samples.any()


@pytest.fixture(scope="module")
def recordings() -> list[Audio]:
    """Real spoken digits of 0.2 to 0.7 s at 8 kHz."""
    shared = Path(__file__).parents[4] / "shared" / "data"
    folder = Path(os.environ.get("AUGFLOW_TEST_DATA", shared)) / "fsdd" / "recordings"
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}; set AUGFLOW_TEST_DATA")
    return [read("audio", str(file), file.name) for file in sorted(folder.glob("*.wav"))[::90]]


@pytest.mark.parametrize("name", sorted(set(FIRST) - {"spec_augment", "loudness_normalization"}))
def test_every_op_works_on_real_speech(name: str, recordings: list[Audio], tmp_path: Path) -> None:
    """With its own defaults, an op takes short recordings of a low rate and leaves a sound."""
    transform, _ = built(name, with_noises(FIRST[name], made_noises(tmp_path)))
    for recording in recordings:
        for key in "abc":
            result = run(transform, recording, key)
            samples = result.samples if isinstance(result, Audio) else result
            assert np.isfinite(samples).all()
            assert samples.any()
