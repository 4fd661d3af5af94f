"""Sounds: what is drawn and played is what is there."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from augflow.preview.sounds import SHOWN_BYTES, common_scale, sound_figure, sound_of, sound_words, wav
from augflow.preview.spectrum import COLUMNS, ROWS, envelope, level_picture, spectrum
from augflow.sample import Audio

ReadHtml = Callable[[str], Any]

RATE = 8000


def sine(frequency: float, seconds: float = 1.0, amplitude: float = 1.0, channels: int = 1) -> Audio:
    times = np.arange(round(seconds * RATE)) / RATE
    samples = (amplitude * np.sin(2 * np.pi * frequency * times)).astype(np.float32)
    return Audio(np.repeat(samples[None], channels, axis=0), RATE)


@pytest.mark.parametrize("frequency", [250.0, 1000.0, 3000.0])
def test_a_sine_is_loudest_at_its_frequency(frequency: float) -> None:
    """The loudest row of the spectrogram is that of the tone, and full scale is 0 dB within 0.2 dB."""
    levels = spectrum(sine(frequency).samples, RATE)
    middle = levels[:, levels.shape[1] // 2]
    spacing = RATE / 2 / (len(levels) - 1)
    assert abs(int(middle.argmax()) * spacing - frequency) <= spacing / 2
    assert middle.max() == pytest.approx(0, abs=0.2)


def test_low_frequencies_lie_at_the_foot_of_the_picture() -> None:
    """The brightest row of a low tone is near the last row of the picture."""
    levels = spectrum(sine(250).samples, RATE)
    gray = np.asarray(level_picture(levels, 0, -80))
    assert gray[:, gray.shape[1] // 2].argmax() > 0.9 * len(gray)


def test_pictures_are_small_however_long_the_sound() -> None:
    """A minute of sound makes no wider picture than a second."""
    picture = level_picture(spectrum(sine(440, seconds=60).samples, RATE), 0, -80)
    assert picture.width <= COLUMNS
    assert picture.height <= ROWS


def test_the_envelope_holds_every_peak() -> None:
    """However long a sound is, its single loudest sample is seen."""
    samples = np.zeros(100_000, np.float32)
    samples[54_321], samples[77_777] = 0.75, -0.5
    bounds = envelope(samples)
    assert len(bounds) == 300
    assert bounds.max() == 0.75
    assert bounds.min() == -0.5


@pytest.mark.parametrize("channels", [1, 2])
def test_the_player_gets_the_samples_in_16_bits(channels: int) -> None:
    """Rate, channels and every sample are read back, within half a step of 16 bits."""
    audio = sine(440, channels=channels)
    with wave.open(io.BytesIO(wav(audio))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (channels, 2, RATE)
        read = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, channels).T
    assert np.abs(read / 32767 - audio.samples).max() <= 0.5 / 32767 + 1e-7


def test_what_is_too_loud_is_cut_and_does_not_wrap_round() -> None:
    """A sample beyond full scale plays as full scale, not as its opposite."""
    with wave.open(io.BytesIO(wav(Audio(np.array([[1.5, -1.5]], np.float32), RATE)))) as file:
        assert np.frombuffer(file.readframes(2), "<i2").tolist() == [32767, -32767]


def test_levels_are_told_in_decibels() -> None:
    """A sine of half the scale has a peak of -6.0 dBFS and an RMS of -9.0 dBFS."""
    words = sound_words(sound_of(sine(1000, amplitude=0.5)))
    assert words == "1.00 s, 8,000 Hz mono, peak \u22126.0 dBFS, RMS \u22129.0 dBFS"


def test_long_sounds_are_cut_and_say_so(read_html: ReadHtml) -> None:
    """The player holds the beginning only, and the words tell the whole length and how much is shown."""
    audio = Audio(np.zeros((2, 60 * 16_000), np.float32) + np.float32(0.1), 16_000)
    sound = sound_of(audio)
    assert "60.00 s" in sound_words(sound)
    assert "the first 10.0 s are shown" in sound_words(sound)
    player = read_html(sound_figure(sound, common_scale([sound]), "x")).one("audio")
    assert len(base64.b64decode(player.attributes["src"].partition(",")[2])) == SHOWN_BYTES + 44


def test_sounds_of_a_sample_share_their_scales(read_html: ReadHtml) -> None:
    """A sound half as long is drawn half as wide, and one half as loud half as high."""
    sounds = [sound_of(sine(1000)), sound_of(sine(1000, seconds=0.5, amplitude=0.5))]
    scale = common_scale(sounds)
    heights, widths = [], []
    for sound in sounds:
        figure = read_html(sound_figure(sound, scale, "x"))
        numbers = [float(n) for n in figure.one("path").attributes["d"].strip("MZ").replace("L", "").split()]
        heights.append(max(numbers[1::2]) - min(numbers[1::2]))
        widths.append(figure.one("svg", class_="wave"))
    assert heights[1] == pytest.approx(heights[0] / 2, rel=0.02)
    styles = [
        read_html(sound_figure(sound, scale, "x")).all("div")[1].attributes["style"] for sound in sounds
    ]
    assert styles == ["width:100.0%", "width:50.0%"]


def test_a_spectrogram_fades_where_the_sound_is_quiet(read_html: ReadHtml, pixels_of: Any) -> None:
    """The quieter of two sounds is darker on the common scale."""
    sounds = [sound_of(sine(1000)), sound_of(sine(1000, amplitude=0.01))]
    scale = common_scale(sounds)
    peaks = [pixels_of(read_html(sound_figure(sound, scale, "x")).one("img")).max() for sound in sounds]
    assert peaks[0] == 255
    assert peaks[1] == pytest.approx(255 * (80 - 40) / 80, abs=3)


@pytest.mark.parametrize(
    "samples",
    [np.zeros((1, 1), np.float32), np.zeros((1, 700), np.float32), np.full((1, 50), np.nan, np.float32)],
    ids=["one sample", "silence", "not numbers"],
)
def test_strange_sounds_are_shown(read_html: ReadHtml, samples: np.ndarray) -> None:
    """A single sample, silence and NaN make a figure like any other."""
    sound = sound_of(Audio(samples, RATE))
    assert read_html(sound_figure(sound, common_scale([sound]), "x")).one("audio")
    assert "silent" in sound_words(sound)


def test_a_sound_without_samples_is_said_to_be_one() -> None:
    """Nothing to play is told, not played."""
    sound = sound_of(Audio(np.zeros((1, 0), np.float32), RATE))
    assert sound is None
    assert "no samples" in sound_figure(sound, common_scale([sound]), "x")
    assert sound_words(sound) == "no samples"
