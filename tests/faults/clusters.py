"""Clusters of real nodes on this machine, which tests grow, shrink and kill."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import ray
from ray._raylet import AuthenticationTokenLoader, Config
from ray.cluster_utils import Cluster

STORE_BYTES = 80 * 2**20


class Nodes:
    """A head, which the tests are connected to, and nodes for workers that come and go."""

    def __init__(self, cpus: int = 0, **variables: str) -> None:
        self._variables = variables
        with _environment(variables):
            self._cluster = Cluster(initialize_head=True, head_node_args=_options(cpus))
        self.address = str(self._cluster.address)

    def add(self, cpus: int, **variables: str) -> Any:
        """A node more; its workers have these variables."""
        with _environment({**self._variables, **variables}):
            return self._cluster.add_node(**_options(cpus))

    def kill(self, node: Any) -> None:
        """SIGKILL to all processes of a node, as if its machine had lost power; its workers go with it."""
        self._cluster.remove_node(node, allow_graceful=False)

    def fill(self, number: int, cpus: int) -> None:
        """So many live nodes; what a killed raylet left goes."""
        for node in list(self._cluster.worker_nodes):
            if not node.live_processes():
                self.kill(node)
        while len(self._cluster.worker_nodes) < number:
            self.add(cpus)

    def clear(self) -> None:
        """Every node but the head goes."""
        for node in list(self._cluster.worker_nodes):
            self.kill(node)

    def head(self, kind: str) -> list[psutil.Process]:
        """The processes of the head that are of a kind: `gcs_server` or `raylet`."""
        running = self._cluster.head_node.all_processes.get(kind, [])
        return [psutil.Process(info.process.pid) for info in running]

    def die(self) -> None:
        """SIGKILL to all processes of all nodes."""
        for node in self._cluster.list_all_nodes():
            node.kill_all_processes(check_alive=False, allow_graceful=False)

    def close(self) -> None:
        """Whatever is left goes."""
        with contextlib.suppress(psutil.Error):
            for kind in ("gcs_server", "raylet"):
                for process in self.head(kind):
                    process.send_signal(signal.SIGCONT)
        self._cluster.shutdown()


def _options(cpus: int) -> dict[str, object]:
    return {"num_cpus": cpus, "object_store_memory": STORE_BYTES, "include_dashboard": False}


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Ray's processes inherit the environment in which they are started."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@contextlib.contextmanager
def behind_a_token() -> Iterator[None]:
    """Clusters that are started here can be used from here only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        Config.initialize("")  # Ray has read the mode when it was imported
        AuthenticationTokenLoader.instance().reset_cache()
        yield
    Config.initialize("")
    AuthenticationTokenLoader.instance().reset_cache()


def own_ray(kind: str) -> list[psutil.Process]:
    """The processes of a kind of the local Ray of this process."""
    node = ray._private.worker._global_node
    assert node is not None
    return [psutil.Process(info.process.pid) for info in node.all_processes[kind]]


def kill(processes: list[psutil.Process]) -> None:
    """SIGKILL, and wait until they are gone."""
    assert processes
    for process in processes:
        os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs(processes, timeout=10)
