"""A spec written out reads back as the same spec, whatever it holds."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from augflow.spec.items import Collector
from augflow.spec.model import PipelineSpec
from augflow.spec.parse import dump_spec, parse_data, parse_text, written_spec

TRAPS = st.sampled_from(
    ["no", "on", "~", "null", "5e-4", "0x10", "010", "1_000", ".nan", "<<", "=", "- a", "*a"]
)
WORDS = (
    TRAPS | st.text(max_size=12) | st.sampled_from(["a: b", "#", " x ", "\t", "\n", "ä\u2028", "'\"", "{}"])
)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = NUMBERS | WORDS | st.booleans()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
).filter(lambda value: not isinstance(value, dict) or not {"over", "linear"} & set(value))
NAMES = WORDS.filter(lambda word: word not in ("id", "when", "weight", "one_of", "some_of", "random_order"))
IDS = st.from_regex(r"[A-Za-z0-9_.-]{1,64}", fullmatch=True)
EXTRAS = st.fixed_dictionaries({}, optional={"id": IDS, "weight": st.floats(0.001, 1e6) | st.integers(1, 9)})


def with_extras(item: dict[str, Any], extras: dict[str, Any]) -> dict[str, Any]:
    return {**item, **extras}


LEAVES = st.builds(
    with_extras,
    st.builds(lambda name, params: {name: params}, NAMES, st.dictionaries(WORDS, VALUES, max_size=3)),
    EXTRAS,
)
ITEMS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        lambda name, children, extras: {name: {"transforms": children, "p": 0.5}, **extras},
        st.sampled_from(["one_of", "some_of", "random_order"]),
        st.lists(inner, min_size=1, max_size=3),
        EXTRAS,
    ),
    max_leaves=4,
)
SECTIONS = st.lists(ITEMS, max_size=2)
SPECS = st.fixed_dictionaries(
    {"modality": st.just("image")},
    optional={
        "version": st.just(1),
        "name": WORDS,
        "seed": st.integers(0, 2**63 - 1),
        "prepare": SECTIONS,
        "augment": SECTIONS,
        "evaluate": SECTIONS,
        "finish": SECTIONS,
        "source": st.fixed_dictionaries(
            {},
            optional={
                "path": WORDS,
                "max_bad": st.integers(0, 9),
                "links": st.sampled_from(["inside", "follow"]),
            },
        ),
        "batch": st.fixed_dictionaries(
            {},
            optional={
                "size": st.integers(1, 999),
                "mix": st.fixed_dictionaries(
                    {"mixup": st.just({"alpha": 0.4})},
                    optional={"at": st.just("finish"), "by": st.just("model"), "id": IDS},
                ),
            },
        ),
        "output": st.fixed_dictionaries({}, optional={"mean": st.just((0.1, 0.2)), "std": st.just("half")}),
        "regularize": st.fixed_dictionaries(
            {}, optional={"dropout": st.floats(0, 0.99), "l1": st.just(1e-9)}
        ),
    },
)


def spec_of(data: dict[str, Any]) -> PipelineSpec:
    parsed = parse_data(data)
    assert parsed.spec is not None, parsed.collector.sorted()
    return parsed.spec


@given(SPECS)
@settings(max_examples=60, deadline=None)
def test_dumped_specs_parse_to_equal_specs(data: dict[str, Any]) -> None:
    """dump_spec, then parse, gives an equal spec, for every word and number that YAML could misread."""
    spec = spec_of(data)
    again = parse_text(dump_spec(spec), Collector("dumped"))
    assert again.spec == spec, dump_spec(spec)
    assert spec_of(written_spec(spec)) == spec


def test_defaults_are_left_out_of_what_is_written() -> None:
    """A dumped spec says what the user said, in the order of the sections."""
    spec = spec_of({"modality": "image", "batch": {"size": 32}, "augment": [{"flip": {"p": 0.5}}], "seed": 0})
    assert dump_spec(spec).splitlines()[:2] == ["version: 1", "modality: image"]
    assert list(written_spec(spec)) == ["version", "modality", "augment"]
