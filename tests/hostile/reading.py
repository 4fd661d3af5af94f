"""Opening a source and reading all of it, to see how it ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from augflow.errors import AugflowError
from augflow.sources import open_source
from augflow.sources.base import FieldRequest

IMAGE = (FieldRequest("image", "image"),)
TEXT = (FieldRequest("text", "text"),)
AUDIO = (FieldRequest("audio", "audio"),)


def read_all(place: Path | str, fields: Sequence[FieldRequest] = IMAGE) -> int:
    """Open a source and read every sample; returns how many there are."""
    source = open_source(str(place), fields=fields)
    for index in range(len(source)):
        source.read(index)
    return len(source)


def refusal(place: Path | str, fields: Sequence[FieldRequest] = IMAGE) -> str:
    """What augflow says of a source, on lines that a terminal shows as they are."""
    with pytest.raises(AugflowError) as caught:
        read_all(place, fields)
    message = str(caught.value)
    assert all(line.isprintable() for line in message.split("\n")), ascii(message)
    return message
