"""Strengths over epochs: their values, where they may stand, and that nothing has to be remembered."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import pytest

import augflow
from augflow.errors import SpecError
from augflow.plan import load_plan
from augflow.rng import KeyedRandom
from augflow.stream import BatchStream
from augflow.transforms import registered
from augflow.transforms.chain import OpStep
from augflow.transforms.schedule import Linear, read_schedule

from ..memory import Memory, assert_resumes_everywhere, digest, pictures, rows_of, stream

N = 32
LABELS = [n % 2 for n in range(N)]


def source() -> Memory:
    return Memory(pictures(N), LABELS, ("a", "b"))


def linear(start: Any, end: Any, first: int = 0, last: int = 4) -> dict[str, Any]:
    return {"linear": [start, end], "over": [first, last]}


def spec(*augment: Any, **sections: Any) -> dict[str, Any]:
    return {"modality": "image", "augment": list(augment), "batch": {"size": 16}, **sections}


def op_at(item: Any, epoch: int) -> OpStep:
    """The op of a spec in one epoch."""
    (step,) = augflow.load(spec(item)).plan.fields[0].at_epoch(epoch).augment
    assert isinstance(step, OpStep)
    return step


@pytest.mark.parametrize(
    ("schedule", "values"),
    [
        (Linear(0, 10, 1, 5), [0, 0, 3, 5, 8, 10, 10]),  # whole numbers stay whole, half rounds up
        (Linear(10, 0, 1, 5), [10, 10, 8, 5, 3, 0, 0]),
        (Linear(0.0, 1, 0, 4), [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]),
        (Linear([0, 1.0], [4, 2.0], 0, 4), [[0, 1.0], [1, 1.25], [2, 1.5], [3, 1.75], [4, 2.0], [4, 2.0]]),
        (Linear([[0, 2]], [[2, 0]], 0, 2), [[[0, 2]], [[1, 1]], [[2, 0]]]),
        (Linear(-5, 5, 0, 1), [-5, 5]),
    ],
)
def test_the_value_in_every_epoch(schedule: Linear, values: list[Any]) -> None:
    """Linear between the ends, constant outside, whole where both ends are whole."""
    found = [schedule.at(epoch) for epoch in range(len(values))]
    assert found == values
    assert [repr(value) for value in found] == [repr(value) for value in values]
    assert schedule.at(10**9) == values[-1]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"linear": [1, 2]}, "a schedule is {linear: [start, end], over: [first epoch, last epoch]}, got"),
        ({"over": [0, 2]}, "a schedule is"),
        ({"linear": [1, 2], "over": [0, 2], "by": 3}, "got the keys linear, over, by"),
        ({"linear": [1], "over": [0, 2]}, "linear takes two numbers"),
        ({"linear": [1, 2, 3], "over": [0, 2]}, "linear takes two numbers"),
        ({"linear": [1, "2"], "over": [0, 2]}, "linear takes two numbers"),
        ({"linear": [True, 2], "over": [0, 2]}, "linear takes two numbers"),
        ({"linear": [[1, 2], [3]], "over": [0, 2]}, "two lists of as many numbers"),
        ({"linear": [[1, 2], 3], "over": [0, 2]}, "two lists of as many numbers"),
        ({"linear": [1, 2], "over": [0, 2.5]}, "over takes two epochs"),
        ({"linear": [1, 2], "over": 2}, "over takes two epochs"),
        ({"linear": [1, 2], "over": [2, 2]}, "over must rise from an epoch of at least 0"),
        ({"linear": [1, 2], "over": [-1, 2]}, "over must rise from an epoch of at least 0"),
    ],
)
def test_bad_forms_are_refused_with_the_form(value: dict[str, Any], message: str) -> None:
    """Whatever looks like a schedule and is none says what one is, at the parameter."""
    found = read_schedule(value)
    assert isinstance(found, str)
    assert message in found
    with pytest.raises(SpecError) as caught:
        augflow.load(spec({"rand_augment": {"magnitude": value}}))
    assert str(caught.value).startswith("$.augment[0].rand_augment.magnitude: ")


def refused(data: dict[str, Any]) -> str:
    with pytest.raises(SpecError) as caught:
        augflow.load(data)
    return str(caught.value)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"rotate": {"limit": 5, "p": linear(0, 2)}}, "rotate.p: must stay in [0, 1], got [0, 2]"),
        ({"rotate": {"limit": 5, "p": linear([0], [1])}}, "rotate.p: must stay in [0, 1]"),
        ({"rand_augment": {"magnitude": linear(5, 500)}}, "rand_augment.magnitude: "),
        ({"rand_augment": {"magnitude": linear(-5, 5)}}, "rand_augment.magnitude: "),
        ({"blur": {"blur_limit": linear(3, 7)}}, "got 4; write [3, 5] (the value in epoch 1)"),
        (
            {"one_of": {"p": linear(0, 1), "transforms": [{"rotate": {}}]}},
            "schedules belong to the ops inside",
        ),
        (
            {"one_of": {"transforms": [{"rotate": {"p": linear(0.1, 1.0)}}]}},
            "a chosen child always fires",
        ),
    ],
)
def test_values_that_an_op_would_refuse_in_any_epoch_are_refused_before_the_first(
    item: Any, message: str
) -> None:
    """Ends and what lies between are checked when the spec is compiled, not when the epoch comes."""
    assert message in refused(spec(item))


def test_a_schedule_that_takes_only_good_values_is_fine() -> None:
    """Odd kernel sizes in steps of two."""
    item = {"blur": {"blur_limit": linear(3, 7, 0, 2)}}
    limits = [op_at(item, epoch).params["blur_limit"] for epoch in range(3)]
    assert limits == [op_at({"blur": {"blur_limit": size}}, 0).params["blur_limit"] for size in (3, 5, 7)]


@pytest.mark.parametrize("section", ["prepare", "evaluate"])
def test_what_is_the_same_in_every_epoch_takes_no_schedule(section: str) -> None:
    """Deterministic sections refuse schedules."""
    item = {"resize": {"height": linear(8, 16), "width": 8}}
    message = refused({"modality": "image", section: [item]})
    assert f"$.{section}[0].resize.height: {section} is the same in every epoch; give one value" in message


@pytest.mark.parametrize("params", [{"length": linear(8, 16)}, {"length": 8, "p": linear(1.0, 0.5)}])
def test_deterministic_ops_of_finish_take_no_schedule(params: dict[str, Any]) -> None:
    """They run in evaluation too, which would change from epoch to epoch."""
    finish = [{"hash_tokens": {}}, {"pad": params}]
    assert "pad runs in evaluation too" in refused({"modality": "text", "finish": finish})


def test_random_ops_of_finish_take_one() -> None:
    """They run in training only."""
    finish = [{"log_mel": {}}, {"spec_augment": {"time_fraction": linear(0.0, 0.5)}}]
    field = augflow.load({"modality": "audio", "finish": finish}).plan.fields[0]
    assert len(field.after_mixing(train=False)) == 1
    assert len(field.after_mixing(train=True)) == 2


def test_an_op_is_in_each_epoch_what_it_would_be_with_that_value() -> None:
    """Bytes of epoch e are those of a spec that has the value of epoch e as a constant."""
    scheduled = stream(spec({"rotate": {"limit": linear(0, 80), "p": linear(0.0, 1.0, 1, 3)}}), source())
    for epoch in range(6):
        limit, p = min(80, 20 * epoch), min(1.0, max(0.0, (epoch - 1) / 2))
        constant = stream(spec({"rotate": {"limit": limit, "p": p}}), source())
        for found in (scheduled, constant):
            found.set_epoch(epoch)
        same(scheduled, constant)


def same(one: BatchStream, other: BatchStream) -> None:
    for left, right in zip(one, other, strict=True):
        assert np.array_equal(left["image"], right["image"])
        assert np.array_equal(left["index"], right["index"])


def test_schedules_work_in_containers_under_aliases_and_foreign_names() -> None:
    """Wherever an op may be named, its strength may change."""
    child = {"random_rotation": {"degrees": linear(0, 80)}}  # torchvision's name
    for item in ({"random_order": {"transforms": [child]}}, child):
        scheduled = stream(spec(item), source())
        scheduled.set_epoch(2)
        constant = spec({"random_order": {"transforms": [{"random_rotation": {"degrees": 40}}]}})
        if item is child:
            constant = spec({"random_rotation": {"degrees": 40}})
        found = stream(constant, source())
        found.set_epoch(2)
        same(scheduled, found)


def test_a_users_own_op_is_scheduled_where_nobody_registered_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers do not know the user's ops by name: the op travels with its step."""
    monkeypatch.setattr(registered, "_registered", {})

    @augflow.op()
    def fill(image: np.ndarray, level: int = 0) -> np.ndarray:
        return np.full_like(image, level)

    (step,) = augflow.load(spec({"fill": {"level": linear(0, 8), "p": 1}})).plan.fields[0].augment
    monkeypatch.setattr(registered, "_registered", {})
    there = cloudpickle.loads(cloudpickle.dumps(step)).at_epoch(3)
    image = pictures(1)[0]["image"]
    fields, _ = there.transform({"image": image}, KeyedRandom())
    assert (fields["image"] == 6).all()


