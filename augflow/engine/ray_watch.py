"""How the Ray of this process ends: by us, within a limit, or under us, which is seen at once."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import ray
from ray._private.ray_constants import PROCESS_TYPE_GCS_SERVER

from augflow.errors import EngineError

LEAVE_SECONDS = 5.0
"""How long Ray may take to let go; 1.5 s are usual."""

PART_SECONDS = 15.0
"""How long Ray may take to disconnect from what has ended: at once, or 6 s where its head has ended too."""

DYING_SECONDS = 0.3
"""A process that dies closes its connections one by one. Ray ends ours where it can still write to one
and is not answered."""


class Watch(threading.Thread):
    """Sees at once when the Ray of this host ends: a connection to its raylet that says nothing, and, where
    Ray is our own, a handle of its head (left alone, Ray ends this process a minute after the head).

    The thread disconnects then: Ray ends a process in which a thread of Ray's finds its store gone. It stands
    ready from the beginning, since none can be started while the interpreter ends.
    """

    def __init__(self, ours: bool, local: bool) -> None:
        super().__init__(name="augflow-watches-ray", daemon=True)
        worker: Any = ray._private.worker.global_worker
        self._node = worker.node
        self._address = worker.gcs_client.address
        self._ours, self._local = ours, local
        self._process = os.getpid()
        self._raylet = socket.socket(socket.AF_UNIX)
        self._raylet.settimeout(LEAVE_SECONDS)
        try:
            self._raylet.connect(worker.node.raylet_socket_name)
        except OSError as error:
            raise EngineError(f"the raylet of the Ray at {self._address} does not answer: {error}") from error
        self._call, self._called = socket.socketpair()
        self._signs = [self._raylet.fileno()]
        if local and hasattr(os, "pidfd_open"):
            head = self._node.all_processes[PROCESS_TYPE_GCS_SERVER][0].process
            self._signs.append(os.pidfd_open(head.pid))
        self._poll = _poll(self._signs)
        self._gate = threading.Condition()
        self._inside = 0
        self.start()

    @property
    def ended(self) -> bool:
        """Whether the raylet is gone."""
        return bool(self._poll.poll(0))

    def check(self) -> None:
        """Raise `EngineError` where it has ended."""
        if self.ended:
            raise EngineError(
                f"the Ray at {self._address} has ended on this host; close the stream, "
                "and go on from its state on a new one"
            )

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Calls of Ray go here: it stays connected until the block ends, or this is an `EngineError`."""
        self._part()
        self.check()
        with self._gate:
            self.check()
            self._inside += 1
        try:
            yield
        finally:
            with self._gate:
                self._inside -= 1
                self._gate.notify()
            self._part()

    def _part(self) -> None:
        """Where Ray has ended, wait until we are disconnected: before that, Ray ends a process that lets go
        of what lay in the store, as whoever meets the error does."""
        if self.ended:
            self.join(PART_SECONDS)

    def run(self) -> None:
        """Wait for the end, or to be told, and disconnect."""
        _poll([*self._signs, self._called.fileno()]).poll()
        if self.ended:
            time.sleep(DYING_SECONDS)
        with self._gate:
            while self._inside:
                self._gate.wait()
            if self._ours:
                ray.shutdown()

    def leave(self) -> bool:
        """Disconnect, and stop a Ray of our own; returns whether it let go.

        One that is stopped, and not gone, answers nothing: our own is killed, another is left to itself.
        """
        if self._process != os.getpid():
            return True  # a fork shares the connections, and has neither Ray nor this thread
        self._call.send(b"!")
        self.join(LEAVE_SECONDS)
        if self._local and self.is_alive():
            self._node.kill_all_processes(check_alive=False, allow_graceful=False)
            self.join(2 * LEAVE_SECONDS)  # Ray still tries to say goodbye to its head, some seconds
        if self.is_alive():
            return False
        for handle in self._signs[1:]:
            os.close(handle)
        for connection in (self._raylet, self._call, self._called):
            connection.close()
        return True


def _poll(handles: list[int]) -> select.poll:
    poll = select.poll()
    for handle in handles:
        poll.register(handle, select.POLLIN)
    return poll
