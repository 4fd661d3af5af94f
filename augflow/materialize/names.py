"""File names for sample ids and classes: readable, within the folder, and never the same for two."""

from __future__ import annotations

import hashlib
import re

SEPARATOR = "__"
MAX_BYTES = 180
"""Room for the epoch and the ending below the 255 bytes that file systems allow."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"\\|?*\udc80-\udcff]')


def safe_name(text: str) -> str:
    """One path component for an id or a class: `/` becomes `__`.

    Where something else had to change, or `__` stood there already, eight hex digits of the text's
    hash follow, so that different texts keep different names.
    """
    name = _UNSAFE.sub("_", text.replace("/", SEPARATOR))
    name = name.encode("utf-8")[:MAX_BYTES].decode("utf-8", "ignore")
    if name.startswith(".") or not name:
        name = f"_{name[1:]}"
    name = name.rstrip(". ") or "_"
    if name.replace(SEPARATOR, "/") == text and SEPARATOR not in text:
        return name
    digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    return f"{name}~{digest}"
