"""Tables of words: augflow's own English synonyms and antonyms, and those that users bring.

The shipped tables come from WordNet 3.0 by scripts/build_synonyms.py; `words/LICENSE.wordnet` goes with
every copy of them. A user's table is a file, read when the spec is checked; from then on its content
goes by its hash, travels with the op to wherever it runs, and is the same for every worker.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from augflow.regular import TooLargeError, read_regular
from augflow.transforms.spans import Phrases, folded, phrases_of

LARGEST = 8 * 2**20
"""Bytes of a user's table: it is sent to every worker."""

BY_HASH = "sha256:"

Senses = Mapping[str, str]
"""Words of the same meaning by word: blanks between them, `|` between senses."""


@cache
def english(name: str) -> Senses:
    """A shipped table, `synonyms` or `antonyms`; lower case, single words."""
    packed = files("augflow.transforms.words").joinpath(f"{name}.txt.gz").read_bytes()
    lines = gzip.decompress(packed).decode("ascii").splitlines()
    return dict(line.split("\t", 1) for line in lines)


def first_senses(table: Senses, word: str, senses: int) -> list[str]:
    """Words that a folded word may become, those of its first `senses` senses."""
    found = table.get(word)
    if found is None:
        return []
    return list(dict.fromkeys(" ".join(found.split("|", senses)[:senses]).split()))


@dataclass(frozen=True)
class WordTable:
    """A user's table: the alternatives of each word or phrase."""

    name: str
    """`sha256:` and the hash of the content."""
    entries: Mapping[tuple[str, ...], tuple[str, ...]]
    """By phrase, a tuple of folded words."""
    phrases: Phrases

    def __reduce__(self) -> tuple[Any, ...]:
        """Where it arrives it is known by its hash, as where it was read."""
        return _known, (self.name, dict(self.entries))


_tables: dict[str, WordTable] = {}
"""The tables that this process has read or received, by hash."""


def _known(name: str, entries: Mapping[tuple[str, ...], tuple[str, ...]]) -> WordTable:
    if name not in _tables:
        _tables[name] = WordTable(name, entries, phrases_of(" ".join(phrase) for phrase in entries))
    return _tables[name]


def word_table(name: str) -> WordTable:
    """The table of a hash that `table_name` gave."""
    return _tables[name]


def table_name(path: str) -> str:
    """The hash by which the table of a file is known from now on; that of a hash is itself.

    The file is UTF-8 and at most `LARGEST` bytes: lines of a word, a tab, and its alternatives with
    commas between them (`#` begins a comment); or, named .json, a map from words to lists. Raises
    `ValueError` with file and line.
    """
    if path.startswith(BY_HASH):
        if path not in _tables:
            raise ValueError(f"no table {path} is known here; give the path of its file")
        return path
    file = Path(path)
    try:
        text = read_regular(file, LARGEST).decode("utf-8-sig")
    except TooLargeError as error:
        raise ValueError(
            f"{path}: a table may have {LARGEST} bytes, got {error.size}; leave out rare words"
        ) from error
    except OSError as error:
        raise ValueError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: must be UTF-8, byte {error.start} is not; convert it") from error
    pairs = _json_pairs(path, text) if file.suffix == ".json" else _line_pairs(path, text)
    entries: dict[tuple[str, ...], tuple[str, ...]] = {}
    for where, word, alternatives in pairs:
        phrase = _phrase(where, word)
        clean = [new.strip() for new in alternatives if folded(new.strip()) != " ".join(phrase)]
        if not all(clean) or not clean:
            raise ValueError(f"{where}: {word!r} needs alternatives that are not empty, got {alternatives}")
        entries[phrase] = tuple(dict.fromkeys((*entries.get(phrase, ()), *clean)))
    if not entries:
        raise ValueError(f"{path}: has no entries; a line is a word, a tab, alternatives with commas between")
    content = json.dumps(sorted(entries.items()), ensure_ascii=False)
    return _known(BY_HASH + sha256(content.encode("utf-8", "surrogatepass")).hexdigest(), entries).name


def _phrase(where: str, word: str) -> tuple[str, ...]:
    phrases = [phrase for each in phrases_of([word]).values() for phrase in each]
    if not phrases:
        raise ValueError(f"{where}: {word!r} holds no word")
    return phrases[0]


def _line_pairs(path: str, text: str) -> Iterator[tuple[str, str, list[str]]]:
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        word, tab, rest = line.partition("\t")
        if not tab:
            raise ValueError(f"{path}:{number}: needs a tab between word and alternatives, got {line!r}")
        yield f"{path}:{number}", word, rest.split(",")


def _json_pairs(path: str, text: str) -> Iterator[tuple[str, str, list[str]]]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path}:{error.lineno}: is no JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path}: is no JSON: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: must be a map from words to lists, got {type(content).__name__}")
    for word, alternatives in content.items():
        if not isinstance(alternatives, list) or not all(isinstance(new, str) for new in alternatives):
            raise ValueError(f"{path}: {word!r} must have a list of words, got {alternatives!r}")
        yield path, word, alternatives


TablePath = Annotated[str, AfterValidator(table_name)]
"""The path of a user's table; canonical is the hash of its content."""
