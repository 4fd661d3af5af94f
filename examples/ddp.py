"""One model on several ranks. Stopped, it goes on where it was, on another number of ranks too.

torchrun --nproc-per-node 2 examples/ddp.py FOLDER_OF_CLASS_FOLDERS CHECKPOINT [EPOCHS] [WORKERS]
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

import augflow
from augflow.train import LayerOptions, ResidualCNN, StreamLoader, soft_cross_entropy, weights_sha256


def main(folder: str, checkpoint: Path, epochs: int, num_workers: int) -> None:
    distributed.init_process_group("gloo")  # on GPUs: "nccl", and the loader and the model on their device
    torch.manual_seed(0)
    pipeline = augflow.load("preset:image/small")
    with pipeline.stream(folder, batch_size=16, num_workers=num_workers) as stream:  # 16 over all ranks
        loader = StreamLoader(stream)
        # Batch norm would see the samples of one rank only, and so depend on how many there are.
        model = DistributedDataParallel(ResidualCNN(len(stream.classes), options=LayerOptions(norm="none")))
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        if checkpoint.exists():
            saved = torch.load(checkpoint, weights_only=True)
            model.module.load_state_dict(saved["model"])
            optimizer.load_state_dict(saved["optimizer"])
            loader.load_state_dict(saved["data"])
        steps = 0
        for _ in range(loader.state_dict()["epoch"], epochs):
            for batch in loader:
                loss = soft_cross_entropy(model(batch["image"]), batch["target"])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                steps += 1
                if stream.rank == 0:
                    saved = {"model": model.module.state_dict(), "optimizer": optimizer.state_dict()}
                    torch.save({**saved, "data": loader.state_dict()}, checkpoint.with_suffix(".partial"))
                    checkpoint.with_suffix(".partial").replace(checkpoint)
        print(f"rank {stream.rank}: {steps} steps, weights {weights_sha256(model.module)}")
    distributed.destroy_process_group()


if __name__ == "__main__":
    options = [int(number) for number in sys.argv[3:]]
    main(sys.argv[1], Path(sys.argv[2]), *(options + [2, 0][len(options) :]))
