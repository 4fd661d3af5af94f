"""Ctrl-C, SIGTERM and SIGKILL on the command line."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from .conftest import AUGFLOW

pytestmark = [
    pytest.mark.alone,
    pytest.mark.timeout(120),
    pytest.mark.usefixtures("shared_memory_as_before"),
]

END_S = 12.0
"""Seconds from a signal to the end; the larger part is Ray's own shutdown on busy cores."""

Start = Callable[..., Any]
Wait = Callable[..., None]


def busy(program: Any) -> bool:
    """Whether both Ray workers are past their imports and have worked."""
    workers = program.workers()
    return len(workers) >= 2 and all(sum(worker.cpu_times()[:2]) > 1.0 for worker in workers)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_signal_in_mid_stream_stops_everything(
    start: Start, wait_until: Wait, spec: Path, samples: Path, number: signal.Signals, status: int
) -> None:
    """A signal to the process group ends the program within seconds, with its status and no orphan."""
    program = start(AUGFLOW, "digest", spec, samples, "--epochs", "1000000", "--workers", "2", "--json")
    wait_until(lambda: busy(program), "two workers are at work", within_s=60)
    if number == signal.SIGINT:
        program.signal_group(number)
    else:
        program.process.send_signal(number)
    assert program.wait(END_S) == status
    wait_until(lambda: not program.processes(), "every process has ended", within_s=5)
    assert program.out == ""
    assert "Traceback" not in program.err
    if number == signal.SIGINT:
        assert program.err.rstrip().endswith("interrupted")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_signal_while_ray_starts_stops_everything(
    start: Start, wait_until: Wait, spec: Path, samples: Path, number: signal.Signals
) -> None:
    """A signal while Ray is on its way up leaves no process either."""
    program = start(AUGFLOW, "digest", spec, samples, "--workers", "2", "--epochs", "1000000")
    wait_until(lambda: len(program.processes()) > 2, "Ray has begun to start", within_s=30)
    program.signal_group(number) if number == signal.SIGINT else program.process.send_signal(number)
    program.wait(20)
    wait_until(lambda: not program.processes(), "every process has ended", within_s=15)
    assert "Traceback" not in program.err


def test_json_is_alone_when_a_worker_dies(
    start: Start, wait_until: Wait, spec: Path, samples: Path, tmp_path: Path
) -> None:
    """With a worker killed on the way, standard output is one JSON object and the digest is right."""
    # So many epochs that the run is far from its end when the workers are seen to be at work.
    arguments = ("digest", spec, samples, "--epochs", "500", "--json")
    program = start(AUGFLOW, *arguments, "--workers", "2")
    wait_until(lambda: busy(program), "two workers are at work", within_s=60)
    victims = program.workers()
    assert program.process.poll() is None, "the run ended before a worker could be killed"
    assert victims, "no worker to kill"
    victims[0].kill()
    assert program.wait(90) == 0, program.err
    reference = start(AUGFLOW, *arguments)
    assert reference.wait(90) == 0, reference.err
    assert json.loads(program.out)["digest"] == json.loads(reference.out)["digest"]


def tree(root: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def written(out: Path) -> int:
    """How many pictures are there. Folders come and go meanwhile, which `os.walk` takes no offense at."""
    return sum(name.endswith(".png") for _, _, names in os.walk(out) for name in names)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The tree of a run that nothing disturbed, once one has asked for it."""
    return {}


@pytest.mark.parametrize(
    ("workers", "moments"), [(0, (1, 37, 150, 397)), (2, (3, 210))], ids=["inprocess", "ray"]
)
def test_materialize_goes_on_after_sigkill(
    start: Start,
    wait_until: Wait,
    spec: Path,
    samples: Path,
    tmp_path: Path,
    undisturbed: dict[str, Any],
    workers: int,
    moments: tuple[int, ...],
) -> None:
    """Killed at several moments and run again, the folder ends byte for byte like an undisturbed one."""
    command = (AUGFLOW, "materialize", spec, samples, "--copies", "10", "-o")
    if not undisturbed:
        whole = start(*command, tmp_path / "whole", "--workers", "0")
        assert whole.wait(60) == 0, whole.err
        undisturbed.update(tree(tmp_path / "whole"))
    out = tmp_path / "out"
    for moment in moments:
        program = start(*command, out, "--workers", workers)
        # psutil's own polling would miss the moment.
        while written(out) < moment and program.process.poll() is None:
            pass
        program.processes()
        program.process.kill()
        program.clear()
        assert written(out), "nothing was written before the kill"
    last = start(*command, out, "--workers", workers, "--json")
    assert last.wait(60) == 0, last.err
    assert json.loads(last.out)["written"] == 400
    assert tree(out) == undisturbed
    wait_until(lambda: not last.processes(), "every process has ended", within_s=15)


def test_ctrl_c_leaves_a_folder_that_goes_on(
    start: Start, wait_until: Wait, spec: Path, samples: Path, tmp_path: Path
) -> None:
    """Ctrl-C in `materialize` exits 130; running it again completes the dataset."""
    out = tmp_path / "out"
    command = (AUGFLOW, "materialize", spec, samples, "-o", out, "--copies", "200", "--workers", "0")
    program = start(*command)
    wait_until(lambda: written(out) > 20, "some pictures are there")
    program.signal_group(signal.SIGINT)
    assert program.wait(END_S) == 130
    assert "Traceback" not in program.err
    assert not (out / "manifest.jsonl").exists()
    again = start(*command)
    assert again.wait(60) == 0, again.err
    assert written(out) == 200 * 40
    assert not psutil.pid_exists(program.process.pid)
