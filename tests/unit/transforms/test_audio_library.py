"""How audiomentations is imported, and what works without it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from augflow.transforms import audio_library, audio_own
from augflow.transforms.audio import audio_ops
from augflow.transforms.audio_library import audiomentations
from augflow.transforms.library import LibraryMissingError

IMPORT = """
import json, sys
import augflow.transforms.audio, augflow.transforms.audio_own
heavy = {"audiomentations", "librosa", "numba", "scipy", "soundfile", "soxr", "torch"}
early = sorted(heavy & set(sys.modules))
ops = augflow.transforms.audio.audio_ops()
ops["pitch_shift"].build(ops["pitch_shift"].check({})[0])
print(json.dumps([early, sorted({"numba", "torch", "sklearn"} & set(sys.modules))]))
"""


def test_import_is_late_and_light() -> None:
    """Nothing heavy loads before it is needed, and the catalog alone brings neither numba nor torch."""
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], []]


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without audiomentations the message says which extra to install."""
    monkeypatch.setattr(audio_library.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(
        LibraryMissingError, match=r"audiomentations, which is not installed: .*extra `audio`"
    ):
        audiomentations.__wrapped__()


@pytest.mark.parametrize("version", ["0.42.0", "0.44.0", "1.0.0"])
def test_other_versions_are_refused(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Releases whose samples are not known are refused by their version."""
    monkeypatch.setattr(importlib, "import_module", lambda _name: SimpleNamespace(__version__=version))
    with pytest.raises(LibraryMissingError, match=f"0.43.1 or later, below 0.44, found {version}"):
        audiomentations.__wrapped__()


def test_own_ops_need_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """augflow's own ops are described and checked without audiomentations; resampling names its extra."""
    monkeypatch.setattr(audio_own, "is_installed", lambda _name: False)
    for op in audio_own.AUDIO_OWN_OPS.values():
        assert op.modality == "audio"
        assert op.library == "augflow"
        assert op.summary
        assert op.default_p == 1.0
        assert op.output_size({}, (3, 4)) is None
    _, problems = audio_own.AUDIO_OWN_OPS["resample"].check({"sample_rate": 8000})
    assert "needs soxr, which is not installed: install the extra `audio`" in problems[0].message
    assert not audio_own.AUDIO_OWN_OPS["mono"].check({})[1]


def test_ops_of_the_library_say_whose_they_are() -> None:
    """Entries carry nothing of images."""
    for op in audio_ops().values():
        assert (op.modality, op.library, op.carries) == ("audio", "audiomentations", frozenset())
        assert op.output_size({}, (3, 4)) is None
