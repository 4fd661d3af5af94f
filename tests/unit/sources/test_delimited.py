"""Quoting of .csv and .tsv: declared, or found out by reading the whole file both ways."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from augflow.errors import SourceError
from augflow.sources.delimited import read_delimited
from augflow.sources.table import Table


def read(tmp_path: Path, text: str, suffix: str = "tsv", quoting: str | None = None) -> Table:
    file = tmp_path / f"t.{suffix}"
    file.write_bytes(text.encode())
    return read_delimited(str(file), "\t" if suffix == "tsv" else ",", quoting)


def rows(table: Table) -> list[tuple[str, ...]]:
    return list(zip(*table.columns, strict=True))


@pytest.mark.parametrize(
    ("suffix", "text", "found", "note"),
    [
        ("tsv", "t\tl\na b\t1\n", [("a b", "1")], "quoting off (it holds no quotes)"),
        ("tsv", 't\tl\nsay "a" b\t1\n', [('say "a" b', "1")], "quoting off (no field is quoted)"),
        # One reading stands.
        ("tsv", 't\tl\n"a" b\t1\n', [('"a" b', "1")], "quoting off (with quoting on, line 2: not readable"),
        ("tsv", 't\tl\n"a\tb"\t1\n', [("a\tb", "1")], "quoting on (with quoting off, line 2: 3 fields"),
        ("csv", 't,l\n"a\nb",1\n', [("a\nb", "1")], "quoting on (with quoting off, line 2: 1 field"),
        ("csv", 't,l\n"a,1\nb,2\n', [('"a', "1"), ("b", "2")], "quoting off (with quoting on, line 2"),
        # Both stand, and differ in the number of rows: a quote has swallowed rows.
        (
            "tsv",
            't\tl\n"great , he said\t1\nbad\t0\ni loved it "\t1\n',
            [('"great , he said', "1"), ("bad", "0"), ('i loved it "', "1")],
            "quoting off (1 row with quoting on, 3 with quoting off)",
        ),
        # Both stand with as many rows.
        ("csv", 't,l\n"a",1\nb,2\n', [("a", "1"), ("b", "2")], "quoting on (as in every .csv"),
        ("tsv", 't\tl\n"a"\t1\nb\t2\n', [('"a"', "1"), ("b", "2")], "quoting off (some fields begin and end"),
        ("tsv", 't\tl\n"a"\t1\n"b"\t2\n', [("a", "1"), ("b", "2")], "quoting on (its quoted fields"),
        ("tsv", 't\tl\n"""a"" b"\t1\nb\t2\n', [('"a" b', "1"), ("b", "2")], "quoting on (its quoted fields"),
        ("tsv", '"t"\t"l"\na\t1\n', [("a", "1")], "quoting on (its first line is quoted)"),
        ("csv", '"t","l"\n"","\n,"\n', [("", "\n,")], "quoting on (its first line is quoted)"),
    ],
)
def test_quoting_is_found_and_told(
    tmp_path: Path, suffix: str, text: str, found: list[tuple[str, ...]], note: str
) -> None:
    """The rule of the module, case by case, and the description says what was taken and why."""
    table = read(tmp_path, text, suffix)
    assert rows(table) == found
    assert table.note.startswith(note)


@pytest.mark.parametrize(
    ("quoting", "found"), [("on", [("a", "1"), ("b", "2")]), ("off", [('"a"', "1"), ("b", "2")])]
)
@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_quoting_can_be_declared(
    tmp_path: Path, suffix: str, quoting: str, found: list[tuple[str, ...]]
) -> None:
    """What is declared is taken, whatever would have been found."""
    text = 't\tl\n"a"\t1\nb\t2\n'.replace("\t", "," if suffix == "csv" else "\t")
    table = read(tmp_path, text, suffix, quoting)
    assert (rows(table), table.note) == (found, f"quoting {quoting}")


def test_a_single_column_that_reads_both_ways_must_be_declared(tmp_path: Path) -> None:
    """Field counts say nothing where there is one field; nothing is guessed there."""
    with pytest.raises(SourceError, match=r"1 row with quoting on, 2 with quoting off; declare `quoting`"):
        read(tmp_path, 't\n"a\nb"\n', "csv")


def test_neither_reading_stands(tmp_path: Path) -> None:
    """The error gives the line at which each reading fails."""
    with pytest.raises(SourceError, match=r"t.csv:4: .*; with quoting off, line 2: 1 field") as caught:
        read(tmp_path, 't,l\n"a\nb",1\nc,"d" e\n', "csv")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("quoting", ["on", "off"])
def test_line_breaks(tmp_path: Path, quoting: str) -> None:
    r"""\r\n ends lines where it ends the first; other characters that look like line breaks are text."""
    assert rows(read(tmp_path, "t,l\r\na,1\r\nb,2\r\n", "csv", quoting)) == [("a", "1"), ("b", "2")]
    odd = "a\u2028b\x0bc\x85d\x1ce"
    assert rows(read(tmp_path, f"t,l\n{odd},1", "csv", quoting)) == [(odd, "1")]


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    """A row that spans lines is named by its first, and those after it by theirs."""
    table = read(tmp_path, 't,l\n"a\nb\n",1\nc,2\n', "csv", "on")
    assert [table.origin(0), table.origin(1)] == [f"{tmp_path}/t.csv:2", f"{tmp_path}/t.csv:5"]
    assert read(tmp_path, "t,l\n\na,1\n\n", "csv").blank == (2, 4)


def test_a_byte_order_mark_is_no_column_name(tmp_path: Path) -> None:
    """Spreadsheets put it before the first name."""
    assert read(tmp_path, "\ufefft,l\na,1\n", "csv").names == ("t", "l")


CELLS = st.text(st.sampled_from('ab ",\t\n\r|é'), max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_what_a_csv_writer_quotes_is_read_back(tmp_path: Path, table: list[tuple[str, str]]) -> None:
    """Every table that Python's writer quotes comes back as it was, when quoting is declared."""
    stream = io.StringIO()
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("t", "l"), *table])
    assert rows(read(tmp_path, stream.getvalue(), "csv", "on")) == table
    assert rows(read(tmp_path, stream.getvalue(), "csv")) == table


PLAIN = st.text(st.sampled_from('ab ",é'), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(table=st.lists(st.tuples(PLAIN, st.sampled_from("01")), min_size=1, max_size=6))
def test_finding_out_never_loses_a_row(tmp_path: Path, table: list[tuple[str, str]]) -> None:
    """Of a .tsv without quoting, whatever is found out, every row is there with its label."""
    text = "".join(f"{cell}\t{label}\n" for cell, label in [("t", "l"), *table])
    assert rows(read(tmp_path, text, "tsv", "off")) == table
    assert [row[1] for row in rows(read(tmp_path, text, "tsv"))] == [label for _, label in table]
