"""Several ranks of real processes: torchrun and gloo on the loopback device, DistributedDataParallel, Ray."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import augflow
from augflow.train import StreamLoader

from . import train_on_ranks
from .train_on_ranks import rows

pytestmark = pytest.mark.timeout(240)

STEPS, BATCH = 5, 8
PHASES = ((2, 3, 2), (4, 7, 0), (1, 15, 0))
"""(ranks, the step of the whole run to stop after, workers): to mid-epoch, to mid-epoch again, to the end."""


def torchrun(ranks: int, *command: object) -> tuple[object, ...]:
    """The command that starts so many ranks on this machine."""
    options = ("--standalone", "--local-addr", "127.0.0.1", "--nproc-per-node", ranks)
    return (sys.executable, "-m", "torch.distributed.run", *options, *command)


Phase = list[dict[str, Any]]


@pytest.fixture(scope="module")
def phases() -> list[Phase]:
    """What the ranks of each phase wrote down, once they have run."""
    return []


@pytest.fixture
def run(
    phases: list[Phase], start: Callable[..., Any], spec: Path, samples: Path, tmp_path: Path
) -> list[Phase]:
    """One training on 2 ranks with Ray workers, then on 4 ranks, then on 1, each from the state before."""
    if phases:
        return phases
    found = []
    for ranks, stop, workers in PHASES:
        command = (train_on_ranks.__file__, spec, samples, tmp_path, stop, workers)
        program = start(*torchrun(ranks, *command), GLOO_SOCKET_IFNAME="lo", OMP_NUM_THREADS="1")
        assert program.wait(100) == 0, program.err
        files = [tmp_path / f"rank-{rank}.json" for rank in range(ranks)]
        found.append([json.loads(file.read_text()) for file in files])
    phases.extend(found)
    return phases


def test_ranks_take_equal_steps_and_end_with_equal_weights(run: list[Phase]) -> None:
    """Nobody waits for a rank that has ended its epoch; gradients met, so the models are one."""
    lengths = [{len(rank["received"]) for rank in phase} for phase in run]
    assert lengths == [{3}, {4}, {8}]
    assert [len({rank["weights"] for rank in phase}) for phase in run] == [1, 1, 1]
    assert len({phase[0]["weights"] for phase in run}) == 3, "the models were not trained"


def test_every_sample_comes_once_an_epoch(run: list[Phase]) -> None:
    """Over all ranks and all phases, no sample is seen twice and none is missed in any of three epochs."""
    seen: dict[int, list[int]] = {}
    for phase in run:
        for rank in phase:
            for batch in rank["received"]:
                seen.setdefault(batch["epoch"], []).extend(index for index, _ in batch["rows"])
    assert sorted(seen) == [0, 1, 2]
    assert all(sorted(found) == list(range(STEPS * BATCH)) for found in seen.values())


def test_global_batches_do_not_depend_on_the_ranks(
    run: list[Phase], pipeline: augflow.Pipeline, samples: Path
) -> None:
    """2, then 4, then 1 ranks, resumed in mid-epoch each time: the rows and bytes of one rank alone."""
    found = []
    for phase in run:
        for parts in zip(*(rank["received"] for rank in phase), strict=True):
            (place,) = {(part["epoch"], part["step"]) for part in parts}
            found.append((place, [tuple(row) for part in parts for row in part["rows"]]))
    alone = StreamLoader(pipeline.stream(samples))
    expected = [((epoch, step), rows(batch)) for epoch in range(3) for step, batch in enumerate(alone)]
    assert found == expected


def test_ranks_share_their_workers(run: list[Phase]) -> None:
    """Two ranks that ask for two workers have two between them, not two each."""
    first, second = run[0]
    assert first["raylets"] == second["raylets"]
    assert len(first["raylets"]) == 1
    assert 1 <= len(set(first["workers"]) | set(second["workers"])) <= 2  # a run this short may end with one
