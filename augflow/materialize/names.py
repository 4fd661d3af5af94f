"""File names for sample ids and classes: readable, within the folder, and never the same for two."""

from __future__ import annotations

import hashlib
import re

SEPARATOR = "__"
MAX_BYTES = 180
"""Room for the epoch and the ending below the 255 bytes that file systems allow."""

RESERVED = frozenset({"augflow.json", "manifest.jsonl", "skipped.jsonl"})
"""Files of augflow's own at the top of the folder, where classes have their folders."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"\\|?*\ud800-\udfff]')
_LIKE_HASHED = re.compile(r"~[0-9a-f]{16}\Z")


def safe_name(text: str) -> str:
    """One path component for an id or a class: `/` becomes `__`.

    Where something else had to change, or `__` stood there already, 16 hex digits of the text's hash
    follow, so that different texts keep different names.
    """
    name = _UNSAFE.sub("_", text.replace("/", SEPARATOR))
    name = name.encode("utf-8")[:MAX_BYTES].decode("utf-8", "ignore")
    if name.startswith(".") or not name:
        name = f"_{name[1:]}"
    name = name.rstrip(". ") or "_"
    unambiguous = name not in RESERVED and not _LIKE_HASHED.search(text)
    if unambiguous and name.replace(SEPARATOR, "/") == text:
        return name
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{name}~{digest}"
