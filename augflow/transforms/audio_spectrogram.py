"""Sounds as log-mel spectrograms, and SpecAugment on those.

The spectrogram is librosa's `feature.melspectrogram` in decibels: frames are centered on multiples of
the hop with zeros beyond the ends, windowed by a periodic Hann window, and their power spectrum is
summed by triangles of equal area. Two mel scales: Slaney's (Auditory Toolbox, 1998), linear below
1 kHz, and HTK's (Young et al., The HTK Book), logarithmic throughout. No matrix product is used: its
sums depend on how many threads BLAS has.

SpecAugment: Park et al. 2019, arXiv:1904.08779. Deviation: no time warping, which the paper found to matter
least; widths of time masks are shares of the length, as in its follow-up (arXiv:1912.05533).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from augflow.sample import Array, Audio, Drawn, frozen
from augflow.transforms.catalog import Params

FRAMES_AT_ONCE = 2048
"""Bounds the memory that a long sound takes."""

KNEE_HZ, KNEE_MEL = 1000.0, 15.0
LOG_STEP = np.log(6.4) / 27
"""Slaney's scale: linear up to the knee, from there 27 mels for a factor of 6.4."""

Scale = Literal["slaney", "htk"]
Milliseconds = Annotated[float, Field(gt=0)]
Hertz = Annotated[float, Field(ge=0)]


class Layout(NamedTuple):
    """A spectrogram's axes: all that its filters depend on."""

    sample_rate: int
    n_fft: int
    n_mels: int
    f_min_hz: float
    f_max_hz: float
    scale: Scale


class Triangle(NamedTuple):
    """One filter: its first bin, and float32 (bins, 1) weights."""

    first: int
    weights: Array


def log_mel(
    audio: Audio,
    *,
    n_mels: Annotated[int, Field(ge=1, le=1024)] = 64,
    window_ms: Milliseconds = 25.0,
    hop_ms: Milliseconds = 10.0,
    n_fft: Annotated[int, Field(ge=2)] | None = None,
    f_min_hz: Hertz = 0.0,
    f_max_hz: Hertz | None = None,
    floor_db: Annotated[float, Field(ge=-200, le=0)] = -80.0,
    scale: Scale = "slaney",
) -> Array:
    """Log-mel spectrogram of a sound of one channel, float32 (mels, frames) in dB, no value below `floor_db`.

    0 dB is a power of 1, as in librosa with `ref=1.0`: a loud sound lies above it. frames = 1 + time // hop
    for an even `n_fft`. Unless given, `n_fft` is the smallest power of two that holds two windows, and
    `f_max_hz` half the sample rate.
    """
    channels, rate = len(audio.samples), audio.sample_rate
    if channels != 1:
        raise ValueError(f"log_mel takes one channel, got {channels}; put mono before it")
    window, hop = round(window_ms * rate / 1000), round(hop_ms * rate / 1000)
    points = n_fft if n_fft is not None else 1 << max(1, (2 * window - 1).bit_length())
    highest = f_max_hz if f_max_hz is not None else rate / 2
    if not 2 <= window <= points or hop < 1 or highest > rate / 2:
        raise ValueError(
            "a window takes 2 to n_fft samples, a hop at least 1, and f_max_hz is at most half the rate; "
            f"at {rate} Hz, got a window of {window}, a hop of {hop}, n_fft {points}, f_max_hz {highest}"
        )
    mels = _mel_power(audio.samples[0], window, hop, Layout(rate, points, n_mels, f_min_hz, highest, scale))
    floor = np.float32(10 ** (floor_db / 10))
    decibels: Array = np.float32(10) * np.log10(np.maximum(mels, floor))
    return np.maximum(decibels, np.float32(floor_db))


def log_mel_problem(params: Params) -> str | None:
    """What is wrong with parameters of `log_mel` together."""
    low, high = params["f_min_hz"], params["f_max_hz"]
    if high is not None and low >= high:
        return f"f_min_hz must be below f_max_hz, got {low} and {high}"
    if params["hop_ms"] > params["window_ms"]:
        return f"hop_ms must not be above window_ms, got {params['hop_ms']} and {params['window_ms']}"
    return None


