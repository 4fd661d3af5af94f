"""What `bench_regularization` compares: each technique on top of a plain training, with one strength.

The strengths are common defaults, the same for every data set, and none was tuned on any of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.small_sets import SmallSet, plain_sections, preset_sections

EVERYTHING = ("image", "audio", "text")
MAPS = ("image", "audio")
"""Modalities whose reference model is a residual network over maps; the one for texts has one layer of
filters: no maps whose squares could be dropped or normalized one by one, no branch to skip."""

MIXUP = {"mixup": {"alpha": 0.2}}
CUTMIX = {"cutmix": {"alpha": 1.0, "p": 0.5}}
BY_MODEL = {**MIXUP, "by": "model"}
COPIES = 16
UNMIXED_FRACTION = 0.25


@dataclass(frozen=True)
class Technique:
    """One line of a table."""

    name: str
    regularize: Mapping[str, Any] = field(default_factory=dict)
    mix: Mapping[str, Any] | None = None
    augment: bool = False
    """The augmenting ops of the set's preset."""
    mix_of_preset: bool = False
    regularize_of_preset: bool = False
    longer: int = 1
    """How many times the set's epochs."""
    repeats: int = 1
    """How often each sample stands in its batch, augmented independently; the batch grows with it."""
    unmixed: float = 0.0
    """The share of the epochs, at the end, without mixing."""
    hold_back: float = 0.0
    """The share of the training samples that is kept apart to stop by."""
    modalities: Sequence[str] = EVERYTHING
    against: str = "plain"
    """What it is compared with: the technique of that name, seed by seed."""

    def sections(self, small: SmallSet, epochs: int) -> dict[str, Any]:
        """The spec, as a mapping."""
        shipped = preset_sections(small)
        mix = shipped["batch"].get("mix") if self.mix_of_preset else self.mix
        sections = shipped if self.augment else plain_sections(small)
        kept = shipped.get("regularize", {}) if self.regularize_of_preset else self.regularize
        batch: dict[str, Any] = {"size": small.batch_size * self.repeats}
        if self.repeats > 1:
            batch["repeats"] = self.repeats
        if mix is not None:
            batch["mix"] = dict(mix)
            if self.unmixed:
                batch["mix"]["until_epoch"] = max(1, round(epochs * (1 - self.unmixed)))
        return {**sections, "batch": batch, "regularize": dict(kept)}


def _regularizers() -> list[Technique]:
    drop_block, swa = {"rate": 0.1, "size": 3}, {"start": 0.75}
    stopping = {"patience": 3}
    return [
        Technique("dropout 0.3", {"dropout": 0.3}),
        Technique("channel dropout 0.1", {"channel_dropout": 0.1}),
        Technique("DropBlock 0.1, size 3", {"drop_block": drop_block}, modalities=MAPS),
        Technique("stochastic depth 0.1", {"drop_path": 0.1}, modalities=MAPS),
        Technique("group norm, 8 groups", {"norm": "group"}),
        Technique("layer norm", {"norm": "layer"}),
        Technique("instance norm", {"norm": "instance"}, modalities=MAPS),
        Technique("no norm", {"norm": "none"}),
        Technique("L1 1e-5", {"l1": 1e-5}),
        Technique("L2 5e-4", {"l2": 5e-4}),
        Technique("elastic net 1e-5, 5e-4", {"l1": 1e-5, "l2": 5e-4}),
        Technique("proximal L1 0.01", {"proximal_l1": 0.01}),
        Technique("weight decay 0.05", {"weight_decay": 0.05}),
        Technique("max-norm 2", {"max_norm": 2.0}),
        Technique("input noise 0.1", {"input_noise": 0.1}),
        Technique("weight noise 0.01", {"weight_noise": 0.01}),
        Technique("label smoothing 0.1", {"label_smoothing": 0.1}),
        Technique("R-Drop 1 (with dropout 0.3)", {"r_drop": 1.0, "dropout": 0.3}),
        Technique("gradient norm at most 1", {"clip_norm": 1.0}),
        Technique("SAM 0.05", {"sam": 0.05}),
        Technique("EMA 0.99", {"ema_decay": 0.99}),
        Technique("SWA from 75%", {"swa": swa}),
        Technique("early stopping, patience 3", {"early_stopping": stopping}, hold_back=0.2),
    ]


def _mixing() -> list[Technique]:
    found = []
    for kind, mixup, modalities in (
        ("mixup 0.2", MIXUP, MAPS),
        ("mixup 0.2 of embeddings", BY_MODEL, ("text",)),
    ):
        found.append(Technique(kind, mix=mixup, modalities=modalities))
        last = f"{kind}, the last quarter unmixed"
        found.append(Technique(last, mix=mixup, unmixed=UNMIXED_FRACTION, modalities=modalities))
    found.append(Technique("cutmix 1, p 0.5", mix=CUTMIX))
    return found


def _together() -> list[Technique]:
    whole = {"augment": True, "mix_of_preset": True}
    tripled = "plain, 3 x epochs"
    copied = f"plain, {COPIES} x epochs"
    text = ("text",)
    return [
        Technique("augmentation of the preset", augment=True),
        Technique("augmentation and mixing of the preset", **whole, modalities=MAPS),
        Technique("all together: the preset", **whole, regularize_of_preset=True),
        Technique(tripled, longer=3),
        Technique("all together, 3 x epochs", **whole, regularize_of_preset=True, longer=3, against=tripled),
        Technique(f"EDA, {COPIES} copies in each batch", augment=True, repeats=COPIES, modalities=text),
        Technique(copied, longer=COPIES, modalities=text),
        Technique(f"EDA, {COPIES} x epochs", augment=True, longer=COPIES, against=copied, modalities=text),
    ]


PLAIN = Technique("plain")
TECHNIQUES: Mapping[str, Technique] = {
    one.name: one for one in (PLAIN, *_together(), *_mixing(), *_regularizers())
}


def techniques_of(small: SmallSet) -> list[Technique]:
    """Those that the set's reference model honors; plain comes first."""
    return [one for one in TECHNIQUES.values() if small.modality in one.modalities]


def left_out(small: SmallSet) -> list[str]:
    """The names of the others."""
    return [one.name for one in TECHNIQUES.values() if small.modality not in one.modalities]
