"""One sample through its ops: every op draws for itself, p is applied once, containers choose by weight."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from augflow.errors import OpError
from augflow.plan import Plan, load_plan
from augflow.rng import KeyedRandom, sample_key
from augflow.transforms import registered
from augflow.transforms.chain import Passage
from augflow.transforms.registered import op

IMAGE = np.arange(16 * 16 * 3, dtype=np.uint8).reshape(16, 16, 3)
SAMPLES = 300


@pytest.fixture(autouse=True)
def _own_ops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ops of these tests leave the registry as it was."""
    monkeypatch.setattr(registered, "_registered", dict(registered._registered))


def plan(*augment: Any) -> Plan:
    return load_plan({"modality": "image", "augment": list(augment)})


def passed(compiled: Plan, sample: int, epoch: int = 0) -> tuple[np.ndarray, dict[str, Any]]:
    """One sample after augment, and what each op drew."""
    drawn: dict[str, Any] = {}
    name = str(sample)
    passage = Passage(KeyedRandom(), sample_key(0, epoch, name), name, drawn=drawn)
    image = passage.run(compiled.fields[0].augment, {"image": IMAGE})["image"]
    return image, {path: repr(params) for path, params in drawn.items()}


def fired(compiled: Plan, samples: int, path: str) -> int:
    """How often the op of a path fired."""
    return sum(path in passed(compiled, i)[1] for i in range(samples))


ROTATE = {"rotate": {"limit": 90, "p": 0.7}}
NOISE = {"random_brightness_contrast": {"p": 0.7}}
SHIFT = {"hue_saturation_value": {"p": 0.7}}
OTHERS = ("image/augment/rotate", "image/augment/hue_saturation_value")


@pytest.mark.parametrize(
    "changed",
    [
        [ROTATE, SHIFT],
        [SHIFT, NOISE, ROTATE],
        [
            {"horizontal_flip": {}},
            ROTATE,
            {"gauss_noise": {}},
            NOISE,
            SHIFT,
            {"one_of": {"transforms": [{"blur": {}}]}},
        ],
    ],
    ids=["removed", "reordered", "added"],
)
def test_the_draws_of_an_op_do_not_depend_on_its_neighbors(changed: list[Any]) -> None:
    """Removing, reordering or adding an op leaves what the others draw, for 300 samples of 300."""
    before, after = plan(ROTATE, NOISE, SHIFT), plan(*changed)
    equal = 0
    for i in range(SAMPLES):
        one, other = passed(before, i)[1], passed(after, i)[1]
        equal += all(one.get(path) == other.get(path) for path in OTHERS)
    assert equal == SAMPLES
    assert 0 < fired(before, SAMPLES, OTHERS[0]) < SAMPLES


def test_epochs_and_samples_draw_differently() -> None:
    """The same op on the same sample draws anew in the next epoch."""
    compiled = plan({"rotate": {"limit": 90, "p": 1}})
    drawn = {passed(compiled, i, epoch)[1][OTHERS[0]] for i in range(10) for epoch in range(10)}
    assert len(drawn) == 100


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_p_is_applied_once(p: float) -> None:
    """The op fires in a share p of 2,000 samples: p squared would miss the bounds by far."""
    n = 2000
    count = fired(plan({"horizontal_flip": {"p": p}}), n, "image/augment/horizontal_flip")
    assert abs(count - n * p) < 4 * np.sqrt(n * p * (1 - p))


def test_p_0_never_fires_and_p_1_always() -> None:
    """The ends of the range are certain."""
    compiled = plan({"horizontal_flip": {"p": 0}}, {"vertical_flip": {"p": 1}})
    found = Counter(path for i in range(50) for path in passed(compiled, i)[1])
    assert found == {"image/augment/vertical_flip": 50}


def test_three_flips_fire_independently() -> None:
    """All 8 patterns of three ops with p 0.5 come equally often; albumentations' own seeding gives two."""
    compiled = plan({"horizontal_flip": {}}, {"vertical_flip": {}}, {"transpose": {}})
    patterns = Counter(tuple(sorted(passed(compiled, i)[1])) for i in range(1600))
    assert len(patterns) == 8
    assert sum((count - 200) ** 2 / 200 for count in patterns.values()) < 24.3  # chi-square, 7 df, p = 0.001


def test_the_angles_of_two_ops_do_not_correlate() -> None:
    """Two ops that turn the image draw apart: with albumentations' own seeding their angles are equal."""
    compiled = plan({"rotate": {"limit": 90, "p": 1}}, {"safe_rotate": {"limit": 90, "p": 1}})
    angles = []
    for i in range(500):
        drawn: dict[str, Any] = {}
        Passage(KeyedRandom(), sample_key(0, 0, str(i)), "", drawn=drawn).run(
            compiled.fields[0].augment, {"image": IMAGE}
        )
        matrices = [np.asarray(params["matrix"]) for params in drawn.values()]
        angles.append([np.arctan2(matrix[1, 0], matrix[0, 0]) for matrix in matrices])
    assert np.std(angles, axis=0).min() > 0.5
    assert abs(np.corrcoef(np.array(angles).T)[0, 1]) < 0.18  # 4 standard errors


