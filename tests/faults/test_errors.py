"""Ops that raise: the same error everywhere, and the run goes on once the fault is gone."""

from __future__ import annotations

import pytest

import augflow

from ..streams import Delivery, assert_exactly_once, assert_same_stream, received
from .grid import Ground, state_of, world_of
from .material import SAMPLES, SPECS, STEPS
from .tally import TALLY

pytestmark = [pytest.mark.timeout(90), pytest.mark.usefixtures("shared_ray")]

TOPOLOGIES = [(0, 1), (1, 2), (2, 1), pytest.param((3, 4), marks=pytest.mark.long)]


@pytest.mark.parametrize(
    "spec", [pytest.param(spec, marks=() if spec == "text mixed" else pytest.mark.long) for spec in SPECS]
)
@pytest.mark.parametrize("topology", TOPOLOGIES, ids=str)
def test_run_goes_on_after_an_error(ground: Ground, spec: str, topology: tuple[int, int]) -> None:
    """An op that raises at a sample of the fourth step is the same OpError on every topology; what came
    before it, and what comes once the op is mended, is one stream, each sample once."""
    reference = ground.reference(spec)
    material = ground.materials[spec]
    guilty = reference.order[3][2]
    ground.trap.clear()
    ground.trap.arm(guilty, "raise")
    with world_of(material, *topology) as ranks:
        found, states = Delivery(ranks[0]), [state_of(ranks)]
        with pytest.raises(augflow.OpError) as caught:
            states.extend(state_of(ranks) for _ in received(ranks, found, 2 * STEPS))
    error, state = caught.value, states[-1]
    assert error.sample == material.path(guilty)
    modality = SPECS[spec]["modality"]
    assert error.op_path == f"{modality}/augment/trap_{modality}"
    assert type(error.__cause__) is ArithmeticError
    assert (state["epoch"], state["step"]) == (0, len(found.places))
    ground.trap.clear()
    with world_of(material, *topology) as ranks:
        for stream in ranks:
            stream.load_state_dict(state)
        for _ in received(ranks, found, 2 * STEPS - len(found.places)):
            pass
    assert_same_stream(reference, found)
    assert_exactly_once(found, SAMPLES, epochs=2)
    TALLY.compared("error", found)