def test_resuming_in_the_middle_of_a_schedule_gives_the_same_bytes() -> None:
    """The strength is a function of the epoch: a state needs no memory of it."""
    item = {"rotate": {"limit": linear(0, 80), "p": linear(0.2, 1.0)}}
    assert_resumes_everywhere(
        spec(item, batch={"size": 16, "mix": {"mixup": {}, "until_epoch": 1}}), source()
    )


def test_one_sample_has_the_strength_of_its_epoch() -> None:
    """A pipeline that is called agrees with its stream."""
    pipeline = augflow.load(spec({"rotate": {"limit": linear(0, 80), "p": 1}}))
    found = pipeline.stream(source())
    found.set_epoch(3)
    for name, row in rows_of(found).items():
        image = source().fields[row["index"]]["image"]
        assert np.array_equal(pipeline(image, epoch=3, sample_id=name)["image"], row["image"])


def test_the_fingerprint_counts_the_schedule() -> None:
    """Ends, epochs, and whether values stay whole; not how a mapping is ordered. YAML keeps all of it."""
    schedules = [
        linear(5, 15),
        linear(5.0, 15.0),
        linear(5, 16),
        linear(5, 15, 1),
        linear(5, 15, 0, 5),
        5,
    ]
    marks = [augflow.load(spec({"rotate": {"limit": value}})).fingerprint for value in schedules]
    assert len(set(marks)) == len(marks)
    turned = {"over": [0, 4], "linear": [5, 15]}
    assert augflow.load(spec({"rotate": {"limit": turned}})).fingerprint == marks[0]


