"""Loss and accuracy of a model on a stream, in evaluation mode."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from augflow.stream import BatchStream
from augflow.train.inputs import model_inputs
from augflow.train.loader import StreamLoader
from augflow.train.losses import mixed_accuracy, soft_cross_entropy


@dataclass(frozen=True)
class Scores:
    """Means over `samples` rows: cross entropy in nats, accuracy in [0, 1]."""

    loss: float
    accuracy: float
    samples: int
    majority: float | None = None
    """The share of the most frequent class, which is the accuracy of one constant answer; None where it
    was not counted."""


class Tally:
    """Sums of losses and hits on the device, so that a step does not wait for it."""

    def __init__(self) -> None:
        self._sums: Tensor | None = None

    def add(self, losses: Tensor, hits: Tensor, valid: Tensor) -> None:
        """Count the rows where `valid` holds: `losses` and `hits` are float (N,), `valid` bool (N,)."""
        kept = valid.to(losses.dtype)
        sums = torch.stack([(losses.detach() * kept).sum(), (hits * kept).sum(), kept.sum()]).double()
        self._sums = sums if self._sums is None else self._sums + sums

    def scores(self) -> Scores:
        """The means so far."""
        loss, hits, rows = (0.0, 0.0, 0.0) if self._sums is None else self._sums.tolist()
        return Scores(loss / max(1.0, rows), hits / max(1.0, rows), int(rows))


@torch.no_grad()
def evaluate(model: nn.Module, stream: BatchStream, device: str | torch.device = "cpu") -> Scores:
    """Scores of `model` on one epoch of `stream`; padding does not count, nor does label smoothing.

    The model is moved to `device` and left in the mode it came in.
    """
    was_training = model.training
    model.to(device).eval()
    tally, seen = Tally(), torch.zeros(())
    for batch in StreamLoader(stream, device):
        logits, target = model(*model_inputs(batch, stream.plan)), batch["target"]
        losses = soft_cross_entropy(logits, target, reduction="none")
        tally.add(losses, mixed_accuracy(logits, target), batch["valid"])
        seen = seen + target[batch["valid"]].double().sum(0)
    model.train(was_training)
    return replace(tally.scores(), majority=float(seen.max() / seen.sum().clamp(min=1)))
