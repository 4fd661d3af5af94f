"""From bytes or a file to the value of a field, by what the field is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from augflow.errors import BadSampleError
from augflow.sources.base import FieldKind
from augflow.sources.decode import MAX_FILE_BYTES as MAX_IMAGE_BYTES
from augflow.sources.decode import decode_image
from augflow.sources.sounds import MAX_FILE_BYTES as MAX_AUDIO_BYTES
from augflow.sources.sounds import decode_audio
from augflow.sources.storage import read_file

FILE_SUFFIXES: Mapping[FieldKind, frozenset[str]] = {
    "image": frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif"}),
    "audio": frozenset({".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff"}),
    "text": frozenset({".txt"}),
}
"""Names that are taken for files of a kind, in any case; what the content is decides how to decode it."""

NOUNS: Mapping[FieldKind, str] = {"image": "image", "audio": "sound", "text": "text"}
"""What messages call one file of a kind."""

MAX_BYTES: Mapping[FieldKind, int] = {
    "image": MAX_IMAGE_BYTES,
    "audio": MAX_AUDIO_BYTES,
    "text": 64 * 2**20,
}
"""Larger files of a kind are refused before they are read."""

_MARK = b"\xef\xbb\xbf"


def read(kind: FieldKind, path: str, place: str) -> Any:
    """The value that a file holds, given by path or URL; raises `BadSampleError` naming `place`."""
    try:
        data = read_file(path, MAX_BYTES[kind])
    except BadSampleError as error:
        raise BadSampleError(place, error.reason) from error
    return decode(kind, data, place)


def decode(kind: FieldKind, data: bytes, place: str) -> Any:
    """The value that encoded bytes hold: an image uint8 (H, W, 3), an `Audio`, or a text.

    Raises `BadSampleError` naming `place`.
    """
    if kind == "image":
        return decode_image(data, place)
    return decode_audio(data, place) if kind == "audio" else decode_text(data, place)


def decode_text(data: bytes, place: str) -> str:
    """UTF-8 as it stands, without a byte-order mark; an empty text is a bad sample."""
    try:
        text = data.removeprefix(_MARK).decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        at = error.start + (len(_MARK) if data.startswith(_MARK) else 0)
        raise BadSampleError(
            place, f"not UTF-8: {error.reason} 0x{data[at]:02x} at byte {at}, line {line}; save it as UTF-8"
        ) from error
    return checked_text(text, place)


def checked_text(text: str, place: str) -> str:
    """The text; raises `BadSampleError` for an empty one, and for half of a surrogate pair in it."""
    if not text:
        raise BadSampleError(place, "the text is empty")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        raise BadSampleError(
            place, f"character {error.start} is half of a surrogate pair (U+{code:04X}), which is no text"
        ) from error
    return text
