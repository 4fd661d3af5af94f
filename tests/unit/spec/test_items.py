"""The form of list items: one op a mapping, and what is refused because it is not there yet."""

from __future__ import annotations

import pytest

from augflow.errors import SpecError
from augflow.plan import compile_plan
from augflow.spec.items import Collector
from augflow.spec.parse import parse_text

HEAD = "version: 1\nmodality: image\n"


def problems(text: str) -> list[str]:
    """Everything wrong with a spec that starts with the usual head."""
    with pytest.raises(SpecError) as caught:
        compile_plan(parse_text(HEAD + text, Collector("s.yaml")))
    return str(caught.value).splitlines()


FORMS = [
    ("rotate", "must be a mapping, got the word 'rotate'; write `- rotate: {}`"),
    ("5", "must be a mapping with one op, got 5"),
    ("[rotate: {}]", "must be a mapping with one op, got [{'rotate': {}}]"),
    ("{}", "must hold exactly one op, has no op"),
    ("{rotate: {}, blur: {}}", "must hold exactly one op, has the ops rotate, blur"),
    ("{rotate: {}, p: 0.5}", "has the ops rotate, p; give each op its own `- `"),
    ("{id: a}", "must hold exactly one op, has no op"),
]


@pytest.mark.parametrize(("item", "expected"), FORMS)
def test_an_item_without_form_leaves_the_places_of_later_items_right(item: str, expected: str) -> None:
    """The wrong item is reported in its place, and the wrong parameter after it in its own."""
    text = f"augment:\n  - {item}\n  - rotate: {{limit: x}}\nevaluate:\n  - {item}\n"
    found = problems(text)
    assert len(found) == 3
    assert found[0].startswith("s.yaml:4:5: $.augment[0]: ")
    assert expected in found[0]
    assert found[1].startswith("s.yaml:5:14: $.augment[1].rotate.limit: ")
    assert found[2].startswith("s.yaml:7:5: $.evaluate[0]: ")


