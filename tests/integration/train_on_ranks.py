"""What each rank of a training receives, written down.

torchrun ... train_on_ranks.py SPEC SOURCE OUT STOP WORKERS

Goes on from OUT/state.json where there is one, and trains until STOP steps of the whole run are done.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

import augflow
from augflow.train import StreamLoader, soft_cross_entropy, weights_sha256


def processes(title: str) -> list[int]:
    """Those of all ranks whose title begins so, by id: Ray's workers, or the raylets that start them."""
    found = []
    for process in psutil.Process(os.getppid()).children(recursive=True):
        try:
            command = (process.cmdline() or [""])[0]
        except psutil.Error:
            continue
        found += [process.pid] if command.startswith(title) or process.name() == title else []
    return sorted(found)


def rows(batch: dict[str, Any]) -> list[tuple[int, str]]:
    """Index and digest of the bytes of each row."""
    images = batch["image"].contiguous().numpy()
    digests = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    return list(zip(batch["index"].tolist(), digests, strict=True))


def main(spec: str, source: str, out: Path, stop: int, num_workers: int) -> None:
    distributed.init_process_group("gloo")
    torch.manual_seed(0)
    received: list[dict[str, Any]] = []
    with augflow.load(spec).stream(source, num_workers=num_workers) as stream:
        loader = StreamLoader(stream)
        if (out / "state.json").exists():
            loader.load_state_dict(json.loads((out / "state.json").read_text()))
        model = DistributedDataParallel(nn.Sequential(nn.Flatten(), nn.Linear(3 * 20 * 22, 2)))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        place = loader.state_dict()
        while (done := place["epoch"] * len(loader) + place["step"]) < stop:
            for batch in loader:
                received.append({"epoch": place["epoch"], "step": place["step"], "rows": rows(batch)})
                loss = soft_cross_entropy(model(batch["image"]), batch["target"])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                place = loader.state_dict()
                done += 1
                if done == stop:
                    break
        distributed.barrier()  # the workers of every rank are there
        told = {"received": received, "weights": weights_sha256(model.module)}
        told |= {"workers": processes("ray::_Worker"), "raylets": processes("raylet")}
        (out / f"rank-{stream.rank}.json").write_text(json.dumps(told))
        distributed.barrier()  # nobody has stopped his before all have counted
    if stream.rank == stream.world_size - 1:
        (out / "state.json").write_text(json.dumps(place))
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
