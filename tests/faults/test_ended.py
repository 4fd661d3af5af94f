"""Clusters that die: an error in time, and the rest of the stream from another one."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
from ray._private import services

from augflow.errors import EngineError

from .clusters import Nodes, kill, own_ray
from .seen import Reader, Seen

pytestmark = [pytest.mark.timeout(150), pytest.mark.long, pytest.mark.usefixtures("nobody_worked")]

AWAY_S = 20.0
"""Ray ends a process that has not noticed for 15 s that its store is gone."""

ENDED_S = 12.0
"""The error that a Ray has ended comes within this time, or the next batch does."""


@pytest.fixture
def start(token: None) -> Iterator[Callable[..., Nodes]]:
    """Starts clusters that a test may kill."""
    started: list[Nodes] = []

    def begin(cpus: int, **variables: str) -> Nodes:
        started.append(Nodes(cpus, **variables))
        return started[-1]

    yield begin
    for nodes in started:
        nodes.close()


def alive(process: psutil.Process) -> bool:
    """Whether a process runs; what waits to be reaped does not."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def read_until_it_ends(reader: Reader) -> None:
    """What is left of a stream whose Ray has ended: batches that are there, then the error, at once."""
    began = time.monotonic()
    with pytest.raises(
        EngineError, match="has ended on this host; close the stream, and go on from its state"
    ):
        reader.rest()
    assert time.monotonic() - began < ENDED_S


@pytest.mark.parametrize("victim", ["raylet", "all"])
def test_a_dead_cluster_is_an_error_at_once_and_another_goes_on(
    seen: Seen, reference: list[bytes], start: Callable[..., Nodes], victim: str
) -> None:
    """This process lives, however long it is away; another cluster goes on, and then a local Ray."""
    first = start(2)
    stream = seen.stream(num_workers=2, address=first.address)
    reader = Reader(stream, reference)
    reader.read_more(10)
    if victim == "all":
        first.die()
    else:
        kill(first.head("raylet"))
        threading.Event().wait(AWAY_S)
    read_until_it_ends(reader)
    state = stream.state_dict()
    stream.close()
    second = start(2)
    with seen.stream(num_workers=2, address=second.address) as stream:
        stream.load_state_dict(state)
        other = Reader(stream, reference, reader.at)
        other.read_more(10)
        state = stream.state_dict()
    with seen.stream(num_workers=1) as stream:
        stream.load_state_dict(state)
        other = Reader(stream, reference, other.at)
        other.read_more(10)


@pytest.mark.parametrize("victim", ["raylet", "gcs_server"])
def test_a_dead_local_ray_is_an_error_at_once_and_the_stream_starts_another(
    seen: Seen, reference: list[bytes], victim: str
) -> None:
    """After `close` the same stream goes on in mid-epoch, on a Ray that it starts anew."""
    with seen.stream(num_workers=2) as stream:
        reader = Reader(stream, reference)
        reader.read_more(10)
        kill(own_ray(victim))
        read_until_it_ends(reader)
        state = stream.state_dict()
        stream.close()
        stream.load_state_dict(state)
        Reader(stream, reference, reader.at).read_more(40)


def test_a_stream_outlives_the_head_until_its_own_node_ends(
    seen: Seen, reference: list[bytes], start: Callable[..., Nodes]
) -> None:
    """Without the head batches go on; Ray ends the nodes after a time, which is then an error at once."""
    nodes = start(2, RAY_gcs_rpc_server_reconnect_timeout_s="5")
    with seen.stream(num_workers=2, address=nodes.address) as stream:
        reader = Reader(stream, reference)
        reader.read_more(5)
        kill(nodes.head("gcs_server"))
        with pytest.raises(EngineError, match="has ended on this host"):
            reader.rest()
        assert reader.at > 20


SHUT_S = 17.0
"""Letting go of a Ray that does not answer: 5 s, and 10 s more once it is killed."""


@pytest.mark.parametrize("victim", ["raylet", "gcs_server"])
def test_a_local_ray_that_does_not_answer_is_killed(seen: Seen, reference: list[bytes], victim: str) -> None:
    """`close` ends within a limit, and the stream can be read again."""
    with seen.stream(num_workers=2) as stream:
        reader = Reader(stream, reference)
        reader.read_more(5)
        reader.stop()
        state = stream.state_dict()
        stopped = own_ray(victim)
        for process in stopped:
            process.suspend()
        began = time.monotonic()
        stream.close()
        assert time.monotonic() - began < SHUT_S
        assert not any(alive(process) for process in stopped)
        stream.load_state_dict(state)
        Reader(stream, reference, reader.at).read_more(20)


def test_a_cluster_that_does_not_answer_is_left_to_itself(
    seen: Seen, reference: list[bytes], start: Callable[..., Nodes]
) -> None:
    """`close` says so after a limit; another Ray is refused until that one answers, and then works."""
    nodes = start(2)
    stream = seen.stream(num_workers=2, address=nodes.address)
    reader = Reader(stream, reference)
    reader.read_more(5)
    state = stream.state_dict()
    heads = nodes.head("gcs_server")
    for head in heads:
        head.suspend()
    reader.read_more(20)
    began = time.monotonic()
    with pytest.warns(RuntimeWarning, match="Ray does not answer, and was left to itself after 5 s"):
        stream.close()
    assert time.monotonic() - began < SHUT_S
    with seen.stream(num_workers=1) as other:
        other.load_state_dict(state)
        with pytest.raises(EngineError, match="still does not answer after 5 s, and Ray allows no other"):
            next(iter(other))
        for head in heads:
            head.resume()
        other.load_state_dict(state)
        Reader(other, reference, 5).read_more(20)


NEVER_CLOSED = """
import sys, psutil, ray
import numpy as np
import augflow

pipeline = augflow.load({"modality": "image", "augment": [{"horizontal_flip": {}}], "batch": {"size": 8}})
stream = pipeline.stream((np.zeros((64, 8, 8, 3), np.uint8), np.zeros(64, int)), num_workers=1)
next(iter(stream))
for info in ray._private.worker._global_node.all_processes[sys.argv[1]]:
    psutil.Process(info.process.pid).suspend()
raise SystemExit(3)
"""


@pytest.mark.parametrize("victim", ["raylet", "gcs_server"])
def test_a_program_ends_beside_a_ray_that_does_not_answer(victim: str) -> None:
    """Never closed, it still ends within a limit, and with its own status."""
    command = [sys.executable, "-c", NEVER_CLOSED, victim]
    assert subprocess.run(command, timeout=60).returncode == 3


def test_a_node_that_does_not_start_is_an_error(
    seen: Seen, monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., None]
) -> None:
    """A local Ray whose raylet ends at once: an error within Ray's 30 s, and no process stays behind."""
    before = set(psutil.Process().children(recursive=True))
    monkeypatch.setattr(services, "RAYLET_EXECUTABLE", "/bin/false")
    with seen.stream(num_workers=1) as stream, pytest.raises(EngineError, match="cannot start a local Ray"):
        next(iter(stream))

    def left() -> list[psutil.Process]:
        return [process for process in psutil.Process().children(recursive=True) if alive(process)]

    wait_until(lambda: set(left()) <= before, "all that was started has ended")
