"""What the tests with real Ray and real processes share: small data, a program with all its processes."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

import augflow
from augflow.cli import app
from augflow.transforms import registered

from .. import processes, streams
from ..processes import WORKER, alive, title_of

AUGFLOW = str(Path(sys.executable).with_name("augflow"))
MARK = "AUGFLOW_TEST_FAMILY"
IMAGES = 40

MIXED = """\
version: 1
modality: image
seed: 3
augment:
  - horizontal_flip: {p: 0.5}
  - rotate: {limit: 15, p: 0.5}
batch:
  size: 8
  mix: {mixup: {alpha: 0.2}}
"""


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of small PNG files, as many of one as of the other."""
    root = tmp_path_factory.mktemp("samples")
    pixels = np.random.default_rng(0).integers(0, 256, (IMAGES, 20, 22, 3), dtype=np.uint8)
    for number, image in enumerate(pixels):
        file = root / "ab"[number % 2] / f"{number:02d}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(file)
    return root


@pytest.fixture(scope="session")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A spec that draws and mixes."""
    file = tmp_path_factory.mktemp("spec") / "spec.yaml"
    file.write_text(MIXED)
    return file


@pytest.fixture(scope="session")
def pipeline(spec: Path) -> augflow.Pipeline:
    """The spec, compiled."""
    return augflow.load(spec)


@pytest.fixture
def register() -> Iterator[Callable[..., Any]]:
    """`augflow.op`, for one test; functions defined inside of tests go to workers by value."""
    before = dict(registered._registered)
    yield augflow.op
    registered._registered.clear()
    registered._registered.update(before)


@pytest.fixture(scope="session")
def assert_same_stream() -> Callable[..., None]:
    """The promise: both streams deliver the same bytes, step by step over two epochs."""
    return streams.assert_same_stream


class Ran:
    """How a verb ended: exit status, standard output, standard error."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs a verb in this process; whatever happens, nobody is shown a traceback."""

    def run(*arguments: object) -> Ran:
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            app([str(argument) for argument in arguments], prog_name="augflow")
        status = ended.value.code
        assert isinstance(status, int)
        out, err = capfd.readouterr()
        assert "Traceback" not in out + err
        return Ran(status, out, err)

    return run


class Program:
    """A program in a session of its own, and every process that it starts, however deep."""

    def __init__(self, command: list[str], folder: Path, **variables: str) -> None:
        self._mark = secrets.token_hex(16)
        self._seen: set[psutil.Process] = set()
        self._out, self._err = folder / f"{self._mark}.out", folder / f"{self._mark}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env={**os.environ, **variables, MARK: self._mark},
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self._seen.add(psutil.Process(self.process.pid))

    @property
    def out(self) -> str:
        """Standard output so far."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """Standard error so far."""
        return self._err.read_text()

    def processes(self) -> list[psutil.Process]:
        """Every live process of the family. Ray's actors write their title over their environment, so
        children are remembered too."""
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.environ().get(MARK) == self._mark:
                    self._seen |= {process, *process.children(recursive=True)}
        return [process for process in self._seen if alive(process)]

    def workers(self, title: str = WORKER) -> list[psutil.Process]:
        """The Ray actors among them, by the beginning of their title."""
        return [process for process in self.processes() if title_of(process).startswith(title)]

    def signal_group(self, number: signal.Signals) -> None:
        """What Ctrl-C in a terminal does: the signal goes to the whole process group."""
        os.killpg(self.process.pid, number)

    def wait(self, within_s: float) -> int:
        """The exit status."""
        return self.process.wait(timeout=within_s)

    def clear(self) -> None:
        """Whatever is left goes, by id."""
        left = self.processes()
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(left, timeout=10)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)


@pytest.fixture
def own_workers() -> Callable[[], list[psutil.Process]]:
    """The Ray actors that descend from this process."""
    return processes.own_workers


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Starts programs; those still there at the end are killed, with all that they started."""
    programs: list[Program] = []

    def begin(*command: object, **variables: str) -> Program:
        programs.append(Program([str(part) for part in command], tmp_path, **variables))
        return programs[-1]

    yield begin
    for program in programs:
        program.clear()


@pytest.fixture
def shared_memory_as_before() -> Iterator[None]:
    """Fails the test that leaves an object store behind."""
    before = set(Path("/dev/shm").glob("plasma*"))
    yield
    assert set(Path("/dev/shm").glob("plasma*")) <= before


@pytest.fixture(scope="session")
def keras(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Keras on torch, with its settings in a folder of the tests."""
    os.environ |= {"KERAS_BACKEND": "torch", "KERAS_HOME": str(tmp_path_factory.mktemp("keras"))}
    import keras

    return keras