def test_a_child_without_form_leaves_the_places_of_later_children_right() -> None:
    """The same inside containers and inside mixing."""
    text = (
        "augment:\n  - one_of:\n      transforms:\n        - flip\n        - rotate: {limit: x}\n"
        "batch: {mix: {one_of: {transforms: [mixup, {cutmix: {alpha: -1}}]}}}\n"
    )
    assert [line.split(": ")[1] for line in problems(text)] == [
        "$.augment[0].one_of.transforms[0]",
        "$.augment[0].one_of.transforms[1].rotate.limit",
        "$.batch.mix.one_of.transforms[0]",
        "$.batch.mix.one_of.transforms[1].cutmix.alpha",
    ]


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("augment: {rotate: {}}", "$.augment", "must be a list of ops"),
        ("augment: rotate", "$.augment", "must be a list of ops, got 'rotate'; put `- ` before each op"),
        ("augment: [{rotate: 15}]", "$.augment[0].rotate", "parameters must be a mapping, got 15"),
        ("augment: [{one_of: {}}]", "$.augment[0].one_of.transforms", "a list of at least one op"),
        ("augment: [{one_of: {transforms: []}}]", "$.augment[0].one_of.transforms", "at least one op"),
        ("augment: [{one_of: [flip: {}]}]", "$.augment[0].one_of", "parameters must be a mapping"),
        ("augment: [{flip: {}, id: a/b}]", "$.augment[0].id", "must be a word of up to 64 letters"),
        ("augment: [{flip: {}, id: 5}]", "$.augment[0].id", "must be a word"),
        ("augment: [{one_of: {transforms: [{flip: {}, weight: 0}]}}]", "weight", "above 0, got 0"),
        ("augment: [{one_of: {transforms: [{flip: {}, weight: true}]}}]", "weight", "above 0, got True"),
        ("batch: {mix: mixup}", "$.batch.mix", "must be one op such as `mixup: {alpha: 0.2}`, got 'mixup'"),
        ("batch: {mix: {}}", "$.batch.mix", "must be one op such as `mixup: {alpha: 0.2}`"),
        ("batch: {mix: {at: finish}}", "$.batch.mix", "must hold exactly one op, has no op"),
        ("batch: {mix: {mixup: {}, at: end}}", "$.batch.mix.at", "must be augment or finish, got 'end'"),
        ("batch: {mix: {mixup: {}, by: [1]}}", "$.batch.mix.by", "must be worker or model, got [1]"),
        ("batch: {mix: {mixup: {}, weight: 2}}", "$.batch.mix.weight", "children of one_of; remove it"),
    ],
)
def test_items_that_nearly_have_the_form(text: str, place: str, expected: str) -> None:
    """Each mistake of form is one problem with its path and what to write in place of it."""
    found = problems(text + "\n")
    assert len(found) == 1, found
    assert place in found[0]
    assert expected in found[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("augment: [{flip: {}, when: epoch > 3}]", "$.augment[0].when: must map `label` or a column"),
        ("augment: [{flip: {}, when: {label: {in: 3}}}]", "$.augment[0].when.label: must be a value, a list"),
        ("augment: [{flip: {}, when: {label: []}}]", "$.augment[0].when.label: must be a value, a list"),
        ("batch: {mix: {mixup: {}, when: {label: a}}}", "$.batch.mix.when: mixing takes all samples"),
        ("views: 2", "$.views: `views` belongs under `batch`; move it there"),
        (
            "batch: {mix_until: 3}",
            "$.batch.mix_until: unknown key 'mix_until'; write `mix: {until_epoch: ...}`",
        ),
        ("repeats: 2", "$.repeats: `repeats` belongs under `batch`; move it there"),
        (
            "fields: {image: {modality: image}}",
            "needs `modality: image|text|audio` for one field, or `fields:`",
        ),
        (
            "batch: {mix: {mixup: {}, until_epoch: 0}}",
            "$.batch.mix.until_epoch: must be greater than or equal to 1",
        ),
    ],
)
def test_conditions_and_batch_keys_say_their_form(text: str, expected: str) -> None:
    """What stands in the wrong form or place is told with its place and what to write."""
    found = problems(text + "\n")
    assert len(found) == 1, found
    assert expected in found[0]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("{mask: {follows: image}}", "fields.mask.follows must name a field of images, got 'image'"),
        ("{a: {modality: image}, b: {follows: a}}", "fields.b must say its kind (mask, boxes or keypoints)"),
        ("{label: {modality: text}}", "a field is named by letters, digits and _, and not target, label"),
        (
            "{a: {modality: image, follows: b}}",
            "needs either `modality: image|text|audio` or `follows: FIELD`",
        ),
        ("{a: {modality: image}, mask: {follows: a, augment: [flip: {}]}}", "so its ops are those of 'a'"),
        ("{a: {modality: smell}}", "$.fields.a.modality: must be 'image', 'text' or 'audio', got 'smell'"),
        ("{a: {modality: text, form: x}}", "$.fields.a.form: unknown key 'form'; did you mean from"),
    ],
)
def test_fields_say_what_is_wrong(fields: str, expected: str) -> None:
    """Names, leaders and kinds of fields are checked together."""
    collector = Collector("s.yaml")
    parse_text(f"version: 1\nfields: {fields}\n", collector)
    found = [str(problem) for problem in collector.sorted()]
    assert len(found) == 1, found
    assert expected in found[0]


def test_empty_sections_and_ops_without_parameters_are_fine() -> None:
    """`augment:` with nothing under it is an empty list, `flip:` an op with its defaults."""
    text = f"{HEAD}prepare:\naugment:\n  - flip:\nbatch:\nregularize:\n"
    spec = parse_text(text, Collector("s.yaml")).spec
    assert spec is not None
    assert (spec.prepare, spec.augment[0].params, spec.batch.size) == ((), {}, 32)
