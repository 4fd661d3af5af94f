"""The tensors of a local weights file, safetensors or torch; nothing in it is run."""

from __future__ import annotations

import io
import os
import pickle
import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from augflow.errors import TrainError
from augflow.regular import TooLargeError, open_regular
from augflow.wording import shown

MAX_FILE_BYTES = 2**35
"""32 GiB: above what one host trains, and below what a file of holes may pretend to have."""

NESTED_UNDER = ("state_dict", "model_state_dict", "model")
"""Where checkpoints keep the weights, in the order in which they are looked for."""

ENDINGS = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".tar")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"

_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RecursionError,
    RuntimeError,
    struct.error,
    TypeError,
    ValueError,
)
"""What torch's restricted unpickler raises on a damaged file: it checks what may run, not what it means."""


def read_weights(path: Path | str) -> dict[str, Tensor]:
    """The tensors by name, on the CPU, of a safetensors or torch file, which its content decides.

    A torch file is read with `weights_only=True`: a state dict, one inside a checkpoint (see
    `NESTED_UNDER`), or what `save_model` wrote. Raises `TrainError` for a hub name or URL, for what is no
    regular file or above 32 GiB, and for a file that is damaged or holds more than tensors and plain values.
    """
    _refuse_remote(path)
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_FILE_BYTES:
                raise TooLargeError(size, MAX_FILE_BYTES)
            start = file.read(9)
            file.seek(0)
            if _is_safetensors(start, size):
                return _read_safetensors(path)
            if not start.startswith((_ZIP, _PICKLE)):
                raise TrainError(
                    f"{path} is no weights file: it starts with {shown(start)}, neither as safetensors nor "
                    "as a file of torch.save; give it one of these"
                )
            return _weights_in(_read_torch(path, file), path)
    except IsADirectoryError as error:
        inside = sorted(entry.name for entry in os.scandir(path) if entry.name.endswith(ENDINGS))
        raise TrainError(
            f"{path} is a folder; name the file in it: {', '.join(inside) or 'it has none'}"
        ) from error
    except OSError as error:
        raise TrainError(f"{path} cannot be read: {error.strerror or error}") from error


def _refuse_remote(path: Path | str) -> None:
    """Raise for what names something on a network, unless a file has that name."""
    name = os.fspath(path)
    if os.path.lexists(name):
        return
    hub = _HUB_NAME.fullmatch(name) and not name.endswith(ENDINGS) and not os.path.isdir(Path(name).parent)
    if hub or (_URL.match(name) and isinstance(path, str)):
        raise TrainError(
            f"{name!r} names weights on a network, and augflow opens no connection: download the file "
            "where there is one (`hf download OWNER/NAME model.safetensors --local-dir .`, or a browser), "
            "and give its path"
        )


def _is_safetensors(start: bytes, size: int) -> bool:
    """Eight bytes of header length, little-endian, then a JSON object."""
    return start[8:9] == b"{" and int.from_bytes(start[:8], "little") <= size - 8


def _read_safetensors(path: Path | str) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise TrainError(
            f"{path} is a safetensors file, and reading it needs safetensors: install the extra `train`"
        ) from error
    try:
        return load_file(path)
    except SafetensorError as error:
        raise TrainError(f"{path} is damaged, fetch it again: {error}") from error


def _read_torch(path: Path | str, file: io.FileIO) -> Any:
    try:
        return torch.load(io.BufferedReader(file), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise TrainError(
            f"{path} is damaged, or holds objects besides tensors and plain values, which are never built "
            "here because building them can run anything; where you trust it, load it once with torch and "
            f"save `model.state_dict()` with torch.save ({_first_line(error)})"
        ) from error
    except _DAMAGE as error:
        raise TrainError(f"{path} is damaged, fetch it again: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no details'}"


def _weights_in(content: Any, path: Path | str) -> dict[str, Tensor]:
    """The state dict in what a torch file holds."""
    if isinstance(content, Mapping):
        for name in NESTED_UNDER:
            if isinstance(content.get(name), Mapping):
                return _weights_in(content[name], path)
        found = {name: value for name, value in content.items() if isinstance(value, Tensor)}
        if found and all(isinstance(name, str) for name in found):
            return found
        keys = ", ".join(shown(key) for key in list(content)[:8]) or "nothing"
        raise TrainError(
            f"{path} holds no named tensors, neither at its top nor under {' or '.join(NESTED_UNDER)}; "
            f"there are {keys}; save `model.state_dict()`"
        )
    raise TrainError(f"{path} holds a {type(content).__name__}, not a state dict; save `model.state_dict()`")
