"""Leaving one thing out: what remains draws what it drew before, byte for byte."""

from __future__ import annotations

import numpy as np
import pytest

import augflow
from augflow.errors import TrainError
from augflow.study.elements import elements, plain

N, EPOCH = 48, 3
PIXELS = np.random.default_rng(0).integers(0, 256, (N, 16, 16, 3), np.uint8)
LABELS = np.arange(N) % 4

OPS = [
    {"rotate": {"limit": 30, "p": 0.5}},
    {"rotate": {"limit": 5, "p": 0.5}},
    {
        "one_of": {
            "p": 0.8,
            "transforms": [
                {"gaussian_blur": {}},
                {"gauss_noise": {}, "weight": 2},
                {"gaussian_blur": {"sigma_limit": [2.0, 3.0]}},
            ],
        }
    },
    {"some_of": {"n": 2, "transforms": [{"shift_scale_rotate": {}}, {"sharpen": {}}, {"posterize": {}}]}},
    {"random_order": {"transforms": [{"horizontal_flip": {"p": 0.5}}, {"color_jitter": {"p": 0.5}}]}},
    {"coarse_dropout": {"p": {"linear": [0.2, 0.9], "over": [0, 5]}}, "id": "late"},
]
MIX = {"one_of": {"p": 0.8, "transforms": [{"mixup": {"alpha": 1.0}}, {"cutmix": {}}, {"cutmix": {}}]}}
REGULARIZE = {"dropout": 0.3, "r_drop": 1.0, "norm": "group", "norm_groups": 4, "l1": 1e-4, "l2": 1e-4}
WHOLE = augflow.load(
    {
        "modality": "image",
        "augment": OPS,
        "finish": [{"random_brightness_contrast": {"p": 0.5}}],
        "batch": {"size": N, "tile": 16, "mix": MIX},
        "regularize": REGULARIZE,
    }
)
NAMES = {
    "image/augment/rotate",
    "image/augment/rotate#2",
    "image/augment/one_of",
    "image/augment/one_of/gaussian_blur",
    "image/augment/one_of/gauss_noise",
    "image/augment/one_of/gaussian_blur#2",
    "image/augment/some_of",
    "image/augment/some_of/shift_scale_rotate",
    "image/augment/some_of/sharpen",
    "image/augment/some_of/posterize",
    "image/augment/random_order",
    "image/augment/random_order/horizontal_flip",
    "image/augment/random_order/color_jitter",
    "image/augment/late",
    "image/finish/random_brightness_contrast",
}
MIX_NAMES = {"batch/mix", *(f"batch/mix/one_of/{op}" for op in ("mixup", "cutmix", "cutmix#2"))}
KEYS = {f"regularize.{key}" for key in ("dropout", "r_drop", "norm", "l1", "l2")}
FOUND = {element.name: element for element in elements(WHOLE)}


def replay(pipeline):
    """The batch of one epoch, and what each row drew."""
    with pipeline.stream((PIXELS, LABELS)) as stream:
        again = stream.replay(EPOCH, 0)
    return again.batch, again.drawn


def test_elements_are_the_ops_the_mix_and_what_regularizes():
    """Containers count, their children too where there are several, and keys that differ from the default."""
    assert set(FOUND) == NAMES | MIX_NAMES | KEYS
    assert {element.name for element in elements(WHOLE, ["regularize", "batch/mix"])} == KEYS | {"batch/mix"}


@pytest.fixture(scope="module")
def unmixed():
    return replay(WHOLE.without_mixing())


@pytest.mark.parametrize("name", sorted(NAMES))
def test_leaving_an_op_out_changes_only_the_rows_in_which_it_fired(name, unmixed):
    """Rows where it was silent are equal byte for byte; in the others everything else draws as before.

    This holds for the first of two equal ops, for what a container has chosen, and for scheduled chances."""
    batch, drawn = unmixed
    other, other_drawn = replay(FOUND[name].without.without_mixing())
    np.testing.assert_array_equal(batch["id"], other["id"])
    fired = np.array([any(is_of(path, name) for path in row) for row in drawn])
    assert fired.sum() > 0
    same = (batch["image"] == other["image"]).all(axis=(1, 2, 3))
    assert same[~fired].all()
    assert not same[fired].all()
    for row, other_row in zip(drawn, other_drawn, strict=True):
        assert {path: values for path, values in row.items() if not is_of(path, name)} == other_row


def is_of(path, name):
    """Whether an op is that element, or inside of it."""
    return path == name or path.startswith(f"{name}/")


@pytest.mark.parametrize(
    ("name", "op", "at"), [("mixup", "mixup", 0), ("cutmix", "cutmix", 1), ("cutmix#2", "cutmix", 2)]
)
def test_leaving_a_mixing_op_out_leaves_its_rows_apart(name, op, at):
    """Rows that the others mix keep partner, lambda and box; those of the op that is out are their own."""
    batch, drawn = replay(WHOLE)
    other, other_drawn = replay(FOUND[f"batch/mix/one_of/{name}"].without)
    was = [row.get("batch/mix") for row in drawn]
    now = [row.get("batch/mix") for row in other_drawn]
    changed = [a for a, b in zip(was, now, strict=True) if a != b]
    assert changed
    assert {about["op"] for about in changed} == {op}
    assert all(b is None for a, b in zip(was, now, strict=True) if a != b)
    assert any(about is not None for about in now)
    apart = np.array([a is None or b is not None for a, b in zip(was, now, strict=True)])
    np.testing.assert_array_equal(batch["image"][apart], other["image"][apart])
    np.testing.assert_array_equal(other["lam"][~apart], 1.0)
    np.testing.assert_array_equal(other["partner"][~apart], np.flatnonzero(~apart))


