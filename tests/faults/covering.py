"""Pairwise covering arrays: few cases in which every two values of two factors meet.

Greedy and deterministic: among all allowed cases the one that brings most pairs together that have not
met; of equals the one whose values have come least, of those the first; until all that can meet have met.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np

Factors = Mapping[str, Sequence[Any]]
Case = dict[str, Any]
Pair = tuple[tuple[str, Any], tuple[str, Any]]


def allowed_cases(factors: Factors, allowed: Callable[[Case], bool]) -> Iterator[Case]:
    """The whole product, without what makes no sense."""
    for values in product(*factors.values()):
        case = dict(zip(factors, values, strict=True))
        if allowed(case):
            yield case


def pairs_of(case: Case) -> list[Pair]:
    """Every two values that meet in a case."""
    return list(combinations(case.items(), 2))


def covering_array(factors: Factors, allowed: Callable[[Case], bool]) -> list[Case]:
    """The cases of a pairwise covering array; the first ones bring most pairs together."""
    cases = list(allowed_cases(factors, allowed))
    pairs, values = numbered(map(pairs_of, cases)), numbered(case.items() for case in cases)
    missing = np.ones(pairs.max() + 1, bool)
    uses = np.zeros(values.max() + 1, np.int64)
    chosen = []
    while missing.any():
        gain = missing[pairs].sum(axis=1)
        best = int(np.lexsort((uses[values].sum(axis=1), -gain))[0])
        missing[pairs[best]] = False
        uses[values[best]] += 1
        chosen.append(cases[best])
    return chosen


def numbered(rows: Iterable[Iterable[Hashable]]) -> np.ndarray:
    """Every row as the numbers of its members; equal members have equal numbers, counted from 0."""
    numbers: dict[Hashable, int] = {}
    return np.array([[numbers.setdefault(member, len(numbers)) for member in row] for row in rows])


def first_of_each_value(cases: Sequence[Case]) -> list[Case]:
    """A slice of an array in which every value of every factor still comes once, and no case is to spare."""
    seen: set[tuple[str, Any]] = set()
    kept = []
    for case in cases:
        if not seen.issuperset(case.items()):
            seen.update(case.items())
            kept.append(case)
    for case in tuple(kept):
        if {value for other in kept if other is not case for value in other.items()} == seen:
            kept.remove(case)
    return kept
