"""How strong a spec regularizes, each knob against the upper end of what is ordinary for it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from augflow.spec.base import OpSpec
from augflow.spec.model import PipelineSpec
from augflow.train.options import DEFAULT_LR, FitReport

RATES: Mapping[str, float] = {
    "dropout": 0.5,  # Srivastava 2014, JMLR 15
    "channel_dropout": 0.5,  # Tompson 2015, arXiv:1411.4280
    "drop_block.rate": 0.25,  # DropBlock, arXiv:1810.12890: 0.05 to 0.25 worked
    "drop_path": 0.5,  # stochastic depth, arXiv:1603.09382
    "label_smoothing": 0.2,  # arXiv:1512.00567 has 0.1
}
"""The highest ordinary chance. What a chance p does goes with its odds p / (1 - p): that is the variance of
the noise that dropout multiplies with (Wager 2013, arXiv:1307.1493)."""
FACTORS: Mapping[str, float] = {
    "l1": 1e-3,
    "proximal_l1": 0.1,  # a tenth of the step of Adam
    "input_noise": 0.5,  # half a standard deviation of the normalized input
    "weight_noise": 0.1,
    "r_drop": 2.5,  # R-Drop, arXiv:2106.14448: 1 to 5 beside the sum of two losses, here beside their mean
    "sam": 0.2,  # SAM, arXiv:2010.01412: 0.01 to 0.5, mostly 0.05 to 0.2
}
"""The highest ordinary value of what acts in proportion."""
L2 = 1e-2
"""Keras' default for the penalty of a layer."""
SHRUNK = 3e-4
"""Ordinary decoupled decay takes at most this share off the weights in a step at the optimizer's usual
learning rate: 0.1 for adamw, 0.006 for sgd. Where a norm follows, the weights' length does not show in the
outputs, and what decay does to their direction goes with its root (arXiv:2305.17212); so for `l2`."""
SMALLEST_NORM = 1.0
"""`max_norm` is 3 to 4 in Srivastava 2014; below this a unit is hardly heard."""
RAND_AUGMENT = 2 * 9
"""Ops times magnitude, as on ImageNet in arXiv:1909.13719."""
MIXED = 0.5
"""The ordinary share of mixed batches; some recipes with hundreds of epochs mix all of them."""


@dataclass(frozen=True)
class Knob:
    """A regularizer that is on."""

    name: str
    """The key of the spec."""
    value: float
    load: float
    """Its strength over that of the highest ordinary value: above 1 it is strong."""
    eased: float
    """Half of it, or the highest ordinary value where that is less."""


def strengths(report: FitReport) -> list[Knob]:
    """What regularizes in `report`'s recipe, the strongest first."""
    knobs = [*_regularizers(report), *_mixing(report.spec), *_policies(report.spec)]
    return sorted(knobs, key=lambda knob: -knob.load)


def augments(spec: PipelineSpec) -> bool:
    """Whether training sees samples in another form than evaluation does."""
    return any(True for _ in _augmenting(spec))


def augmentation(spec: PipelineSpec) -> list[Knob]:
    """The ops of `augment` whose chance is written, the likeliest first; each at its ordinary strength."""
    found = []
    for name, op in _augmenting(spec):
        p: Any = op.params.get("p")
        # Halving the chance of a crop leaves samples of different sizes.
        if _is_number(p) and "crop" not in op.op:
            found.append(Knob(f"{name}.p", p, p, p / 2))
    return sorted(found, key=lambda knob: -knob.load)


def _regularizers(report: FitReport) -> Iterator[Knob]:
    regularize = report.regularize
    values: dict[str, Any] = {
        name: getattr(regularize, name) for name in (*RATES, *FACTORS) if "." not in name
    }
    values["drop_block.rate"] = 0.0 if regularize.drop_block is None else regularize.drop_block.rate
    for name, value in values.items():
        if value and name in RATES:
            yield _knob(f"regularize.{name}", value, RATES[name], odds=True)
        elif value:
            yield _knob(f"regularize.{name}", value, FACTORS[name])
    limits = {"l2": L2, "weight_decay": SHRUNK / DEFAULT_LR[report.options.optimizer]}
    for name, limit in limits.items():
        if value := getattr(regularize, name):
            yield replace(_knob(f"regularize.{name}", value, limit), load=math.sqrt(value / limit))
    if regularize.max_norm:
        norm = regularize.max_norm
        yield Knob("regularize.max_norm", norm, SMALLEST_NORM / norm, max(2 * norm, SMALLEST_NORM))


def _mixing(spec: PipelineSpec) -> Iterator[Knob]:
    mix = spec.batch.mix
    p = None if mix is None else mix.params.get("p", 1.0)
    if mix is not None and _is_number(p) and p:
        yield _knob(f"batch.mix.{mix.op}.p", p, MIXED)


def _policies(spec: PipelineSpec) -> Iterator[Knob]:
    for name, op in _augmenting(spec):
        ops, magnitude = op.params.get("num_ops", 2), op.params.get("magnitude", 9)
        if op.op == "rand_augment" and _is_number(ops) and _is_number(magnitude) and magnitude:
            yield Knob(f"{name}.magnitude", magnitude, ops * magnitude / RAND_AUGMENT, magnitude / 2)


def _knob(name: str, value: float, limit: float, *, odds: bool = False) -> Knob:
    load = value / limit
    if odds:
        load *= (1 - limit) / (1 - value)
    return Knob(name, value, load, float(f"{min(value / 2, limit):.2g}"))


def _augmenting(spec: PipelineSpec) -> Iterator[tuple[str, OpSpec]]:
    """The items of `augment` by name, but for those that evaluation applies just so."""
    for field_name, field in spec.main_fields().items():
        at = "augment" if spec.modality is not None else f"fields.{field_name}.augment"
        same = [op.model_copy(update={"params": {**op.params, "p": 1}}) for op in field.evaluate]
        for op in field.augment:
            if op not in same and op not in field.evaluate:
                yield f"{at}.{op.op}", op


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