def spec_augment(
    spectrogram: Array,
    rng: np.random.Generator,
    *,
    freq_masks: Annotated[int, Field(ge=0, le=100)] = 2,
    freq_width: Annotated[int, Field(ge=0)] = 8,
    time_masks: Annotated[int, Field(ge=0, le=100)] = 2,
    time_fraction: Annotated[float, Field(ge=0, le=1)] = 0.1,
    fill: Literal["mean", "min"] = "mean",
) -> tuple[Array, Drawn]:
    """SpecAugment: stripes of a spectrogram's bands and frames are replaced by its mean or minimum.

    There are `freq_masks` stripes of 0 to `freq_width` mel bands, and `time_masks` of 0 to `time_fraction` of
    all frames.
    """
    mels, frames = spectrogram.shape
    value = spectrogram.mean(dtype=np.float64) if fill == "mean" else spectrogram.min()
    masked = np.array(spectrogram, order="C")
    bands = [_stripe(rng, mels, min(freq_width, mels)) for _ in range(freq_masks)]
    times = [_stripe(rng, frames, int(time_fraction * frames)) for _ in range(time_masks)]
    for start, width in bands:
        masked[start : start + width] = value
    for start, width in times:
        masked[:, start : start + width] = value
    return masked, {"bands": bands, "frames": times}


def _stripe(rng: np.random.Generator, size: int, widest: int) -> tuple[int, int]:
    """Where a stripe starts and how wide it is."""
    width = int(rng.integers(0, widest + 1))
    return int(rng.integers(0, size - width + 1)), width


def _mel_power(samples: Array, window: int, hop: int, layout: Layout) -> Array:
    n_fft = layout.n_fft
    triangles = _triangles(layout)
    before = (n_fft - window) // 2
    taper = np.zeros(n_fft, np.float32)
    # Periodic: one longer than the window, its last point left out.
    taper[before : before + window] = np.hanning(window + 1)[:-1]
    padded = np.pad(samples, n_fft // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    mels = np.empty((layout.n_mels, len(frames)), np.float32)
    for start in range(0, len(frames), FRAMES_AT_ONCE):
        spectrum = np.fft.rfft(frames[start : start + FRAMES_AT_ONCE] * taper, axis=1)
        power = np.ascontiguousarray((np.square(spectrum.real) + np.square(spectrum.imag)).T)
        for mel, (first, weights) in enumerate(triangles):
            bins = power[first : first + len(weights)]
            mels[mel, start : start + FRAMES_AT_ONCE] = (bins * weights).sum(axis=0)
    return mels


@lru_cache(maxsize=8)
def _triangles(layout: Layout) -> tuple[Triangle, ...]:
    """The filters, each of the area that makes white noise come out flat."""
    rate, n_fft, n_mels, low, high, scale = layout
    bins_hz = np.arange(n_fft // 2 + 1) * (rate / n_fft)
    first, last = (float(mel) for mel in _hz_to_mel(np.array([low, high]), scale))
    corners = _mel_to_hz(np.linspace(first, last, n_mels + 2), scale)
    found = []
    for left, top, right in zip(corners, corners[1:], corners[2:], strict=False):
        rising, falling = (bins_hz - left) / (top - left), (right - bins_hz) / (right - top)
        weights = np.maximum(0, np.minimum(rising, falling)) * 2 / (right - left)
        inside = np.flatnonzero(weights)
        if len(inside) == 0:
            raise ValueError(
                f"the band from {left:.0f} to {right:.0f} Hz holds no frequency of an FFT of {n_fft} points "
                f"at {rate} Hz; lower n_mels (now {n_mels}), or raise n_fft"
            )
        part = weights[inside[0] : inside[-1] + 1, None].astype(np.float32)
        found.append(Triangle(int(inside[0]), frozen(part)))
    return tuple(found)


def _hz_to_mel(hz: Array, scale: Scale) -> Array:
    if scale == "htk":
        return 2595 * np.log10(1 + hz / 700)
    above = KNEE_MEL + np.log(np.maximum(hz, KNEE_HZ) / KNEE_HZ) / LOG_STEP
    return np.where(hz < KNEE_HZ, hz * KNEE_MEL / KNEE_HZ, above)


def _mel_to_hz(mel: Array, scale: Scale) -> Array:
    if scale == "htk":
        return 700 * (10 ** (mel / 2595) - 1)
    above = KNEE_HZ * np.exp(LOG_STEP * (mel - KNEE_MEL))
    return np.where(mel < KNEE_MEL, mel * KNEE_HZ / KNEE_MEL, above)