def test_leaving_the_mix_out_leaves_every_sample_as_it_was():
    """Without mixing each row is the sample that mixing met."""
    without, drawn = replay(FOUND["batch/mix"].without)
    mixed, mixed_drawn = replay(WHOLE)
    apart = [row for row, about in enumerate(mixed_drawn) if "batch/mix" not in about]
    np.testing.assert_array_equal(without["image"][apart], mixed["image"][apart])
    assert not any("batch/mix" in about for about in drawn)
    np.testing.assert_array_equal(without["id"], mixed["id"])


def test_a_key_of_regularize_goes_back_to_its_default_with_what_needs_it():
    """A pair such as l1 and l2 is left out singly; r_drop means nothing without dropout, nor groups without
    their norm; the stream's bytes are not touched."""
    left = {key: FOUND[f"regularize.{key}"] for key in ("dropout", "norm", "l1")}
    given = {
        key: element.without.plan.spec.regularize.model_dump(exclude_defaults=True)
        for key, element in left.items()
    }
    assert given["l1"] == {key: value for key, value in REGULARIZE.items() if key != "l1"}
    assert set(given["dropout"]) == {"norm", "norm_groups", "l1", "l2"}
    assert "r_drop" in left["dropout"].note
    assert set(given["norm"]) == {"dropout", "r_drop", "l1", "l2"}
    tiles = {key: element.without.plan.tile_content(True) for key, element in left.items()}
    assert all(content == WHOLE.plan.tile_content(True) for content in tiles.values())


def test_plain_has_nothing_of_what_is_named():
    """Groups go whole, names one by one; the rest stays."""
    nothing = plain(WHOLE).plan
    assert nothing.mix is None
    assert not any(field.augment or field.finish for field in nothing.fields)
    assert not nothing.spec.regularize.model_dump(exclude_defaults=True)
    few = plain(WHOLE, ["image/augment/rotate", "regularize.dropout", "regularize.r_drop", "batch/mix"])
    names = {element.name for element in elements(few)}
    assert {"image/augment/rotate", "regularize.dropout", "regularize.r_drop", "batch/mix"}.isdisjoint(names)
    assert "image/augment/rotate#2" in names


def sized(augment, **sections):
    return augflow.load({"modality": "image", "augment": augment, **sections})


CROP = {"random_resized_crop": {"size": [8, 8]}}
FLIP = {"horizontal_flip": {"p": 0.5}}


def test_what_decides_the_size_gives_way_to_evaluation_or_stays():
    """Nothing is left out where the model would get another size: `evaluate` stands in, or the op is kept and
    the reason told. Behind the stand-in every sibling keeps its name."""
    crop, flip = elements(sized([CROP, FLIP], evaluate=[{"center_crop": {"height": 8, "width": 8}}]))
    assert "evaluate" in crop.note
    assert flip.without is not None
    names = [step.path.rpartition("/")[2] for step in crop.without.plan.fields[0].augment]
    assert names == ["random_resized_crop", "instead.0", "horizontal_flip"]
    with crop.without.stream((PIXELS, LABELS), batch_size=N) as stream:
        batch = stream.peek()
    middle = PIXELS[batch["index"]][:, 4:12, 4:12]
    either = [(batch["image"] == image).all(axis=(1, 2, 3)) for image in (middle, middle[:, :, ::-1])]
    assert (either[0] | either[1]).all()
    kept = elements(sized([CROP, FLIP]))[0]
    assert kept.without is None
    assert "size" in kept.note
    prepares = elements(
        sized([FLIP, {"resize": {"height": 8, "width": 8}}], evaluate=[{"resize": {"height": 8, "width": 8}}])
    )[1]
    assert prepares.without is None


def test_an_op_that_is_off_leaves_the_size_as_it_is():
    """With p 0 no size is in doubt: what training and evaluation provably differ in is refused as ever."""
    smaller = {"resize": {"height": 8, "width": 8}}
    with pytest.raises(augflow.SpecError, match="16x16 and evaluation 8x8"):
        sized(
            [{"random_resized_crop": {"size": [8, 8], "p": 0}}],
            prepare=[{"resize": {"height": 16, "width": 16}}],
            evaluate=[smaller],
        )


def test_names_that_are_not_there_and_specs_with_nothing_are_refused():
    """A misspelled element is told with the near ones; an empty question is an error, not an empty table."""
    with pytest.raises(TrainError, match="image/augment/rotate"):
        elements(WHOLE, ["image/augment/rotat"])
    with pytest.raises(TrainError, match="nothing of regularize"):
        elements(sized([FLIP]), ["regularize"])


def test_a_child_that_is_switched_off_is_not_met_again():
    """What is off already is no element; p other than 0 is still refused where a container chooses."""
    off = FOUND["image/augment/one_of/gauss_noise"].without
    assert "image/augment/one_of/gauss_noise" not in {element.name for element in elements(off)}
    with pytest.raises(augflow.SpecError, match="never with p 0"):
        sized([{"one_of": {"transforms": [{"gauss_noise": {"p": 0.5}}]}}])


def test_r_drop_goes_with_the_noise_that_it_compares():
    """Where noise on the inputs is all that makes two passes differ, leaving it out takes R-Drop along."""
    noisy = augflow.load({"modality": "image", "regularize": {"input_noise": 0.1, "r_drop": 1.0}})
    (found,) = elements(noisy, ["regularize.input_noise"])
    assert found.without is not None
    assert found.without.plan.spec.regularize.r_drop == 0
    assert "r_drop" in found.note
