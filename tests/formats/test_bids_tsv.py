"""Tables are looked over before their cells are read."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurochain.errors import FormatError
from neurochain.formats.bids.sidecar import merge_sidecars, parse_sidecar
from neurochain.formats.bids.tsv import split_tsv


def test_lines_of_a_table() -> None:
    table = split_tsv("x.tsv", "onset\tduration\r\n1\t2\r\n\r\n3\tn/a\r\n")
    assert (table.columns, table.lines, table.cells) == (("onset", "duration"), ["1\t2", "3\tn/a"], None)
    assert split_tsv("x.tsv", "a\n").lines == []
    assert split_tsv("x.tsv", "\ta \n1\t2").columns == ("column_1", "a")


def test_cells_in_quotes() -> None:
    table = split_tsv("x.tsv", 'a\tb\n"one\ttwo"\t"say ""no"""\nx"y\tz\n')
    assert table.cells == [["one\ttwo", 'say "no"'], ['x"y', "z"]]
    assert split_tsv("x.tsv", 'a\n5" disk\n').lines == ['5" disk']


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "x.tsv is empty"),
        ("\t\t\n1\t2\t3", "x.tsv is empty"),
        ("a\tb\ta\n", "two columns named 'a'"),
        ("a\tb\n1\t2\n3\n", "x.tsv, line 3: 1 cells, but there are 2 columns"),
        ("a\tb\n\n1\t2\t3\n", "x.tsv, line 3: 3 cells"),
        ('a\tb\n"1"\t2\t3\n', "x.tsv, line 2: 3 cells"),
        ('a\n"' + "x" * 200_000, "x.tsv is no table"),
    ],
)
def test_what_is_no_table(text: str, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        split_tsv("x.tsv", text)


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\t"), min_size=1)


@given(st.lists(st.tuples(CELL, CELL).filter(lambda cells: any(c.strip() for c in cells)), max_size=5))
def test_what_is_written_is_read(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerows([("a", "b"), *rows])
    table = split_tsv("x.tsv", out.getvalue())
    found = table.cells if table.cells is not None else [line.split("\t") for line in table.lines]
    assert found == [list(row) for row in rows]


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    try:
        table = split_tsv("x.tsv", text)
    except FormatError:
        return
    rows = table.cells if table.cells is not None else [line.split("\t") for line in table.lines]
    assert all(len(row) == len(table.columns) for row in rows)


def test_sidecars() -> None:
    assert parse_sidecar("a.json", '{"x": [1]}') == {"x": [1]}
    assert merge_sidecars([]) == {}
    assert merge_sidecars([{"a": {"x": 1}, "b": 1}, {"a": {"y": 2}}]) == {"a": {"y": 2}, "b": 1}


@pytest.mark.parametrize("text", ["", "{", "[1]", "1", "null", "[" * 100_000])
def test_what_is_no_sidecar(text: str) -> None:
    with pytest.raises(FormatError, match=r"The sidecar a.json (is no JSON|holds a)"):
        parse_sidecar("a.json", text)
