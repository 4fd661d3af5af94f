"""Sounds and spectrograms as pictures, without a plotting library."""

from __future__ import annotations

import numpy as np
from PIL import Image

from augflow.sample import Array

WINDOW_S = 0.032
"""The length of a window: harmonics of a voice are apart, and syllables as well."""

COLUMNS = 320
ROWS = 128

RANGE_DB = 80.0
"""What lies so far below the loudest is black."""

ENVELOPE_COLUMNS = 300

COLORS = ((6, 8, 28), (38, 36, 110), (128, 44, 132), (222, 92, 90), (252, 176, 92), (255, 246, 205))
"""From silence to the loudest, evenly apart; brightness rises steadily, so that it reads without colors."""


def spectrum(samples: Array, sample_rate: int) -> Array:
    """Levels in dB, float32 (frequencies, times), lowest first; 0 dB is a sine at full scale.

    Of float32 (channels, time), all channels together, in about `COLUMNS` windows at most.
    """
    mono = np.nan_to_num(samples).mean(axis=0)
    window = int(2 ** round(np.log2(max(64.0, sample_rate * WINDOW_S))))
    padded = np.pad(mono, (window // 2, window // 2))
    hop = max(window // 8, -(-len(mono) // COLUMNS), 1)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    shape = np.hanning(window)
    magnitude = np.abs(np.fft.rfft(frames * shape, axis=1)) / (shape.sum() / 2)
    levels: Array = (20 * np.log10(np.maximum(magnitude, 1e-10))).astype(np.float32).T
    return levels


def level_picture(levels: Array, top: float, bottom: float) -> Image.Image:
    """Levels (rows, columns), first row at the foot, as colors between `bottom` and `top`."""
    span = max(top - bottom, 1e-6)
    scaled = np.clip((np.nan_to_num(levels, nan=bottom) - bottom) / span, 0, 1)
    gray = Image.fromarray(np.rint(scaled[::-1] * 255).astype(np.uint8))
    if gray.width > COLUMNS or gray.height > ROWS:
        gray = gray.resize((min(gray.width, COLUMNS), min(gray.height, ROWS)), Image.Resampling.BOX)
    gray.putpalette(_palette())
    return gray


def envelope(samples: Array, columns: int = ENVELOPE_COLUMNS) -> Array:
    """The lowest and highest sample in each of up to `columns` stretches of one channel (time,): (n, 2)."""
    count = min(columns, len(samples))
    starts = np.linspace(0, len(samples), count, endpoint=False).astype(np.int64)
    lows, highs = np.minimum.reduceat(samples, starts), np.maximum.reduceat(samples, starts)
    return np.stack([lows, highs], axis=1)


def _palette() -> list[int]:
    places = np.linspace(0, 255, len(COLORS))
    channels = [np.interp(np.arange(256), places, [color[k] for color in COLORS]) for k in range(3)]
    return [int(value) for value in np.rint(np.stack(channels, axis=1)).reshape(-1)]
