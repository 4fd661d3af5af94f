"""What the tests of faults share: data, the trap, one Ray a module, and the summary at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import augflow
from augflow.transforms import registered

from . import trap as trapping
from .clusters import Nodes, behind_a_token
from .grid import Ground, Wait
from .material import SPECS, Material, trapped, write_samples
from .seen import EPOCHS, Seen, digest
from .tally import TALLY
from .trap import Trap

STARTED = time.monotonic()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deadlines are missed, and workers counted, where no other test takes the cores."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.alone)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was done to the workers and what came of it."""
    if not TALLY.cases:
        return
    terminalreporter.section("faults")
    for line in TALLY.lines():
        terminalreporter.write_line(line)
    terminalreporter.write_line(f"total time: {time.monotonic() - STARTED:.0f} s")


@pytest.fixture(scope="module")
def own_ops() -> Iterator[None]:
    """What a module registers, no other may meet."""
    before = dict(registered._registered)
    yield
    registered._registered.clear()
    registered._registered.update(before)


@pytest.fixture(scope="module")
def ground(own_ops: None, tmp_path_factory: pytest.TempPathFactory, wait_until: Wait) -> Ground:
    """Every spec over its data, with the trap in it."""
    root = tmp_path_factory.mktemp("samples")
    tables = write_samples(root)
    trap = Trap(tmp_path_factory.mktemp("trap"))
    trapping.register()
    materials = {
        name: Material(name, augflow.load(trapped(spec, trap.folder)), tables[spec["modality"]])
        for name, spec in SPECS.items()
    }
    return Ground(materials, trap, wait_until)


@pytest.fixture(scope="module")
def shared_ray() -> Iterator[None]:
    """A stream that is kept open, so that a module starts one Ray and a case its workers only. It goes past
    no trap: what its worker makes ahead would be taken for the work of a case."""
    samples = np.zeros((64, 8, 8, 3), np.uint8), np.arange(64) % 2
    with augflow.Pipeline(modality="image").stream(samples, num_workers=1) as stream:
        next(iter(stream))
        yield


@pytest.fixture(scope="module")
def seen(own_ops: None, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """The slow pipeline whose workers are seen."""
    return Seen(tmp_path_factory.mktemp("pids"))


@pytest.fixture
def nobody_worked(seen: Seen) -> None:
    """Each test sees its own workers."""
    seen.forget()


@pytest.fixture(scope="module")
def reference(seen: Seen) -> list[bytes]:
    """Every batch of all epochs of that pipeline, made in this process."""
    stream = seen.stream()
    return [digest(batch) for _ in range(EPOCHS) for batch in stream]


@pytest.fixture(scope="module")
def token() -> Iterator[None]:
    """The clusters of a module are its own."""
    with behind_a_token():
        yield


@pytest.fixture(scope="module")
def cluster(token: None) -> Iterator[Nodes]:
    """A head without CPUs."""
    nodes = Nodes()
    yield nodes
    nodes.close()
