"""Columns of values as buffers: millions of rows pickle and load as a few of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augflow.sample import Array

Scalar = str | int | float | bool | None
"""What a column of `Sample.row` holds."""

SCALARS = (str, int, float, bool)


@dataclass(frozen=True, eq=False)
class PackedNames:
    """Many names in one blob, so that millions of them pickle and load as two buffers."""

    blob: bytes
    offsets: NDArray[np.int64]
    """(n + 1,): name i is blob[offsets[i]:offsets[i + 1]]."""

    @classmethod
    def pack(cls, names: Sequence[bytes]) -> PackedNames:
        """Names in their order."""
        offsets = np.zeros(len(names) + 1, np.int64)
        np.cumsum(np.fromiter(map(len, names), np.int64, len(names)), out=offsets[1:])
        return cls(b"".join(names), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> bytes:
        return self.blob[self.offsets[index] : self.offsets[index + 1]]

    def taken(self, order: Sequence[int]) -> PackedNames:
        """The names at some places."""
        return PackedNames.pack([self[place] for place in order])

    def content(self) -> Iterator[bytes]:
        """All of it, for a fingerprint."""
        yield self.offsets.astype("<i8").tobytes()
        yield self.blob


@dataclass(frozen=True, eq=False)
class _Column:
    """One column: few different values, and which of them stands in each row."""

    values: PackedNames
    """JSON, so that a number is a number again."""
    codes: Array
    """(n,) of the smallest unsigned dtype that counts the values."""


@dataclass(frozen=True, eq=False)
class PackedColumns:
    """The columns of a table that are no field, label, id or split; n rows of plain values."""

    names: tuple[str, ...] = ()
    columns: tuple[_Column, ...] = ()

    @classmethod
    def pack(cls, names: Sequence[str], columns: Sequence[Sequence[Scalar]]) -> PackedColumns:
        """Columns of equal length, by name."""
        return cls(tuple(names), tuple(map(_packed, columns)))

    def row(self, index: int) -> dict[str, Scalar]:
        """The values of one row by column."""
        return {
            name: json.loads(column.values[column.codes[index]])
            for name, column in zip(self.names, self.columns, strict=True)
        }

    def content(self) -> Iterator[bytes]:
        """All of it, for a fingerprint; nothing where there are no columns."""
        for name, column in zip(self.names, self.columns, strict=True):
            yield from PackedNames.pack([name.encode()]).content()
            yield from column.values.content()
            yield column.codes.astype("<u4").tobytes()


def _packed(values: Sequence[Scalar]) -> _Column:
    codes: dict[str, int] = {}
    rows = [codes.setdefault(json.dumps(value), len(codes)) for value in values]
    dtype = np.min_scalar_type(max(len(codes) - 1, 0))
    return _Column(PackedNames.pack([text.encode() for text in codes]), np.array(rows, dtype))
