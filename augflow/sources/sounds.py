"""Sound files as samples: content decides the decoder, never the name of the file.

WAV and AIFF (8, 16, 24 and 32-bit, float), FLAC, Ogg (Vorbis, Opus) and MP3 go through soundfile
(libsndfile). What libsndfile would shorten in silence is refused here: a file cut off is damaged.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import struct
from functools import cache
from typing import Any

import numpy as np

from augflow.errors import BadSampleError, SourceError
from augflow.sample import Array, Audio

MAX_FILE_BYTES = 512 * 2**20
"""Larger files are refused before they are read."""

MAX_VALUES = 100_000_000
"""Sounds of more samples over all channels are refused, by their header, before memory is taken."""

MAX_CHANNELS = 64

MAX_LEVEL = 16.0
"""24 dB over full scale. Float files may exceed full scale and keep what they hold, as decoders of MP3 and
Vorbis do; far above it are integers that somebody wrote as floats."""

FORMATS = ("WAV", "WAVEX", "RF64", "AIFF", "FLAC", "OGG", "MP3")
"""libsndfile's names."""

MP3_LENGTHS = (b"Xing", b"Info", b"VBRI")
"""Near the start of an MP3 that says how long it is."""

MAX_TAGS = 2048
"""Bytes behind the sound of an MP3 that are taken for tags."""

UNKNOWN_SIZES = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""What recorders write where they cannot go back to fill the size in; RF64 has it elsewhere."""

REMEDY = "install the extra `audio`: pip install -e '.[audio]' in augflow's folder"


class Stream(io.BytesIO):
    """Bytes for libsndfile, which seeks before the start of damaged files and lets no error through."""

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """The start at the least."""
        return super().seek(max(0, offset) if whence == io.SEEK_SET else offset, whence)


def decode_audio(data: bytes, place: str) -> Audio:
    """The sound of an encoded file, float32 (channels, time).

    Integers of n bits are divided by 2**(n-1), so they lie in [-1, 1); floats and lossy formats may exceed
    [-1, 1], up to `MAX_LEVEL`. Raises `BadSampleError` naming `place` where the bytes are damaged, cut off,
    of another kind, too large, without samples, or not finite.
    """
    if not data:
        raise BadSampleError(place, "the file is empty (0 bytes)")
    missing = _missing_bytes(data)
    if missing:
        raise BadSampleError(place, f"truncated sound: {missing}")
    try:
        stream = Stream(data)
        with soundfile().SoundFile(stream) as file:
            _check_header(file, place)
            samples = file.read(dtype="float32", always_2d=True).T
            guessed = file.format == "MP3" and not any(mark in data[:4096] for mark in MP3_LENGTHS)
            _check_length(samples.shape[1], 0 if guessed else file.frames, place)
            _check_guess(len(data) - stream.tell() if guessed else 0, place)
            rate = int(file.samplerate)
    except soundfile().LibsndfileError as error:
        raise BadSampleError(place, _unreadable(data, error.error_string)) from error
    except (MemoryError, OSError, RuntimeError, ValueError) as error:
        raise BadSampleError(place, f"damaged sound: {error or type(error).__name__}") from error
    _check_values(samples, place)
    return Audio(np.ascontiguousarray(samples), rate)


@cache
def soundfile() -> Any:
    """The module `soundfile`; raises `SourceError` where it is not installed."""
    if importlib.util.find_spec("soundfile") is None:
        raise SourceError(f"sound files need soundfile, which is not installed: {REMEDY}")
    return importlib.import_module("soundfile")


def _check_header(file: Any, place: str) -> None:
    if file.format not in FORMATS:
        raise BadSampleError(place, f"{file.format_info} is not supported; convert it to WAV or FLAC")
    if file.channels > MAX_CHANNELS:
        raise BadSampleError(
            place, f"{file.channels} channels, above the limit of {MAX_CHANNELS}; leave some out"
        )
    if file.frames * file.channels > MAX_VALUES:
        raise BadSampleError(
            place,
            f"too long, or without a length in its header: {file.frames:,} samples in {file.channels} "
            f"channels, above the limit of {MAX_VALUES:,} in all; cut it into pieces",
        )


def _check_length(read: int, said: int, place: str) -> None:
    if read == 0:
        raise BadSampleError(place, "the sound has no samples")
    if read < said:
        raise BadSampleError(
            place, f"truncated sound: its header says {said:,} samples, {read:,} could be read"
        )


def _check_guess(unread: int, place: str) -> None:
    """Without a length, libsndfile takes the first frame of an MP3 for all, and stops where that leads."""
    if unread > MAX_TAGS:
        raise BadSampleError(
            place,
            f"an MP3 of variable bit rate without a header of its length: {unread:,} bytes would be left "
            "unread; write it anew, or convert it",
        )


def _check_values(samples: Array, place: str) -> None:
    loudest = max(float(samples.max()), -float(samples.min()))
    if not np.isfinite(loudest):
        bad = int(np.count_nonzero(~np.isfinite(samples)))
        raise BadSampleError(place, f"{bad:,} of {samples.size:,} samples are not finite (NaN or infinite)")
    if loudest > MAX_LEVEL:
        raise BadSampleError(
            place,
            f"samples reach {loudest:.6g}, where full scale is 1 and {MAX_LEVEL:g} the limit; integers "
            "written as floats must be divided by their full scale",
        )


def _missing_bytes(data: bytes) -> str | None:
    """What says that a file was longer, where libsndfile would take it as it is."""
    if data.startswith((b"RIFF", b"RF64")) and data[8:12] == b"WAVE":
        return _missing_wav(data)
    if data.startswith(b"FORM"):
        size, there = int.from_bytes(data[4:8], "big"), len(data) - 8
        return None if size <= there else f"its header says {size:,} bytes, {there:,} are there"
    return _missing_ogg(data) if data.startswith(b"OggS") else None


def _missing_wav(data: bytes) -> str | None:
    place, long_size = 12, None
    while place + 8 <= len(data):
        name, size = data[place : place + 4], struct.unpack_from("<I", data, place + 4)[0]
        if name == b"ds64" and place + 24 <= len(data):
            long_size = struct.unpack_from("<Q", data, place + 16)[0]
        if name == b"data":
            if long_size is not None and size == 0xFFFFFFFF:
                size = long_size
            there = len(data) - place - 8
            if size <= there or (long_size is None and size in UNKNOWN_SIZES):
                return None
            return f"its header says {size:,} bytes of samples, {there:,} are there"
        place += 8 + size + size % 2
    return None


def _missing_ogg(data: bytes) -> str | None:
    """The last page must be whole, and end the stream."""
    start = data.rfind(b"OggS")
    header = data[start : start + 27]
    if len(header) < 27:
        return "it ends in the middle of an Ogg page"
    segments = data[start + 27 : start + 27 + header[26]]
    if len(segments) < header[26] or start + 27 + header[26] + sum(segments) > len(data):
        return "it ends in the middle of an Ogg page"
    return None if header[5] & 4 else "its last Ogg page does not end the stream"


def _unreadable(data: bytes, reason: str) -> str:
    return (
        f"not a readable WAV, AIFF, FLAC, Ogg or MP3 file ({reason.rstrip('.') or 'damaged'}): it has "
        f"{len(data):,} bytes and begins with {data[:12]!r}"
    )
