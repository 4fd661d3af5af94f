"""The number of workers follows `set_workers` while a stream is read, and changes no byte."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

import augflow
from augflow.digest import digest_streams
from augflow.engine import ray_runtime
from augflow.errors import EngineError

pytestmark = [pytest.mark.timeout(90), pytest.mark.alone]

Workers = Callable[[], list[psutil.Process]]


class Resized:
    """A stream that is given another number of workers after every so many batches."""

    def __init__(self, stream: augflow.BatchStream, numbers: list[int], seen: Callable[[int], None]) -> None:
        self.plan = stream.plan
        self._stream, self._numbers, self._seen = stream, numbers, seen

    def set_epoch(self, epoch: int) -> None:
        self._stream.set_epoch(epoch)

    def __iter__(self):  # type: ignore[no-untyped-def]
        for step, batch in enumerate(self._stream):
            yield batch
            if step % 2 and self._numbers:
                self._stream.set_workers(self._numbers[0])
                self._seen(self._numbers.pop(0))


def test_workers_follow_in_mid_epoch(
    pipeline: augflow.Pipeline, samples: Path, own_workers: Workers, wait_until: Callable[..., None]
) -> None:
    """2, 1, 3, 2 workers: as many processes, none counted as lost, and the same two epochs."""
    expected = digest_streams([pipeline.stream(samples)], epochs=2)
    with pipeline.stream(samples, num_workers=2) as stream:

        def seen(number: int) -> None:
            wait_until(lambda: len(own_workers()) == number, f"{number} processes", within_s=20)

        numbers = [1, 3, 2]
        found = digest_streams([Resized(stream, numbers, seen)], epochs=2)  # type: ignore[list-item]
        assert not numbers
        more = itertools.chain.from_iterable(itertools.repeat(stream))
        wait_until(lambda: next(more) and stream.stats()["workers"] == 2, "2 workers have come")
        assert stream.stats()["workers_lost"] == 0
    assert found.steps == expected.steps


def test_workers_are_set_before_the_first_batch(
    pipeline: augflow.Pipeline, samples: Path, own_workers: Workers, wait_until: Callable[..., None]
) -> None:
    """A stream that has not started anything yet starts with the number that was set last."""
    with pipeline.stream(samples, num_workers=2) as stream:
        stream.set_workers(3)
        stream.set_workers(1)
        next(iter(stream))
        wait_until(own_workers, "the worker has its title")
        assert len(own_workers()) == 1


@pytest.mark.parametrize("open_first", [False, True], ids=["unopened", "open"])
def test_a_stream_in_this_process_has_no_workers_to_set(
    pipeline: augflow.Pipeline, samples: Path, open_first: bool
) -> None:
    """It is an error that names num_workers, and the stream goes on as it was."""
    with pipeline.stream(samples) as stream:
        batches = iter(stream)
        if open_first:
            next(batches)
        with pytest.raises(EngineError, match="num_workers"):
            stream.set_workers(2)
        assert len(list(batches)) == len(stream) - open_first


@pytest.mark.parametrize("number", [0, -1])
def test_a_stream_on_ray_keeps_a_worker(pipeline: augflow.Pipeline, samples: Path, number: int) -> None:
    """0 workers would be another engine, and fewer are none."""
    with pipeline.stream(samples, num_workers=1) as stream, pytest.raises(EngineError, match="at least 1"):
        stream.set_workers(number)


def test_the_end_of_a_fork_is_not_the_end_of_its_parent(pipeline: augflow.Pipeline, samples: Path) -> None:
    """What a forked process does at its exit leaves the Ray of the parent alone."""
    with pipeline.stream(samples, num_workers=1) as stream:
        batches = iter(stream)
        next(batches)
        fork = os.fork()
        if not fork:
            ray_runtime.RUNTIME.finish()
            os._exit(0)
        assert os.waitpid(fork, 0)[1] == 0
        assert len(list(batches)) == len(stream) - 1


@pytest.fixture
def server() -> Iterator[socket.socket]:
    """A port of this machine that takes connections."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_a_head_that_never_answers_is_an_error(
    pipeline: augflow.Pipeline, samples: Path, server: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes the connection and says nothing: the error comes after a limit, and names both."""
    monkeypatch.setattr(ray_runtime, "REACH_SECONDS", 0.3)
    host, port = server.getsockname()
    with (
        pipeline.stream(samples, num_workers=1, address=f"{host}:{port}") as stream,
        pytest.raises(EngineError, match=f"'{host}:{port}': it has not answered within 0.3 s"),
    ):
        next(iter(stream))


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 505 HTTP Version Not Supported"], ids=["hangs up", "web"])
def test_a_server_that_is_no_head_is_an_error(
    pipeline: augflow.Pipeline, samples: Path, server: socket.socket, answer: bytes
) -> None:
    """Another service at that port is told apart from a cluster at once."""

    def speak() -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(answer)

    threading.Thread(target=speak, daemon=True).start()
    host, port = server.getsockname()
    with (
        pipeline.stream(samples, num_workers=1, address=f"{host}:{port}") as stream,
        pytest.raises(EngineError, match=f"'{host}:{port}': .*(no head of a cluster|reset)"),
    ):
        next(iter(stream))
