"""One run of Lightning's Trainer: quiet, on one device, leaving nothing of its own behind."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.utilities.warnings import PossibleUserWarning
from lightning.pytorch.callbacks import Callback
from torch import nn

from augflow.errors import TrainError
from augflow.plan import Plan
from augflow.spec.regularize import RegularizeSpec
from augflow.stream import BatchStream
from augflow.train.averaging import recompute_statistics
from augflow.train.inputs import model_inputs
from augflow.train.loader import StreamLoader
from augflow.train.module import CHECKPOINT_KEY, RegularizedClassifier
from augflow.train.options import EpochRecord, FitOptions
from augflow.train.stopping import STREAM_KEY, EarlyStopping, LastCheckpoint

LIGHTNING_LOGGERS = ("lightning.pytorch", "lightning.fabric")


class Session:
    """Trains a model on a stream. Afterwards the model has its final (or best) weights."""

    def __init__(self, model: nn.Module, plan: Plan, regularize: RegularizeSpec, options: FitOptions) -> None:
        self.model = model
        self._module = RegularizedClassifier(model, plan, regularize, options)
        self._options = options
        stopping = regularize.early_stopping
        self._stopper = None if stopping is None else EarlyStopping(stopping)

    @property
    def history(self) -> tuple[EpochRecord, ...]:
        """The epochs, those before a resume included."""
        return tuple(self._module.history)

    @property
    def stopped_early(self) -> bool:
        """Whether early stopping ended the run before its last epoch."""
        stopped = self._stopper is not None and self._stopper.stopped
        return stopped and len(self.history) < self._options.epochs

    @property
    def weights_epoch(self) -> int:
        """The epoch at whose end the model had the weights that it has now."""
        best = None if self._stopper is None else self._stopper.best_epoch
        return len(self.history) - 1 if best is None else best

    def run(self, stream: BatchStream, val_stream: BatchStream | None, device: torch.device) -> None:
        """Fit until the last epoch or the end of patience."""
        checkpoint = self._checkpoint(stream, device)
        with _quiet():
            trainer = self._trainer(stream, device)
            loader = StreamLoader(stream, device)
            val_loader = None if val_stream is None else StreamLoader(val_stream, device)
            with _interruptible():
                trainer.fit(self._module, loader, val_loader, ckpt_path=checkpoint)
        self._settle(stream, device)

    def _settle(self, stream: BatchStream, device: torch.device) -> None:
        """Give the model the weights that count: the best, the averaged, or the last."""
        average = self._module.average
        if self._stopper is not None and self._stopper.best_epoch is not None:
            # `on_train_end` does not come where a resumed run has no epoch left to train.
            self._stopper.restore(self._module)
        elif average is not None:
            average.copy_to(self.model)
            if self._module.regularize.swa is not None:
                stream.set_epoch(len(self.history))
                batches = StreamLoader(stream, device)
                inputs = (model_inputs(batch, stream.plan) for batch in batches)
                recompute_statistics(self.model.to(device), inputs)

    def _trainer(self, stream: BatchStream, device: torch.device) -> pl.Trainer:
        callbacks: list[Callback] = [] if self._stopper is None else [self._stopper]
        out = self._options.out
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            callbacks.append(LastCheckpoint(out, stream))
        return pl.Trainer(
            accelerator=device.type,
            devices=1 if device.index is None else [device.index],
            max_epochs=self._options.epochs,
            check_val_every_n_epoch=self._options.check_every,
            callbacks=callbacks,
            enable_checkpointing=out is not None,
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            # Otherwise a cluster's environment variables would decide how many processes there are.
            plugins=[LightningEnvironment()],
        )

    def _checkpoint(self, stream: BatchStream, device: torch.device) -> Path | None:
        """The checkpoint to go on from; the stream refuses one of another stream."""
        if not self._options.resume or self._options.out is None:
            return None
        path = self._options.out / "last.ckpt"
        if not path.exists():
            return None
        saved: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        if STREAM_KEY not in saved:
            raise TrainError(f"{path} was not written by augflow; remove it, or choose another folder")
        _check_recipe(path, saved[CHECKPOINT_KEY]["recipe"], {**self._module.recipe(), "device": device.type})
        stream.load_state_dict(saved[STREAM_KEY])
        return path


def _check_recipe(path: Path, there: dict[str, Any], here: dict[str, Any]) -> None:
    differing = [name for name in here if there.get(name) != here[name]]
    if differing:
        listed = ", ".join(f"{name} {there.get(name)!r} there and {here[name]!r} here" for name in differing)
        raise TrainError(
            f"{path} is of another recipe: {listed}; resume with the same one, or choose another folder"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Lightning's tips and its advice on DataLoader workers, which a stream has no use for."""
    loggers = [logging.getLogger(name) for name in LIGHTNING_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PossibleUserWarning)
            warnings.filterwarnings("ignore", message=".*LeafSpec", category=FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl-C as everywhere in Python: Lightning turns it into exit(1) and leaves SIGINT ignored."""
    on_main_thread = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SystemExit as error:
        if isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error
        raise
    finally:
        if on_main_thread:
            signal.signal(signal.SIGINT, handler)
