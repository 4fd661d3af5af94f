"""Ops as Python calls, and the stub that editors read."""

from __future__ import annotations

from pathlib import Path

import pytest

import augflow
from augflow import ops
from augflow.stubs import stub


def test_the_stub_is_current() -> None:
    """`augflow/ops.pyi` says what the catalog says; `make stubs` writes it."""
    written = Path(augflow.__file__).with_name("ops.pyi").read_text(encoding="utf-8")
    assert written == stub()


def test_calls_and_yaml_are_the_same_pipeline(tmp_path: Path) -> None:
    """A pipeline built from calls has the fingerprint of its YAML, ids, weights and containers included."""
    pipeline = augflow.Pipeline(
        modality="image",
        augment=[
            ops.rotate(limit=15, p=0.5, id="turn"),
            ops.one_of(ops.blur(weight=2), ops.clahe(), p=0.3),
        ],
        batch={"size": 32, "mix": ops.cutmix(alpha=1.0)},
    )
    file = tmp_path / "spec.yaml"
    file.write_text(pipeline.to_yaml(), encoding="utf-8")
    assert augflow.load(file).fingerprint == pipeline.fingerprint


def test_a_misspelled_op_names_the_closest() -> None:
    """A name that is no op is an AttributeError that offers the names near it."""
    with pytest.raises(AttributeError, match="did you mean rotate"):
        ops.rotat  # noqa: B018 - the access is the test
