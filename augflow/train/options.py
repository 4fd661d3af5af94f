"""What a fit is asked for, and what it reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from torch import nn

from augflow.errors import TrainError
from augflow.spec.model import PipelineSpec
from augflow.spec.regularize import RegularizeSpec
from augflow.train.pretrained import PretrainedReport

DEFAULT_LR: Mapping[str, float] = {"adamw": 3e-3, "sgd": 0.05}
SCHEDULES = ("cosine", "step", "constant")


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of a fit. Losses are means a sample; accuracies are in [0, 1]."""

    epoch: int
    """Counted from 0."""
    train_loss: float
    """Of the augmented, mixed and smoothed training batches, in training mode, without penalties."""
    train_accuracy: float
    """On the same batches; a mixed sample counts with the shares of its label."""
    val_loss: float | None
    """Unsmoothed, in evaluation mode; None where this epoch had no check."""
    val_accuracy: float | None
    seconds: float
    """Wall clock of the training part, the stream included."""


@dataclass(frozen=True)
class FitOptions:
    """How to fit, besides what the spec says under `regularize`."""

    epochs: int = 20
    optimizer: Literal["adamw", "sgd"] = "adamw"
    """The decay is decoupled in both."""
    lr: float | None = None
    """Peak learning rate; None is 0.003 for adamw and 0.05 for sgd."""
    lr_factors: Mapping[str, float] | None = None
    """What the learning rate of a module or parameter is multiplied by, by its name: `{"backbone": 0.1}`."""
    pretrained: Path | None = None
    """A local safetensors or torch file of weights to start from, as `load_pretrained` takes it."""
    backbone_lr: float | None = None
    """What the learning rate of all but the head is multiplied by; 0 freezes it. The head is `classify`."""
    momentum: float = 0.9
    """Of sgd; adamw has its own."""
    nesterov: bool = True
    """Whether the momentum of sgd looks ahead."""
    schedule: Literal["cosine", "step", "constant"] = "cosine"
    milestones: tuple[float, ...] = (0.5, 0.75)
    """Of `schedule="step"`: the shares of all steps after which the learning rate falls."""
    gamma: float = 0.1
    """What it is multiplied by at each milestone."""
    warmup_fraction: float = 0.05
    """The share of all steps in which the learning rate rises."""
    check_every: int = 1
    """Epochs from one validation to the next; the patience of early stopping counts these checks."""
    seed: int = 0
    """For the first weights and for dropout; the data has the stream's own seed."""
    regularize: RegularizeSpec | None = None
    """None takes the training stream's spec."""
    device: str | None = None
    """`cpu`, `cuda` or `cuda:N`; None is CUDA where there is one."""
    threads: int | None = None
    """torch threads on the CPU during the fit; None leaves them. Workers share the cores with it."""
    out: Path | None = None
    """Where `last.ckpt` is written after each epoch; None writes nothing."""
    resume: bool = False
    """Go on from `last.ckpt` in `out`, where there is one."""
    on_epoch: Callable[[EpochRecord], None] | None = field(default=None, compare=False)
    """Called after each epoch, for progress."""

    def __post_init__(self) -> None:
        rules = (
            ("epochs", self.epochs, self.epochs >= 1, "at least 1"),
            ("optimizer", self.optimizer, self.optimizer in DEFAULT_LR, " or ".join(DEFAULT_LR)),
            ("lr", self.lr, self.lr is None or self.lr > 0, "above 0"),
            ("backbone_lr", self.backbone_lr, (self.backbone_lr or 0) >= 0, "at least 0"),
            (
                "lr_factors",
                self.lr_factors,
                not (self.lr_factors and self.backbone_lr is not None),
                "given without backbone_lr",
            ),
            ("momentum", self.momentum, 0 <= self.momentum < 1, "in [0, 1)"),
            ("schedule", self.schedule, self.schedule in SCHEDULES, "cosine, step or constant"),
            (
                "milestones",
                self.milestones,
                self._milestones_rise(),
                "rising, between warmup_fraction and 1",
            ),
            ("gamma", self.gamma, 0 < self.gamma <= 1, "in (0, 1]"),
            ("warmup_fraction", self.warmup_fraction, 0 <= self.warmup_fraction < 1, "in [0, 1)"),
            ("check_every", self.check_every, self.check_every >= 1, "at least 1"),
            ("threads", self.threads, self.threads is None or self.threads >= 1, "at least 1"),
            ("resume", self.resume, self.out is not None or not self.resume, "used with `out`"),
        )
        for name, value, holds, rule in rules:
            if not holds:
                raise TrainError(f"{name} must be {rule}, got {value!r}")

    def _milestones_rise(self) -> bool:
        if self.schedule != "step":
            return True
        shares = (self.warmup_fraction, *self.milestones, 1.0)
        return bool(self.milestones) and all(one < later for one, later in pairwise(shares))

    @property
    def learning_rate(self) -> float:
        """The peak learning rate."""
        return DEFAULT_LR[self.optimizer] if self.lr is None else self.lr


@dataclass(frozen=True)
class FitReport:
    """What came of a fit. Accuracies in [0, 1], in evaluation mode, of the weights that `model` holds."""

    history: tuple[EpochRecord, ...]
    val_accuracy: float | None
    val_loss: float | None
    val_samples: int
    train_accuracy: float | None
    """On the training samples without augmentation; None where no such stream was given."""
    train_loss: float | None
    train_samples: int
    train_majority: float
    """The share of the most frequent class among them; 0 where they were not looked at."""
    stopped_early: bool
    best_epoch: int | None
    """The epoch with the lowest validation loss, from 0."""
    weights_epoch: int
    """The epoch whose weights `model` has: the best with early stopping, else the last. With `ema_decay` and
    `swa` their mean as it was then."""
    samples_per_s: float
    """Training samples through stream and model, without validation."""
    seed: int
    classes: tuple[str, ...]
    fingerprint: str
    """Of the training stream's spec."""
    options: FitOptions = field(repr=False)
    """As asked for, with the `regularize` that was used, and without `on_epoch`."""
    spec: PipelineSpec = field(repr=False)
    """Of the training stream."""
    model: nn.Module = field(repr=False, compare=False)
    sparsity: float = 0.0
    """The share of weights that are exactly 0, as `proximal_l1` makes them."""
    pretrained: PretrainedReport | None = None
    """What of the file in `FitOptions.pretrained` fitted; None where none was given."""

    @property
    def epochs_run(self) -> int:
        """How many epochs were trained."""
        return len(self.history)

    @property
    def regularize(self) -> RegularizeSpec:
        """What regularized the fit."""
        return self.options.regularize or self.spec.regularize

    @property
    def gap(self) -> float | None:
        """Training accuracy less validation accuracy: what was learned by heart."""
        if self.train_accuracy is None or self.val_accuracy is None:
            return None
        return self.train_accuracy - self.val_accuracy

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values, without the model."""
        names = (
            "val_accuracy",
            "val_loss",
            "val_samples",
            "train_accuracy",
            "train_loss",
            "train_samples",
            "gap",
            "epochs_run",
            "stopped_early",
            "best_epoch",
            "weights_epoch",
            "samples_per_s",
            "sparsity",
            "seed",
            "fingerprint",
        )
        values = {name: getattr(self, name) for name in names}
        return {**values, "classes": list(self.classes), "history": [asdict(row) for row in self.history]}
