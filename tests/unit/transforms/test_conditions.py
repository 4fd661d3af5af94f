"""`when`: which samples an op is for, and that nobody else notices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import augflow
from augflow.errors import SpecError
from augflow.sample import UNLABELED
from augflow.transforms.conditions import Condition, Facts

from ..memory import Memory, digest, pictures, rows_of, stream

N = 24
CLASSES = ("cat", "dog", "cow")
BRIGHT = {"brightness": {"brightness_limit": [0.5, 0.5], "p": 1}}
CHOSEN = {"brightness": {"brightness_limit": [0.5, 0.5]}}


def source(**changes: Any) -> Memory:
    rows = [
        {"speaker": ["theo", "lucas"][n % 2], "take": n % 4, "loud": n % 3 == 0, "grade": float(n % 5)}
        for n in range(N)
    ]
    return Memory(pictures(N), [n % 3 for n in range(N)], CLASSES, rows=rows, **changes)


def spec(*augment: Any, **sections: Any) -> dict[str, Any]:
    return {"modality": "image", "augment": list(augment), "batch": {"size": 8}, **sections}


def changed(when: Any, data: Memory | None = None) -> set[int]:
    """The samples that an op with this condition changes."""
    data = data or source()
    found = rows_of(stream(spec({**BRIGHT, "when": when}), data))
    return {
        row["index"]
        for row in found.values()
        if not np.array_equal(row["image"], data.fields[row["index"]]["image"])
    }


def every(holds: Any) -> set[int]:
    return {n for n in range(N) if holds(n)}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"label": "dog"}, lambda n: n % 3 == 1),
        ({"label": ["dog", "cow"]}, lambda n: n % 3 > 0),
        ({"label": {"not": "dog"}}, lambda n: n % 3 != 1),
        ({"label": {"not": ["dog", "cow"]}}, lambda n: n % 3 == 0),
        ({"speaker": "theo"}, lambda n: n % 2 == 0),
        ({"take": [0, 3]}, lambda n: n % 4 in (0, 3)),
        ({"take": "3"}, lambda n: n % 4 == 3),
        ({"loud": True}, lambda n: n % 3 == 0),
        ({"loud": {"not": True}}, lambda n: n % 3 != 0),
        ({"grade": 2}, lambda n: n % 5 == 2),
        ({"grade": 2.0}, lambda n: n % 5 == 2),
        ({"speaker": "theo", "label": "cat"}, lambda n: n % 6 == 0),
        ({"speaker": "theo", "label": {"not": "cat"}}, lambda n: n % 2 == 0 and n % 3 != 0),
    ],
)
def test_an_op_works_on_the_samples_it_is_for(when: Any, holds: Any) -> None:
    """By class and by column, one value or several, negated, and all of several conditions together."""
    assert changed(when) == every(holds)


def test_one_of_several_labels_is_enough() -> None:
    """With several labels a sample has all their classes; one that has none has no class to be named."""
    targets = np.zeros((N, 3), np.float32)
    targets[::2, 0] = targets[::3, 1] = 1
    data = Memory(pictures(N), [UNLABELED] * N, CLASSES, targets, "multi_label")
    assert changed({"label": "dog"}, data) == every(lambda n: n % 3 == 0)
    assert changed({"label": ["cat", "dog"]}, data) == every(lambda n: n % 2 == 0 or n % 3 == 0)
    assert changed({"label": {"not": "cat"}}, data) == every(lambda n: n % 2)


def test_a_condition_leaves_all_other_draws_as_they_were() -> None:
    """Only the op itself and only its samples change; ops before and after draw what they drew."""
    others = [{"gauss_noise": {"p": 0.7}}, {"rotate": {"limit": 90, "p": 0.7}}]
    plain = rows_of(stream(spec(others[0], BRIGHT, others[1]), source()))
    bare = rows_of(stream(spec(*others), source()))
    conditional = spec(others[0], {**BRIGHT, "when": {"label": "dog"}}, others[1])
    for name, row in rows_of(stream(conditional, source())).items():
        expected = plain if row["label"] == 1 else bare
        assert np.array_equal(row["image"], expected[name]["image"])


def test_conditions_hold_inside_containers_and_around_them() -> None:
    """A container is for its samples alone, and so is each child; a child chosen in vain does nothing."""
    held = {"one_of": {"p": 1, "transforms": [CHOSEN]}, "when": {"label": "cat"}}
    inner = {"one_of": {"p": 1, "transforms": [{**CHOSEN, "when": {"label": "cat"}}]}}
    data = source()
    for item in (held, inner):
        for row in rows_of(stream(spec(item), data)).values():
            original = data.fields[row["index"]]["image"]
            assert np.array_equal(row["image"], original) == (row["label"] != 0)


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({"label": "dgo"}, "when: class 'dgo' is not there; did you mean dog?; the source has cat, dog, cow"),
        ({"speeker": "theo"}, "when: column 'speeker' is not there; did you mean speaker?; the source has"),
        ({"label": {"not": ["cat", "bird"]}}, "when: class 'bird' is not there"),
    ],
)
def test_unknown_classes_and_columns_are_refused_when_the_stream_opens(when: Any, message: str) -> None:
    """A condition that could never hold is an error with the op's path, before anything is read."""
    data = source()
    with pytest.raises(SpecError) as caught:
        stream(spec({**BRIGHT, "when": when}), data)
    assert message in str(caught.value)
    assert "image/augment/random_brightness_contrast" in str(caught.value)
    assert not data.reads


