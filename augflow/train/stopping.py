"""Callbacks of a fit: early stopping, and the checkpoint of each epoch."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback, Checkpoint
from torch import Tensor

from augflow.spec.regularize import EarlyStoppingSpec
from augflow.stream import BatchStream
from augflow.train.module import RegularizedClassifier

STREAM_KEY = "augflow_stream"


class EarlyStopping(Callback):
    """Stop when the validation loss has not improved for `patience` checks, and restore the best weights.

    Patience counts checks whose loss is not more than `min_delta` below the last improvement (Prechelt
    1998); the best weights are those of the lowest loss, however little lower. Lightning's own early
    stopping leaves the weights of the last epoch in place; this one keeps the best in memory.
    """

    def __init__(self, spec: EarlyStoppingSpec) -> None:
        self._spec = spec
        self.best_epoch: int | None = None
        """The epoch of the best weights; None before the first check."""
        self._lowest = self._improved = math.inf
        self._best_weights: dict[str, Tensor] | None = None
        self._waited = 0

    @property
    def stopped(self) -> bool:
        """Whether the patience is used up."""
        return self._waited >= self._spec.patience

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """A resumed run that had already stopped stays stopped."""
        trainer.should_stop = trainer.should_stop or self.stopped

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count a check. A loss that is not finite is no improvement."""
        if trainer.sanity_checking or not isinstance(pl_module, RegularizedClassifier):
            return
        loss = math.nan if pl_module.val_scores is None else pl_module.val_scores.loss
        if loss < self._lowest:
            self._lowest, self.best_epoch = loss, pl_module.current_epoch
            self._best_weights = {k: v.detach().clone() for k, v in pl_module.judged.state_dict().items()}
        if loss < self._improved - self._spec.min_delta:
            self._improved, self._waited = loss, 0
        else:
            self._waited += 1
        trainer.should_stop = trainer.should_stop or self.stopped

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the best weights back."""
        if isinstance(pl_module, RegularizedClassifier):
            self.restore(pl_module)

    def restore(self, module: RegularizedClassifier) -> None:
        """Give the model its best weights, where there was a check."""
        if self._best_weights is not None:
            module.model.load_state_dict(self._best_weights)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "losses": (self._lowest, self._improved),
            "epoch": self.best_epoch,
            "weights": self._best_weights,
            "waited": self._waited,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self._lowest, self._improved = state_dict["losses"]
        self.best_epoch = state_dict["epoch"]
        self._best_weights = state_dict["weights"]
        self._waited = state_dict["waited"]


class LastCheckpoint(Checkpoint):
    """Writes `last.ckpt` after each epoch; a kill in the middle leaves the file of the epoch before."""

    def __init__(self, folder: Path, stream: BatchStream) -> None:
        self._path = folder / "last.ckpt"
        self._stream = stream

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write beside the old file, then take its place."""
        fresh = self._path.with_suffix(".partial")
        trainer.save_checkpoint(fresh)
        os.replace(fresh, self._path)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Add the stream's state, by which a resume tells whether it has the same stream before it."""
        checkpoint[STREAM_KEY] = self._stream.state_dict()
