"""Workers, ranks, faults and resumes, every two of their values together: one stream, byte for byte."""

from __future__ import annotations

from itertools import combinations

import pytest

from .covering import allowed_cases, first_of_each_value, pairs_of
from .grid import ARRAY, FACTORS, Case, Ground, allowed

LOCAL = [case for case in ARRAY if case.fault != "raylet"]
"""The others need a cluster: test_nodes.py runs them."""

SLICE = {Case(**case) for case in first_of_each_value([vars(case) for case in LOCAL])}


@pytest.mark.timeout(90)
@pytest.mark.usefixtures("shared_ray")
@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=str(case), marks=[] if case in SLICE else pytest.mark.long) for case in LOCAL],
)
def test_one_stream(ground: Ground, case: Case) -> None:
    """Resumed on another topology, with harm done on the way, the stream is that of the reference."""
    ground.run(case)


def test_every_pair_meets() -> None:
    """Every two values of two factors that a case can hold meet in the array, and nothing forbidden does."""
    found = {pair for case in ARRAY for pair in pairs_of(vars(case))}
    for (one, its), (other, others) in combinations(FACTORS.items(), 2):
        pairs = {((one, a), (other, b)) for a in its for b in others}
        impossible = {pair for pair in pairs if not allowed({"workers": 1, "fault": "none", **dict(pair)})}
        assert pairs - found == impossible
        assert len(impossible) in (0, 5)
    assert all(allowed(vars(case)) for case in ARRAY)
    assert len(ARRAY) == len(set(ARRAY)) < len(list(allowed_cases(FACTORS, allowed))) / 50


def test_the_slice_holds_every_value() -> None:
    """What runs with all other tests misses no value of any factor but the fault that needs a cluster."""
    for factor, values in FACTORS.items():
        found = {getattr(case, factor) for case in SLICE}
        assert found == set(values) - {"raylet"}
