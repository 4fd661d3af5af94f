"""Strengths that change over the epochs: a function of the epoch alone, so nothing has to be remembered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor
from typing import Any

from augflow.transforms.catalog import Params

MOST_TURNS = 200
"""Epochs of one schedule that are tried before anything runs."""

FORM = "{linear: [start, end], over: [first epoch, last epoch]}"


@dataclass(frozen=True)
class Linear:
    """From `start` at epoch `first` to `end` at epoch `last`, constant before and after.

    Numbers, or lists of numbers that change place by place; whole numbers stay whole, rounded half up.
    """

    start: Any
    end: Any
    first: int
    last: int

    def at(self, epoch: int) -> Any:
        """The value in an epoch."""
        share = (epoch - self.first) / (self.last - self.first)
        return _between(self.start, self.end, min(1.0, max(0.0, share)))

    def canonical(self) -> dict[str, Any]:
        """The schedule for fingerprints, where 5 and 5.0 count as one: so it says what stays whole."""
        return {
            "linear": [self.start, self.end],
            "over": [self.first, self.last],
            "whole": _whole(self.start, self.end),
        }

    def turns(self) -> tuple[int, ...]:
        """Epochs whose values stand for all others: both ends, and for whole numbers each that comes
        between (of long schedules, as many as `MOST_TURNS`)."""
        span = self.last - self.first
        count = min(span, MOST_TURNS) if _any_whole(_whole(self.start, self.end)) else 1
        return tuple(dict.fromkeys(self.first + span * turn // count for turn in range(count + 1)))


def is_schedule(value: Any) -> bool:
    """Whether a parameter's value is meant as a schedule."""
    return isinstance(value, Mapping) and bool({"linear", "over"} & value.keys())


def read_schedule(value: Mapping[str, Any]) -> Linear | str:
    """The schedule that a mapping describes, or what is wrong with it."""
    if set(value) != {"linear", "over"}:
        return f"a schedule is {FORM}, got the keys {', '.join(map(str, value))}"
    ends, over = value["linear"], value["over"]
    if not isinstance(ends, list) or len(ends) != 2 or not _alike(*ends):
        return f"linear takes two numbers, or two lists of as many numbers, got {ends}; write {FORM}"
    if not isinstance(over, list) or len(over) != 2 or not all(type(epoch) is int for epoch in over):
        return f"over takes two epochs, got {over}; write {FORM}"
    if not 0 <= over[0] < over[1]:
        return f"over must rise from an epoch of at least 0, got {over}"
    return Linear(ends[0], ends[1], over[0], over[1])


def values_at(params: Params, schedules: Mapping[str, Linear], epoch: int) -> Params:
    """The parameters in an epoch."""
    return {**params, **{name: schedule.at(epoch) for name, schedule in schedules.items()}}


def _alike(start: Any, end: Any) -> bool:
    if isinstance(start, list) and isinstance(end, list):
        return len(start) == len(end) and all(map(_alike, start, end))
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in (start, end))


def _between(start: Any, end: Any, share: float) -> Any:
    if isinstance(start, list):
        return [_between(low, high, share) for low, high in zip(start, end, strict=True)]
    value = start + (end - start) * share
    return floor(value + 0.5) if _whole(start, end) else value


def _whole(start: Any, end: Any) -> Any:
    """Whether a number stays whole; a list of answers for lists."""
    if isinstance(start, list):
        return [_whole(low, high) for low, high in zip(start, end, strict=True)]
    return isinstance(start, int) and isinstance(end, int)


def _any_whole(whole: Any) -> bool:
    return any(map(_any_whole, whole)) if isinstance(whole, list) else bool(whole)
