"""Compiling: the rules of p, weight, paths, tiles and sizes, and what the fingerprints see."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from augflow.errors import SpecError
from augflow.plan import Plan, compile_plan, load_plan
from augflow.spec.items import Collector
from augflow.spec.parse import parse_text
from augflow.transforms.chain import Container, Step


def plan(**sections: Any) -> Plan:
    return load_plan({"modality": "image", **sections})


def problems(**sections: Any) -> list[str]:
    with pytest.raises(SpecError) as caught:
        plan(**sections)
    return str(caught.value).splitlines()


def from_yaml(text: str) -> Plan:
    return compile_plan(parse_text(f"version: 1\nmodality: image\n{text}", Collector("s.yaml")))


def paths(steps: tuple[Step, ...]) -> list[str]:
    found = []
    for step in steps:
        found.append(step.path)
        if isinstance(step, Container):
            found += paths(step.children)
    return found


def test_p_defaults_to_the_librarys_in_augment_and_to_1_elsewhere() -> None:
    """albumentations' 0.5 holds in augment; prepare, evaluate and deterministic finish always fire."""
    gray = [{"to_gray": {}}]
    found = plan(prepare=gray, augment=gray, evaluate=gray, finish=gray)
    assert found.fields[0].prepare[0].p == found.fields[0].evaluate[0].p == found.fields[0].finish[0].p == 1.0
    assert found.fields[0].augment[0].p == 0.5
    assert plan(augment=[{"to_gray": {"p": 0.2}}]).fields[0].augment[0].p == 0.2
    assert plan(augment=[{"random_resized_crop": {"size": [8, 8]}}]).fields[0].augment[0].p == 1.0
    assert plan(finish=[{"horizontal_flip": {}}]).fields[0].finish[0].p == 1.0


def test_random_finish_ops_keep_their_p_and_run_in_training_only() -> None:
    """An op that draws in finish is left out of evaluation."""
    found = plan(finish=[{"gauss_noise": {"p": 0.3}}, {"to_gray": {}}])
    assert [step.p for step in found.fields[0].after_mixing(train=True)] == [0.3, 1.0]
    assert [step.p for step in found.fields[0].after_mixing(train=False)] == [1.0]


@pytest.mark.parametrize("section", ["prepare", "evaluate"])
def test_fixed_sections_refuse_chance(section: str) -> None:
    """Random ops, containers and any p but 1 are refused where every sample must be treated alike."""
    for item in ({"rotate": {}}, {"one_of": {"transforms": [{"to_gray": {}}]}}):
        assert f"$.{section}[0]" in problems(**{section: [item]})[0]
        assert f"draws at random, which {section} does not" in problems(**{section: [item]})[0]
    found = problems(**{section: [{"to_gray": {"p": 0.5}}]})
    assert found == [f"$.{section}[0].to_gray.p: is always 1 in {section}, got 0.5; remove it"]
    assert getattr(plan(**{section: [{"to_gray": {"p": 1}}]}).fields[0], section)[0].p == 1.0


@pytest.mark.parametrize("p", [-0.1, 1.1, "0.5", True, [0.5]])
def test_p_is_a_number_between_0_and_1(p: object) -> None:
    """Words, booleans and numbers outside are refused, in ops and in containers."""
    assert "must be a number in [0, 1]" in problems(augment=[{"horizontal_flip": {"p": p}}])[0]
    container = {"one_of": {"p": p, "transforms": [{"horizontal_flip": {}}]}}
    assert "must be a number in [0, 1]" in problems(augment=[container])[0]


def test_a_chosen_child_always_fires() -> None:
    """Children of one_of and some_of have p 1, and a p on them is refused in favor of weight."""
    children = [{"horizontal_flip": {}}, {"one_of": {"transforms": [{"rotate": {}}]}, "weight": 3}]
    found = plan(augment=[{"one_of": {"transforms": children}}]).fields[0].augment[0]
    assert isinstance(found, Container)
    assert [child.p for child in found.children] == [1.0, 1.0]
    assert found.weights() == [0.25, 0.75]
    for name in ("one_of", "some_of"):
        inner = {name: {"transforms": [{"horizontal_flip": {"p": 0.5}}]}}
        assert "use weight beside the op" in problems(augment=[inner])[0]
    kept = (
        plan(augment=[{"random_order": {"transforms": [{"horizontal_flip": {"p": 0.25}}]}}])
        .fields[0]
        .augment[0]
    )
    assert isinstance(kept, Container)
    assert kept.children[0].p == 0.25


