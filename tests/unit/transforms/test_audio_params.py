"""Parameters of audio ops are those of the library, and wrong ones are found before anything runs."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import audiomentations
import numpy as np
import pytest

from augflow.materialize.sounds import encode_wav
from augflow.transforms import audio_params
from augflow.transforms.audio import AUDIO_TYPED, audio_ops, audio_unusable, op_name

from .audio_cases import EXTRA, OPS, built, bytes_of, keyed, made_noises, run, sound

CLASSES = [
    member
    for member in vars(audiomentations).values()
    if inspect.isclass(member) and hasattr(member, "apply")
]


def problems(name: str, **params: Any) -> str:
    """All that is found wrong, as one text."""
    found = OPS[name].check(params)[1]
    return "; ".join(f"{problem.name}: {problem.message}" for problem in found)


def test_every_class_of_the_library_is_an_op_or_refused_with_a_reason() -> None:
    """No public transform of audiomentations is missing from the catalog."""
    assert len(CLASSES) > 35
    names = {op_name(cls.__name__) for cls in CLASSES}
    assert names == set(audio_ops()) | (set(audio_unusable()) - {"compose"})
    assert {"add_gaussian_snr", "mp3_compression", "seven_band_parametric_eq", "random_resample"} <= names
    assert all(len(reason) > 20 for reason in audio_unusable().values())


@pytest.mark.parametrize("library_class", CLASSES, ids=lambda cls: cls.__name__)
def test_parameters_and_defaults_are_the_constructor_s(library_class: Any) -> None:
    """An op has the constructor's parameters with their defaults, but `p` and those that take functions."""
    op = audio_ops().get(op_name(library_class.__name__))
    if op is None:
        assert op_name(library_class.__name__) in audio_unusable()
        return
    own = {
        name: parameter
        for name, parameter in inspect.signature(library_class).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD
        and name not in ("p", "noise_transform", "part_transform")
    }
    assert {param for param in op.params if not param.endswith("_sha256")} == set(own)
    for name, parameter in own.items():
        assert op.params[name].required == (parameter.default is parameter.empty)
        assert op.params[name].required or op.params[name].default == parameter.default
    assert op.default_p == inspect.signature(library_class).parameters["p"].default
    assert op.summary.endswith(".")
    assert len(op.summary) > 10


def test_typed_names_mean_ops_and_hide_none() -> None:
    """Every other spelling leads to an op, and none is an op's own name."""
    assert set(AUDIO_TYPED.values()) <= set(OPS)
    assert not set(AUDIO_TYPED) & set(OPS)
    assert not set(AUDIO_TYPED) & set(audio_unusable())


def test_names_that_specs_rely_on_are_there() -> None:
    """The names that the specification promises."""
    promised = (
        "resample mono duration log_mel spec_augment add_gaussian_noise pitch_shift time_stretch shift gain"
    )
    assert set(promised.split()) <= set(OPS)


WRONG = [
    ("add_gaussian_noise", {"min_amplitude": 0}, r"must hold: min_amplitude > 0\.0; got min_amplitude: 0\.0"),
    ("add_gaussian_noise", {"min_amplitude": 0.5}, "min_amplitude: must not be above max_amplitude, got 0.5"),
    ("add_gaussian_noise", {"max_amplitude": "a"}, "max_amplitude: must be a number, got 'a'"),
    ("add_color_noise", {"p_apply_a_weighting": 2}, "p_apply_a_weighting: must be at most 1.0, got 2"),
    ("add_gaussian_snr", {"min_snr_db": True}, "min_snr_db: must be a number, got True"),
    ("adjust_duration", {}, "duration_samples is not None or duration_seconds is not None"),
    ("adjust_duration", {"duration_seconds": 1, "duration_samples": 9}, "but not both"),
    ("band_pass_filter", {"min_center_freq": 0}, "min_center_freq: must be above 0"),
    ("clip", {"a_min": 1, "a_max": 0}, "must hold: a_min < a_max; got a_min: 1.0, a_max: 0.0"),
    ("gain", {"min_gain": 3}, "min_gain: is not a parameter of this op; did you mean min_gain_db"),
    ("gain", {"min_gain_db": float("nan")}, "min_gain_db: must be finite"),
    ("gain_transition", {"duration_unit": "samples"}, "min_duration: must be a whole number .* got 0.2"),
    ("low_pass_filter", {"min_rolloff": 7}, "multiple of 6 dB/octave"),
    ("pitch_shift", {"min_semitones": -30}, "min_semitones must be >= -24; got min_semitones: -30.0"),
    ("pitch_shift", {"method": "sox"}, "method: must be one of librosa_phase_vocoder, signalsmith_stretch"),
    ("polarity_inversion", {"x": 1}, "it takes no parameters"),
    ("random_resample", {"min_sample_rate": -1}, "min_sample_rate: must be above 0"),
    ("room_simulator", {}, "use_ray_tracing: must be false.*cannot be seeded"),
    ("shift", {"rollover": 1}, "rollover: must be true or false, got 1"),
    (
        "shift",
        {"shift_unit": "samples", "min_shift": 0.5, "max_shift": 2},
        "must be a whole number .* got 0.5",
    ),
    ("time_mask", {"fade": True}, "fade: is not a parameter of this op"),
    ("time_stretch", {"min_rate": 0.45}, "min_rate: must be at least 0.5.*differ from run to run"),
    ("trim", {"top_db": 0}, "top_db: must be above 0"),
    ("duration", {"seconds": 0}, "seconds: must be above 0"),
    ("duration", {}, "seconds: is required"),
    ("log_mel", {"f_min_hz": 300, "f_max_hz": 200}, "f_min_hz must be below f_max_hz, got 300.0 and 200.0"),
    ("log_mel", {"hop_ms": 30}, "hop_ms must not be above window_ms"),
    ("mono", {"mix": "no"}, "mix: must be true or false"),
    ("resample", {"sample_rate": 0}, "sample_rate: must be at least 1"),
    ("peak_normalize", {"peak_db": 1}, "peak_db: must be at most 0"),
    ("spec_augment", {"fill": "zero"}, "fill: must be one of mean, min"),
]


