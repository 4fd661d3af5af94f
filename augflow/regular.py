"""Regular files, read whole and within a limit: a pipe would block for ever, a device has no end."""

from __future__ import annotations

import errno
import io
import os
import stat

PIECE_BYTES = 2**20
"""How much is read at a time of what a file has beyond its size."""


class TooLargeError(OSError):
    """A file has more bytes than its reader takes; `size` is what it has, or has at least."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(errno.EFBIG, f"the file has {size:,} bytes, above the limit of {limit:,}")
        self.size = size


def open_regular(path: str | os.PathLike[str]) -> io.FileIO:
    """An open file, unbuffered; raises `OSError` for pipes, devices, sockets and folders, and for names that
    no file can have."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
    except ValueError as error:  # a NUL, or half of a surrogate pair
        raise OSError(errno.EINVAL, f"no file can have this name: {error}") from error
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "a pipe, device or socket, which is no file; copy it into one")
        return io.FileIO(descriptor)
    except OSError:
        os.close(descriptor)
        raise


def read_regular(path: str | os.PathLike[str], limit: int) -> bytes:
    """All bytes of a file; raises `OSError` as `open_regular` does, `TooLargeError` above `limit` bytes.

    It is read up to the limit and no further, for it may grow, or say that it is empty as /proc does.
    """
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > limit:
            raise TooLargeError(size, limit)
        data = file.read(size + 1)
        while more := file.read(PIECE_BYTES):
            data += more
            if len(data) > limit:
                raise TooLargeError(len(data), limit)
        return data
