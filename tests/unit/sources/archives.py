"""What the tests of WebDataset share: archives made on the spot."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from augflow.sources.base import FieldRequest
from augflow.sources.classes import ClassList
from augflow.sources.webdataset import WebDataset, open_webdataset

IMAGE = (FieldRequest("image", "image"),)
TEXT = (FieldRequest("text", "text"),)


def png(number: int, size: tuple[int, int] = (4, 3)) -> bytes:
    """A small picture that is like no other."""
    pixels = np.random.default_rng(number).integers(0, 256, (*size, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def tar_bytes(files: Mapping[str, bytes | str | dict[str, Any]]) -> bytes:
    """An archive of files: bytes, texts, and what is to be JSON."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in files.items():
            data = (
                content
                if isinstance(content, bytes)
                else content
                if isinstance(content, str)
                else json.dumps(content)
            )
            data = data.encode() if isinstance(data, str) else data
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def write_shard(folder: Path, name: str, files: Mapping[str, Any]) -> Path:
    """An archive in a folder: `write_shard(tmp_path, "a.tar", {"0.txt": "hello"})`."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tar_bytes(files))
    return path


def opened(
    source: object, fields: tuple[FieldRequest, ...] = IMAGE, frozen: ClassList | None = None, **settings: Any
) -> WebDataset:
    """The source of archives; `settings` are those of a spec's source."""
    return open_webdataset(str(source), settings, frozen, fields)
