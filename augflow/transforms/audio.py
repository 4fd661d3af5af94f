"""The audio catalog: every op of audiomentations that a file can describe.

Names are the snake_case of the class names; parameters, defaults and units are the library's, read
from its constructors.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import Any

from augflow.transforms.audio_facts import NAMES, UNUSABLE, draws
from augflow.transforms.audio_library import audiomentations
from augflow.transforms.audio_params import AudioParams
from augflow.transforms.audio_transform import AudioTransform
from augflow.transforms.catalog import Op, Param, ParamProblem, Params, Size, Transform
from augflow.transforms.image import snake_case

SENTENCE_END = re.compile(r"(?<!e\.g)(?<!i\.e)(?<!\.\.)\.(?:\s|$)")

AUDIO_TYPED: Mapping[str, str] = {
    "background_noise": "add_background_noise",
    "band_pass": "band_pass_filter",
    "band_stop": "band_stop_filter",
    "bandpass": "band_pass_filter",
    "bandstop": "band_stop_filter",
    "bitcrush": "bit_crush",
    "clipping": "clipping_distortion",
    "color_noise": "add_color_noise",
    "colored_noise": "add_color_noise",
    "crop": "random_crop",
    "distortion": "tanh_distortion",
    "downmix": "mono",
    "eq": "seven_band_parametric_eq",
    "equalizer": "seven_band_parametric_eq",
    "fade": "gain_transition",
    "fix_length": "duration",
    "fixed_duration": "duration",
    "gaussian_noise": "add_gaussian_noise",
    "gaussian_snr": "add_gaussian_snr",
    "high_pass": "high_pass_filter",
    "high_shelf": "high_shelf_filter",
    "highpass": "high_pass_filter",
    "impulse_response": "apply_impulse_response",
    "invert_polarity": "polarity_inversion",
    "log_mel_spectrogram": "log_mel",
    "logmel": "log_mel",
    "low_pass": "low_pass_filter",
    "low_shelf": "low_shelf_filter",
    "lowpass": "low_pass_filter",
    "mel_spectrogram": "log_mel",
    "mp3": "mp3_compression",
    "noise": "add_gaussian_noise",
    "noise_snr": "add_gaussian_snr",
    "notch": "band_stop_filter",
    "peak_normalization": "peak_normalize",
    "peaking": "peaking_filter",
    "pitch": "pitch_shift",
    "polarity": "polarity_inversion",
    "resampling": "resample",
    "reverb": "room_simulator",
    "rms_normalize": "loudness_normalize",
    "roll": "shift",
    "room": "room_simulator",
    "room_simulation": "room_simulator",
    "short_noises": "add_short_noises",
    "spec_aug": "spec_augment",
    "specaugment": "spec_augment",
    "speed": "time_stretch",
    "stretch": "time_stretch",
    "tempo": "time_stretch",
    "time_reverse": "reverse",
    "time_shift": "shift",
    "to_mono": "mono",
    "to_stereo": "stereo",
    "trim_silence": "trim",
    "volume": "gain",
    "white_noise": "add_gaussian_noise",
}
"""Other spellings: they take the parameters and the default `p` of the op."""


class AudioOp:
    """A catalog entry for one audiomentations class."""

    modality = "audio"
    library = "audiomentations"
    version = 1
    carries: frozenset[str] = frozenset()

    def __init__(self, library_class: Any) -> None:
        self._class = library_class
        self.name = op_name(library_class.__name__)
        self.default_p = float(inspect.signature(library_class.__init__).parameters["p"].default)

    @cached_property
    def _params(self) -> AudioParams:
        return AudioParams(self._class)

    @property
    def summary(self) -> str:
        """The first sentence of the library's own description."""
        text = " ".join((inspect.getdoc(self._class) or "").partition("\n\n")[0].split())
        return SENTENCE_END.split(text)[0] + "."

    @property
    def params(self) -> Mapping[str, Param]:
        """Parameters by name, `p` not among them."""
        return self._params.described

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters and everything wrong with those given."""
        return self._params.check(params)

    def build(self, params: Params) -> Transform:
        """The transform for canonical parameters."""
        arguments = self._params.arguments(params)
        return AudioTransform(self.name, self._class.__name__, arguments, self.is_random(params))

    def is_random(self, _params: Params) -> bool:
        """Whether the op draws, be it from a range of one value."""
        return draws(self._class)

    def output_size(self, _params: Params, _size: Size) -> Size:
        """A sound has neither height nor width."""
        return None


def op_name(class_name: str) -> str:
    """The name of a class of audiomentations in the catalog."""
    return NAMES.get(class_name, snake_case(class_name))


@cache
def audio_ops() -> Mapping[str, Op]:
    """The usable ops of audiomentations by name; needs the library."""
    usable = (cls for cls in _public_classes() if cls.__name__ not in UNUSABLE)
    return {op.name: op for op in sorted(map(AudioOp, usable), key=lambda op: op.name)}


@cache
def audio_unusable() -> Mapping[str, str]:
    """Why other public names of audiomentations cannot be used, by the name that they would have."""
    return {snake_case(name): reason for name, reason in UNUSABLE.items()}


def _public_classes() -> Iterator[Any]:
    for member in vars(audiomentations()).values():
        if inspect.isclass(member) and hasattr(member, "apply"):
            yield member
