"""Augmented batches into a torch loop of your own.

python examples/stream_to_torch.py FOLDER_OF_CLASS_FOLDERS [WORKERS]
"""

from __future__ import annotations

import sys

import torch

import augflow
from augflow.train import ResidualCNN, StreamLoader, soft_cross_entropy


def main(folder: str, num_workers: int) -> None:
    pipeline = augflow.load("preset:image/small")
    with pipeline.stream(folder, batch_size=32, num_workers=num_workers) as stream:
        loader = StreamLoader(stream)
        model = ResidualCNN(len(stream.classes))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        for epoch in range(2):
            for batch in loader:
                loss = soft_cross_entropy(model(batch["image"]), batch["target"], label_smoothing=0.1)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            print(f"epoch {epoch}: loss {loss.item():.3f}, next position {loader.state_dict()['epoch']}, 0")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
