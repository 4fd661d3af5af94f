"""The table of techniques against the specs that it makes."""

from __future__ import annotations

import augflow
from augflow.spec.regularize import RegularizeSpec
from benchmarks.small_sets import SETS
from benchmarks.techniques import TECHNIQUES, techniques_of

COMPANIONS = {"norm_groups", "clip_value"}
"""The number of groups goes with a norm; gradients are clipped by norm already."""


def test_every_key_of_regularize_is_a_line() -> None:
    """No key of the section goes unmeasured, and no line sets one that is not there."""
    measured = {key for technique in TECHNIQUES.values() for key in technique.regularize}
    assert measured == set(RegularizeSpec.model_fields) - COMPANIONS


def test_one_technique_is_one_change() -> None:
    """Every spec compiles; a line differs from plain in what it says, and a preset comes whole."""
    for small in SETS.values():
        plain = TECHNIQUES["plain"].sections(small, small.epochs)
        assert not plain["regularize"]
        assert "augment" not in plain
        specs = {"dropout 0.3": TECHNIQUES["dropout 0.3"].sections(small, small.epochs)}
        assert {**specs["dropout 0.3"], "regularize": {}} == plain
        for one in techniques_of(small):
            RegularizeSpec.model_validate(one.regularize)
            if one.augment or one.mix:
                specs[one.name] = one.sections(small, small.epochs)
                augflow.load(specs[one.name])
        shipped = augflow.load(f"preset:{small.preset}").plan.spec
        whole = augflow.load(specs["all together: the preset"]).plan.spec
        assert whole.regularize == shipped.regularize
        assert whole.batch.mix == shipped.batch.mix
        assert [f.augment for f in whole.main_fields().values()] == [
            f.augment for f in shipped.main_fields().values()
        ]