@pytest.mark.parametrize(("name", "params", "message"), WRONG)
def test_wrong_parameters_are_refused(name: str, params: dict[str, Any], message: str) -> None:
    """A wrong value is refused at validation, with the rule and the value."""

    assert re.search(message, problems(name, **params)), problems(name, **params)


@pytest.mark.parametrize(("name", "module"), EXTRA.items())
def test_what_an_op_needs_beyond_the_install_is_named(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its package an op stays in the catalog, and is refused at validation with package and extra."""
    monkeypatch.setattr(audio_params, "is_installed", lambda _module: False)
    found = problems(name, **({"use_ray_tracing": False} if name == "room_simulator" else {}))
    assert f"needs the package {module}, which is not installed" in found
    assert "install the extra `audio-extras`" in found


def test_mp3_names_the_package_of_its_back_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another back end needs another package."""
    monkeypatch.setattr(audio_params, "is_installed", lambda _module: False)
    assert "lameenc" in problems("mp3_compression", backend="lameenc", preserve_delay=True)


def test_equal_meanings_have_one_form() -> None:
    """Whole numbers and floats of one value, and spelled-out defaults, give the same canonical parameters."""
    check = {name: OPS[name].check for name in ("gain", "shift")}
    assert check["gain"]({"max_gain_db": 12})[0] == check["gain"]({})[0]
    seconds = {"shift_unit": "seconds", "min_shift": 0, "max_shift": 1}
    assert repr(check["shift"](seconds)[0]) == repr(check["shift"]({**seconds, "max_shift": 1.0})[0])
    samples = {**seconds, "shift_unit": "samples", "max_shift": 3.0}
    assert repr(check["shift"](samples)[0]["max_shift"]) == "3"


def test_slow_stretching_is_reproducible_with_the_other_back_end() -> None:
    """Below half the speed, librosa's vocoder is allowed, and gives the same sound again."""
    params = {"min_rate": 0.3, "max_rate": 0.4, "method": "librosa_phase_vocoder"}
    transform, _ = built("time_stretch", params)
    assert len({bytes_of(run(transform, sound())) for _ in range(3)}) == 1


class TestFiles:
    """Ops that mix in sounds from files."""

    def test_files_are_taken_in_the_order_of_their_paths(self, tmp_path: Path) -> None:
        """However a folder lists them, files are numbered by their sorted paths."""
        noises = made_noises(tmp_path / "noises")
        transform, _ = built("add_background_noise", {"sounds_path": str(noises)})
        names = [Path(file).name for file in transform.arguments["sounds_path"]]  # type: ignore[attr-defined]
        assert names == ["a.wav", "b.wav", "c.wav"]

    def test_the_noise_is_where_and_as_loud_as_drawn(self, tmp_path: Path) -> None:
        """Background noise lies below the sound by the drawn ratio, within 0.2 dB."""
        noises = made_noises(tmp_path)
        transform, _ = built("add_background_noise", {"sounds_path": str(noises / "a.wav")})
        audio = sound(seconds=0.5)
        for key in "abcdef":
            fields, drawn = transform({"audio": audio}, keyed(key))
            noise = fields["audio"].samples - audio.samples
            ratio = 10 * np.log10(np.square(audio.samples).mean() / np.square(noise).mean())
            assert abs(ratio - drawn["snr_db"]) < 0.2
            assert drawn["noise_file_path"].endswith("a.wav")

    def test_the_digest_follows_the_files_and_not_their_place(self, tmp_path: Path) -> None:
        """Names and sizes are in the canonical parameters; a digest that no longer fits is refused."""
        one, other = made_noises(tmp_path / "one"), made_noises(tmp_path / "other")
        digests = [
            OPS["apply_impulse_response"].check({"ir_path": str(folder)})[0]["ir_path_sha256"]
            for folder in (one, other)
        ]
        assert digests[0] == digests[1]
        (other / "d.wav").write_bytes((other / "a.wav").read_bytes())
        found = problems("apply_impulse_response", ir_path=str(other), ir_path_sha256=digests[0])
        assert "ir_path_sha256: the files of ir_path have changed" in found

    def test_absent_and_useless_paths_are_refused(self, tmp_path: Path) -> None:
        """A path must exist, hold sound files, and each of them must have samples."""
        (tmp_path / "text").mkdir()
        (tmp_path / "text" / "notes.txt").write_text("no sound")
        (tmp_path / "broken.wav").write_bytes(b"RIFF")
        (tmp_path / "empty.wav").write_bytes(encode_wav(np.zeros((1, 0), np.float32), 8000))
        (tmp_path / "song.m4a").write_bytes(b"x")

        def found(*paths: str) -> str:
            return problems("add_short_noises", sounds_path=[str(tmp_path / path) for path in paths])

        assert "no such file or folder" in found("nowhere")
        assert "holds no sound file" in found("text")
        assert "cannot be read as sound" in found("broken.wav")
        assert "has no samples" in found("empty.wav")
        assert "cannot be read without ffmpeg" in found("song.m4a")
        assert "names no file" in found()
