"""What is let through to ROAPI: statements that read, and nothing else."""

import doctest
import re
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.errors import ExpressionError, FormatError
from neurochain.tables.serving.messages import any_message, decode, pack, unpack
from neurochain.tables.serving.reading import check_reads


@pytest.mark.parametrize(
    "name",
    [
        "reading",
        "messages",
        "upstream",
        "offer",
        "config",
        "gate",
        "grafana",
        "server",
        "postgres.text",
        "postgres.session",
    ],
)
def test_examples_of_a_module(name: str) -> None:
    import polars as pl  # the examples' names

    module = import_module(f"neurochain.tables.serving.{name}")
    assert doctest.testmod(module, extraglobs={"pl": pl, "nc": nc}).failed == 0


@pytest.mark.parametrize(
    "statement",
    [
        "select 1",
        "  SELECT * FROM a -- copy it\n",
        "/* insert into */ with a as (select 1) select * from a;",
        "((select 1) union all (select 2))",
        "values (1), (2)",
        "show tables",
        "describe implant.spikes",
        "explain select 1",
        "explain analyze verbose select 1",
        "select 'copy (select 1) to ''x''; drop table a' as \"into\"",
        "select $1",
        'select "a;b" from "it\'s"',
    ],
)
def test_what_reads_passes(statement: str) -> None:
    assert (
        check_reads(statement) == re.sub(r"/\*.*?\*/|--[^\n]*", " ", statement).strip().rstrip(";").rstrip()
    )


@pytest.mark.parametrize(
    "statement",
    [
        "",
        ";",
        "-- select 1",
        "copy (select 1) to 'x'",
        "/* a */ copy (select 1) to 'x'",
        "(copy (select 1) to 'x')",
        "explain analyze copy (select 1) to 'x'",
        "explain verbose analyze insert into a values (1)",
        "insert into a values (1)",
        "create external table a stored as csv location '/etc/passwd'",
        "create view a as select 1",
        "drop table a",
        "set a = 1",
        "select 1 into a",
        "select 1; drop table a",
        "select 1;; select 2",
        "select 1 -- '\n; drop table a",
        "select '",
        'select "a',
        "select /* 1",
        "select $$ ; $$; drop table a",
        "select 1\0",
        "/* /* */ copy (select 1) to 'x' -- */ select 1",
        "select 1 /* /* */ into x -- */",
        "select e'\\'' into x --'",
        "select E'a\\n'",
        "'select' copy (select 1) to 'x'",
        "* select 1",
        "select U&'a'",
        "pragma x",
        "call x()",
        "update a set b = 1",
        "delete from a",
        "begin",
        "sélect 1",
    ],
)
def test_what_writes_or_is_no_statement_is_refused(statement: str) -> None:
    with pytest.raises(ExpressionError):
        check_reads(statement)


def test_texts_with_backslashes_are_written_plainly() -> None:
    assert check_reads("select  E'a\\\\b''c' as e") == "select  'a\\b''c' as e"


PIECES = st.sampled_from(
    [
        "select",
        "copy",
        " ",
        "(",
        ")",
        "'",
        '"',
        "`",
        "--",
        "\n",
        "/*",
        "*/",
        ";",
        "into",
        "explain",
        "analyze",
        "$$",
        "$a$",
        "x",
        "1",
        "E'\\'",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_whatever_passes_begins_with_what_reads(statement: str) -> None:
    try:
        passed = check_reads(statement)
    except ExpressionError:
        return
    assert passed.lstrip(" (\n").lower().startswith(("select", "explain"))


@given(st.integers(1, 500), st.binary(max_size=400))
def test_fields_are_read_as_they_are_written(number: int, value: bytes) -> None:
    assert list(decode(pack(number, value) + pack(2, b"x"))) == [(number, value), (2, b"x")]
    assert unpack(any_message("CommandStatementQuery", value)) == ("CommandStatementQuery", value)


@given(st.binary(max_size=60))
def test_what_is_no_message_is_said(data: bytes) -> None:
    try:
        fields = list(decode(data))
    except FormatError:
        return
    assert sum(len(value) for _, value in fields) <= len(data)
