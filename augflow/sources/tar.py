"""Which files a tar archive holds and where, found by one walk over its headers.

Python's own reader ends in silence at a damaged header, at the end mark of the first of two archives
that were put one behind the other, and where a file was cut between two members. Here each of them
is an error, since what stands behind would be missing from the data.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from augflow.errors import SourceError
from augflow.sources.index import printable

BLOCK = 512
MAX_EXTENDED_BYTES = 2**20
"""Headers with longer names than this are refused."""

LONGEST_NUMBER = 20
"""Digits of a number in an extended header."""

MAX_PADDING = 64 * 2**20
"""Bytes of zeros behind the end mark; those of a file with holes would be read for hours."""

_ZEROS = bytes(BLOCK)

_COMPRESSED = {b"\x1f\x8b": "gunzip", b"BZh": "bunzip2", b"\xfd7zXZ": "unxz", b"\x28\xb5\x2f\xfd": "unzstd"}

_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)
_LINKS = (tarfile.LNKTYPE, tarfile.SYMTYPE)
_EXTENDED = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE)

Read = Callable[[int, int], bytes]
"""(start, size) to that many bytes of a file, fewer only where it ends."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive."""

    name: str
    """Its path in the archive, without a leading `./`."""
    offset: int
    """Where its bytes begin in the archive."""
    size: int


def members(read: Read, archive_bytes: int, shown: str) -> Iterator[Member]:
    """The regular files of an archive, in their order; folders are passed over.

    Raises SourceError naming the archive (`shown`) and the member for what is compressed, no archive,
    damaged or cut off, for links, devices and sparse files, and for names that lead out.
    """
    at, changed = 0, _Changes()
    while True:
        block = read(at, BLOCK)
        if block == _ZEROS:
            _refuse_more(read, at + BLOCK, archive_bytes, shown)
            return
        header = _header(block, at, shown)
        data, size = at + BLOCK, changed.size(header)
        at = data + -(-size // BLOCK) * BLOCK
        if size < 0 or at > archive_bytes:
            name = printable(changed.name(header))
            raise SourceError(
                f"{shown}: cut off inside {name}: {archive_bytes:,} bytes of at least {at:,}; copy it again"
            )
        if header.type in _EXTENDED:
            if size > MAX_EXTENDED_BYTES:
                raise SourceError(
                    f"{shown}: a name of {size:,} bytes at byte {data - BLOCK:,}; write it anew"
                )
            changed.take(header.type, read(data, size))
            continue
        name = _checked_name(changed.name(header), header.type, shown)
        if header.type in _FILES and not changed.sparse:
            yield Member(name, data, size)
        elif header.type != tarfile.DIRTYPE:
            raise SourceError(
                f"{shown}: {printable(name)} is a device or a sparse file; leave it out of the archive"
            )
        changed.end_member()


class _Changes:
    """What extended headers say of the next member, or of all that follow."""

    def __init__(self) -> None:
        self._always: dict[str, str] = {}
        self._once: dict[str, str] = {}

    def take(self, kind: bytes, data: bytes) -> None:
        """Read an extended header: a long name of GNU tar, or the records of POSIX."""
        if kind == tarfile.GNUTYPE_LONGNAME:
            self._once["path"] = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
        elif kind in (tarfile.XHDTYPE, tarfile.XGLTYPE):
            found = self._always if kind == tarfile.XGLTYPE else self._once
            found |= _records(data)

    def name(self, header: tarfile.TarInfo) -> str:
        """The member's name."""
        return self._once.get("path") or self._always.get("path") or header.name

    def size(self, header: tarfile.TarInfo) -> int:
        """The member's size in bytes; what is no number fits nowhere."""
        text = self._once.get("size") or self._always.get("size")
        if text is None or header.type not in _FILES:
            return header.size
        return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else -1

    @property
    def sparse(self) -> bool:
        """Whether the member's bytes lie elsewhere than its size says."""
        return any(key.startswith("GNU.sparse") for key in self._once)

    def end_member(self) -> None:
        """Forget what held for one member."""
        self._once = {}


def _records(data: bytes) -> dict[str, str]:
    """The records `length key=value` of an extended POSIX header; what does not read as one ends them."""
    found, at = {}, 0
    while at < len(data):
        length, _, _ = data[at : at + LONGEST_NUMBER + 1].partition(b" ")
        if not length[:LONGEST_NUMBER].isdigit() or not 0 < int(length) <= len(data) - at:
            break
        record = data[at : at + int(length)]
        at += int(length)
        key, _, value = record[len(length) + 1 :].rstrip(b"\n").partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
    return found


def _header(block: bytes, at: int, shown: str) -> tarfile.TarInfo:
    for magic, remedy in _COMPRESSED.items():
        if at == 0 and block.startswith(magic):
            raise SourceError(
                f"{shown}: a compressed archive, which cannot be read from the middle; {remedy} it first"
            )
    if len(block) < BLOCK:
        trouble = "the archive ends without its end mark: it was cut off; copy or write it again"
        raise SourceError(f"{shown}: {trouble if at or not block else 'not a tar archive'}")
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        trouble = f"damaged at byte {at:,} ({error}); copy or write it again" if at else "not a tar archive"
        raise SourceError(f"{shown}: {trouble}") from error


def _refuse_more(read: Read, at: int, archive_bytes: int, shown: str) -> None:
    """Raise SourceError where anything but zeros stands behind the end mark."""
    if archive_bytes - at > MAX_PADDING:
        raise SourceError(
            f"{shown}: {archive_bytes - at:,} bytes follow the end mark of the archive, above the limit of "
            f"{MAX_PADDING:,}; write it anew"
        )
    while at < archive_bytes:
        part = read(at, min(2**20, archive_bytes - at))
        if part.strip(b"\0"):
            raise SourceError(
                f"{shown}: more follows the end mark of the archive: two archives put one behind the other? "
                "join them with tar --concatenate"
            )
        at += len(part) or archive_bytes


def _checked_name(name: str, kind: bytes, shown: str) -> str:
    place = f"{shown}:{printable(name)}"
    if kind in _LINKS:
        raise SourceError(f"{place} is a link; write the archive with tar --dereference --hard-dereference")
    if name.startswith("/") or ".." in name.split("/"):
        raise SourceError(f"{place} leads out of the archive; names must be relative")
    while name.startswith("./"):
        name = name[2:]
    return name
