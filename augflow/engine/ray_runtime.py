"""The Ray of this process: a local one that augflow starts and stops, or a cluster by address."""

from __future__ import annotations

import atexit
import contextlib
import os
import secrets
import signal
import socket
import threading
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
if {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys():
    # Ray reads the mode when it is imported, and without it ignores the token of a cluster by address.
    os.environ.setdefault("RAY_AUTH_MODE", "token")

import ray
from ray._private.node import Node

from augflow.engine.ranks import Meeting, run_name
from augflow.engine.ray_watch import LEAVE_SECONDS, Watch
from augflow.engine.window import FLIGHT_BYTES
from augflow.errors import EngineError

REACH_SECONDS = 5.0
"""How long to wait for the port of a cluster's head to answer."""

SETTINGS = b"\x04"
HEADER_BYTES = 9
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0" + SETTINGS + b"\0\0\0\0\0"
"""How HTTP/2 begins (RFC 9113, 3.4): a preface, then a frame of settings from each side."""

SYSTEM_CONFIG = {"free_objects_period_milliseconds": 10, "oom_grace_period_s": 0}
"""Of a local Ray. It frees results once a second when left alone: with large cheap batches the store fills
before, and whoever puts the next result waits for two seconds."""

STORE_BYTES = 128 * 2**20
"""Object store of a local Ray beside what is in flight; Ray refuses stores below 75 MiB."""


class Runtime:
    """The Ray of this process. Ray allows one, so streams share it; the last one stops what we started.

    A Ray that the caller has started or joined is used as it is, and left running.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._opened = False
        self._local = False
        self._watch: Watch | None = None
        self._stuck: Watch | None = None
        self._meeting: Meeting | None = None

    def acquire(self, num_workers: int, address: str | None) -> bool:
        """Connect or start; returns whether the Ray is a local one of ours."""
        with self._lock:
            self._clear()
            if not ray.is_initialized():
                self._opened, self._local = False, address is None
                run = run_name() if self._local else None
                self._meeting = None if run is None else Meeting(run)
                self._open(num_workers, address)
                self._opened = True
            elif not self._opened:
                self._local = False
            if self._watch is None:
                guest = self._meeting is not None and not self._meeting.is_host
                self._watch = Watch(self._opened, self._opened and self._local and not guest)
            self._users += 1
            return self._local

    def _open(self, num_workers: int, address: str | None) -> None:
        meeting = self._meeting
        token = os.environ.get(TOKEN_VARIABLE, _TOKEN) if self._local else None
        if meeting is not None and not meeting.is_host:
            address, token = meeting.attend()
        with _access_token(token):
            _init(num_workers, address)
        if meeting is not None and meeting.is_host and token is not None:
            worker: Any = ray._private.worker.global_worker
            meeting.announce(str(worker.gcs_client.address), token)

    def _clear(self) -> None:
        """Raise `EngineError` where there can be no other Ray yet beside one that has ended."""
        if self._stuck is not None:
            if not self._stuck.leave():
                raise EngineError(
                    f"the Ray that this process has left still does not answer after {LEAVE_SECONDS:.0f} s, "
                    "and Ray allows no other beside it; go on from the state of the stream in a new process"
                )
            self._stuck = None
        if self._watch is not None and self._watch.ended:
            if self._users:
                self._watch.check()
            self._end()

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Every call of Ray goes here. Raises `EngineError` where the Ray of this host has ended: Ray ends a
        process that reads from a store which is gone, and starts a new one unasked."""
        if self._watch is None:
            raise EngineError("this engine is closed")
        with self._watch.inside():
            yield

    def check(self) -> None:
        """Raise `EngineError` where the Ray of this host has ended."""
        if self._watch is not None:
            self._watch.check()

    def release(self) -> None:
        """One user less."""
        with self._lock:
            self._users -= 1
            # While other ranks use it, the Ray of the first one stays until its process ends.
            if self._users == 0 and not (self._meeting is not None and self._meeting.has_guests()):
                self._end()

    def _end(self) -> None:
        watch, self._watch, opened, self._opened = self._watch, None, self._opened, False
        if watch is None:
            return
        if not watch.leave():
            self._stuck = watch
            atexit.unregister(ray.shutdown)  # it would wait for the one that is stuck
            told = f"Ray does not answer, and was left to itself after {LEAVE_SECONDS:.0f} s"
            warnings.warn(f"augflow: {told}", RuntimeWarning, stacklevel=2)
        elif opened and self._local:
            _forget_token()
        if self._meeting is not None:
            self._meeting.leave()

    def finish(self) -> None:
        """The interpreter ends: within a limit, which Ray's own way out does not have."""
        if self._meeting is not None and self._watch is not None:
            self._meeting.wait_for_guests()
        self._end()

    def forget(self) -> None:
        """One user less, found by the garbage collector: no lock and no Ray there. Ray ends with the
        next `release`, or with the interpreter."""
        self._users -= 1


RUNTIME = Runtime()
atexit.register(RUNTIME.finish)  # later than Ray's, and so called before it

GONE_VARIABLE = "RAY_gcs_rpc_server_reconnect_timeout_s"

TOKEN_VARIABLE = "RAY_AUTH_TOKEN"  # noqa: S105 - the name of a variable
MODE_VARIABLE = "RAY_AUTH_MODE"
_TOKEN = secrets.token_hex(32)


@contextlib.contextmanager
def _access_token(token: str | None) -> Iterator[None]:
    """A token of this run for its local Ray, whose ports listen on all interfaces.

    Left alone, Ray writes one to the home folder, where other clusters then demand it. Ray's
    processes inherit it, this process remembers it, so the environment is put back at once.
    """
    if token is None or TOKEN_VARIABLE in os.environ:
        yield
        return
    _forget_token()
    mode = os.environ.get(MODE_VARIABLE)
    os.environ[TOKEN_VARIABLE] = token
    if mode is None:
        os.environ[MODE_VARIABLE] = "token"
        raylet: Any = ray._raylet
        raylet.Config.initialize("")  # read when Ray was imported, and once more now
    try:
        yield
    finally:
        del os.environ[TOKEN_VARIABLE]
        if mode is None:
            os.environ.pop(MODE_VARIABLE, None)


def _forget_token() -> None:
    """Ray remembers the first token of a process; another Ray in it would be refused."""
    loader = getattr(ray._raylet, "AuthenticationTokenLoader", None)
    if loader is not None:
        loader.instance().reset_cache()


def _check_reachable(address: str) -> None:
    """Raise `EngineError` where no head answers at `host:port`: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in host:
        return  # Ray has its own words such as `auto`, and its own messages
    try:
        with socket.create_connection((host.strip("[]"), int(port)), REACH_SECONDS) as connection:
            if os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true"):
                return
            connection.sendall(HELLO)
            answer = connection.recv(HEADER_BYTES)
    except TimeoutError as error:
        told = f"it has not answered within {REACH_SECONDS:g} s"
        raise EngineError(f"cannot connect to Ray at {address!r}: {told}") from error
    except (OSError, OverflowError) as error:
        raise EngineError(f"cannot connect to Ray at {address!r}: {error}") from error
    if answer[3:4] != SETTINGS:
        raise EngineError(f"cannot connect to Ray at {address!r}: what listens there is no head of a cluster")


def _init(num_workers: int, address: str | None) -> None:
    if address is not None:
        _check_reachable(address)
    common: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    handlers, nodes = _signal_handlers(), list[Node]()
    try:
        if address is not None:
            with _outliving_the_head():
                ray.init(address=address, **common)
        else:
            with _without_api_server(nodes), _interrupts_later(handlers):
                ray.init(
                    address="local",
                    num_cpus=num_workers,
                    num_gpus=0,
                    include_dashboard=False,
                    object_store_memory=STORE_BYTES + num_workers * FLIGHT_BYTES,
                    _system_config=SYSTEM_CONFIG,
                    **common,
                )
    except Exception as error:  # Ray raises bare ones for a node that does not start
        for node in nodes:
            node.kill_all_processes(check_alive=False, allow_graceful=False)
        where = f"connect to Ray at {address!r}" if address else "start a local Ray"
        hint = f"; if it asks for a token, set {TOKEN_VARIABLE}" if address else ""
        raise EngineError(f"cannot {where}: {error}{hint}") from error
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _outliving_the_head() -> Iterator[None]:
    """Ray ends a process that has not reached the head of its cluster for a minute. Not ours: workers that
    are still there go on, and if there are none it is an error and not an end."""
    if GONE_VARIABLE in os.environ:
        yield
        return
    os.environ[GONE_VARIABLE] = "1000000"  # seconds
    try:
        yield
    finally:
        del os.environ[GONE_VARIABLE]


@contextlib.contextmanager
def _interrupts_later(handlers: Mapping[int, Any]) -> Iterator[None]:
    """A Ctrl-C while a local Ray starts, some seconds, stops it once it stands; a second one at once.

    Raised in between it may fall into a callback of Python's fork, where it is printed and lost.
    """
    if handlers.get(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    interrupts: list[int] = []

    def interrupt(number: int, frame: Any) -> None:
        interrupts.append(number)
        if len(interrupts) > 1:
            signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    yield
    if interrupts:
        ray.shutdown()
        raise KeyboardInterrupt


@contextlib.contextmanager
def _without_api_server(nodes: list[Node]) -> Iterator[None]:
    """A local Ray, noted in `nodes`, without the process that would serve the dashboard.

    Without a dashboard all that it does is ask the cloud's metadata service (169.254.169.254) where it
    runs, for usage reports that are off: a network access that no setting of Ray 2.60 prevents. Ray
    also starts a second sooner.
    """
    start = Node.start_api_server
    Node.start_api_server = lambda node, **_: nodes.append(node)  # type: ignore[method-assign]
    try:
        yield
    finally:
        Node.start_api_server = start  # type: ignore[method-assign]


def _signal_handlers() -> dict[int, Any]:
    """The caller's handlers, which `ray.init` replaces; none outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
