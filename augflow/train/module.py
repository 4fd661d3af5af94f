"""The model as Lightning trains it."""

from __future__ import annotations

import math
from dataclasses import asdict
from time import perf_counter
from typing import Any, cast

import lightning.pytorch as pl
import torch
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor, nn
from torch.optim import Optimizer

from augflow.errors import TrainError
from augflow.plan import Plan
from augflow.spec.regularize import RegularizeSpec, SwaSpec
from augflow.train.averaging import WeightAverage
from augflow.train.evaluate import Scores, Tally
from augflow.train.inputs import model_inputs
from augflow.train.loader import TensorBatch
from augflow.train.losses import mixed_accuracy, soft_cross_entropy
from augflow.train.noise import noisy_weights
from augflow.train.objective import Objective, Outcome
from augflow.train.optimize import lr_factor, make_optimizer, set_lr
from augflow.train.options import EpochRecord, FitOptions
from augflow.train.regularize import check_gradients, clip_gradients, limit_norms, shrink_l1

CHECKPOINT_KEY = "augflow"


class RegularizedClassifier(pl.LightningModule):
    """Any `nn.Module` from what `model_inputs` gives to logits (N, K), trained as a `RegularizeSpec` says.

    A step is written out in `training_step` (Lightning calls this manual optimization, so a Trainer with
    `accumulate_grad_batches` or clipping of its own is refused by Lightning). Logged for Lightning's own
    callbacks: `train_loss`, `val_loss`, `val_accuracy`. Dropout and norms are layers: they belong to
    `model`.
    """

    def __init__(self, model: nn.Module, plan: Plan, regularize: RegularizeSpec, options: FitOptions) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.model = model
        self.plan = plan
        self.regularize = regularize
        self.options = options
        self.average: WeightAverage | None = None
        self._average_state: dict[str, Any] | None = None
        self.history: list[EpochRecord] = []
        self.val_scores: Scores | None = None
        self._objective = Objective(model, plan, regularize)
        self._train_tally = Tally()
        self._val_tally = Tally()
        self._started = self._last_step = self._lr = 0.0
        self._random_state: Tensor | None = None

    @property
    def judged(self) -> nn.Module:
        """The model that validation is about: with `ema_decay` that of the averaged weights."""
        return self.average.model if self.average is not None and self.regularize.ema_decay else self.model

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (N, K) of what `model_inputs` gives."""
        logits: Tensor = self.model(*inputs)
        return logits

    def on_fit_start(self) -> None:
        """Start the mean of the weights where they are: on their device, and as a checkpoint left it."""
        if self.regularize.ema_decay or self.regularize.swa is not None:
            self.average = WeightAverage(self.model, self.regularize.ema_decay or None)
            if self._average_state is not None:
                self.average.load_state_dict(self._average_state)

    def on_train_start(self) -> None:
        """A resumed run draws its dropout as the undisturbed one would have."""
        if self._random_state is not None:
            _set_random_state(self._random_state, self.device)
            self._random_state = None

    def on_train_epoch_start(self) -> None:
        """Start the epoch's sums."""
        self._train_tally = Tally()
        self.val_scores = None
        self._started = self._last_step = perf_counter()

    def training_step(self, batch: TensorBatch, _step: int) -> None:
        """One step: gradient, optimizer, then what holds the weights in bounds."""
        optimizer = cast("LightningOptimizer", self.optimizers())
        outcomes: list[Outcome] = []

        def closure() -> Tensor:
            optimizer.zero_grad()
            with noisy_weights(self.model, self.regularize.weight_noise):
                outcome = self._objective(batch)
                self.manual_backward(outcome.objective)
            self._care_for_gradients(last=len(outcomes) == bool(self.regularize.sam))
            outcomes.append(outcome)
            return outcome.objective

        optimizer.step(closure)
        self._bound()
        first = outcomes[0]  # SAM takes a second one, elsewhere
        hits = mixed_accuracy(first.logits.detach(), first.target)
        self._train_tally.add(first.losses, hits, batch["valid"])

    def _care_for_gradients(self, last: bool) -> None:
        """Look at them, and clip those that the step is taken with: SAM's first ones only point the way."""
        limits = {"clip_norm": self.regularize.clip_norm, "clip_value": self.regularize.clip_value}
        if not last or clip_gradients(self.model, **limits) is None:
            check_gradients(self.model)

    def _bound(self) -> None:
        if self.regularize.proximal_l1:
            shrink_l1(self.model, self._lr * self.regularize.proximal_l1, self.options.lr_factors)
        if self.regularize.max_norm is not None:
            limit_norms(self.model, self.regularize.max_norm)
        if self.average is not None and self.regularize.ema_decay:
            self.average.update(self.model)

    def on_train_batch_end(self, *_: Any) -> None:
        """Note the time, so that validation does not count as training."""
        self._last_step = perf_counter()

    def on_train_epoch_end(self) -> None:
        """Add the epoch to the history, and its weights to the mean that `swa` takes."""
        train = self._train_tally.scores()
        if not math.isfinite(train.loss):
            raise TrainError(
                f"the training loss became {train.loss} in epoch {self.current_epoch}: lower the learning "
                f"rate (now {self.options.learning_rate:g}), or set regularize.clip_norm"
            )
        record = EpochRecord(
            epoch=self.current_epoch,
            train_loss=train.loss,
            train_accuracy=train.accuracy,
            val_loss=None if self.val_scores is None else self.val_scores.loss,
            val_accuracy=None if self.val_scores is None else self.val_scores.accuracy,
            seconds=self._last_step - self._started,
        )
        self.history.append(record)
        if self.average is not None and self._in_mean(self.regularize.swa):
            self.average.update(self.model)
        self.log("train_loss", train.loss)
        if self.options.on_epoch is not None:
            self.options.on_epoch(record)

    def _in_mean(self, swa: SwaSpec | None) -> bool:
        return swa is not None and len(self.history) > swa.start * self.options.epochs

    def on_validation_epoch_start(self) -> None:
        """Start the sums of a check."""
        self._val_tally = Tally()

    def validation_step(self, batch: TensorBatch, _step: int) -> None:
        """Count one batch, unsmoothed."""
        logits, target = self.judged(*model_inputs(batch, self.plan)), batch["target"]
        losses = soft_cross_entropy(logits, target, reduction="none")
        self._val_tally.add(losses, mixed_accuracy(logits, target), batch["valid"])

    def on_validation_epoch_end(self) -> None:
        """Close a check."""
        self.val_scores = self._val_tally.scores()
        self.log_dict({"val_loss": self.val_scores.loss, "val_accuracy": self.val_scores.accuracy})

    def configure_optimizers(self) -> Optimizer:
        """The optimizer. Its learning rate is set before each step, as a function of the step alone.

        A scheduler would need the number of steps here; asking the Trainer for it builds the loader
        before a checkpoint is read, and Lightning then never gives the loader its saved position.
        """
        return make_optimizer(self.model, self.options, self.regularize)

    def on_train_batch_start(self, *_: Any) -> None:
        """Set the learning rate of this step; while `swa` averages, that of its first one is kept.

        Averaging wants weights that still move (arXiv:1803.05407), and a cosine ends at rest.
        """
        total = self.options.epochs * self.trainer.num_training_batches
        swa, step = self.regularize.swa, float(self.global_step)
        step = step if swa is None else min(step, swa.start * total)
        self._lr = self.options.learning_rate * lr_factor(step, total, self.options)
        for optimizer in self.trainer.optimizers:
            set_lr(optimizer, self._lr)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what Lightning does not keep: the history and the state of torch's generator."""
        checkpoint[CHECKPOINT_KEY] = {
            "history": [asdict(record) for record in self.history],
            "random_state": _get_random_state(self.device),
            "average": None if self.average is None else self.average.state_dict(),
            "recipe": self.recipe(),
        }

    def recipe(self) -> dict[str, Any]:
        """What a checkpoint holds the state of, as plain values: a resumed run must be of the same."""
        options = self.options
        return {
            **self.regularize.model_dump(mode="json"),
            "optimizer": options.optimizer,
            "momentum": options.momentum,
            "nesterov": options.nesterov,
            "lr_factors": dict(options.lr_factors or {}),
            "trainable parameters": sum(p.numel() for p in self.model.parameters() if p.requires_grad),
            "device": self.device.type,
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take it back."""
        kept = checkpoint[CHECKPOINT_KEY]
        self.history = [EpochRecord(**record) for record in kept["history"]]
        self._random_state = kept["random_state"]
        self._average_state = kept["average"]


def _get_random_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_random_state(state: Tensor, device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state.cpu(), device)
    else:
        torch.set_rng_state(state.cpu())
