"""Code to copy gives what the table gives: Python, SQL by DuckDB, notebooks."""

import contextlib
import datetime as dt
import sys
import types
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from site_catalog import Framed, make_catalog

import neurochain as nc
from neurochain.tables.filters.condition import Condition
from neurochain.tables.site.building import build_site
from neurochain.tables.site.code import Code


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> None:
    (tmp_path / "data_of_it").mkdir()


def test_python_gives_what_the_table_gives(
    tmp_path: Path, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = make_catalog(tmp_path / "data_of_it")
    module = types.ModuleType("declared")
    module.catalog = catalog  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "declared", module)
    for database, name in [
        ("implant", "normalized_binned_spikes"),
        ("implant", "implant_diagnostics"),
        ("odd", "hostile"),
    ]:
        table = catalog.db(database)[name]
        held: dict[str, Any] = {}
        with pytest.warns(nc.DeprecatedTableWarning) if table.deprecated else contextlib.nullcontext():
            exec(Code(database, table, "declared").python(), held)
        assert_frame_equal(held["df"], table.scan(_asked(table), **getattr(table, "docs_args", {})).collect())


def _asked(table: nc.Table) -> Condition:
    return Condition.of(table.docs_filters)


VALUES = st.one_of(
    st.tuples(st.just("i"), st.sampled_from(["=", "!=", "<", ">="]), st.integers(-5, 5)),
    st.tuples(
        st.just("s"),
        st.sampled_from(["==", "!=", "contains"]),
        st.sampled_from(["a", "o'clock", '"', "", "1) or (1=1"]),
    ),
    st.tuples(st.just("i"), st.sampled_from(["in", "not in"]), st.lists(st.integers(-3, 3), max_size=3)),
    st.tuples(st.just("d"), st.just("between"), st.just(["2024-01-02", "2024-01-04"])),
    st.tuples(st.just("t x"), st.sampled_from(["is null", "is not null"]), st.none()),
    st.tuples(st.just("l"), st.just("includes"), st.integers(0, 3)),
    st.tuples(
        st.just("l"),
        st.sampled_from(["includes any", "includes all"]),
        st.lists(st.integers(0, 3), min_size=1, max_size=2),
    ),
)
FRAME = pl.DataFrame(
    {
        "i": [-3, 0, 2, None],
        "s": ["a", "o'clock", '"', None],
        "d": [dt.date(2024, 1, d) for d in (1, 2, 4)] + [None],
        "t x": [dt.datetime(2024, 1, 1), None, None, None],
        "l": [[0, 1], [2], [], None],
    }
)


@given(st.lists(st.lists(VALUES, min_size=1, max_size=2), max_size=2))
def test_sql_gives_what_the_filters_give(cases: list[list[tuple[str, str, Any]]]) -> None:
    filters: Any = [[nc.Filter(*term) for term in case] for case in cases]
    table = Framed(name="select", frame=FRAME, docs_filters=filters)
    query = Code("db", table, schema=FRAME.schema).sql()
    connection = duckdb.connect()
    connection.execute("create schema db")
    connection.register("given", FRAME.to_arrow())
    connection.execute('create table db."select" as select * from given')
    found = connection.execute(query).fetchall()
    expected = table.scan(_asked(table)).collect().rows()
    assert sorted(map(repr, found)) == sorted(repr(tuple(row)) for row in expected)


def test_names_that_sql_knows_are_quoted() -> None:
    table = nc.ParquetTable(name="Spikes", uri="x", docs_columns=["order", 'a"b', "rate"])
    assert Code("db", table).sql() == 'select "order", "a""b", rate\nfrom db."Spikes"\nlimit 100;'


def test_notebooks_are_valid_and_plain(tmp_path: Path, project: Any) -> None:
    catalog = make_catalog(tmp_path / "data_of_it", jupyterhub="https://hub.example.org")
    built = build_site(catalog, tmp_path / "site")
    found = sorted((built.folder / "notebooks").glob("*.ipynb"))
    assert len(found) == 7
    for path in found:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                compile(cell.source, path.name, "exec")
    (first, *_) = nbformat.read(built.folder / "notebooks" / "odd.hostile.ipynb", as_version=4).cells
    assert r"\<script\>alert\(1\)\</script\>" in first.source
    assert "<script>" not in first.source
