"""What a benchmark found: a table for people, JSON for programs."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import psutil

from benchmarks.seats import Record, Turn


@dataclass
class Figure:
    """One figure against its floor and its aim."""

    what: str
    value: float
    floor: float
    aim: float
    at_least: bool = True
    """Whether more is better."""

    @property
    def verdict(self) -> str:
        """`aim`, `floor` or `MISSED`: the best that was reached."""
        for name, bound in (("aim", self.aim), ("floor", self.floor)):
            if self.value >= bound if self.at_least else self.value <= bound:
                return name
        return "MISSED"


@dataclass
class Section:
    """A table of its own below the first one."""

    title: str
    words: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass
class Report:
    """The answer to one question."""

    question: str
    data: str
    """What the samples were, in words; says so where they are stand-ins."""
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    figures: list[Figure]
    details: dict[str, Any] = field(default_factory=dict)
    sections: Sequence[Section] = ()

    def markdown(self) -> str:
        """Tables for people."""
        parts = [f"## {self.question}", f"{machine()}; {self.data}"]
        if self.rows:
            parts.append(table(self.header, self.rows))
        if self.figures:
            head = ("figure", "measured", "floor", "aim", "reached")
            lines = [
                (f.what, f"{f.value:.3g}", f"{f.floor:g}", f"{f.aim:g}", f.verdict) for f in self.figures
            ]
            parts.append(table(head, lines))
        for section in self.sections:
            parts += [f"### {section.title}", section.words, table(section.header, section.rows)]
        return "\n\n".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Everything, for programs."""
        return {"machine": machine(), **asdict(self)}


def machine() -> str:
    """The machine in words."""
    return f"{psutil.cpu_count()} cores, {platform.machine().replace('_', '-')}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with aligned columns."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = [header, ["-" * width for width in widths], *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def paired_ratio(record: Record, other: Record, value: Callable[[Turn], float]) -> float:
    """Median over the rounds of one contender's value over the other's in the same round."""
    ratios = sorted(value(a) / value(b) for a, b in zip(record.turns, other.turns, strict=True))
    middle = len(ratios) // 2
    return ratios[middle] if len(ratios) % 2 else (ratios[middle - 1] + ratios[middle]) / 2


def rows_per_s(turn: Turn) -> float:
    """Throughput of a turn."""
    return turn.rows_per_s


def cpu_s_per_1000(turn: Turn) -> float:
    """CPU-seconds for 1,000 rows of a turn."""
    return turn.cpu_s_per_1000


HEADER = ("contender", "rows/s", "/ kernel", "CPU-s/1000", "/ kernel", "CPU by process", "first batch s")


def throughput_rows(records: Mapping[str, Record], kernel: Record) -> list[Sequence[str]]:
    """One line a contender for `HEADER`; medians over rounds, ratios within rounds."""
    return [
        (
            record.name,
            f"{record.median(rows_per_s):,.0f}",
            f"{paired_ratio(record, kernel, rows_per_s):.2f}",
            f"{record.median(cpu_s_per_1000):.3g}",
            f"{paired_ratio(record, kernel, cpu_s_per_1000):.2f}",
            _shares(record),
            f"{record.first_batch_s:.1f}",
        )
        for record in records.values()
    ]


def _shares(record: Record) -> str:
    """CPU-seconds of each kind of process as a share of the wall time, in percent of one core."""
    wall = sum(turn.wall_s for turn in record.turns)
    kinds = sorted({kind for turn in record.turns for kind in turn.cpu_s})
    spent = {kind: sum(turn.cpu_s.get(kind, 0.0) for turn in record.turns) / wall for kind in kinds}
    return ", ".join(f"{kind} {share:.0%}" for kind, share in spent.items() if share >= 0.005)


def details(records: Mapping[str, Record]) -> dict[str, Any]:
    """All turns, for --json."""
    return {
        name: {
            "first_batch_s": record.first_batch_s,
            "rows_per_s": [turn.rows_per_s for turn in record.turns],
            "cpu_s_per_1000": [turn.cpu_s_per_1000 for turn in record.turns],
            "cpu_s": [turn.cpu_s for turn in record.turns],
            "wall_s": [turn.wall_s for turn in record.turns],
        }
        for name, record in records.items()
    }
