"""A trained model in one file that holds tensors and plain values only."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from augflow.errors import TrainError
from augflow.train.options import FitReport
from augflow.train.reference import architecture_of, rebuild

FILE_FORMAT = 2


def save_model(report: FitReport, path: Path | str) -> None:
    """Write the model of a fit: weights, class names, the spec's fingerprint, a reference model's form.

    The file loads with `torch.load(path, weights_only=True)`; it is complete or not there.
    """
    path = Path(path)
    model = report.model
    architecture = architecture_of(model)
    content = {
        "format": FILE_FORMAT,
        "state_dict": model.state_dict(),
        "classes": list(report.classes),
        "fingerprint": report.fingerprint,
        "model": None if architecture is None else type(model).__name__,
        "architecture": architecture,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    torch.save(content, partial)
    os.replace(partial, path)


def load_model(path: Path | str, model: nn.Module | None = None) -> tuple[nn.Module, tuple[str, ...]]:
    """The model of `save_model` in evaluation mode, and its class names.

    A model of your own is passed in as built; its weights are replaced.
    """
    saved: Mapping[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(saved, Mapping) or saved.get("format") != FILE_FORMAT:
        raise TrainError(f"{path} is not a model that augflow saved in format {FILE_FORMAT}")
    if model is None:
        if saved["architecture"] is None:
            raise TrainError(
                f"{path} holds the weights of a model of your own; build it and pass it as `model`"
            )
        model = rebuild(saved["model"], saved["architecture"])
    model.load_state_dict(saved["state_dict"])
    return model.eval(), tuple(saved["classes"])


def weights_sha256(model: nn.Module) -> str:
    """The SHA-256 of a model's parameters and buffers: name, dtype, shape and bytes of each, in order.

    Equal for equal weights on any device. Of a model in DistributedDataParallel pass its `module`, or
    the names differ.
    """
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        # numpy has no bfloat16; bytes it has.
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
