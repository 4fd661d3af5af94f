"""Rate, channels, length and level of a sound, and a random crop.

Samples are float32 (channels, time). A result has memory of its own, or is the very sound that came
in where there is nothing to do.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from augflow.sample import Array, Audio, Drawn
from augflow.transforms.audio_library import soxr

MAX_VALUES = 1 << 28
"""A sound that would have more samples over all channels than this, 1 GiB, is refused."""

Rate = Annotated[int, Field(ge=1, le=768_000)]
Seconds = Annotated[float, Field(gt=0)]
Decibels = Annotated[float, Field(ge=-120, le=0)]
Align = Literal["start", "center", "end"]
Pad = Literal["zero", "repeat", "reflect"]

PAD_MODES: dict[str, Literal["constant", "wrap", "reflect"]] = {
    "zero": "constant",
    "repeat": "wrap",
    "reflect": "reflect",
}


def resample(audio: Audio, *, sample_rate: Rate) -> Audio:
    """Change the sample rate, with the SoX resampler at its quality HQ; time * new / old samples, rounded.

    Frequencies above half of the new rate are removed. Peaks may rise a little, as filters ring.
    """
    if sample_rate == audio.sample_rate:
        return audio
    channels, time = audio.samples.shape
    count = (2 * time * sample_rate + audio.sample_rate) // (2 * audio.sample_rate)
    if not 0 < channels * count <= MAX_VALUES:
        raise ValueError(
            f"{time} samples at {audio.sample_rate} Hz would become {count} at {sample_rate} Hz, and "
            f"{channels} x {count} is not between 1 and {MAX_VALUES}"
        )
    resampled: Array = soxr().resample(audio.samples.T, audio.sample_rate, sample_rate, quality="HQ").T
    missing = max(0, count - resampled.shape[1])
    samples = np.pad(resampled[:, :count], ((0, 0), (0, missing)))
    return Audio(np.ascontiguousarray(samples, np.float32), sample_rate)


def mono(audio: Audio, *, mix: bool = True) -> Audio:
    """One channel: the mean of all; with `mix: false`, a sound of several channels is an error."""
    channels = len(audio.samples)
    if channels == 1:
        return audio
    if not mix:
        raise ValueError(
            f"the sound has {channels} channels where one is declared; write mono: {{mix: true}} to take "
            "their mean, or repair the file"
        )
    return Audio(audio.samples.mean(axis=0, keepdims=True, dtype=np.float32), audio.sample_rate)


def stereo(audio: Audio) -> Audio:
    """Two channels: one is doubled; of more than two nobody can say which is left."""
    channels = len(audio.samples)
    if channels == 2:
        return audio
    if channels > 2:
        raise ValueError(f"the sound has {channels} channels; put mono before stereo")
    return Audio(np.repeat(audio.samples, 2, axis=0), audio.sample_rate)


def duration(audio: Audio, *, seconds: Seconds, align: Align = "start", pad: Pad = "zero") -> Audio:
    """A fixed length, seconds * rate samples rounded, by cropping or padding.

    `align` says where the sound stands: what is cropped or padded lies behind it (start), on both sides
    (center) or before it (end).
    """
    count, time = _count(audio, seconds), audio.samples.shape[1]
    if count == time:
        return audio
    start = {"start": 0, "center": abs(time - count) // 2, "end": abs(time - count)}[align]
    if count < time:
        return _cropped(audio, start, count)
    return _padded(audio, start, count, pad)


def random_crop(
    audio: Audio, rng: np.random.Generator, *, seconds: Seconds, pad: Pad = "zero"
) -> tuple[Audio, Drawn]:
    """A stretch of a fixed length from anywhere in the sound; a shorter sound is padded behind it."""
    count, time = _count(audio, seconds), audio.samples.shape[1]
    if count >= time:
        return (audio if count == time else _padded(audio, 0, count, pad)), {"start": 0}
    start = int(rng.integers(0, time - count + 1))
    return _cropped(audio, start, count), {"start": start}


def peak_normalize(audio: Audio, *, peak_db: Decibels = -1.0) -> Audio:
    """Make the largest sample of all channels `peak_db` below full scale; silence stays."""
    return _scaled(audio, peak_db, float(np.abs(audio.samples).max()))


def loudness_normalize(audio: Audio, *, rms_db: Decibels = -20.0) -> Audio:
    """Make the root mean square of all channels `rms_db` below full scale; silence stays.

    RMS of the whole sound, where a square wave of full scale has 0 dB; not LUFS, which weighs frequencies
    and leaves out pauses. Short peaks may leave [-1, 1].
    """
    return _scaled(audio, rms_db, float(np.sqrt(np.square(audio.samples, dtype=np.float64).mean())))


def _count(audio: Audio, seconds: float) -> int:
    count = round(seconds * audio.sample_rate)
    if not 0 < len(audio.samples) * count <= MAX_VALUES:
        raise ValueError(
            f"{seconds} s at {audio.sample_rate} Hz are {count} samples; in {len(audio.samples)} "
            f"channels, that is not between 1 and {MAX_VALUES} in all"
        )
    return count


def _cropped(audio: Audio, start: int, count: int) -> Audio:
    return Audio(audio.samples[:, start : start + count].copy(), audio.sample_rate)


def _padded(audio: Audio, before: int, count: int, pad: Pad) -> Audio:
    after = count - before - audio.samples.shape[1]
    samples = np.pad(audio.samples, ((0, 0), (before, after)), mode=PAD_MODES[pad])
    return Audio(np.ascontiguousarray(samples), audio.sample_rate)


def _scaled(audio: Audio, level_db: float, level: float) -> Audio:
    if level == 0:
        return audio
    return Audio(audio.samples * np.float32(10 ** (level_db / 20) / level), audio.sample_rate)
