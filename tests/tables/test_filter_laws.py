"""One grammar, one meaning: on every kind of table a condition keeps the rows that plain Python keeps."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kinds_of_tables
import polars as pl
import pytest
from filter_cases import INJECTION, LISTS, SCHEMA, conditions, rows
from filter_oracle import kept
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import neurochain as nc
from neurochain.tables.filters.condition import Condition

ALL = (*SCHEMA, *LISTS)
PLAIN = tuple(SCHEMA)
KINDS = ["parquet", "hive", "directory", "function", "dataset", "delta", "sqlite", "postgres"]
FRAME = rows()
ROWS = FRAME.to_dicts()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kinds")


@pytest.fixture(scope="module")
def made() -> dict[str, nc.Table]:
    return {}


@pytest.fixture
def table(
    request: pytest.FixtureRequest,
    place: Path,
    made: dict[str, nc.Table],
    monkeypatch: pytest.MonkeyPatch,
) -> nc.Table:
    """A table of the kind that the test asks for; made once."""
    kind = request.param
    monkeypatch.setenv("NEUROCHAIN_HOME", str(place / ".neurochain"))
    if kind == "delta" and importlib.util.find_spec("neurochain.tables.delta") is None:
        pytest.skip("neurochain.tables.delta is not there")
    url = request.getfixturevalue("postgres") if kind == "postgres" else f"sqlite:///{place}/rows.db"
    if kind not in made:
        if kind in ("sqlite", "postgres"):
            made[kind] = kinds_of_tables.sql(url, FRAME.select(ALL if kind == "postgres" else PLAIN))
        else:
            make: Callable[[pl.DataFrame, Path], nc.Table] = getattr(kinds_of_tables, kind)
            made[kind] = make(FRAME, place / kind)
    return made[kind]


@pytest.mark.parametrize("table", KINDS, indirect=True)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_condition_keeps_what_python_keeps(table: nc.Table, data: st.DataObject) -> None:
    cases = data.draw(conditions(PLAIN if table.schema.get("l") is None else ALL))
    filters = [[nc.Filter(*term) for term in case] for case in cases]
    found = table(filters, columns=["id"]).collect()
    assert sorted(found["id"].to_list()) == kept(ROWS, cases)


@settings(max_examples=400)
@given(cases=conditions(ALL))
def test_in_memory(cases: Any) -> None:
    asked = Condition.of([[nc.Filter(*term) for term in case] for case in cases]).bound(FRAME.schema)
    expression = asked.expression()
    found = FRAME if expression is None else FRAME.filter(expression)
    assert found["id"].to_list() == kept(ROWS, cases)


@settings(max_examples=200)
@given(cases=conditions(ALL), columns=st.sets(st.sampled_from(ALL), min_size=1))
def test_what_it_asks_of_some_columns_keeps_no_less(cases: Any, columns: set[str]) -> None:
    asked = Condition.of([[nc.Filter(*term) for term in case] for case in cases]).bound(FRAME.schema)
    part = asked.within(columns)
    assert set(part.names()) <= columns
    expression = part.expression()
    found = FRAME if expression is None else FRAME.filter(expression)
    assert set(kept(ROWS, cases)) <= set(found["id"].to_list())


@pytest.mark.parametrize("table", KINDS, indirect=True)
@pytest.mark.parametrize("column", ["i", "h", "f", "s", "b", "d", "t"])
def test_code_in_a_value_is_a_value(table: nc.Table, column: str) -> None:
    """The whole column equal to what would be code: nothing, but the one text that is so."""
    there = {r["id"] for r in ROWS if r[column] == INJECTION}
    assert bool(there) == (column == "s")
    assert set(table(nc.Filter(column, "=", INJECTION)).collect()["id"]) == there
    assert set(table(nc.Filter(column, "in", [INJECTION])).collect()["id"]) == there
    known = {r["id"] for r in ROWS if r[column] is not None}
    assert set(table(nc.Filter(column, "!=", INJECTION)).collect()["id"]) == known - there


@pytest.mark.parametrize("table", KINDS, indirect=True)
def test_expressions_are_conditions(table: nc.Table) -> None:
    asked = [nc.Column("h").is_between(5, 7), nc.Filter("b", "=", True)]
    wanted = [r["id"] for r in ROWS if r["h"] in (5, 7) and r["b"]]
    assert sorted(table(asked, ["id"]).collect()["id"]) == wanted
    either = [[nc.Column("h") == 23], [nc.Filter("h", "=", -1), nc.Column("i") > 0]]
    wanted = [r["id"] for r in ROWS if r["h"] == 23 or (r["h"] == -1 and (r["i"] or 0) > 0)]
    assert sorted(table(either).collect()["id"]) == wanted


@pytest.mark.parametrize("table", KINDS, indirect=True)
def test_all_rows_come_as_they_were(table: nc.Table) -> None:
    wanted = FRAME.select(n for n in FRAME.columns if n in table.schema)
    if isinstance(table, nc.SQLTable):
        wanted = wanted.cast({"h": table.schema["h"]})
    found = table().collect().sort("id").select(wanted.columns)
    assert found.equals(wanted)
    assert found.schema == wanted.schema


@pytest.mark.parametrize("table", KINDS, indirect=True)
def test_columns_come_in_the_order_that_was_asked(table: nc.Table) -> None:
    assert table(columns=["s", "id"]).collect_schema().names() == ["s", "id"]
    assert table([nc.Filter("h", "=", 7)], ["f"]).collect().columns == ["f"]
    assert table().select(pl.len()).collect().item() == len(ROWS)
    assert table().head(3).collect().height == 3
    assert table(nc.Filter("h", "=", 7)).head(2).collect()["h"].to_list() == [7, 7]


@pytest.mark.parametrize("table", KINDS, indirect=True)
def test_what_is_not_there_is_said(table: nc.Table) -> None:
    with pytest.raises(nc.ColumnNotFoundError, match=r"'rows' has no column 'hh'.*Did you mean 'h'"):
        table(nc.Filter("hh", "=", 1))
    with pytest.raises(nc.ColumnNotFoundError, match="has no column 'idd'"):
        table(columns=["idd"])
    with pytest.raises(nc.ExpressionError, match=r"'h'.*cannot be compared"):
        table(nc.Filter("h", "=", b"7"))
    with pytest.raises(nc.ExpressionError, match="neither more nor less"):
        table(nc.Filter("h", ">", INJECTION))
    with pytest.raises(nc.TableError, match="nothing"):
        table(nothing=1)
