"""Names and values of what a search turns."""

from __future__ import annotations

import numpy as np
import pytest

import augflow
from augflow.errors import TrainError
from augflow.spec.parse import written_spec
from augflow.study.knobs import check, read_knob, read_knobs, turned
from augflow.study.search import settings

PIPELINE = augflow.load(
    {
        "modality": "image",
        "augment": [
            {"rotate": {"limit": 10}},
            {"rotate": {"limit": 20}},
            {"one_of": {"transforms": [{"gaussian_blur": {}}, {"gauss_noise": {}, "id": "my.noise"}]}},
        ],
        "batch": {"size": 16, "mix": {"one_of": {"transforms": [{"mixup": {}}, {"cutmix": {"alpha": 0.5}}]}}},
        "regularize": {"dropout": 0.1},
    }
)


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("regularize.dropout", 0.3, lambda spec: spec["regularize"]["dropout"]),
        (
            "regularize.early_stopping.patience",
            3,
            lambda spec: spec["regularize"]["early_stopping"]["patience"],
        ),
        ("image/augment/rotate.limit", 5, lambda spec: spec["augment"][0]["rotate"]["limit"]),
        ("augment.rotate#2.limit", 5, lambda spec: spec["augment"][1]["rotate"]["limit"]),
        ("augment/one_of.p", 0.3, lambda spec: spec["augment"][2]["one_of"]["p"]),
        (
            "augment/one_of/my.noise.per_channel",
            True,
            lambda spec: spec["augment"][2]["one_of"]["transforms"][1]["gauss_noise"]["per_channel"],
        ),
        (
            "batch/mix/one_of/cutmix.alpha",
            2.0,
            lambda s: s["batch"]["mix"]["one_of"]["transforms"][1]["cutmix"]["alpha"],
        ),
        ("batch.mix.one_of.p", 0.5, lambda spec: spec["batch"]["mix"]["one_of"]["p"]),
    ],
)
def test_a_name_leads_to_its_parameter(name, value, where):
    """Only the named parameter changes, at any depth; the spec with it is a spec."""
    spec = written_spec(PIPELINE.plan.spec)
    knob = read_knob(f"{name}=0:1", PIPELINE)
    changed = turned(spec, {knob: value})
    assert where(changed) == value
    (pipeline,) = check(spec, [{knob: value}])
    assert where(written_spec(pipeline.plan.spec)) == value
    assert spec == written_spec(PIPELINE.plan.spec)


def test_values_fill_the_range():
    """Whole ends give whole numbers, both ends among them, each as likely; a log range counts in factors."""
    shares = np.linspace(0, 1, 1000, endpoint=False)
    whole = [read_knob("regularize.norm_groups=2:5", PIPELINE).at(share) for share in shares]
    assert np.bincount(whole).tolist() == [0, 0, 250, 250, 250, 250]
    log = read_knob("regularize.l1=1e-4:1e-2:log", PIPELINE)
    assert [log.at(0.0), log.at(0.5)] == pytest.approx([1e-4, 1e-3])
    linear = read_knob("regularize.l1=0:0.5", PIPELINE)
    assert [linear.at(0.0), linear.at(0.5)] == [0.0, 0.25]
    words = read_knob("regularize.norm=batch, group,none", PIPELINE)
    assert [words.at(share) for share in (0.0, 0.4, 0.99)] == ["batch", "group", "none"]


def test_everything_wrong_is_told_at_once():
    """Names, forms and ends; then what the spec itself refuses, each with its value."""
    wrong = [
        "augment.rotat.limit=1:2",
        "augment.rotate.limit=9:3",
        "regularize.l1=0:1:log",
        "regularize.norm=batch",
    ]
    wrong += ["regularize.l2=a:b", "regularize.dropout=0.1:0.2", "regularize.dropout=0.2:0.3"]
    with pytest.raises(TrainError) as told:
        read_knobs(wrong, PIPELINE)
    lines = str(told.value).splitlines()
    assert len(lines) == 6
    assert "did you mean" in lines[0]
    knobs = read_knobs(["regularize.dropout=0.1:1.0", "augment.rotate.limt=1:2"], PIPELINE)
    spec = written_spec(PIPELINE.plan.spec)
    with pytest.raises(TrainError) as told:
        check(spec, [{knob: end} for knob in knobs for end in knob.ends])
    assert "regularize.dropout=1.0: " in str(told.value)
    assert "limt" in str(told.value)


def test_knobs_that_need_each_other_are_checked_together():
    """R-Drop needs dropout, and both are turned: each end is tried beside a value of the other."""
    bare = augflow.load({"modality": "image"})
    knobs = read_knobs(["regularize.r_drop=1.0:5.0", "regularize.dropout=0.1:0.5"], bare)
    pipelines, _ = settings(bare, knobs, 2)
    assert all(made.plan.spec.regularize.dropout for made in list(pipelines.values())[1:])
    with pytest.raises(TrainError, match="there is none; set dropout"):
        settings(bare, read_knobs(["regularize.r_drop=1.0:5.0"], bare), 2)


def test_a_search_over_nothing_says_how_to_name_something():
    """The remedy is the form of a knob."""
    with pytest.raises(TrainError, match=r"as regularize\.dropout=0\.0:0\.6"):
        settings(PIPELINE, (), 2)