def test_one_of_chooses_by_weight() -> None:
    """Shares of 1 : 2 : 5, exactly one child a sample (chi-square, 2 df, p = 0.001)."""
    children = [
        {"horizontal_flip": {}},
        {"vertical_flip": {}, "weight": 2},
        {"transpose": {}, "weight": 5},
    ]
    compiled = plan({"one_of": {"p": 1, "transforms": children}})
    n = 1600
    drawn = [list(passed(compiled, i)[1]) for i in range(n)]
    assert {len(paths) for paths in drawn} == {1}
    found = Counter(paths[0].rpartition("/")[2] for paths in drawn)
    expected = {"horizontal_flip": n / 8, "vertical_flip": n / 4, "transpose": n * 5 / 8}
    assert sum((found[name] - want) ** 2 / want for name, want in expected.items()) < 13.8


def test_one_of_fires_with_its_p() -> None:
    """p is the container's; the chosen child is not gated again."""
    n = 2000
    compiled = plan({"one_of": {"p": 0.3, "transforms": [{"horizontal_flip": {}}, {"vertical_flip": {}}]}})
    count = sum(bool(passed(compiled, i)[1]) for i in range(n))
    assert abs(count - n * 0.3) < 4 * np.sqrt(n * 0.3 * 0.7)


def test_some_of_takes_n_different_children_in_the_order_of_the_list() -> None:
    """Two of three, each pair a third of the time, applied in list order."""
    names = ["horizontal_flip", "vertical_flip", "transpose"]
    compiled = plan({"some_of": {"n": 2, "transforms": [{name: {}} for name in names]}})
    n = 900
    found: Counter[tuple[str, ...]] = Counter()
    for i in range(n):
        found[tuple(path.rpartition("/")[2] for path in passed(compiled, i)[1])] += 1
    assert set(found) == {(names[0], names[1]), (names[0], names[2]), (names[1], names[2])}
    assert sum((count - n / 3) ** 2 / (n / 3) for count in found.values()) < 13.8


def test_some_of_prefers_heavy_children() -> None:
    """Weights count in some_of as well: a child of weight 0.001 is hardly met."""
    children = [{"horizontal_flip": {}, "weight": 0.001}, {"vertical_flip": {}}, {"transpose": {}}]
    compiled = plan({"some_of": {"n": 2, "transforms": children}})
    assert fired(compiled, 200, "image/augment/some_of/horizontal_flip") < 5


def test_random_order_runs_all_children_in_every_order() -> None:
    """All six orders of three children come about equally often."""
    children = [{"horizontal_flip": {"p": 1}}, {"vertical_flip": {"p": 1}}, {"transpose": {"p": 1}}]
    compiled = plan({"random_order": {"transforms": children}})
    orders = Counter(tuple(passed(compiled, i)[1]) for i in range(1200))
    assert len(orders) == 6
    assert sum((count - 200) ** 2 / 200 for count in orders.values()) < 20.5  # 5 df, p = 0.001


def test_changing_weights_leaves_the_draws_of_the_children() -> None:
    """What a child draws is its own; the weights only say how often it is asked."""

    def angles(weight: float) -> list[str | None]:
        children = [{"rotate": {"limit": 90}, "weight": weight}, {"horizontal_flip": {}}]
        compiled = plan({"one_of": {"p": 1, "transforms": children}})
        return [passed(compiled, i)[1].get("image/augment/one_of/rotate") for i in range(100)]

    pairs = [(a, b) for a, b in zip(angles(1), angles(3), strict=True) if a and b]
    assert len(pairs) > 30
    assert all(a == b for a, b in pairs)


def test_an_op_that_raises_says_where_with_what_and_why() -> None:
    """OpError carries path, sample and parameters, and the original exception as its cause."""

    def breaks(image: np.ndarray, level: int = 3) -> np.ndarray:
        raise RuntimeError(f"no level {level}")

    op(name="breaks_here")(breaks)
    compiled = plan({"one_of": {"p": 1, "transforms": [{"breaks_here": {"level": 7}}]}})
    with pytest.raises(OpError) as caught:
        passed(compiled, 42)
    error = caught.value
    assert (error.op_path, error.sample) == ("image/augment/one_of/breaks_here", "42")
    assert error.params == {"level": 7}
    assert isinstance(error.__cause__, RuntimeError)
    assert all(word in str(error) for word in ("breaks_here", "'42'", "level", "RuntimeError: no level 7"))


def test_the_input_is_not_changed() -> None:
    """A sample that several readers share comes out of every op untouched."""
    image = IMAGE.copy()
    image.flags.writeable = False
    compiled = plan({"horizontal_flip": {"p": 1}}, {"gauss_noise": {"p": 1}}, {"rotate": {"p": 1}})
    out = Passage(KeyedRandom(), sample_key(0, 0, "a"), "a").run(
        compiled.fields[0].augment, {"image": image}
    )["image"]
    assert np.array_equal(image, IMAGE)
    assert not np.array_equal(out, IMAGE)


def test_draws_do_not_repeat_between_neighboring_samples() -> None:
    """Angles of consecutive samples differ: nothing is added to a seed."""
    compiled = plan({"rotate": {"limit": 90, "p": 1}})
    angles = [passed(compiled, i)[1][OTHERS[0]] for i in range(100)]
    assert all(a != b for a, b in pairwise(angles))
    assert len(set(angles)) == 100