def test_weight_belongs_to_children_that_are_chosen_from() -> None:
    """At the top and in random_order a weight would mean nothing, so it is refused."""
    item = {"horizontal_flip": {}, "weight": 2}
    assert problems(augment=[item])[0].startswith("$.augment[0].weight: weight belongs to children")
    found = problems(augment=[{"random_order": {"transforms": [item]}}])
    assert found[0].startswith("$.augment[0].random_order.transforms[0].weight")


@pytest.mark.parametrize("n", [0, 3, 1.5, True, "1"])
def test_some_of_takes_no_more_than_it_has(n: object) -> None:
    """n is a whole number from 1 to the number of children."""
    container = {"some_of": {"n": n, "transforms": [{"transpose": {}}, {"horizontal_flip": {}}]}}
    assert "must be a whole number from 1 to 2" in problems(augment=[container])[0]


def test_paths_are_names_with_occurrence_numbers_or_ids() -> None:
    """Paths key the draws: canonical names, `#2` for a second among siblings, an id in place of both."""
    flip = {"horizontal_flip": {}}
    augment = [flip, {"flip": {}}, {**flip, "id": "mine"}, {"one_of": {"transforms": [flip, flip]}}, flip]
    assert paths(plan(augment=augment, evaluate=[flip]).fields[0].augment) == [
        "image/augment/horizontal_flip",
        "image/augment/horizontal_flip#2",
        "image/augment/mine",
        "image/augment/one_of",
        "image/augment/one_of/horizontal_flip",
        "image/augment/one_of/horizontal_flip#2",
        "image/augment/horizontal_flip#3",
    ]


def test_two_ops_of_a_list_never_share_a_path() -> None:
    """Duplicate ids, and an id that is a sibling's name, are refused; the same id elsewhere is fine."""
    flip = {"horizontal_flip": {}, "id": "a"}
    assert "$.augment[1].id: 'a' already names another op" in problems(augment=[flip, flip])[0]
    clash = [{"rotate": {}, "id": "horizontal_flip"}, {"horizontal_flip": {}}]
    assert "already names another op" in problems(augment=clash)[0]
    mix = {"one_of": {"transforms": [{"mixup": {}, "id": "a"}, {"cutmix": {}, "id": "a"}]}}
    assert "already names another op" in problems(batch={"size": 32, "mix": mix})[0]
    plan(augment=[flip, {"one_of": {"transforms": [flip]}}])


def test_the_tile_divides_the_batch() -> None:
    """The default is the largest divisor up to 16; another must divide batch.size."""
    sizes = {128: 16, 96: 16, 100: 10, 40: 10, 7: 7, 17: 1, 1: 1, 16: 16}
    assert {size: plan(batch={"size": size}).tile for size in sizes} == sizes
    assert plan(batch={"size": 96, "tile": 32}).tile == 32
    assert problems(batch={"size": 100, "tile": 16}) == ["$.batch.tile: must divide batch.size (100), got 16"]


def test_mixing_needs_tiles_of_8_and_names_sizes_that_have_them() -> None:
    """Among few samples the same partners would meet again and again."""
    mix = {"mixup": {}}
    found = problems(batch={"size": 34, "mix": mix})
    assert len(found) == 1
    assert found[0].startswith(
        "$.batch.size: mixing needs a tile of at least 8 samples, size 34 has tiles of 2"
    )
    named = [int(word) for word in found[0].rpartition("such as ")[2].split(", ")]
    assert named
    assert all(plan(batch={"size": size, "mix": mix}).tile >= 8 and abs(size - 34) < 8 for size in named)
    assert problems(batch={"size": 32, "tile": 4, "mix": mix})[0].startswith("$.batch.tile: mixing needs")
    assert plan(batch={"size": 34}).tile == 2


CROP = {"random_resized_crop": {"size": [64, 64]}}


