"""What the tests of audio ops share: parameters for every op, sounds, and a settled way to call one."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from augflow.materialize.sounds import encode_wav
from augflow.rng import KeyedRandom, sample_key
from augflow.sample import Audio
from augflow.transforms.audio import audio_ops
from augflow.transforms.audio_library import is_installed
from augflow.transforms.audio_own import AUDIO_OWN_OPS
from augflow.transforms.catalog import Op, Transform

NOISES = "<noises>"
"""Stands for a folder of noise files, which `made_noises` makes."""

RATE = 8000

SHORT_NOISES = {"sounds_path": NOISES, "min_time_between_sounds": 0.1, "max_time_between_sounds": 0.3}

REQUIRED: dict[str, dict[str, Any]] = {
    "add_background_noise": {"sounds_path": NOISES},
    "add_short_noises": SHORT_NOISES,
    "adjust_duration": {"duration_seconds": 0.3},
    "apply_impulse_response": {"ir_path": NOISES},
    "duration": {"seconds": 0.3},
    "random_crop": {"seconds": 0.3},
    "resample": {"sample_rate": 11025},
    "room_simulator": {"use_ray_tracing": False},
}
"""Parameters for ops whose own do not suffice."""

VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("add_background_noise", {"sounds_path": [NOISES], "noise_rms": "absolute"}),
    ("add_color_noise", {"p_apply_a_weighting": 1.0, "n_fft": 512}),
    ("add_short_noises", {**SHORT_NOISES, "signal_gain_db_during_noise": -20}),
    ("adjust_duration", {"duration_samples": 9000, "padding_mode": "reflect", "padding_position": "start"}),
    ("apply_impulse_response", {"ir_path": NOISES, "leave_length_unchanged": False}),
    ("band_pass_filter", {"zero_phase": True}),
    ("duration", {"seconds": 1.9, "align": "center", "pad": "repeat"}),
    ("duration", {"seconds": 1.9, "align": "end", "pad": "reflect"}),
    ("duration", {"seconds": 0.5}),
    ("gain_transition", {"duration_unit": "fraction", "min_duration": 0.1, "max_duration": 0.5}),
    ("gain_transition", {"duration_unit": "samples", "min_duration": 10, "max_duration": 100}),
    ("log_mel", {"n_mels": 20, "scale": "htk", "f_min_hz": 50, "f_max_hz": 3800, "n_fft": 512}),
    ("mono", {"mix": True}),
    ("normalize", {"apply_to": "only_too_loud_sounds"}),
    ("padding", {"mode": "reflect", "max_fraction": 1.0}),
    ("padding", {"mode": "wrap", "pad_section": "start", "min_fraction": 1.0, "max_fraction": 1.0}),
    ("pitch_shift", {"method": "librosa_phase_vocoder"}),
    ("random_crop", {"seconds": 1.5, "pad": "repeat"}),
    ("random_resample", {"min_sample_rate": 4000, "max_sample_rate": 12000}),
    ("repeat_part", {"min_part_duration": 0.02, "max_part_duration": 0.1, "mode": "replace"}),
    ("repeat_part", {"min_part_duration": 0.02, "max_part_duration": 0.1, "crossfade_duration": 0}),
    ("resample", {"sample_rate": RATE}),
    ("resample", {"sample_rate": 3000}),
    ("room_simulator", {"use_ray_tracing": False, "calculation_mode": "rt60", "max_order": 3}),
    ("shift", {"rollover": False, "min_shift": -1, "max_shift": 1}),
    ("shift", {"shift_unit": "samples", "min_shift": -500, "max_shift": 500, "fade_duration": 0}),
    ("shift", {"shift_unit": "seconds", "min_shift": -0.05, "max_shift": 0.05}),
    ("spec_augment", {"fill": "min", "time_fraction": 0.5, "freq_width": 200}),
    ("time_mask", {"mask_location": "end", "fade_duration": 0}),
    ("time_stretch", {"leave_length_unchanged": False}),
    ("time_stretch", {"method": "librosa_phase_vocoder", "min_rate": 0.3}),
]
"""Parameters beside the defaults, above all those that change lengths or draws."""

STEADY: list[tuple[str, dict[str, Any]]] = [
    ("adjust_duration", {"duration_samples": 9000, "padding_mode": "reflect", "padding_position": "start"}),
    ("padding", {"mode": "wrap", "pad_section": "start", "min_fraction": 1.0, "max_fraction": 1.0}),
    ("random_crop", {"seconds": 1.5, "pad": "repeat"}),
]
"""Variants of random ops that have nothing to draw for a sound of 0.8 s."""

OPS: dict[str, Op] = {**audio_ops(), **AUDIO_OWN_OPS}
EXTRA = {
    "limiter": "numpy_audio_limiter",
    "loudness_normalization": "loudness",
    "mp3_compression": "fast_mp3_augment",
    "room_simulator": "pyroomacoustics",
}
"""Ops that need a package beyond the install."""

HERE = [name for name in OPS if name not in EXTRA or is_installed(EXTRA[name])]
CASES = [(name, REQUIRED.get(name, {})) for name in HERE]
CASES += [(name, params) for name, params in VARIANTS if name in HERE]
FIRST = dict(CASES[: len(HERE)])
"""One set of parameters for every op that can run here."""

IDS = [f"{name}-{i}" if i >= len(HERE) else name for i, (name, _) in enumerate(CASES)]

ONE_CHANNEL = frozenset({"add_background_noise", "add_short_noises", "log_mel"})
"""Ops that refuse more than one channel."""


def sound(channels: int = 1, seconds: float = 0.8, rate: int = RATE) -> Audio:
    """A read-only sound: a gliding tone that swells and fades, with a little noise."""
    time = np.arange(int(seconds * rate)) / rate
    rng = np.random.default_rng(0)
    voices = [
        np.sin(2 * np.pi * (220 + 90 * channel + 200 * time) * time) * np.sin(np.pi * time / seconds)
        for channel in range(channels)
    ]
    samples = (0.5 * np.stack(voices) + 0.01 * rng.standard_normal((channels, len(time)))).astype(np.float32)
    samples.flags.writeable = False
    return Audio(samples, rate)


def made_noises(folder: Path) -> Path:
    """Three files of noise of 0.15 to 0.6 s in a folder with a folder inside."""
    (folder / "more").mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for name, seconds, rate in (("b.wav", 0.15, RATE), ("a.wav", 0.6, RATE), ("more/c.wav", 0.3, 16000)):
        samples = 0.2 * rng.standard_normal((1, int(seconds * rate))).astype(np.float32)
        (folder / name).write_bytes(encode_wav(samples, rate))
    return folder


def with_noises(params: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Parameters with the folder of noises in its place."""
    names = {NOISES: str(folder)}
    return {
        name: [names.get(item, item) for item in value]
        if isinstance(value, list)
        else names.get(value, value)
        if isinstance(value, str)
        else value
        for name, value in params.items()
    }


