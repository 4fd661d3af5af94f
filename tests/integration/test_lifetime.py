"""What starts is stopped: processes, shared memory, signal handlers."""

from __future__ import annotations

import gc
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import ray

import augflow

pytestmark = [pytest.mark.timeout(90), pytest.mark.alone]

CLOSE_S = 6.0
"""`ray.shutdown` takes 1.5 s on idle cores."""

OWN_OPS = """\
import sys
import numpy as np
import augflow
import beside

@augflow.op()
def inverted(image):
    return 255 - image

if __name__ == "__main__":
    pipeline = augflow.Pipeline(
        modality="image", augment=[{"inverted": {}}, {"rolled": {"by": 3}}], batch={"size": 8}
    )
    batches = [list(pipeline.stream(sys.argv[1]))]
    with pipeline.stream(sys.argv[1], num_workers=2) as stream:
        batches.append(list(stream))
    assert len(batches[0]) == len(batches[1]) > 0
    for here, there in zip(*batches):
        assert all(np.array_equal(here[name], there[name]) for name in here)
    print("equal")
"""

BESIDE = """\
import numpy as np
import augflow

@augflow.op()
def rolled(image, rng, by: int = 1):
    return np.roll(image, int(rng.integers(by + 1)), axis=1)
"""

NEVER_CLOSED = """\
import sys
import augflow

pipeline = augflow.load(sys.argv[1])
kept = iter(pipeline.stream(sys.argv[2], num_workers=2))
next(kept)
print("first batch")
{end}
"""


def handlers() -> list[Any]:
    """Who answers SIGTERM and SIGINT."""
    return [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]


@pytest.mark.usefixtures("shared_memory_as_before")
def test_close_gives_everything_back(
    pipeline: augflow.Pipeline, samples: Path, wait_until: Callable[..., None]
) -> None:
    """A break in mid-epoch, then close: processes are gone, handlers are the caller's; open again works."""

    def own(number: int, frame: object) -> None:
        raise AssertionError

    previous = signal.signal(signal.SIGTERM, own)
    family = psutil.Process()
    before = set(family.children(recursive=True))
    try:
        stream = pipeline.stream(samples, num_workers=2)
        first = []
        for _ in range(2):
            for batch in stream:
                first.append(batch)
                break
            assert handlers() == [own, signal.default_int_handler]
            stream.set_epoch(0)
            started = time.monotonic()
            stream.close()
            assert time.monotonic() - started < CLOSE_S
            assert handlers() == [own, signal.default_int_handler]
            wait_until(lambda: set(family.children(recursive=True)) <= before, "all have ended", within_s=10)
            stream.close()
        assert first[0]["id"].tolist() == first[1]["id"].tolist()
    finally:
        signal.signal(signal.SIGTERM, previous)


def test_streams_share_ray_until_the_last_one(
    pipeline: augflow.Pipeline,
    samples: Path,
    own_workers: Callable[[], list[psutil.Process]],
    wait_until: Callable[..., None],
) -> None:
    """Closing one of two streams leaves the other at work; one that nobody holds any more ends too."""
    with pipeline.stream(samples, num_workers=1) as training:
        rest = iter(training)
        next(rest)
        with pipeline.stream(samples, train=False, num_workers=1) as judging:
            assert len(list(judging)) == len(judging)
        assert len(list(rest)) == len(training) - 1

        forgotten = pipeline.stream(samples, num_workers=1)
        next(iter(forgotten))
        assert len(own_workers()) == 2
        del forgotten
        gc.collect()
        wait_until(lambda: len(own_workers()) == 1, "the forgotten stream's worker has ended")
        assert ray.is_initialized()
    assert not ray.is_initialized()


def test_callers_own_ray_is_used_and_left_alone(pipeline: augflow.Pipeline, samples: Path) -> None:
    """Where the program has started Ray itself, streams run in it and closing them does not stop it."""
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        with pipeline.stream(samples, num_workers=1) as stream:
            assert len(list(stream)) == len(stream)
        assert ray.is_initialized()
    finally:
        ray.shutdown()


def test_ops_of_a_script_reach_the_workers(start: Callable[..., Any], samples: Path, tmp_path: Path) -> None:
    """An op of `__main__`, and one of a module beside the script, work on Ray with the same bytes."""
    (tmp_path / "code").mkdir()
    script = tmp_path / "code" / "script.py"
    script.write_text(OWN_OPS)
    (tmp_path / "code" / "beside.py").write_text(BESIDE)
    program = start(sys.executable, script, samples)
    assert program.wait(60) == 0, program.err
    assert "equal" in program.out


@pytest.mark.parametrize("end", ["", "raise SystemExit(3)", "1 / 0"], ids=["end", "exit", "error"])
@pytest.mark.usefixtures("shared_memory_as_before")
def test_stream_that_is_never_closed_ends_with_the_program(
    start: Callable[..., Any],
    spec: Path,
    samples: Path,
    tmp_path: Path,
    wait_until: Callable[..., None],
    end: str,
) -> None:
    """A program that forgets to close, or fails, ends with its own status and leaves no process."""
    script = tmp_path / "script.py"
    script.write_text(NEVER_CLOSED.format(end=end))
    program = start(sys.executable, script, spec, samples)
    assert program.wait(60) == {"": 0, "raise SystemExit(3)": 3, "1 / 0": 1}[end], program.err
    assert "first batch" in program.out
    wait_until(lambda: not program.processes(), "every process has ended", within_s=15)
