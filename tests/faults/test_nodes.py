"""Cases of the grid in which a node is lost: workers on two nodes of a real cluster, one raylet killed."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest
from ray._raylet import AuthenticationTokenLoader, Config
from ray.cluster_utils import Cluster

from .grid import ARRAY, CPUS, Case, Ground

pytestmark = pytest.mark.timeout(150)

CASES = [case for case in ARRAY if case.fault == "raylet"]
STORE_BYTES = 80 * 2**20


class Nodes:
    """A head without CPUs, which the tests are connected to, and two nodes for workers."""

    def __init__(self) -> None:
        self._cluster = Cluster(initialize_head=True, head_node_args=self._options(cpus=0))
        self.address = self._cluster.address
        self.fill()

    def _options(self, cpus: int) -> dict[str, object]:
        return {"num_cpus": cpus, "object_store_memory": STORE_BYTES, "include_dashboard": False}

    def fill(self) -> None:
        """Two live nodes for workers; what a killed raylet left goes."""
        for node in list(self._cluster.worker_nodes):
            if not node.live_processes():
                self._cluster.remove_node(node, allow_graceful=False)
        while len(self._cluster.worker_nodes) < 2:
            self._cluster.add_node(**self._options(CPUS))

    def close(self) -> None:
        self._cluster.shutdown()


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """A cluster behind a token of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        Config.initialize("")  # Ray has read the mode when it was imported
        AuthenticationTokenLoader.instance().reset_cache()
        nodes = Nodes()
        yield nodes
        nodes.close()


@pytest.fixture
def cluster_ground(ground: Ground, nodes: Nodes) -> Ground:
    """The ground, with workers on the cluster."""
    nodes.fill()
    return replace(ground, address=nodes.address)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=str(case), marks=() if case == CASES[0] else pytest.mark.long) for case in CASES],
)
def test_one_stream_when_a_node_is_lost(cluster_ground: Ground, case: Case) -> None:
    """With the raylet killed under a worker in mid-task, the stream is that of the reference."""
    cluster_ground.run(case)