def test_a_spec_with_schedules_survives_yaml(tmp_path: Path) -> None:
    """Written out and read back: equal fingerprint, equal bytes."""
    item = {"rotate": {"limit": linear(0, 80), "p": linear(0.25, 1.0)}}
    pipeline = augflow.load(spec(item, batch={"size": 16, "mix": {"mixup": {}, "until_epoch": 3}}))
    file = tmp_path / "spec.yaml"
    file.write_text(pipeline.to_yaml())
    again = augflow.load(file)
    assert again.fingerprint == pipeline.fingerprint
    assert digest(again.stream(source())) == digest(pipeline.stream(source()))


def test_mixing_ends_at_its_epoch() -> None:
    """Before `until_epoch` every row is mixed, from it on the stream is that of the spec without mixing."""
    mixing = spec({"rotate": {}}, batch={"size": 16, "mix": {"mixup": {}, "until_epoch": 2}})
    mixed, plain = stream(mixing, source()), stream(spec({"rotate": {}}), source())
    for epoch in range(4):
        for left, right in zip(mixed, plain, strict=True):
            assert np.array_equal(left["index"], right["index"])
            if epoch < 2:
                assert (left["partner"] != np.arange(16)).all()
            else:
                assert np.array_equal(left["partner"], np.arange(16))
                assert (left["lam"] == 1).all()
                assert np.array_equal(left["image"], right["image"])
                assert np.array_equal(left["target"], right["target"])
    never = spec({"rotate": {}}, batch={"size": 16, "mix": {"mixup": {}}})
    assert augflow.load(mixing).fingerprint != augflow.load(never).fingerprint


def test_a_strength_of_mixing_is_one_value() -> None:
    """`alpha` takes no schedule, and says so."""
    message = refused(
        {"modality": "image", "batch": {"size": 16, "mix": {"mixup": {"alpha": linear(0.1, 1.0)}}}}
    )
    assert "$.batch.mix.mixup.alpha: " in message


def test_sizes_that_grow_are_not_said_to_differ_from_evaluation() -> None:
    """Progressive resizing ends at the size of evaluation; only a size that is always wrong is refused."""
    evaluate = [{"resize": {"height": 16, "width": 16}}]
    grows = {"resize": {"height": linear(8, 16), "width": linear(8, 16), "p": 1}}
    augflow.load(spec(grows, evaluate=evaluate))
    assert "sizes must be equal" in refused(
        spec({"resize": {"height": 8, "width": 8, "p": 1}}, evaluate=evaluate)
    )


def test_a_table_of_a_scheduled_op_is_read_once(tmp_path: Path) -> None:
    """In every epoch it is the table that the spec named when it was compiled, on every machine."""
    table = tmp_path / "words.tsv"
    table.write_text("film\tmovie\n")
    share = {"linear": [0.5, 1.0], "over": [0, 4]}
    item = {"synonym": {"table": str(table), "aug_p": share}}
    (step,) = load_plan({"modality": "text", "augment": [item]}).fields[0].augment
    table.unlink()
    later = pickle.loads(pickle.dumps(step)).at_epoch(4)
    fields, _ = later.transform({"text": "a film"}, KeyedRandom())
    assert fields["text"] == "a movie"
