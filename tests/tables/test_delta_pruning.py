"""Pruning: no file is left out that has wanted rows, and no byte is read of one that cannot have any."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import deltalake
import polars as pl
import pytest
from delta_logs import add, column, commit, metadata, protocol
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.tables.delta.snapshot import PATH, Snapshot
from neurochain.tables.delta.statistics import files_of
from neurochain.tables.filters.condition import Condition
from neurochain.testing import ObjectServer

ANYWHEN = st.datetimes(dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, 0, 0, 0, 9000))
LONG = st.builds(
    lambda n, end: "y" * n + end,
    st.sampled_from([0, 30, 31, 32, 33, 64, 70]),
    st.text("abz\U0010ffff", max_size=3),
)
VALUES: dict[str, Any] = {
    "i": (pl.Int64, st.integers(-4, 4) | st.sampled_from([-(2**62), 2**62])),
    "f": (pl.Float64, st.sampled_from([0.0, -0.0, 1.5, -2.5, float("nan"), float("inf"), float("-inf")])),
    "t": (pl.Datetime("us"), ANYWHEN),
    "d": (pl.Date, st.dates(dt.date(2024, 1, 1), dt.date(2024, 1, 5))),
    "s": (pl.String, LONG),
}  # fmt: skip
OPERATORS = ["=", "!=", "<", "<=", ">", ">=", "in", "not in", "between", "is null", "is not null"]


@st.composite
def filters(draw: st.DrawFn, names: list[str]) -> nc.Filter:
    name = draw(st.sampled_from(names))
    operator = draw(st.sampled_from(OPERATORS))
    value = VALUES[name][1]
    if operator.startswith("is "):
        return nc.Filter(name, operator)
    if operator == "between":
        return nc.Filter(name, operator, sorted([draw(value), draw(value)]))
    return nc.Filter(name, operator, draw(st.lists(value, max_size=3)) if "in" in operator else draw(value))


def frames() -> st.SearchStrategy[pl.DataFrame]:
    row = st.fixed_dictionaries({name: st.none() | value for name, (_, value) in VALUES.items()})
    schema = {name: dtype for name, (dtype, _) in VALUES.items()}
    return st.lists(row, min_size=1, max_size=4).map(lambda rows: pl.DataFrame(rows, schema=schema))


@given(st.data(), st.lists(frames(), min_size=1, max_size=4))
def test_filters_give_what_polars_gives_of_all_rows(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, written: list[pl.DataFrame]
) -> None:
    folder = tmp_path_factory.mktemp("table") / "t"
    partitions = data.draw(st.sampled_from([[], ["d"], ["s"], ["d", "i"]]))
    for rows in written:
        deltalake.write_deltalake(folder, rows, mode="append", partition_by=partitions)
    case = st.lists(filters(list(VALUES)), min_size=1, max_size=3)
    asked = data.draw(st.lists(case, min_size=1, max_size=2))
    all_ = pl.concat(written)
    if "s" in partitions:  # in Delta Lake an empty text is no value of a partition column
        all_ = all_.with_columns(pl.col("s").replace("", None))
    condition = Condition.of(asked).bound(all_.schema).expression()
    assert condition is not None
    found = nc.DeltaTable(name="t", uri=str(folder))(asked, list(VALUES)).collect()
    assert sorted(map(repr, found.rows())) == sorted(map(repr, all_.filter(condition).rows()))


def statistics(rows: pl.DataFrame, cut: int) -> dict[str, Any]:
    """As Spark writes them: texts cut, with a character more than any, times to milliseconds; as a table before them, without that character."""
    least, most = {}, {}
    for name in rows.columns:
        values = rows[name].drop_nulls().drop_nans() if name == "f" else rows[name].drop_nulls()
        if values.is_empty():
            continue
        low, high = values.min(), values.max()
        if name == "s":
            low, high = str(low)[:cut], str(high)[:cut]
        elif name == "t":
            low, high = (f"{v:%Y-%m-%dT%H:%M:%S}.{v.microsecond // 1000:03d}" for v in (low, high))
        elif name == "d":
            low, high = str(low), str(high)
        elif name == "f" and not all(abs(v) < 1e9 for v in (low, high)):
            continue
        least[name], most[name] = low, high
    nulls = {name: rows[name].null_count() for name in rows.columns}
    return {"minValues": least, "maxValues": most, "nullCount": nulls}


@given(frames(), st.lists(filters(list(VALUES)), min_size=1, max_size=2), st.sampled_from([32, 64]))
def test_cut_statistics_hide_no_row(
    tmp_path_factory: pytest.TempPathFactory, rows: pl.DataFrame, asked: list[nc.Filter], cut: int
) -> None:
    folder = tmp_path_factory.mktemp("table")
    kinds = {"i": "long", "f": "double", "t": "timestamp_ntz", "d": "date", "s": "string"}
    begin = protocol("timestampNtz"), metadata(*(column(name, kind) for name, kind in kinds.items()))
    commit(folder, 0, *begin, add(folder, "a.parquet", rows, statistics(rows, cut)))
    condition = Condition.of(asked).bound(rows.schema)
    wanted = rows.filter(condition.expression())
    snapshot = Snapshot.read(str(folder), None, "t")
    if wanted.height:
        assert files_of(snapshot, condition, rows.schema).height == 1
    found = nc.DeltaTable(name="t", uri=str(folder))(asked).collect()
    assert sorted(map(repr, found.rows())) == sorted(map(repr, wanted.rows()))


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        (nc.Filter("i", "=", 5), [0]),
        (nc.Filter("i", "=", "5"), [0]),
        (nc.Filter("i", "=", "five"), []),
        (nc.Filter("i", "in", [5, 25]), [0, 2]),
        (nc.Filter("i", "in", []), []),
        (nc.Filter("i", "between", [8, 11]), [0, 1]),
        (nc.Filter("i", ">", 19), [2]),
        (nc.Filter("i", "<", 10), [0]),
        (nc.Filter("t", "=", "2024-01-02T00:00:05"), [1]),
        (nc.Filter("s", "=", "s3"), [0, 1, 2]),
        (nc.Filter("n", "is not null"), [1, 2]),
        (nc.Filter("n", "=", 1), [1, 2]),
        (nc.Filter("i", "is null"), []),
        (nc.Filter("later", "=", 1), [2]),
        (nc.Column("i") >= 20, [2]),
        ((nc.Column("i") >= 5) & (nc.Column("i") < 9), [0]),
        ([[nc.Filter("i", "=", 5)], [nc.Filter("t", ">", "2024-01-03")]], [0, 2]),
        ([[nc.Filter("i", "=", 5)], [nc.Filter("s", "contains", "s")]], [0, 1, 2]),
    ],
)
def test_files_that_are_left(tmp_path: Path, asked: Any, left: list[int]) -> None:
    """Three files of ten rows; ``n`` is null in the first, ``later`` only in the last."""
    paths = []
    for number in range(3):
        rows = part(number)
        deltalake.write_deltalake(tmp_path / "t", rows, mode="append", schema_mode="merge")
        paths += set(Snapshot.read(str(tmp_path / "t"), None, "t").files[PATH]) - set(paths)
    snapshot = Snapshot.read(str(tmp_path / "t"), None, "t")
    condition = Condition.of(asked).bound(snapshot.schema)
    found = files_of(snapshot, condition, snapshot.schema)[PATH].to_list()
    if isinstance(asked, nc.Filter) and asked.column == "later":  # whether it is null before is not said
        assert paths[2] in found
    else:
        assert sorted(paths.index(path) for path in found) == left


def part(number: int) -> pl.DataFrame:
    begin = dt.datetime(2024, 1, 1 + number)
    rows = pl.DataFrame(
        {
            "i": range(10 * number, 10 * number + 10),
            "t": [begin + dt.timedelta(seconds=n) for n in range(10)],
            "s": [f"s{n}" for n in range(10)],
            "n": pl.Series([None if number == 0 else 1] * 10, dtype=pl.Int64),
        }
    )
    return rows.with_columns(later=pl.lit(1)) if number == 2 else rows


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[ObjectServer, nc.DeltaTable]]:
    """Twenty files of 5,000 rows behind a server that counts; two columns, one of them heavy."""
    folder = tmp_path / "served/lab/impedance"
    for number in range(20):
        rows = pl.DataFrame(
            {"i": range(5000 * number, 5000 * number + 5000), "day": [number // 4] * 5000}
        ).with_columns(heavy=pl.col("i").hash(number).cast(pl.String))
        deltalake.write_deltalake(folder, rows, mode="append", partition_by=["day"])
    with ObjectServer(tmp_path / "served") as server:
        table = nc.DeltaTable(
            name="t", uri="s3://lab/impedance", storage_options={"anon": True, "endpoint": server.url}
        )
        yield server, table


def parquet(server: ObjectServer) -> set[str]:
    return {r.path for r in server.traffic.requests if r.path.endswith(".parquet")}


def test_only_what_is_asked_for_is_read(served: tuple[ObjectServer, nc.DeltaTable]) -> None:
    server, table = served
    stored = sum(path.stat().st_size for path in server.folder.rglob("*.parquet"))
    lazy = table(nc.Filter("i", "between", [7000, 7009]), ["i", "heavy"])
    assert not parquet(server)  # the log alone, until rows are wanted
    assert lazy.collect().height == 10
    assert len(parquet(server)) == 1
    server.traffic.clear()
    assert table(nc.Filter("day", "=", 3), ["i"]).collect().height == 20_000
    assert len(parquet(server)) == 4
    assert server.traffic.bytes < stored / 5  # a fifth of the files, and the lighter column
    server.traffic.clear()
    assert table(nc.Filter("i", "<", 0)).collect().is_empty()
    assert not parquet(server)
    log = server.traffic.bytes
    server.traffic.clear()
    assert table.facts().rows == 100_000
    assert not parquet(server)
    assert server.traffic.bytes < 2 * log


def test_filters_that_come_later_are_pushed_down_as_well(
    served: tuple[ObjectServer, nc.DeltaTable],
) -> None:
    server, table = served
    everything = table().select(pl.len(), pl.col("heavy").str.len_bytes().sum()).collect()
    assert everything["len"].item() == 100_000
    whole = server.traffic.bytes
    server.traffic.clear()
    assert table().filter(pl.col("i") == 7).select("i").collect().item() == 7
    assert server.traffic.bytes < whole / 3


def test_small_files_are_asked_for_once(tmp_path: Path) -> None:
    for number in range(6):
        rows = pl.DataFrame({"i": [number, number], "p": [f"a%2{number % 2}b", None]})
        deltalake.write_deltalake(tmp_path / "lab/t", rows, mode="append", partition_by=["p"])
    with ObjectServer(tmp_path) as server:
        access = {"anon": True, "endpoint": server.url}
        table = nc.DeltaTable(name="t", uri="s3://lab/t", storage_options=access, unique_columns=["p"])
        assert table(columns=["p", "i"]).sort("p").collect().rows() == [(None, 5), ("a%20b", 4), ("a%21b", 5)]
        asked = [r.path for r in server.traffic.requests if r.path.endswith(".parquet")]
        assert len(asked) == len(set(asked)) == 12


def test_statistics_that_are_no_numbers_are_no_harm(tmp_path: Path) -> None:
    entry = add(tmp_path, "a.parquet", pl.DataFrame({"i": [1]}))
    entry["add"]["stats"] = json.dumps({"numRecords": 1, "minValues": {}, "maxValues": {}, "nullCount": {}})
    commit(tmp_path, 0, protocol(), metadata(column("i", "long")), entry)
    assert nc.DeltaTable(name="t", uri=str(tmp_path))(nc.Filter("i", "=", 1)).collect().height == 1
