"""What audiomentations does not say of its ops: which cannot run here, what they need, where they fail."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import Field

from augflow.sample import Array
from augflow.transforms.audio_library import audiomentations
from augflow.transforms.catalog import Params

GATE = "should_apply"
"""The library's own gate among the drawn parameters: false where an op finds that a sound is too short."""

UNUSABLE: Mapping[str, str] = {
    "Compose": "a list of ops is applied in order as it is; for any order write random_order",
    "Lambda": "it takes a Python function; register yours with @augflow.op",
}
"""Public classes of audiomentations that no spec can use, and why."""

NAMES: Mapping[str, str] = {"Resample": "random_resample"}
"""Ops with another name than their class's: `resample` is augflow's own, to a rate that is not drawn."""

FILES: Mapping[str, str] = {
    "AddBackgroundNoise": "sounds_path",
    "AddShortNoises": "sounds_path",
    "ApplyImpulseResponse": "ir_path",
}
"""Classes that mix in sounds from files, and the parameter that says which."""

MODULES: Mapping[str, str] = {
    "Limiter": "numpy_audio_limiter",
    "LoudnessNormalization": "loudness",
    "RoomSimulator": "pyroomacoustics",
}
MP3_MODULES: Mapping[str, str] = {
    "fast-mp3-augment": "fast_mp3_augment",
    "lameenc": "lameenc",
    "pydub": "pydub",
}
"""Modules that audiomentations imports when an op runs, by class and by MP3 backend."""

SLOW_START = frozenset({"AirAbsorption", "Resample", "Trim"})
"""Classes whose first call imports numba and more: a second, many on a cold disk."""

POSITIVE = Field(gt=0)
SHARE = Field(ge=0, le=1)
BOUNDS: Mapping[str, Any] = {
    "max_absorption_value": SHARE,
    "max_center_freq": POSITIVE,
    "max_cutoff_freq": POSITIVE,
    "max_sample_rate": POSITIVE,
    "max_target_rt60": POSITIVE,
    "min_absorption_value": SHARE,
    "min_center_freq": POSITIVE,
    "min_cutoff_freq": POSITIVE,
    # Shorter ones come to no sample at low rates, on which the library fails.
    "min_fade_out_time": Field(ge=0.001),
    "min_sample_rate": POSITIVE,
    "min_target_rt60": POSITIVE,
    "min_time_between_sounds": Field(ge=0),
    "n_fft": Field(ge=2),
    "p_apply_a_weighting": SHARE,
    "top_db": POSITIVE,
}
"""Bounds that the constructors leave to a failure at the first sound, by parameter."""

STRETCH_FLOOR = 0.5


def refusal(class_name: str, params: Params) -> tuple[str, str] | None:
    """A parameter and why its value is refused, where the same draws would not give the same sound."""
    if class_name == "TimeStretch" and params["method"] == "signalsmith_stretch":
        # Below it, the stretching library draws phases from a generator that nobody can seed.
        if params["min_rate"] < STRETCH_FLOOR:
            return "min_rate", (
                f"must be at least {STRETCH_FLOOR} with signalsmith_stretch, whose sounds differ from run to "
                f"run below it, got {params['min_rate']}; or write method: librosa_phase_vocoder"
            )
    elif class_name == "RoomSimulator" and params["use_ray_tracing"]:
        return "use_ray_tracing", (
            "must be false: ray tracing draws from a generator that cannot be seeded, and gives another "
            "sound in every run; write use_ray_tracing: false"
        )
    return None


def module_of(class_name: str, params: Params) -> str | None:
    """The module that a class needs beside audiomentations with these parameters."""
    if class_name == "Mp3Compression":
        return MP3_MODULES[params["backend"]]
    return MODULES.get(class_name)


def starts_slowly(class_name: str, params: Params) -> bool:
    """Whether the first call imports much."""
    return class_name in SLOW_START or params.get("method") == "librosa_phase_vocoder"


def draws(library_class: Any) -> bool:
    """Whether any method of the class, or an op inside it, draws; the gate of the base class aside."""
    if library_class.__name__ == "SevenBandParametricEQ":
        return True
    return any("random" in names for names in _names_in_methods(library_class))


def _names_in_methods(library_class: Any) -> Iterator[tuple[str, ...]]:
    for base in library_class.__mro__:
        if base.__name__ == "BaseWaveformTransform":
            return
        for attribute in vars(base).values():
            function = getattr(attribute, "__func__", attribute)
            if isinstance(function, types.FunctionType):
                yield function.__code__.co_names


def _hold_below_nyquist(op: Any, _samples: Array, sample_rate: int) -> None:
    """Above half the rate a peak is unstable and a band has no place; the library holds its other filters."""
    center = op.parameters["center_freq"]
    held = min(center, sample_rate // 2 * 0.9999)
    op.parameters["center_freq"] = held
    if "bandwidth" in op.parameters:
        op.parameters["bandwidth"] *= held / center


def _hold_bands_below_nyquist(op: Any, samples: Array, sample_rate: int) -> None:
    for band in op.peaking_filters:
        _hold_below_nyquist(band, samples, sample_rate)


def _keep_a_sample(op: Any, samples: Array, _sample_rate: int) -> None:
    """Nothing would be left to repeat or reflect."""
    if op.mode != "silence":
        op.parameters["padding_length"] = min(op.parameters["padding_length"], samples.shape[-1] - 1)


def _keep_room_to_fade(op: Any, samples: Array, sample_rate: int) -> None:
    """The library may put the part so near to the end that nothing is left to fade into."""
    fade = audiomentations().core.utils.get_crossfade_length(sample_rate, op.crossfade_duration) // 2
    last = samples.shape[-1] - op.parameters["part_num_samples"] - fade - 1
    if last < fade:
        op.parameters[GATE] = False
    op.parameters["part_start_index"] = min(op.parameters["part_start_index"], last)


def _check_shift(op: Any, samples: Array, sample_rate: int) -> None:
    """Where a sound is no longer than the shift, the library fails on its fades."""
    length, amount = samples.shape[-1], op.parameters["shift_amount"]
    if op.shift_unit == "fraction":
        op.parameters["shift_amount"] = max(1 / length - 1, amount)
        return
    places = amount * (sample_rate if op.shift_unit == "seconds" else 1)
    if abs(round(places)) >= length:
        raise ValueError(
            f"a shift by {amount} {op.shift_unit} is not below the sound's own length of {length} samples at "
            f"{sample_rate} Hz; write shift_unit: fraction, or put duration before it"
        )


ADJUST: Mapping[str, Callable[[Any, Array, int], None]] = {
    "BandPassFilter": _hold_below_nyquist,
    "BandStopFilter": _hold_below_nyquist,
    "Padding": _keep_a_sample,
    "PeakingFilter": _hold_below_nyquist,
    "RepeatPart": _keep_room_to_fade,
    "SevenBandParametricEQ": _hold_bands_below_nyquist,
    "Shift": _check_shift,
}
"""What is done between drawing and applying, where some draws would make the library fail."""
