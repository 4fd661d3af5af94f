"""Where bytes come from: files of this machine, and whatever fsspec reaches by URL.

A place is a path or a URL (`s3://`, `gs://`, `http://`, `memory://`, chains such as
`zip://inner::s3://bucket/a.zip`). Paths go straight to the operating system. File systems of fsspec are
never pickled: each process opens its own by URL. What a message shows of a URL holds neither its
password nor its query, which may be a signature.
"""

from __future__ import annotations

import importlib
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeVar
from urllib.parse import quote, unquote

from augflow.errors import BadSampleError, SourceError
from augflow.regular import TooLargeError, open_regular, read_regular
from augflow.sources.index import printable

RETRY_PAUSES_S = (0.2, 1.0, 4.0)
"""How long to wait before each new try of a request that failed for a reason that may pass."""

OPEN_FILE_SYSTEMS = 64

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)")
_LOCAL = ("file://", "local://")
_WEB = ("http://", "https://")
_PASSWORD = re.compile(r"(?<=://)[^/\s'\"]*@")
_QUERY = re.compile(r"\?[^\s'\"]+?(?=::|[\s'\",)]|$)")

_FINAL = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
_PASSING_STATUS = (408, 429)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file below a remote folder."""

    path: str
    """Relative to the folder, / between folders, not quoted."""
    size: int
    """In bytes."""


def is_url(place: str) -> bool:
    """Whether a place is a URL, or a chain of them, rather than a path."""
    return _URL.match(place) is not None


def local_path(place: str) -> str | None:
    """The absolute path of a place on this machine, `file://` URLs among them; None for other URLs."""
    for prefix in _LOCAL:
        if place.startswith(prefix) and "::" not in place:
            return os.path.abspath(place.removeprefix(prefix))
    return None if is_url(place) else os.path.abspath(place)


def shown(place: str) -> str:
    """A place for messages and files: on one line, and without what a URL keeps secret."""
    return printable(_masked(place) if is_url(place) else place)


def _masked(text: str) -> str:
    return _QUERY.sub("?***", _PASSWORD.sub("***@", text))


def split_place(place: str) -> tuple[str, str]:
    """(folder, name) of a file; in a chain, of the file in its first link that has a path."""
    if not is_url(place):
        return os.path.split(place)
    before, scheme, body, after = _links(place)
    path, mark, query = body.partition("?") if scheme in _WEB else (body, "", "")
    head, _, name = path.rpartition("/")
    return f"{before}{scheme}{head}{after}", f"{name}{mark}{query}"


def join_place(folder: str, path: str) -> str:
    """The place of a file by its path below a folder, as `list_remote` gives it."""
    if not is_url(folder):
        return os.path.join(folder, path)
    before, scheme, body, after = _links(folder)
    tail = quote(path) if scheme in _WEB else path
    return f"{before}{scheme}{body.rstrip('/')}/{tail}{after}" if body else f"{before}{scheme}{tail}{after}"


def _links(url: str) -> tuple[str, str, str, str]:
    """What stands before the first link of a chain that has a path, its scheme, its body, and the rest."""
    at = url.find("://")
    start = url.rfind("::", 0, at)
    start = 0 if start < 0 else start + 2
    end = url.find("::", at)
    end = len(url) if end < 0 else end
    return url[:start], url[start : at + 3], url[at + 3 : end], url[end:]


def is_folder(place: str) -> bool:
    """Whether a place is a folder; of the web, one whose URL ends with a slash.

    Raises SourceError where nothing is there.
    """
    path = local_path(place)
    if path is not None:
        if not os.path.exists(path):
            raise SourceError(f"{printable(path)}: no such file or folder")
        return os.path.isdir(path)
    scheme = _links(place)[1]
    if scheme in _WEB:
        return place.endswith("/")
    system, base = _file_system(place)
    if _attempted(place, lambda: system.isdir(base)):
        return True
    if not _attempted(place, lambda: system.exists(base)):
        raise SourceError(f"{shown(place)}: no such file or folder")
    return False


def exists(place: str) -> bool:
    """Whether a file is there."""
    path = local_path(place)
    if path is not None:
        return os.path.isfile(path)
    system, full = _opened(place)
    return bool(_attempted(place, lambda: system.exists(full)))


def file_size(place: str) -> int:
    """Bytes of a file; raises SourceError where it is absent or no server says."""
    path = local_path(place)
    if path is not None:
        try:
            with open_regular(path) as file:
                return os.fstat(file.fileno()).st_size
        except OSError as error:
            raise SourceError(f"{printable(path)}: cannot be read: {error.strerror}") from error
    system, full = _opened(place)
    try:
        return _known_size(place, _attempted(place, lambda: system.info(full)).get("size"))
    except BadSampleError as error:
        raise SourceError(str(error)) from error


def _known_size(place: str, size: int | None) -> int:
    if size is None:
        raise SourceError(
            f"{shown(place)}: the server does not say how large the file is; copy it, or use another server"
        )
    return int(size)


def list_remote(folder: str, *, deep: bool = True) -> list[StoredFile]:
    """The files of a remote folder and, if `deep`, of the folders below it, by path.

    Raises SourceError where the folder cannot be listed or holds nothing.
    """
    system, base = _file_system(folder)
    web = _links(folder)[1] in _WEB
    options = {"on_error": "raise"} if web else {}  # else a page that cannot be had counts as empty
    try:
        details = _attempted(
            folder, lambda: system.find(base, maxdepth=None if deep else 1, detail=True, **options)
        )
    except BadSampleError as error:
        raise SourceError(f"{shown(folder)}: no such folder") from error
    found = {_path_below(base, name, web): name for name in details}
    found.pop("", None)
    if not found:
        raise SourceError(f"{shown(folder)}: no such folder, or there is nothing in it")
    sizes = _sizes(folder, system, {name: details[name].get("size") for name in found.values()})
    return [StoredFile(path, sizes[found[path]]) for path in sorted(found)]


def _path_below(base: str, name: str, web: bool) -> str:
    """A listed name relative to the folder; "" for what is no file below it."""
    prefix = base.strip("/") + "/" if base.strip("/") else ""
    path = name.lstrip("/")
    if not path.startswith(prefix) or path.endswith("/"):
        return ""
    path = path.removeprefix(prefix)
    if web:  # a page also links to itself, sorted otherwise
        path = "" if "?" in path or "#" in path else unquote(path)
    return "" if ".." in path.split("/") else path


def _sizes(folder: str, system: Any, known: dict[str, int | None]) -> dict[str, int]:
    """Sizes by name: a listing of the web does not hold them, so that every file has to be asked for."""
    unknown = [name for name, size in known.items() if size is None]
    asked = _attempted(folder, lambda: system.sizes(unknown)) if unknown else []
    known |= dict(zip(unknown, asked, strict=True))
    return {name: _known_size(name, size) for name, size in known.items()}


def read_file(place: str, limit: int) -> bytes:
    """All bytes of a file; raises `BadSampleError` where it is absent, unreadable or above `limit` bytes,
    SourceError where a server cannot be reached."""
    path = local_path(place)
    if path is not None:
        return _read_local(path, limit)
    system, full = _opened(place)
    data = bytes(_attempted(place, lambda: system.cat_file(full)))
    if len(data) > limit:
        raise _too_large(place, len(data), limit)
    return data


def _read_local(path: str, limit: int) -> bytes:
    try:
        return read_regular(path, limit)
    except TooLargeError as error:
        raise _too_large(path, error.size, limit) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def read_range(place: str, start: int, size: int) -> bytes:
    """`size` bytes of a file from byte `start` on; raises as `read_file` does, also where it is shorter."""
    if size == 0:
        return b""
    path = local_path(place)
    if path is not None:
        data = _read_local_range(path, start, size)
    else:
        system, full = _opened(place)
        data = bytes(_attempted(place, lambda: system.cat_file(full, start=start, end=start + size)))
    if len(data) > size:
        raise SourceError(
            f"{shown(place)}: the server ignores byte ranges and sends {len(data):,} bytes for {size:,}; "
            "copy the file, or write simplecache:: before its URL, which copies it once a worker"
        )
    if len(data) < size:
        raise BadSampleError(
            shown(place), f"ends at byte {start + len(data):,}, before {start + size:,}: it was cut off"
        )
    return data


def _read_local_range(path: str, start: int, size: int) -> bytes:
    try:
        with open_regular(path) as file:
            file.seek(start)
            data = file.read(size)
            while len(data) < size and (more := file.read(size - len(data))):
                data += more
            return data
    except OSError as error:
        raise _unreadable(path, error) from error


def _too_large(place: str, size: int, limit: int) -> BadSampleError:
    return BadSampleError(
        shown(place),
        f"the file has {size:,} bytes, above the limit of {limit:,}; make it smaller, or split it",
    )


def _unreadable(path: str, error: OSError) -> BadSampleError:
    return BadSampleError(printable(path), f"cannot be read: {error.strerror or error}")


def _opened(place: str) -> tuple[Any, str]:
    """The file system of a remote file, and the file's name there."""
    folder, name = split_place(place)
    system, base = _file_system(folder)
    return system, f"{base.rstrip('/')}/{name}" if base else name


