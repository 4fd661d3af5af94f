"""The contract of an op, over the whole audio catalog."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augflow.rng import sample_key
from augflow.sample import Audio
from augflow.transforms.chain import OpStep, Passage
from augflow.transforms.readable import readable

from .audio_cases import (
    CASES,
    FIRST,
    IDS,
    ONE_CHANNEL,
    OPS,
    RATE,
    STEADY,
    built,
    bytes_of,
    given,
    keyed,
    made_noises,
    run,
    sound,
    with_noises,
)

HERE = Path(__file__).parent
KEYS = "abcdefgh"

each_case = pytest.mark.parametrize(("name", "params"), CASES, ids=IDS)
Made = tuple[Any, dict[str, Any]]


@pytest.fixture(scope="module")
def noises(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_noises(tmp_path_factory.mktemp("noises"))


@pytest.fixture
def made(name: str, params: dict[str, Any], noises: Path) -> Made:
    """The transform and its canonical parameters."""
    return built(name, with_noises(params, noises))


def inputs(name: str) -> list[Any]:
    """What the op is given: one channel, and two where it takes them."""
    return [given(name, channels) for channels in ((1,) if name in ONE_CHANNEL else (1, 2))]


@each_case
def test_canonical_parameters_are_a_fixed_point(name: str, params: dict[str, Any], made: Made) -> None:
    """Checking what a check returned changes nothing, and all of it survives JSON."""
    op, canonical = OPS[name], made[1]
    assert json.loads(json.dumps(canonical)) == canonical
    again, problems = op.check(canonical)
    assert not problems
    assert json.dumps(again) == json.dumps(canonical)
    assert set(canonical) == set(op.params)
    json.dumps([[dict(param.schema), param.default] for param in op.params.values()])


@each_case
def test_same_key_same_bytes(name: str, params: dict[str, Any], made: Made) -> None:
    """A key decides the bytes: again, after other draws, pickled, beside disturbed globals, from read-only
    or writable input, which is never changed."""
    transform = made[0]
    for value in inputs(name):
        before = bytes_of(value)
        first = bytes_of(run(transform, value))
        run(transform, value, "other")
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        assert bytes_of(run(transform, value)) == first
        assert bytes_of(run(pickle.loads(pickle.dumps(transform)), value)) == first
        writable = (
            Audio(value.samples.copy(), value.sample_rate) if isinstance(value, Audio) else value.copy()
        )
        assert bytes_of(run(transform, writable)) == first
        assert bytes_of(value) == before
        assert bytes_of(writable) == before


@each_case
def test_results_are_of_their_kind(name: str, params: dict[str, Any], made: Made) -> None:
    """Out comes finite contiguous float32, (channels, time) or (mels, frames), in memory of its own unless it
    is the very value that came in; other fields stay; what was drawn is short JSON."""
    for value, key in [(value, key) for value in inputs(name) for key in KEYS]:
        fields, drawn = made[0]({"audio": value, "other": 1}, keyed(key))
        result = fields["audio"]
        array = result.samples if isinstance(result, Audio) else result
        came = value.samples if isinstance(value, Audio) else value
        assert isinstance(result, Audio) == (name not in ("log_mel", "spec_augment"))
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert array.ndim == 2
        assert array.size > 0
        assert np.isfinite(array).all()
        assert result is value or not np.shares_memory(array, came)
        assert fields["other"] == 1
        if name not in ("log_mel", "mono", "stereo"):
            assert len(array) == len(came)
        if isinstance(result, Audio) and "resample" not in name:
            assert result.sample_rate == RATE
        assert len(json.dumps(readable(drawn))) < 2000


@each_case
def test_is_random_is_honest(name: str, params: dict[str, Any], made: Made) -> None:
    """An op that says it is random makes several sounds of one; one that says it is not makes one, and tells
    of no draws."""
    transform, canonical = made
    results = [transform({"audio": given(name)}, keyed(key)) for key in KEYS]
    different = len({bytes_of(fields["audio"]) for fields, _ in results})
    if not OPS[name].is_random(canonical):
        assert different == 1
        assert not any(drawn for _, drawn in results)
    elif (name, params) not in STEADY:
        assert different > 1


@each_case
def test_p_of_0_is_identity(name: str, params: dict[str, Any], made: Made) -> None:
    """An op that never fires gives back the very field."""
    fields = {"audio": given(name)}
    step = OpStep(path="x", p=0.0, op=name, transform=made[0])
    assert Passage(keyed(), sample_key(0, 0, "a"), "a").run([step], fields)["audio"] is fields["audio"]


@each_case
def test_the_global_generators_go_on_undisturbed(name: str, params: dict[str, Any], made: Made) -> None:
    """What the program draws next is what it would have drawn without the op."""
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    expected = [random.random(), np.random.random(), np.random.normal()]  # noqa: NPY002
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    run(made[0], given(name))
    assert [random.random(), np.random.random(), np.random.normal()] == expected  # noqa: NPY002


@pytest.mark.parametrize("name", sorted(set(FIRST) - {"spec_augment"}))
def test_a_waveform_op_refuses_a_spectrogram(name: str, noises: Path) -> None:
    """On a spectrogram, an op for sounds says where it belongs."""
    transform, _ = built(name, with_noises(FIRST[name], noises))
    with pytest.raises(TypeError, match=f"{name} works on sounds.*put it before log_mel"):
        run(transform, np.zeros((8, 9), np.float32))


def test_spec_augment_refuses_a_sound() -> None:
    """On a sound, spec_augment says what is missing."""
    with pytest.raises(TypeError, match="put log_mel before it"):
        run(built("spec_augment", {})[0], sound())


@pytest.mark.parametrize("name", sorted(ONE_CHANNEL))
def test_ops_for_one_channel_name_the_remedy(name: str, noises: Path) -> None:
    """Two channels, where one is all that the op takes, are an error that names `mono`."""
    transform, _ = built(name, with_noises(FIRST[name], noises))
    with pytest.raises(ValueError, match="put mono before it"):
        run(transform, sound(2))


def test_a_sound_without_samples_is_an_error() -> None:
    """No op takes an empty sound."""
    with pytest.raises(ValueError, match="needs a sample at least"):
        run(built("gain", {})[0], Audio(np.zeros((1, 0), np.float32), RATE))


def test_gates_of_three_ops_are_independent_and_so_are_their_draws() -> None:
    """Three ops at p = 0.5 show all eight patterns evenly, and gains of two ops do not correlate."""
    shift = OpStep(path="shift", p=0.5, transform=built("shift", {})[0])
    gains = [OpStep(path=path, p=0.5, transform=built("gain", {})[0]) for path in ("gain", "gain#2")]
    patterns: dict[tuple[bool, ...], int] = {}
    both = []
    for number in range(800):
        drawn: dict[str, Any] = {}
        passage = Passage(keyed(), sample_key(0, 0, str(number)), "a", drawn=drawn)
        passage.run([shift, *gains], {"audio": sound(seconds=0.05)})
        pattern = tuple(step.path in drawn for step in (shift, *gains))
        patterns[pattern] = patterns.get(pattern, 0) + 1
        if pattern[1:] == (True, True):
            both.append([drawn[step.path]["amplitude_ratio"] for step in gains])
    assert len(patterns) == 8
    assert all(60 < count < 140 for count in patterns.values())  # 100 each, standard deviation 9.4
    assert abs(np.corrcoef(np.array(both).T)[0, 1]) < 0.3  # standard error 0.07


HASHES = """
import hashlib, json, sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from audio_cases import CASES, built, bytes_of, given, run, with_noises

print(json.dumps([
    hashlib.sha256(
        bytes_of(run(built(name, with_noises(params, Path({noises!r})))[0], given(name)))
    ).hexdigest()
    for name, params in CASES
]))
"""


def test_another_process_makes_the_same_bytes(noises: Path) -> None:
    """Processes with another hash seed and one BLAS thread agree with this one on every op of the catalog."""
    code = HASHES.format(folder=str(HERE), noises=str(noises))
    environment = os.environ | {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    here = [
        hashlib.sha256(bytes_of(run(built(name, with_noises(params, noises))[0], given(name)))).hexdigest()
        for name, params in CASES
    ]
    assert len(here) > 65
    assert json.loads(done.stdout) == here
