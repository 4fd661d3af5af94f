"""Texts to token ids, and padding: the last ops of a text or a sound, in `finish`."""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from augflow.regular import read_regular
from augflow.rng import KeyedRandom
from augflow.sample import Array, Audio, Drawn, Fields, Padded
from augflow.transforms.catalog import Op, Param, ParamProblem, Params, Size, Transform
from augflow.transforms.library import LibraryMissingError
from augflow.transforms.signatures import SignatureParams

PAD_ID = 0

MAX_TOKENIZER_BYTES = 64 * 2**20

Length = Annotated[int, Field(ge=1, le=10_000_000)]
Buckets = Annotated[int, Field(ge=2, le=2**31 - 1)]

_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class HashedTokens:
    """Words and punctuation marks as hashes: no vocabulary, and so none to keep beside a model."""

    params: Params

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """See `Transform`; ids are int64 in [1, buckets), 0 is left for padding."""
        text = text_of(fields)
        words = _WORD.findall(text.lower() if self.params["lower"] else text)[: self.params["max_length"]]
        ids = [_bucket(word, self.params["buckets"]) for word in words]
        return {**fields, "text": np.array(ids, np.int64)}, {}


@lru_cache(maxsize=100_000)
def _bucket(word: str, buckets: int) -> int:
    digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return 1 + int.from_bytes(digest, "little") % (buckets - 1)


@dataclass(frozen=True)
class FileTokens:
    """Token ids by a tokenizer of the library `tokenizers`, whose file travels with the op."""

    params: Params
    content: str

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """See `Transform`; ids are int64 (tokens,)."""
        found = _tokenizer(self.content, self.params["max_length"]).encode(
            text_of(fields), add_special_tokens=self.params["add_special_tokens"]
        )
        return {**fields, "text": np.array(found.ids, np.int64)}, {}


@lru_cache(maxsize=4)
def _tokenizer(content: str, max_length: int | None) -> Any:
    tokenizer = _library().Tokenizer.from_str(content)
    tokenizer.no_padding()
    if max_length is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(max_length)
    return tokenizer


def _library() -> Any:
    try:
        return importlib.import_module("tokenizers")
    except ImportError as error:
        remedy = "install the extra `text`: pip install -e '.[text]' in augflow's folder"
        raise LibraryMissingError(f"tokenize needs tokenizers, which is not installed: {remedy}") from error


def text_of(fields: Fields) -> str:
    """The text of a field that is not tokenized yet."""
    text = fields["text"]
    if not isinstance(text, str):
        raise TypeError(
            "the text is tokenized already; keep one op that makes tokens, and text ops before it"
        )
    return text


def vocabulary_size(transform: Transform) -> int | None:
    """One more than the largest id that a transform of this module can give; None for those that give
    none."""
    if isinstance(transform, HashedTokens):
        return int(transform.params["buckets"])
    if isinstance(transform, FileTokens):
        # Ids may have gaps, so that their number says too little.
        ids = _tokenizer(transform.content, transform.params["max_length"]).get_vocab().values()
        return max(ids, default=-1) + 1
    return None


@dataclass(frozen=True)
class Filled:
    """Tokens, samples or frames made `length` long: filled up with `value`, or cut."""

    params: Params
    modality: str

    def __call__(self, fields: Fields, rng: KeyedRandom) -> tuple[Fields, Drawn]:
        """See `Transform`."""
        value = fields[self.modality]
        array = value.samples if isinstance(value, Audio) else value
        if not isinstance(array, np.ndarray):
            raise TypeError("pad works on tokens; put hash_tokens or tokenize before it")
        filled, real = self._filled(array)
        padded: Any = replace(value, samples=filled) if isinstance(value, Audio) else filled
        return {**fields, self.modality: Padded(padded, real)}, {}

    def _filled(self, array: Array) -> tuple[Array, int]:
        length = self.params["length"]
        out = np.full((*array.shape[:-1], length), self.params["value"], array.dtype)
        real = min(length, array.shape[-1])
        out[..., :real] = array[..., :real]
        return out, real


Build = Callable[[Params], Transform]


@dataclass(frozen=True)
class LastOp:
    """A catalog entry for an op of `finish` that draws nothing."""

    name: str
    modality: str
    summary: str
    signature: SignatureParams
    transform: Build
    library: str = "augflow"
    version: int = 1
    default_p: float = 1.0
    carries: frozenset[str] = frozenset()

    @property
    def params(self) -> Mapping[str, Param]:
        """Parameters by name, `p` not among them."""
        return self.signature.described

    def check(self, params: Params) -> tuple[Params, list[ParamProblem]]:
        """Canonical parameters and everything wrong with those given; a tokenizer's file as its hash."""
        canonical, problems = self.signature.check(params)
        if not problems and "file" in canonical:
            try:
                content = _content(canonical["file"])
                _tokenizer(content, canonical["max_length"])
            except (OSError, ValueError) as error:
                return params, [ParamProblem("file", f"must be a tokenizer.json that can be read: {error}")]
            except LibraryMissingError:
                raise
            except Exception as error:  # noqa: BLE001 - the errors of the library are plain exceptions
                return params, [
                    ParamProblem("file", f"is not a tokenizer of the library tokenizers: {error}")
                ]
            canonical["file_sha256"] = _digest(content)
        return canonical, problems

    def build(self, params: Params) -> Transform:
        """The transform for canonical parameters."""
        return self.transform(params)

    def is_random(self, _params: Params) -> bool:
        """Never."""
        return False

    def output_size(self, _params: Params, _size: Size) -> Size:
        """None: no image."""
        return None


def _file_tokens(params: Params) -> FileTokens:
    """The op with the file as it was checked; raises `ValueError` where it has changed since."""
    content = _content(params["file"])
    if _digest(content) != params["file_sha256"]:
        raise ValueError(f"{params['file']} was changed while the spec was being read; load it again")
    return FileTokens(params, content)


def _digest(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def _content(file: str) -> str:
    return read_regular(file, MAX_TOKENIZER_BYTES).decode("utf-8")


def _hash_params(buckets: Buckets = 20_000, max_length: Length | None = None, lower: bool = True) -> None: ...


def _file_params(file: str, max_length: Length | None = None, add_special_tokens: bool = True) -> None: ...


def _pad_params(length: Length, value: float = 0) -> None: ...


def _pad(modality: str, what: str) -> LastOp:
    summary = f"Fill up or cut to a fixed number of {what}."
    return LastOp(
        "pad", modality, summary, SignatureParams(_pad_params), lambda params: Filled(params, modality)
    )


LAST_TEXT_OPS: Mapping[str, Op] = {
    "hash_tokens": LastOp(
        name="hash_tokens",
        modality="text",
        summary="Words to ids by hashing (Weinberger 2009, arXiv:0902.2206): no vocabulary file.",
        signature=SignatureParams(_hash_params),
        transform=HashedTokens,
    ),
    "tokenize": LastOp(
        name="tokenize",
        modality="text",
        summary="Token ids by a local tokenizer.json of the library tokenizers.",
        signature=SignatureParams(_file_params),
        transform=_file_tokens,
    ),
    "pad": _pad("text", "tokens"),
}

LAST_AUDIO_OPS: Mapping[str, Op] = {"pad": _pad("audio", "samples or frames")}