def _file_system(folder: str) -> tuple[Any, str]:
    return _file_system_of(os.getpid(), folder)


@lru_cache(maxsize=OPEN_FILE_SYSTEMS)
def _file_system_of(_pid: int, folder: str) -> tuple[Any, str]:
    """By process: connections and threads do not survive a fork."""
    open_url = _fsspec().core.url_to_fs
    system, base = _attempted(folder, lambda: open_url(folder))
    return system, str(base)


def _attempted(place: str, action: Callable[[], T]) -> T:
    """What `action` returns, tried again where the reason of a failure may pass."""
    pauses = iter(RETRY_PAUSES_S)
    while True:
        try:
            return action()
        except Exception as error:
            pause_s = next(pauses, None) if _may_pass(error) else None
            if pause_s is None:
                failure = _failure(place, error)
                if _masked(repr(error)) != repr(error):  # a cause is printed, and this one tells a secret
                    raise failure from None
                raise failure from error
        time.sleep(pause_s)


def _may_pass(error: Exception) -> bool:
    status = getattr(error, "status", None)
    if isinstance(status, int) and status:
        return status >= 500 or status in _PASSING_STATUS
    of_client = type(error).__module__.partition(".")[0] == "aiohttp"
    return of_client or (isinstance(error, OSError) and not isinstance(error, _FINAL))


def _failure(place: str, error: Exception) -> SourceError | BadSampleError:
    """An absent file is the file's fault; all else concerns every file behind the URL."""
    if isinstance(error, FileNotFoundError | IsADirectoryError | KeyError):
        return BadSampleError(shown(place), "no such file")
    reason = printable(_masked(str(error) or type(error).__name__))
    trouble = "needs another package" if isinstance(error, ImportError) else "cannot be read"
    return SourceError(f"{shown(place)}: {trouble}: {reason}")


@cache
def _fsspec() -> Any:
    try:
        module = importlib.import_module("fsspec")
        importlib.import_module("fsspec.core")
    except ImportError as error:
        raise SourceError(
            "sources given by URL need fsspec, which augflow depends on and which is not installed: "
            "pip install -e . in augflow's folder"
        ) from error
    return module
