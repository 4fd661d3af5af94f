"""The model as Lightning trains it."""

from __future__ import annotations

import math
from dataclasses import asdict
from time import perf_counter
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from augflow.errors import TrainError
from augflow.plan import Plan
from augflow.spec.regularize import RegularizeSpec
from augflow.train.evaluate import Scores, Tally
from augflow.train.inputs import model_inputs
from augflow.train.loader import TensorBatch
from augflow.train.losses import mixed_accuracy, soft_cross_entropy
from augflow.train.optimize import lr_factor, make_optimizer, set_lr
from augflow.train.options import EpochRecord, FitOptions
from augflow.train.regularize import clip_gradients, penalty

CHECKPOINT_KEY = "augflow"


class RegularizedClassifier(pl.LightningModule):
    """Any `nn.Module` from what `model_inputs` gives to logits (N, K), trained as a `RegularizeSpec` says.

    The objective is the cross entropy of soft targets with label smoothing, plus the L1 and L2
    penalties; decay is the optimizer's. Logged for Lightning's own callbacks: `train_loss`,
    `val_loss`, `val_accuracy`. Dropout and norms are layers: they belong to `model`.
    """

    def __init__(self, model: nn.Module, plan: Plan, regularize: RegularizeSpec, options: FitOptions) -> None:
        super().__init__()
        self.model = model
        self.plan = plan
        self.regularize = regularize
        self.options = options
        self.history: list[EpochRecord] = []
        self.val_scores: Scores | None = None
        self._train_tally = Tally()
        self._val_tally = Tally()
        self._started = self._last_step = 0.0
        self._random_state: Tensor | None = None

    def forward(self, *inputs: Tensor) -> Tensor:
        """Logits (N, K) of what `model_inputs` gives."""
        logits: Tensor = self.model(*inputs)
        return logits

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

    def training_step(self, batch: TensorBatch, _step: int) -> Tensor:
        """The objective of one batch."""
        logits, target = self(*model_inputs(batch, self.plan)), batch["target"]
        losses = soft_cross_entropy(logits, target, self.regularize.label_smoothing, reduction="none")
        self._train_tally.add(losses, mixed_accuracy(logits.detach(), target), batch["valid"])
        kept = batch["valid"].to(losses.dtype)
        objective: Tensor = (losses * kept).sum() / kept.sum().clamp(min=1)
        if self.regularize.l1 or self.regularize.l2:
            objective = objective + penalty(self.model, self.regularize.l1, self.regularize.l2)
        return objective

    def on_train_batch_end(self, *_: Any) -> None:
        """Note the time, so that validation does not count as training."""
        self._last_step = perf_counter()

    def on_train_epoch_end(self) -> None:
        """Add the epoch to the history."""
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
        self.log("train_loss", train.loss)
        if self.options.on_epoch is not None:
            self.options.on_epoch(record)

    def on_validation_epoch_start(self) -> None:
        """Start the sums of a check."""
        self._val_tally = Tally()

    def validation_step(self, batch: TensorBatch, _step: int) -> None:
        """Count one batch, unsmoothed."""
        logits, target = self(*model_inputs(batch, self.plan)), batch["target"]
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
        """Set the learning rate of this step."""
        trainer = self.trainer
        total = self.options.epochs * trainer.num_training_batches / trainer.accumulate_grad_batches
        factor = lr_factor(self.global_step, total, self.options)
        for optimizer in trainer.optimizers:
            set_lr(optimizer, self.options.learning_rate * factor)

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip as the spec says; the Trainer's own settings are not used."""
        clip_gradients(self.model, clip_norm=self.regularize.clip_norm, clip_value=self.regularize.clip_value)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what Lightning does not keep: the history and the state of torch's generator."""
        checkpoint[CHECKPOINT_KEY] = {
            "history": [asdict(record) for record in self.history],
            "random_state": _get_random_state(self.device),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take it back."""
        kept = checkpoint[CHECKPOINT_KEY]
        self.history = [EpochRecord(**record) for record in kept["history"]]
        self._random_state = kept["random_state"]


def _get_random_state(device: torch.device) -> Tensor:
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_random_state(state: Tensor, device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.set_rng_state(state.cpu(), device)
    else:
        torch.set_rng_state(state.cpu())
