"""Sound files that an op mixes in: found in one order on every machine, and looked at before use."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from hashlib import sha256

from augflow.transforms.audio_library import REMEDY, is_installed
from augflow.transforms.library import LibraryMissingError

SUFFIXES = (".aif", ".aiff", ".flac", ".mp3", ".ogg", ".opus", ".wav")
"""What both audiomentations takes and soundfile reads."""

NEED_FFMPEG = (".aac", ".m4a", ".mp4")
"""What audiomentations takes and soundfile does not read."""


class SoundFilesError(ValueError):
    """The files that an op is to mix in are absent or of no use."""


def listed(paths: str | Sequence[str]) -> list[str]:
    """Absolute paths of all sound files, in the order of `paths`, those of a folder sorted by path.

    Raises `SoundFilesError` where a path is absent, holds no sound, or a file cannot be read.
    """
    found: list[str] = []
    for path in [paths] if isinstance(paths, str) else paths:
        inside = [path] if os.path.isfile(path) else sorted(_inside(path))
        sounds = [file for file in inside if file.lower().endswith(SUFFIXES)]
        strange = [file for file in inside if file.lower().endswith(NEED_FFMPEG)]
        if strange or not sounds:
            raise SoundFilesError(_why_not(path, strange))
        found += [os.path.abspath(file) for file in sounds]
    if not found:
        raise SoundFilesError("names no file or folder")
    _check_headers(found)
    return found


def digest(files: Sequence[str]) -> str:
    """SHA-256 of the names and sizes of files, in order.

    Where their folders lie does not count; neither does what is in a file, as with datasets.
    """
    hasher = sha256()
    for file in files:
        hasher.update(f"{os.path.basename(file)}\0{os.path.getsize(file)}\0".encode(errors="surrogateescape"))
    return hasher.hexdigest()


def _inside(folder: str) -> Iterator[str]:
    for root, _, names in os.walk(folder, followlinks=True):
        places = (os.path.join(root, name) for name in names)
        yield from (place for place in places if os.path.isfile(place))  # a pipe would be waited for


def _why_not(path: str, strange: Sequence[str]) -> str:
    if not os.path.exists(path):
        return f"no such file or folder: {path!r}"
    if strange:
        return f"{strange[0]!r} cannot be read without ffmpeg; convert it to WAV or FLAC"
    return f"{path!r} holds no sound file ({', '.join(SUFFIXES)})"


def _check_headers(files: Sequence[str]) -> None:
    """What cannot be mixed in is found now, not at the sound that happens to draw it."""
    if not is_installed("soundfile"):
        raise LibraryMissingError(f"sound files need soundfile, which is not installed: {REMEDY}")
    soundfile = importlib.import_module("soundfile")
    for file in files:
        try:
            frames = soundfile.info(file).frames
        except soundfile.LibsndfileError as error:
            raise SoundFilesError(f"{file!r} cannot be read as sound: {error.error_string}") from error
        if frames == 0:
            raise SoundFilesError(f"{file!r} has no samples")