def keyed(name: str = "a") -> KeyedRandom:
    """Generators set to a key."""
    rng = KeyedRandom()
    rng.rekey(sample_key(0, 0, name).at(b"op"))
    return rng


def built(name: str, params: dict[str, Any]) -> tuple[Transform, dict[str, Any]]:
    """The transform and the canonical parameters; fails on any problem."""
    canonical, problems = OPS[name].check(params)
    assert not problems, (name, problems)
    return OPS[name].build(canonical), canonical


def given(name: str, channels: int = 1) -> Any:
    """What the op works on: a sound, or the spectrogram of one."""
    audio = sound(channels)
    if name != "spec_augment":
        return audio
    transform, _ = built("log_mel", {})
    spectrogram = transform({"audio": sound()}, keyed())[0]["audio"]
    spectrogram.flags.writeable = False
    return spectrogram


def run(transform: Transform, value: Any, name: str = "a") -> Any:
    """The value after the op with the draws of one key."""
    return transform({"audio": value}, keyed(name))[0]["audio"]


def bytes_of(value: Any) -> bytes:
    """All that a value is."""
    if isinstance(value, Audio):
        return (
            struct.pack("<qq", *value.samples.shape)
            + value.samples.tobytes()
            + str(value.sample_rate).encode()
        )
    return struct.pack("<qq", *value.shape) + value.tobytes()
