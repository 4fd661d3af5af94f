"""Sounds as HTML: waveform, spectrogram and a player, all sounds of a sample on the same scales."""

from __future__ import annotations

import io
import math
import wave
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from augflow.preview.markup import Html, data_uri, tag
from augflow.preview.pictures import png
from augflow.preview.spectrum import RANGE_DB, envelope, level_picture, spectrum
from augflow.sample import Array, Audio

SHOWN_BYTES = 640_000
"""A longer sound is cut for show: 20 s at 16,000 Hz, mono."""

LANE = 100
"""The height of one channel's waveform, in units of the drawing; its width is in seconds' shares of it."""

WIDE = 300


@dataclass(frozen=True)
class Scale:
    """What the sounds of one sample have in common, so that they can be compared."""

    seconds: float
    """Of the longest."""
    peak: float
    """The loudest sample's magnitude."""
    top_db: float
    """The loudest cell of all spectrograms."""


@dataclass(frozen=True)
class Sound:
    """A sound, cut for show, with its spectrogram."""

    whole: Audio
    shown: Audio
    levels: Array
    """Of its spectrogram, in dB; see `spectrum`."""

    @property
    def seconds(self) -> float:
        """How long what is shown is."""
        return int(self.shown.samples.shape[1]) / self.shown.sample_rate


def sound_of(audio: Audio) -> Sound | None:
    """A sound to show; None where it has no samples."""
    if not audio.samples.size:
        return None
    length = max(1, SHOWN_BYTES // 2 // len(audio.samples))
    shown = Audio(np.nan_to_num(audio.samples[:, :length]), audio.sample_rate)
    return Sound(audio, shown, spectrum(shown.samples, shown.sample_rate))


def common_scale(sounds: Sequence[Sound | None]) -> Scale:
    """The scale that all of them fit."""
    there = [sound for sound in sounds if sound is not None]
    return Scale(
        seconds=max((sound.seconds for sound in there), default=1.0),
        peak=max((float(np.abs(sound.shown.samples).max()) for sound in there), default=1.0) or 1.0,
        top_db=max((float(sound.levels.max()) for sound in there), default=0.0),
    )


def sound_figure(sound: Sound | None, scale: Scale, about: str, mark: tuple[int, int] | None = None) -> Html:
    """Waveform, spectrogram and player of one sound; `mark` is a stretch of samples to point out."""
    if sound is None:
        return tag("p", "no samples", class_="idle")
    share = f"width:{100 * sound.seconds / scale.seconds:.1f}%"
    rate = sound.shown.sample_rate
    top = scale.top_db
    image = png(level_picture(sound.levels, top, top - RANGE_DB))
    axes = f"0 to {rate / 2000:g} kHz upwards"
    return tag(
        "div",
        tag("div", _waveform(sound, scale, mark), style=share),
        tag(
            "div",
            tag("img", src=image, alt=f"spectrogram of {about}, {axes}", title=axes, class_="spectrum"),
            tag("span", f"{rate / 2000:g} kHz", aria_hidden="true"),
            style=share,
            class_="spectrogram",
        ),
        tag(
            "audio",
            controls=True,
            preload="metadata",
            aria_label=f"play {about}",
            src=data_uri("audio/wav", wav(sound.shown)),
        ),
        class_="sound",
    )


def sound_words(sound: Sound | None) -> str:
    """Rate, channels, duration, peak and level of the whole sound."""
    if sound is None:
        return "no samples"
    samples = sound.whole.samples
    channels = {1: "mono", 2: "stereo"}.get(len(samples), f"{len(samples)} channels")
    seconds = samples.shape[1] / sound.whole.sample_rate
    finite = np.nan_to_num(samples).astype(np.float64)
    peak, rms = float(np.abs(finite).max()), float(np.sqrt(np.mean(np.square(finite))))
    told = [
        f"{seconds:.2f} s",
        f"{sound.whole.sample_rate:,} Hz {channels}",
        f"peak {decibels(peak)}",
        f"RMS {decibels(rms)}",
    ]
    if sound.shown.samples.shape != samples.shape:
        told.append(f"the first {sound.seconds:.1f} s are shown")
    return ", ".join(told)


def decibels(magnitude: float) -> str:
    """A magnitude in dB below full scale."""
    return f"{20 * math.log10(magnitude):.1f} dBFS".replace("-", "\u2212") if magnitude > 0 else "silent"


def wav(audio: Audio) -> bytes:
    """A WAV file of 16 bits, which every browser plays."""
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(len(audio.samples))
        file.setsampwidth(2)
        file.setframerate(audio.sample_rate)
        steps = np.rint(np.clip(audio.samples, -1, 1) * 32767).astype("<i2")
        file.writeframes(steps.T.tobytes())
    return stream.getvalue()


def _waveform(sound: Sound, scale: Scale, mark: tuple[int, int] | None) -> Html:
    samples = sound.shown.samples
    lanes = [_lane(channel, number, scale.peak) for number, channel in enumerate(samples)]
    height = LANE * len(samples)
    stretch = None
    if mark is not None:
        first, last = (WIDE * min(1.0, place / samples.shape[1]) for place in mark)
        stretch = tag(
            "rect", x=f"{first:.1f}", y=0, width=f"{last - first:.1f}", height=height, class_="stretch"
        )
    return tag(
        "svg",
        stretch,
        lanes,
        viewBox=f"0 0 {WIDE} {height}",
        preserveAspectRatio="none",
        class_="wave",
        role="img",
        aria_label=f"waveform, full height is {scale.peak:.2g} of full scale",
    )


def _lane(channel: Array, number: int, peak: float) -> Html:
    """The envelope of one channel as a closed line: along the highest samples, back along the lowest."""
    middle = LANE * (number + 0.5)
    bounds = envelope(channel)
    across = (np.arange(len(bounds)) + 0.5) * WIDE / len(bounds)
    half = 0.48 * LANE / peak
    upper = [
        f"{x:.1f} {middle - half * high - 0.4:.1f}" for x, high in zip(across, bounds[:, 1], strict=True)
    ]
    lower = [f"{x:.1f} {middle - half * low + 0.4:.1f}" for x, low in zip(across, bounds[:, 0], strict=True)]
    return tag("path", d=f"M{' L'.join(upper + lower[::-1])}Z")
