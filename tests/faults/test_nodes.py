"""Cases of the grid in which a node is lost: workers on two nodes of a real cluster, one raylet killed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .clusters import Nodes
from .grid import ARRAY, Case, Ground

pytestmark = pytest.mark.timeout(150)

CASES = [case for case in ARRAY if case.fault == "raylet"]

CPUS = 2
"""Of a node: three workers do not fit on one."""


@pytest.fixture
def cluster_ground(ground: Ground, cluster: Nodes) -> Ground:
    """The ground, with workers on two nodes of the cluster."""
    cluster.fill(2, CPUS)
    return replace(ground, address=cluster.address)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=str(case), marks=() if case == CASES[0] else pytest.mark.long) for case in CASES],
)
def test_one_stream_when_a_node_is_lost(cluster_ground: Ground, case: Case) -> None:
    """With the raylet killed under a worker in mid-task, the stream is that of the reference."""
    cluster_ground.run(case)