@pytest.mark.parametrize(
    ("sections", "refused"),
    [
        ({"prepare": [{"resize": {"height": 72, "width": 72}}], "augment": [CROP]}, True),
        ({"augment": [CROP], "evaluate": [{"resize": {"height": 64, "width": 32}}]}, True),
        ({"augment": [CROP], "evaluate": [{"center_crop": {"height": 64, "width": 64}}]}, False),
        ({"augment": [CROP]}, False),  # the source's own size is not known
        ({"evaluate": [{"resize": {"height": 8, "width": 8}}]}, False),
        ({"prepare": [{"resize": {"height": 64, "width": 64}}], "augment": [CROP]}, False),
        (
            {
                "prepare": [{"resize": {"height": 72, "width": 72}}],
                "augment": [{"one_of": {"p": 1, "transforms": [CROP, {"horizontal_flip": {}}]}}],
            },
            False,
        ),
        (
            {
                "prepare": [{"resize": {"height": 72, "width": 72}}],
                "augment": [{"one_of": {"transforms": [CROP]}}],
            },
            False,  # fires for half of the samples
        ),
        (
            {
                "prepare": [{"resize": {"height": 8, "width": 8}}],
                "augment": [
                    {"some_of": {"n": 2, "transforms": [{"pad": {"padding": 2}}, {"pad": {"padding": 2}}]}}
                ],
                "evaluate": [{"pad": {"padding": 4}}],
            },
            False,  # both together pad by 4
        ),
    ],
)
def test_sizes_that_provably_differ_are_refused(sections: dict[str, Any], refused: bool) -> None:
    """A network for one size would fail at the first evaluation; what is not certain passes."""
    if refused:
        assert problems(**sections)[0].startswith("$.evaluate: sizes must be equal, training gives 64x64 and")
    else:
        plan(**sections)


