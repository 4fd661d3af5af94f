"""A torch loop of one's own: mixed labels, a penalty, decay groups, clipping, evaluation, and a checkpoint.

python examples/plain_loop.py TRAIN_FOLDER VAL_FOLDER CHECKPOINT [EPOCHS] [WORKERS]
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

import augflow
from augflow.train import (
    StreamLoader,
    clip_gradients,
    evaluate,
    parameter_groups,
    penalty,
    reference_model,
    soft_cross_entropy,
)


def main(train: str, val: str, checkpoint: Path, epochs: int, num_workers: int) -> None:
    torch.manual_seed(0)
    pipeline = augflow.load("preset:image/small")  # mixes: targets are shares of classes, (N, K)
    with (
        pipeline.stream(train, batch_size=32, num_workers=num_workers) as stream,
        pipeline.stream(val, train=False, classes=stream.classes) as checks,
    ):
        loader = StreamLoader(stream)
        model = reference_model(stream, stream.plan.spec.regularize)  # or any nn.Module
        optimizer = torch.optim.AdamW(parameter_groups(model, weight_decay=0.05), lr=1e-3)
        if checkpoint.exists():
            saved = torch.load(checkpoint, weights_only=True)
            for part, state in ((model, "model"), (optimizer, "optimizer"), (loader, "data")):
                part.load_state_dict(saved[state])
            torch.set_rng_state(saved["random"])  # dropout's
        for epoch in range(loader.state_dict()["epoch"], epochs):
            for batch in loader:
                loss = soft_cross_entropy(model(batch["image"]), batch["target"], label_smoothing=0.1)
                optimizer.zero_grad()
                (loss + penalty(model, l1=1e-6)).backward()
                clip_gradients(model, clip_norm=1.0)
                optimizer.step()
            scores = evaluate(model, checks)  # padding (`valid` false) does not count
            print(
                f"epoch {epoch}: loss {scores.loss:.3f}, accuracy {scores.accuracy:.3f} of {scores.samples}"
            )
            states = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
            states |= {"data": loader.state_dict(), "random": torch.get_rng_state()}
            torch.save(states, checkpoint)


if __name__ == "__main__":
    options = [int(number) for number in sys.argv[4:]]
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *(options + [2, 0][len(options) :]))
