"""Runs one audiomentations op on one sound, from keyed generators."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from augflow.rng import KeyedRandom
from augflow.sample import Array, Audio, Drawn, Fields
from augflow.transforms.audio_facts import ADJUST, GATE, starts_slowly
from augflow.transforms.audio_library import audiomentations
from augflow.transforms.audio_params import construct
from augflow.transforms.catalog import Params

TRIAL_RATE = 8000


def sound_of(fields: Fields, op: str) -> Audio:
    """The field's sound; raises `TypeError` for a spectrogram, `ValueError` for a sound without samples."""
    audio = fields["audio"]
    if not isinstance(audio, Audio):
        raise TypeError(f"{op} works on sounds, got {_shown(audio)}; put it before log_mel")
    if audio.samples.size == 0:
        raise ValueError(f"{op} needs a sample at least, got {_shown(audio)}")
    return audio


def spectrogram_of(fields: Fields, op: str) -> Array:
    """The field's spectrogram; raises `TypeError` for a sound."""
    value = fields["audio"]
    if not isinstance(value, np.ndarray) or value.ndim != 2:
        raise TypeError(
            f"{op} works on spectrograms (mels, frames), got {_shown(value)}; put log_mel before it"
        )
    return value


def _shown(value: Any) -> str:
    if isinstance(value, Audio):
        return f"a sound {value.samples.shape} at {value.sample_rate} Hz"
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__


class AudioTransform:
    """One audiomentations op with its parameters fixed; pickles as class name and arguments.

    Holds the parameters drawn last, so it must not be shared between threads.
    """

    __slots__ = ("_op", "arguments", "class_name", "draws", "name")

    def __init__(self, name: str, class_name: str, arguments: Params, draws: bool) -> None:
        self.name = name
        self.class_name = class_name
        self.arguments = arguments
        self.draws = draws
        self._op = construct(getattr(audiomentations(), class_name), arguments)
        if starts_slowly(class_name, arguments):
            # Here, where a process starts, and not in the time that a task is given.
            silence = np.zeros((1, TRIAL_RATE), np.float32)
            self({"audio": Audio(silence, TRIAL_RATE)}, KeyedRandom())

    def __reduce__(self) -> tuple[Any, ...]:
        return AudioTransform, (self.name, self.class_name, self.arguments, self.draws)

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """Draw, then apply: the halves of `BaseWaveformTransform.__call__` without its own gate.

        Samples may leave [-1, 1], as those of a gain do, for a later op to bring them back.
        """
        op, audio = self._op, sound_of(fields, self.name)
        given = self._given(audio)
        with warnings.catch_warnings(), rng.as_global():
            # Noise that had to be resampled, a sound too short for an op: once a file and worker.
            warnings.simplefilter("ignore", UserWarning)
            op.randomize_parameters(given, audio.sample_rate)
            if op.parameters[GATE] and self.class_name in ADJUST:
                ADJUST[self.class_name](op, given, audio.sample_rate)
            if not op.parameters[GATE]:
                return fields, {"applied": False}
            samples = self._result(op.apply(given, audio.sample_rate))
        drawn = _drawn(op) if self.draws else {}
        return {**fields, "audio": Audio(samples, drawn.get("target_sample_rate", audio.sample_rate))}, drawn

    def _given(self, audio: Audio) -> Array:
        """A copy that the library may write to: (time,) for one channel, (channels, time) for more."""
        channels = audio.samples.shape[0]
        if channels > 1 and not self._op.supports_multichannel:
            raise ValueError(f"{self.name} works on one channel, got {channels}; put mono before it")
        return np.array(audio.samples[0] if channels == 1 else audio.samples, np.float32, order="C")

    def _result(self, samples: Array) -> Array:
        """float32 (channels, time), contiguous and finite, at least one sample long."""
        result = np.ascontiguousarray(np.atleast_2d(samples), np.float32)
        if result.shape[1] == 0:
            raise ValueError(f"{self.name} left no samples; the sound is too short for it")
        if not np.isfinite(result).all():
            raise ValueError(f"{self.name} returned samples that are not finite")
        return result


def _drawn(op: Any) -> dict[str, Any]:
    """The parameters that were drawn; an equalizer's by band."""
    drawn = {name: value for name, value in op.parameters.items() if name != GATE}
    if hasattr(op, "peaking_filters"):
        bands = (op.low_shelf_filter, *op.peaking_filters, op.high_shelf_filter)
        drawn |= {f"band_{number}": _drawn(band) for number, band in enumerate(bands, start=1)}
    return drawn
