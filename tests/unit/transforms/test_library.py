"""How albumentations is imported, and that another process makes the same bytes."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from augflow.transforms import library
from augflow.transforms.library import LibraryMissingError

HERE = Path(__file__).parent

IMPORT = """
import json, os, sys
import augflow.transforms.lookup as lookup
early = sorted({"albumentations", "cv2", "torch"} & set(sys.modules))
lookup.catalog("image")
import cv2, scipy.ndimage
print(json.dumps({
    "early": early, "torch": "torch" in sys.modules, "threads": cv2.getNumThreads(),
    "quiet": os.environ["NO_ALBUMENTATIONS_UPDATE"],
}))
"""


def test_import_is_late_light_and_quiet() -> None:
    """Nothing heavy loads before it is needed; then no torch (nor a trace of hiding it), no update check,
    one OpenCV thread."""
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found == {"early": [], "torch": False, "threads": 1, "quiet": "1"}


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without albumentations the message says which extra to install."""
    monkeypatch.setattr(library.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(LibraryMissingError, match="install the extra `image`"):
        library.albumentations.__wrapped__()


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """AlbumentationsX and other releases install the same module name, and are refused by version."""
    stranger = SimpleNamespace(__version__="2.0.16")
    monkeypatch.setattr(importlib, "import_module", lambda _name: stranger)
    with pytest.raises(LibraryMissingError, match=r"need albumentations 2\.0\.8.*found 2\.0\.16.*AGPL"):
        library.albumentations.__wrapped__()


HASHES = """
import hashlib, json, sys, warnings
warnings.simplefilter("ignore")
sys.path.insert(0, {folder!r})
from conftest import REQUIRED, VARIANTS, built, picture, run
from augflow.transforms.lookup import catalog

ops = catalog("image")
image = picture()
cases = [(name, REQUIRED.get(name, {{}})) for name in ops] + VARIANTS
print(json.dumps([
    hashlib.sha256(run(built(ops[name], params)[0], image).tobytes()).hexdigest() for name, params in cases
]))
"""


def test_another_process_makes_the_same_bytes() -> None:
    """Two processes with different hash seeds agree on every op of the catalog."""
    code = HASHES.format(folder=str(HERE))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env={"PYTHONHASHSEED": seed}
        )
        for seed in ("1", "2")
    ]
    one, other = (json.loads(process.communicate()[0]) for process in running)
    assert len(one) > 130
    assert one == other