BASE = """
seed: 3
prepare:
  - resize: {height: 16, width: 16}
augment:
  - rotate: {limit: 15, p: 0.5}
  - horizontal_flip: {p: 0.5}
batch: {size: 32, mix: {mixup: {alpha: 0.2}}}
regularize: {dropout: 0.3}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed: 3", "name: other\nseed: 3  # a comment"),
        ("seed: 3", "source: {path: /data}\nseed: 3"),
        ("{height: 16, width: 16}", "{width: 16, height: 16}"),
        ("{height: 16, width: 16}", "{width: 16, height: 16, interpolation: linear}"),
        ("limit: 15", "limit: [-15, 15]"),
        ("limit: 15", "limit: 15.0"),
        (", p: 0.5}\n  - h", "}\n  - h"),
        ("horizontal_flip", "flip"),
        ("seed: 3", "seed: 3\nevaluate: []"),
        ("alpha: 0.2", "alpha: 0.2, p: 1, per: sample"),
        ("size: 32", "size: 32, tile: 16"),
        ("dropout: 0.3", "dropout: 0.3, l1: 0"),
    ],
)
def test_spelling_does_not_count_in_fingerprints(old: str, new: str) -> None:
    """Comments, names, paths, key order, spelled-out defaults and aliases leave every fingerprint alone."""
    assert old in BASE
    one, other = from_yaml(BASE), from_yaml(BASE.replace(old, new, 1))
    assert one.fingerprint == other.fingerprint
    for train in (True, False):
        assert one.tile_content(train) == other.tile_content(train)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("seed: 3", "seed: 4"),
        ("limit: 15, p: 0.5", "limit: 16, p: 0.5"),
        ("limit: 15, p: 0.5", "limit: 15, p: 0.6"),
        ("horizontal_flip", "vertical_flip"),
        ("horizontal_flip: {p: 0.5}", "horizontal_flip: {p: 0.5}\n    id: mine"),
        (
            "  - rotate: {limit: 15, p: 0.5}\n  - horizontal_flip: {p: 0.5}",
            "  - horizontal_flip: {p: 0.5}\n  - rotate: {limit: 15, p: 0.5}",
        ),
        ("alpha: 0.2", "alpha: 0.3"),
        ("mixup", "cutmix"),
        ("{mixup: {alpha: 0.2}}", "{mixup: {alpha: 0.2}, at: finish}"),
        ("{mixup: {alpha: 0.2}}", "{mixup: {alpha: 0.2}, by: model}"),
        ("size: 32", "size: 32, tile: 8"),
        ("seed: 3", "seed: 3\noutput: {dtype: float32}"),
    ],
)
def test_what_decides_bytes_counts_in_fingerprints(old: str, new: str) -> None:
    """Order, parameters, p, ids, seed, mixing, tile and dtype change the tile and the spec fingerprint."""
    one, other = from_yaml(BASE), from_yaml(BASE.replace(old, new, 1))
    assert one.fingerprint != other.fingerprint
    assert one.tile_content(train=True) != other.tile_content(train=True)


def test_regularization_counts_for_the_spec_and_not_for_the_bytes() -> None:
    """Two runs that differ in dropout alone can share a stream, and have different provenance."""
    one, other = from_yaml(BASE), from_yaml(BASE.replace("dropout: 0.3", "dropout: 0.4"))
    assert one.fingerprint != other.fingerprint
    assert one.tile_content(train=True) == other.tile_content(train=True)


def test_augmentation_and_mixing_do_not_count_in_evaluation() -> None:
    """What evaluation delivers depends on prepare, evaluate and finish alone."""
    one, other = (
        from_yaml(BASE),
        from_yaml(BASE.replace("alpha: 0.2", "alpha: 1").replace("limit: 15", "limit: 5")),
    )
    assert one.tile_content(train=False) == other.tile_content(train=False)


def test_python_and_yaml_build_the_same_plan() -> None:
    """Tuples for lists and ints for floats change nothing."""
    crop = {"random_resized_crop": {"size": (64, 64), "scale": (0.5, 1)}}
    text = "augment:\n  - random_resized_crop: {size: [64, 64], scale: [0.5, 1.0]}\n"
    assert plan(augment=(crop,)).fingerprint == from_yaml(text).fingerprint


def test_plans_travel() -> None:
    """A pickled plan is the same plan."""
    found = from_yaml(BASE)
    again = pickle.loads(pickle.dumps(found))
    assert again.fingerprint == found.fingerprint
    assert again.describe() == found.describe()


def test_plans_of_every_modality_travel() -> None:
    """With conditions, schedules, containers, followers, and whatever their ops hold."""
    grows = {"linear": [5, 15], "over": [0, 4]}
    image = [
        {"rotate": {"limit": grows}, "when": {"label": "a"}},
        {"one_of": {"transforms": [{"rand_augment": {"magnitude": grows}}, {"horizontal_flip": {}}]}},
    ]
    fields = {
        "image": {"modality": "image", "augment": image},
        "mask": {"follows": "image"},
        "text": {"modality": "text", "augment": [{"eda": {}}], "finish": [{"hash_tokens": {}}]},
        "audio": {"modality": "audio", "augment": [{"gain": {}}], "finish": [{"log_mel": {}}]},
    }
    found = load_plan({"fields": fields, "batch": {"mix": {"cutmix": {}, "on": "text"}}})
    again = pickle.loads(pickle.dumps(found))
    assert again.fingerprint == found.fingerprint
    assert [field.at_epoch(3) for field in again.fields] == [field.at_epoch(3) for field in found.fields]


def test_describe_tells_every_effective_p() -> None:
    """What `explain` prints: path, op, p and parameters with the defaults filled in."""
    rows = {row["path"]: row for row in from_yaml(BASE).describe()}
    assert rows["image/augment/rotate"]["p"] == 0.5
    assert rows["image/augment/rotate"]["params"]["limit"] == [-15, 15]
    assert rows["batch/mix"]["ops"][0]["alpha"] == 0.2


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({"one_of": {"transforms": [{"mixup": {"p": 0.5}}]}}, "use weight beside the op"),
        ({"one_of": {"transforms": [{"mixup": {"per": "tile"}}, {"cutmix": {}}]}}, "must agree on per"),
        ({"one_of": {"q": 1, "transforms": [{"mixup": {}}]}}, "unknown parameter 'q'"),
        ({"mixup": {"per": "batch"}}, "must be 'sample' or 'tile', got 'batch'"),
        ({"cutout": {"size": 0}}, "must be greater than 0"),
        ({"some_of": {"transforms": [{"mixup": {}}]}}, "unknown mixing op 'some_of'"),
    ],
)
def test_mixing_that_means_nothing_is_refused(mix: dict[str, Any], message: str) -> None:
    """p is for the whole, weight for the children, and one unit counts for all."""
    found = problems(batch={"size": 32, "mix": mix})
    assert len(found) == 1, found
    assert message in found[0]
