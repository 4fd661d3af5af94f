"""What the tests of this folder have done, told at the end of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from ..streams import Delivery


class Tally:
    """Cases, harm, comparisons and stalls of one test run."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        """By kind."""
        self.harms: Counter[str] = Counter()
        """Done to live workers or nodes, by kind."""
        self.digests = 0
        """Steps whose bytes were compared."""
        self.stalls_s: dict[str, float] = {}
        """The longest wait for a batch, by kind of case."""
        self.notes: list[str] = []

    def compared(self, kind: str, found: Delivery) -> None:
        """A case of a kind ended, its stream compared."""
        self.cases[kind] += 1
        self.digests += len(found.places)
        self.stalls_s[kind] = max(self.stalls_s.get(kind, 0.0), found.longest_wait_s)

    def lines(self) -> Iterator[str]:
        """The summary."""
        yield f"cases: {sum(self.cases.values())} ({told(self.cases)})"
        yield f"harm done: {sum(self.harms.values())} ({told(self.harms)})"
        yield f"digests compared: {self.digests}"
        stalls = {kind: f"{wait_s:.1f} s" for kind, wait_s in self.stalls_s.items()}
        longest_s = max(self.stalls_s.values(), default=0.0)
        yield f"longest stall, by the consumer's clock: {longest_s:.1f} s ({told(stalls)})"
        yield from self.notes


def told(values: Mapping[str, object]) -> str:
    """The values with their names."""
    return ", ".join(f"{name} {value}" for name, value in sorted(values.items()))


TALLY = Tally()
