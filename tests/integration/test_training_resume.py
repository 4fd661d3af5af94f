"""Lightning's own checkpoints of a `StreamLoader`: each leads to the end of the undisturbed run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch import Tensor, nn

import augflow
from augflow.train import StreamLoader, soft_cross_entropy, weights_sha256

pytestmark = pytest.mark.filterwarnings("ignore")

STEPS, EPOCHS = 5, 3
Seen = list[tuple[int, str]]
Open = Callable[..., augflow.BatchStream]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """The last digits of weights depend on the number of threads; tiny models gain nothing from more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Classifier(pl.LightningModule):
    """What a user writes; momentum and running statistics remember every batch that came."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.LazyLinear(2))
        self.layers(torch.zeros(1, 3, 20, 22))

    def training_step(self, batch: dict[str, Any], _: int) -> Tensor:
        return soft_cross_entropy(self.layers(batch["image"]), batch["target"])

    def validation_step(self, batch: dict[str, Any], _: int) -> None:
        loss = soft_cross_entropy(self.layers(batch["image"]), batch["target"])
        self.log("val_loss", loss, batch_size=len(batch["label"]))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=1e-2)


class Interrupted(Exception):
    """Whatever ends a run in its middle."""


class Recorder(Callback):
    """Notes epoch and bytes of every batch that is trained on; breaks off after so many."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.seen: Seen = []
        self._stop_after = stop_after

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        told = hashlib.sha256(batch["image"].contiguous().numpy().tobytes() + repr(batch["id"]).encode())
        self.seen.append((trainer.current_epoch, told.hexdigest()))

    def on_train_batch_end(self, *_: Any) -> None:
        if len(self.seen) == self._stop_after:
            raise Interrupted


def each_step(folder: Path) -> ModelCheckpoint:
    """A checkpoint after every training step, all of them kept."""
    return ModelCheckpoint(folder, filename="{step}", every_n_train_steps=1, save_top_k=-1)


class Job:
    """A training program: one stream, maybe another to judge by, and Trainer settings."""

    def __init__(
        self, open_stream: Callable[..., augflow.BatchStream], judged: bool, copy_ahead: bool
    ) -> None:
        self._open, self._judged, self._copy_ahead = open_stream, judged, copy_ahead
        self.settings: dict[str, Any] = {"max_epochs": EPOCHS}

    def loader(self, train: bool = True) -> StreamLoader:
        return StreamLoader(self._open(train=train), copy_ahead=self._copy_ahead)

    def run(self, *callbacks: Callback, go_on_from: Path | None = None, **stop: Any) -> tuple[Seen, str]:
        """What was trained on, and the digest of the weights."""
        recorder, module = Recorder(**stop), Classifier()
        trainer = pl.Trainer(
            accelerator="cpu",
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=bool(callbacks),
            callbacks=[recorder, *callbacks],
            **self.settings,
        )
        val = self.loader(train=False) if self._judged else None
        try:
            trainer.fit(module, self.loader(), val, ckpt_path=go_on_from)
        except Interrupted:
            assert stop
        return recorder.seen, weights_sha256(module)


@pytest.fixture
def open_stream(pipeline: augflow.Pipeline, samples: Path) -> Open:
    """Streams of five mixed steps an epoch; those of evaluation see the same files in order."""

    def opened(**options: Any) -> augflow.BatchStream:
        return pipeline.stream(samples, **options)

    return opened


def steps_of(folder: Path) -> dict[int, Path]:
    """The checkpoints of a folder by the number of steps that were trained."""
    return {int(file.stem.partition("=")[2].split("-")[0]): file for file in folder.glob("step=*.ckpt")}


def assert_every_checkpoint_leads_to_the_same_end(job: Job, folder: Path, steps: int) -> None:
    """From each of a run's checkpoints: the batches that were left, and the undisturbed run's weights."""
    seen, weights = job.run()
    assert len(seen) == steps
    assert job.run(each_step(folder)) == (seen, weights)
    checkpoints = steps_of(folder)
    assert sorted(checkpoints) == list(range(1, steps + 1))
    for done, checkpoint in checkpoints.items():
        assert job.run(go_on_from=checkpoint) == (seen[done:], weights), f"resumed after {done} steps"


@pytest.mark.parametrize("copy_ahead", [False, True])
def test_every_checkpoint_leads_to_the_same_end(open_stream: Any, tmp_path: Path, copy_ahead: bool) -> None:
    """Saved after any step of three epochs, the last of an epoch too: the same batches, the same weights."""
    assert_every_checkpoint_leads_to_the_same_end(
        Job(open_stream, judged=False, copy_ahead=copy_ahead), tmp_path, steps=STEPS * EPOCHS
    )


@pytest.mark.parametrize("interval", [2, 5, 0.4])
def test_with_validation_in_mid_epoch(open_stream: Any, tmp_path: Path, interval: float) -> None:
    """Lightning's sanity check and its checks within an epoch move the training stream by nothing."""
    job = Job(open_stream, judged=True, copy_ahead=False)
    job.settings["val_check_interval"] = interval
    assert_every_checkpoint_leads_to_the_same_end(job, tmp_path, steps=STEPS * EPOCHS)


@pytest.mark.parametrize(
    ("settings", "steps"),
    [({"limit_train_batches": 3}, 9), ({"max_epochs": -1, "max_steps": 12}, 12)],
    ids=["limit_train_batches", "max_steps"],
)
def test_where_lightning_ends_the_epoch(
    open_stream: Any, tmp_path: Path, settings: dict[str, Any], steps: int
) -> None:
    """Epochs that Lightning cuts short, and a run that ends in the middle of one."""
    job = Job(open_stream, judged=False, copy_ahead=True)
    job.settings.update(settings)
    assert_every_checkpoint_leads_to_the_same_end(job, tmp_path, steps)


@pytest.mark.parametrize("when", ["train_epoch_end", "validation_end"])
def test_checkpoints_at_the_end_of_an_epoch(open_stream: Any, tmp_path: Path, when: str) -> None:
    """Lightning's usual checkpoints: once an epoch, after which it asks no loader, or at each validation."""
    job = Job(open_stream, judged=True, copy_ahead=False)
    keep = {"filename": "{step}", "save_top_k": -1, "save_on_train_epoch_end": when == "train_epoch_end"}
    if when == "validation_end":
        job.settings["val_check_interval"] = 2
    seen, weights = job.run(ModelCheckpoint(tmp_path, **keep))
    assert len(seen) == STEPS * EPOCHS
    checkpoints = steps_of(tmp_path)
    assert sorted(checkpoints) == ([5, 10, 15] if when == "train_epoch_end" else [2, 4, 7, 9, 12, 14])
    for done, checkpoint in checkpoints.items():
        assert job.run(go_on_from=checkpoint) == (seen[done:], weights), f"resumed after {done} steps"


@pytest.mark.parametrize("stop_after", [2, 7, 11])
def test_the_same_stream_goes_on_after_an_error(open_stream: Any, tmp_path: Path, stop_after: int) -> None:
    """In the same process, on the very stream that was broken off: fit again from the last checkpoint."""
    stream = open_stream()
    job = Job(lambda **_: stream, judged=False, copy_ahead=True)
    seen, weights = Job(open_stream, judged=False, copy_ahead=False).run()
    first, _ = job.run(each_step(tmp_path), stop_after=stop_after)
    assert first == seen[:stop_after]
    done, last = max(steps_of(tmp_path).items())
    assert job.run(go_on_from=last) == (seen[done:], weights)
