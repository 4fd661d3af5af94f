"""Tables, verdicts and ratios of the benchmarks."""

from __future__ import annotations

import pytest

from benchmarks.report import Figure, Report, paired_ratio, rows_per_s, table
from benchmarks.seats import Record, Turn


def record(name: str, rates: list[float]) -> Record:
    return Record(name, turns=[Turn(100, 100 / rate, {"client": 1.0}) for rate in rates])


@pytest.mark.parametrize(
    ("value", "at_least", "verdict"),
    [
        (2.0, True, "aim"),
        (1.3, True, "floor"),
        (1.1, True, "MISSED"),
        (1.1, False, "aim"),
        (2.1, False, "MISSED"),
    ],
)
def test_a_figure_says_what_was_reached(value: float, at_least: bool, verdict: str) -> None:
    """Floor and aim are bounds from below, or from above where less is better."""
    figure = Figure("x", value, 1.2, 2.0) if at_least else Figure("x", value, 2.0, 1.2, at_least=False)
    assert figure.verdict == verdict


def test_a_ratio_is_taken_within_rounds() -> None:
    """A slow minute of the machine hits both contenders of a round, so it cancels."""
    ours, theirs = record("a", [100, 10, 50]), record("b", [50, 5, 25])
    assert paired_ratio(ours, theirs, rows_per_s) == pytest.approx(2.0)


def test_the_table_is_markdown() -> None:
    """One line a row, columns aligned."""
    lines = table(("a", "bcd"), [("long", "x")]).splitlines()
    assert lines == ["| a    | bcd |", "| ---- | --- |", "| long | x   |"]


def test_a_report_names_its_data_and_figures() -> None:
    """A reader sees what was measured on what, and what it was to reach."""
    report = Report("q", "STAND-INS", ("what",), [("x",)], [Figure("T1", 0.9, 0.85, 0.95)])
    assert "STAND-INS" in report.markdown()
    assert "| T1     | 0.9      | 0.85  | 0.95 | floor   |" in report.markdown()
    assert report.as_dict()["figures"][0]["value"] == 0.9
