"""Nodes that join and leave in mid-epoch: the same bytes, and as many workers as there is room for."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from augflow.engine import ray_workers
from augflow.errors import EngineError

from .clusters import Nodes
from .seen import Reader, Seen

pytestmark = [pytest.mark.timeout(150), pytest.mark.long, pytest.mark.usefixtures("nobody_worked")]

Wait = Callable[..., None]

STALL_S = 60.0
"""A node that is lost costs the time in which its loss is noticed and its results are made again."""


@pytest.fixture
def nodes(cluster: Nodes) -> Iterator[Nodes]:
    """The head, and after the test again the head alone."""
    yield cluster
    cluster.clear()


def test_workers_come_with_a_node_and_go_with_it(seen: Seen, reference: list[bytes], nodes: Nodes) -> None:
    """3 workers wanted, room for 1: it starts, says so, grows with a node, shrinks, grows again."""
    nodes.add(1)
    with seen.stream(num_workers=3, address=nodes.address) as stream:
        reader = Reader(stream, reference)
        with pytest.warns(RuntimeWarning, match="1 of 3 workers are there"):
            reader.read_more(40)
        assert stream.stats()["workers"] == len(seen.pids()) == 1
        node = nodes.add(2)
        reader.until_workers(3)
        reader.until(lambda: len(seen.pids()) == 3, "the new workers have done tasks")
        nodes.kill(node)
        reader.longest_s = 0
        reader.until_workers(1)
        assert reader.longest_s < STALL_S
        assert stream.stats()["workers_lost"] == 2
        nodes.add(2)
        reader.until_workers(3)
        reader.until(lambda: len(seen.pids()) == 5, "those that came back have done tasks")
        reader.rest()


def test_no_node_with_workers_is_an_error_after_a_while(
    seen: Seen, reference: list[bytes], nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When all workers go and none comes back, the error says what was waited for, and how long."""
    node = nodes.add(2)
    with seen.stream(num_workers=2, address=nodes.address) as stream:
        reader = Reader(stream, reference)
        reader.read()
        monkeypatch.setattr(ray_workers, "START_SECONDS", 3.0)
        nodes.kill(node)
        began = time.monotonic()
        with pytest.raises(EngineError, match="no worker for 3 s; 2 CPUs were asked for"):
            reader.rest()
        assert 3 <= time.monotonic() - began < 15
        state = stream.state_dict()
        stream.close()
        nodes.add(2)
        stream.load_state_dict(state)
        Reader(stream, reference, reader.at).rest()


def test_results_on_a_lost_node_are_made_again(
    seen: Seen, reference: list[bytes], nodes: Nodes, wait_until: Wait
) -> None:
    """Finished rows that lay in the store of the only node are computed on the one that comes after it."""
    node = nodes.add(2)
    with seen.stream(num_workers=2, address=nodes.address) as stream:
        reader = Reader(stream, reference)
        reader.read_more(4)
        sizes: list[int] = []

        def at_rest() -> bool:
            sizes.append(sum(file.stat().st_size for file in seen._folder.iterdir()))
            return len(sizes) > 3 and sizes[-1] == sizes[-4]

        wait_until(at_rest, "the workers have filled their window and are idle")
        nodes.kill(node)
        nodes.add(2)
        reader.longest_s = 0
        reader.rest()
        assert reader.longest_s < STALL_S
        assert stream.stats()["tasks_repeated"] > 0


def other_class(**variables: str) -> dict[str, str]:
    """Variables of a worker whose images would differ."""
    if "avx2" not in Path("/proc/cpuinfo").read_text():
        pytest.skip("this CPU has no vector units to switch off")
    return {"OPENCV_CPU_DISABLE": "AVX2", **variables}


def test_a_pool_that_is_mixed_from_the_start_is_refused(
    seen: Seen, nodes: Nodes, reference: list[bytes]
) -> None:
    """Nodes of two CPU classes are an error that names both, unless it is said that they do no harm."""
    nodes.add(1)
    nodes.add(1, **other_class())
    refused = pytest.raises(EngineError, match=r"different bytes: cpu (?=.*opencv-AVX2).* and .*equal nodes")
    with seen.stream(num_workers=2, address=nodes.address) as stream, refused:
        Reader(stream, reference).rest()
    with seen.stream(num_workers=2, address=nodes.address, mixed_workers=True) as stream:
        reader = Reader(stream, reference)
        reader.until_workers(2)
        reader.until(lambda: len(seen.pids()) >= 2, "both have worked")


def test_a_node_that_would_make_other_bytes_is_left_out(
    seen: Seen, reference: list[bytes], nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that joins late is refused once, by name; the run goes on, and equal nodes still may join."""
    nodes.add(1)
    with seen.stream(num_workers=2, address=nodes.address) as stream:
        reader = Reader(stream, reference)
        monkeypatch.setattr(ray_workers, "START_SECONDS", 1.0)
        reader.read_more(10)
        monkeypatch.setattr(ray_workers, "START_SECONDS", 60.0)
        odd = nodes.add(1, **other_class())
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            reader.until(lambda: any("left out" in str(one.message) for one in told), "a refusal")
            reader.read_more(30)
        refusals = [str(one.message) for one in told if "left out" in str(one.message)]
        assert len(refusals) == 1
        assert re.search(f"cpu .* and .*; node {odd.node_id[:8]} is left out", refusals[0])
        assert stream.stats()["workers"] == 1
        nodes.add(1)
        reader.until_workers(2)
        reader.rest()
        assert len(seen.pids()) == 2
