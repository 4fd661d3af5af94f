"""augflow's own ops for sounds and spectrograms: they need no audiomentations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from augflow.rng import KeyedRandom
from augflow.sample import Drawn, Fields
from augflow.transforms.audio_library import REMEDY, is_installed
from augflow.transforms.audio_spectrogram import log_mel, log_mel_problem, spec_augment
from augflow.transforms.audio_transform import sound_of, spectrogram_of
from augflow.transforms.audio_waveform import (
    duration,
    loudness_normalize,
    mono,
    peak_normalize,
    random_crop,
    resample,
    stereo,
)
from augflow.transforms.catalog import Op, ParamProblem, Params, Transform
from augflow.transforms.functions import FunctionOp
from augflow.transforms.signatures import SignatureParams

Kind = Literal["sound", "spectrogram"]


@dataclass(frozen=True)
class SoundTransform:
    """A function of a sound or a spectrogram with its parameters fixed."""

    function: Callable[..., Any]
    works_on: Kind
    draws: bool
    params: Params

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """See `Transform`."""
        name, drawn = self.function.__name__, {}
        value = (sound_of if self.works_on == "sound" else spectrogram_of)(fields, name)
        if self.draws:
            value, drawn = self.function(value, rng.generator, **self.params)
        else:
            value = self.function(value, **self.params)
        return {**fields, "audio": value}, drawn


def _nothing(_params: Params) -> str | None:
    return None


@dataclass(frozen=True)
class SoundOp(FunctionOp):
    """A catalog entry for a function `(audio, parameters...) -> audio` of an `Audio` or a spectrogram.

    One that draws has `rng` as second argument, and returns what it drew beside its result.
    """

    modality: str = "audio"
    library: str = "augflow"
    works_on: Kind = "sound"
    module: str | None = None
    """What it imports when it works."""
    problem: Callable[[Params], str | None] = _nothing
    """What is wrong with canonical parameters together."""

    @cached_property
    def _signature(self) -> SignatureParams:
        return SignatureParams(self.function, ("audio", "spectrogram", "rng"))

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """See `Op.check`."""
        canonical, problems = super().check(params)
        if problems:
            return params, problems
        together = self.problem(canonical)
        if together is not None:
            problems.append(ParamProblem("", together))
        if self.module is not None and not is_installed(self.module):
            problems.append(ParamProblem("", f"needs {self.module}, which is not installed: {REMEDY}"))
        return (params if problems else canonical), problems

    def build(self, params: Params) -> Transform:
        """See `Op.build`."""
        return SoundTransform(self.function, self.works_on, self.draws, params)


AUDIO_OWN_OPS: Mapping[str, Op] = {
    op.name: op
    for op in (
        SoundOp("duration", duration),
        SoundOp("log_mel", log_mel, problem=log_mel_problem),
        SoundOp("loudness_normalize", loudness_normalize),
        SoundOp("mono", mono),
        SoundOp("peak_normalize", peak_normalize),
        SoundOp("random_crop", random_crop),
        SoundOp("resample", resample, module="soxr"),
        SoundOp("spec_augment", spec_augment, works_on="spectrogram"),
        SoundOp("stereo", stereo),
    )
}
"""By name."""