def test_numbers_to_predict_are_no_classes() -> None:
    """`label` cannot be asked of a regression, whose names stand for numbers that every sample has."""
    targets = np.zeros((N, 1), np.float32)
    data = Memory(pictures(N), [UNLABELED] * N, ("age",), targets, "regression")
    with pytest.raises(SpecError, match="class 'age' is not there"):
        stream(spec({**BRIGHT, "when": {"label": "age"}}), data)


def test_evaluation_does_not_ask_what_only_training_asks() -> None:
    """A validation source needs the columns of `evaluate` and `finish`, not those of `augment`."""
    plain = Memory(pictures(N), [n % 3 for n in range(N)], CLASSES)
    conditional = spec({**BRIGHT, "when": {"speaker": "theo"}})
    assert len(list(stream(conditional, plain, train=False))) == 3
    with pytest.raises(SpecError, match="column 'speaker' is not there"):
        stream(conditional, plain)


def test_a_spec_with_conditions_survives_yaml(tmp_path: Path) -> None:
    """Written out and read back, it has equal fingerprint and equal bytes."""
    whens = [
        {"label": ["dog", "cat"], "speaker": "theo"},
        {"take": {"not": [1, 2]}},
        {"loud": True},
        {"speaker": {"not": "no"}},
    ]
    pipeline = augflow.load(spec(*({**BRIGHT, "when": when} for when in whens)))
    file = tmp_path / "spec.yaml"
    file.write_text(pipeline.to_yaml())
    again = augflow.load(file)
    assert again.plan.spec == pipeline.plan.spec
    assert again.fingerprint == pipeline.fingerprint
    assert digest(again.stream(source())) == digest(pipeline.stream(source()))


def test_the_order_of_values_does_not_count() -> None:
    """Values are a set: order and repetition leave the fingerprint; the values themselves do not."""

    def mark(when: Any) -> str:
        return augflow.load(spec({**BRIGHT, "when": when})).fingerprint

    assert mark({"label": ["cat", "dog"]}) == mark({"label": ["dog", "cat", "dog"]})
    assert mark({"take": 1}) == mark({"take": "1"})
    marks = [
        mark({"label": "cat"}),
        mark({"label": {"not": "cat"}}),
        mark({"label": "dog"}),
        mark({"x": "cat"}),
    ]
    assert len({*marks, augflow.load(spec(BRIGHT)).fingerprint}) == 5


def test_one_sample_says_what_conditions_ask() -> None:
    """A pipeline that is called takes class and columns, and says which are missing."""
    pipeline = augflow.load(spec({**BRIGHT, "when": {"label": "cat", "take": 1}}))
    image = pictures(1)[0]["image"]
    with pytest.raises(ValueError, match=r"asks for 'label' \(when\); pass row="):
        pipeline(image)
    hit, miss = (pipeline(image, row={"label": name, "take": 1})["image"] for name in ("cat", "dog"))
    assert not np.array_equal(hit, image)
    assert np.array_equal(miss, image)
    assert np.array_equal(pipeline(image, row={"label": ["dog", "cat"], "take": 1.0})["image"], hit)
    assert np.array_equal(pipeline(image, train=False)["image"], image)


def test_a_condition_on_size_changing_ops_proves_nothing_of_sizes() -> None:
    """Sizes of training and evaluation provably differ only where the op is for all samples."""
    crop = {"random_crop": {"height": 6, "width": 6}}
    with pytest.raises(SpecError, match="sizes must be equal"):
        augflow.load(spec(crop, prepare=[{"resize": {"height": 8, "width": 8}}]))
    augflow.load(spec({**crop, "when": {"label": "cat"}}, prepare=[{"resize": {"height": 8, "width": 8}}]))


@pytest.mark.parametrize(
    ("value", "wanted", "holds"),
    [("1.0", "1", False), ("01", "1", False), (1, "1.0", True), (1.5, "1.5", True), (None, "None", True)],
)
def test_texts_are_compared_as_they_stand(value: Any, wanted: str, holds: bool) -> None:
    """A number is a number however it is written; a text is only itself."""
    assert Condition("c", (wanted,)).holds(Facts(row={"c": value})) is holds
