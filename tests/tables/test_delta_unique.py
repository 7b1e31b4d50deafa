"""unique_columns: the last row of a key, against a dictionary that is written row by row."""

import datetime as dt
import itertools
import json
import warnings
from pathlib import Path
from typing import Any
from unittest.mock import patch

import deltalake
import polars as pl
import pytest
from delta_logs import add, column, commit, metadata, protocol, remove
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc
from neurochain.tables.delta import slices
from neurochain.tables.delta.newest import last_of_each
from neurochain.tables.delta.snapshot import Snapshot

KEY = ["implant_id", "ts"]
SCHEMA = {"implant_id": pl.Int64, "ts": pl.Int64, "ohm": pl.Float64, "note": pl.String}
Row = tuple[int | None, int | None, float | None, str | None]
ROWS = st.tuples(
    st.none() | st.integers(0, 2),
    st.none() | st.integers(0, 3),
    st.none() | st.sampled_from([0.5, 1.5, 2.5]),
    st.none() | st.sampled_from("ab"),
)


def asked_of(*parts: st.SearchStrategy[Any]) -> st.SearchStrategy[nc.Filter]:
    return st.tuples(*parts).map(lambda terms: nc.Filter(*terms))


ON_KEYS = st.one_of(
    asked_of(st.sampled_from(KEY), st.sampled_from(["=", "!=", "<", ">="]), st.integers(0, 3)),
    st.builds(
        nc.Filter, st.sampled_from(KEY), st.sampled_from(["in", "not in"]), st.lists(st.integers(0, 3))
    ),
    asked_of(st.sampled_from(KEY), st.sampled_from(["is null", "is not null"])),
)
ON_VALUES = st.one_of(
    asked_of(st.just("ohm"), st.sampled_from(["=", "!=", ">"]), st.sampled_from([0.5, 1.5, 2.5])),
    asked_of(st.just("note"), st.sampled_from(["=", "contains"]), st.sampled_from("ab")),
    asked_of(st.sampled_from(["ohm", "note"]), st.sampled_from(["is null", "is not null"])),
)


def last_rows(commits: list[list[Row]]) -> list[Row]:
    """What is left when each row is written over the one of its key."""
    return list({row[:2]: row for row in itertools.chain(*commits)}.values())


def meets(row: Row, asked: nc.Filter) -> bool:
    value = row[list(SCHEMA).index(asked.column)]
    if asked.operator in ("is null", "is not null"):
        return (value is None) == (asked.operator == "is null")
    if value is None:
        return False
    given: Any = asked.value
    return {
        "=": lambda: value == given,
        "!=": lambda: value != given,
        "<": lambda: value < given,
        ">": lambda: value > given,
        ">=": lambda: value >= given,
        "in": lambda: value in given,
        "not in": lambda: value not in given,
        "contains": lambda: given in str(value),
    }[asked.operator]()


@given(
    st.lists(st.lists(ROWS, min_size=1, max_size=6), min_size=1, max_size=5),
    st.lists(st.lists(ON_KEYS | ON_VALUES, min_size=1, max_size=2), max_size=2),
    st.sampled_from([[], ["implant_id"]]),
    st.booleans(),
    st.booleans(),
)
def test_of_rows_with_one_key_the_last_is_kept(
    tmp_path_factory: pytest.TempPathFactory,
    commits: list[list[Row]],
    asked: list[list[nc.Filter]],
    partitions: list[str],
    is_streamed: bool,
    is_sliced: bool,
) -> None:
    folder = tmp_path_factory.mktemp("table") / "t"
    for rows in commits:
        frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
        deltalake.write_deltalake(folder, frame, mode="append", partition_by=partitions)
    table = nc.DeltaTable(name="t", uri=str(folder), unique_columns=KEY)
    fewest = 2 if is_sliced else slices.FEWEST
    expected = [
        row
        for row in last_rows(commits)
        if not asked or any(all(meets(row, f) for f in case) for case in asked)
    ]
    with patch.object(slices, "FEWEST", fewest), patch.object(slices, "AGAIN", 9):
        lazy, everything = table(asked or None, list(SCHEMA)), table(columns=list(SCHEMA))
    found = lazy.collect(engine="streaming" if is_streamed else "in-memory")
    assert sorted(map(repr, found.rows())) == sorted(map(repr, expected))
    later = everything.filter(pl.col("note") == "a").collect()
    assert sorted(map(repr, later.rows())) == sorted(repr(r) for r in last_rows(commits) if r[3] == "a")


def test_a_row_that_was_replaced_does_not_come_back(tmp_path: Path) -> None:
    """Neuralake filters first: the old row meets the condition, and the new one, which does not, is not there to replace it."""
    deltalake.write_deltalake(tmp_path / "t", pl.DataFrame({"ts": [1, 2], "ohm": [900.0, 10.0]}))
    deltalake.write_deltalake(tmp_path / "t", pl.DataFrame({"ts": [1], "ohm": [20.0]}), mode="append")
    table = nc.DeltaTable(name="t", uri=str(tmp_path / "t"), unique_columns=["ts"])
    assert table(nc.Filter("ohm", ">", 500)).collect().is_empty()
    assert table().filter(pl.col("ohm") > 500).collect().is_empty()
    assert table(nc.Column("ohm") > 500).collect().is_empty()
    assert table((nc.Filter("ts", "=", 1), nc.Filter("ohm", "<", 500))).collect().rows() == [(1, 20.0)]
    assert table(columns=["ohm"]).collect()["ohm"].sort().to_list() == [10.0, 20.0]


def test_slices_hold_whole_keys_and_read_little_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "FEWEST", 250)
    for number in range(10):
        rows = pl.DataFrame({"k": range(90 * number, 90 * number + 100), "v": [str(number)] * 100})
        deltalake.write_deltalake(tmp_path / "t", rows, mode="append")
    snapshot = Snapshot.read(str(tmp_path / "t"), None, "t")
    found = slices.slices(snapshot, snapshot.files, ["v", "k"], snapshot.schema)
    assert len(found) == 4
    assert max(part.files.height for part in found) == 4
    table = nc.DeltaTable(name="t", uri=str(tmp_path / "t"), unique_columns=["v", "k"])
    assert table().collect().height == 1000
    table = nc.DeltaTable(name="t", uri=str(tmp_path / "t"), unique_columns=["k"])
    kept = dict(table().collect().iter_rows())
    assert kept == {k: str(min(k // 90, 9)) for k in range(910)}
    lazy = table()
    assert lazy.head(5).collect().height == 5
    assert lazy.filter(pl.col("k") > 300).head(3).collect().height == 3
    assert lazy.filter(pl.col("k") == pl.col("k").max()).collect().rows() == [(909, "9")]
    assert lazy.filter(pl.col("v") == "3").select(pl.col("k").min(), pl.len()).collect().row(0) == (270, 90)
    assert lazy.select("v").unique().collect().height == 10
    assert lazy.join(lazy, on="k").collect(engine="streaming").height == 910
    assert lazy.select(pl.len()).collect().item() == 910
    lazy.sink_parquet(tmp_path / "kept.parquet")
    assert pl.read_parquet(tmp_path / "kept.parquet").height == 910
    # Files that hold all values are not read again and again.
    for _ in range(10):
        deltalake.write_deltalake(tmp_path / "u", pl.DataFrame({"k": range(100)}), mode="append")
    snapshot = Snapshot.read(str(tmp_path / "u"), None, "t")
    assert len(slices.slices(snapshot, snapshot.files, ["k"], snapshot.schema)) == 1


@given(
    st.lists(
        st.tuples(
            st.none() | st.sampled_from([-(2**63), -1, 0, 1, 2**63 - 1]),
            st.none() | st.dates(dt.date(1, 1, 1), dt.date(1, 1, 3)),
            st.none() | st.integers(-128, 127),
            st.none() | st.sampled_from("ab"),
        ),
        max_size=20,
    ),
    st.lists(st.sampled_from("idbs"), min_size=1, max_size=4, unique=True),
)
def test_keys_of_any_type(rows: list[tuple[Any, ...]], keys: list[str]) -> None:
    schema = {"i": pl.Int64, "d": pl.Date, "b": pl.Int8, "s": pl.String, "n": pl.Int64}
    frame = pl.DataFrame([(*row, n) for n, row in enumerate(rows)], schema=schema, orient="row")
    places = ["idbs".index(key) for key in keys]
    expected = {tuple(row[p] for p in places): n for n, row in enumerate(rows)}
    assert sorted(last_of_each(frame, keys)["n"]) == sorted(expected.values())


def test_a_filter_on_another_partition_column_comes_after(tmp_path: Path) -> None:
    for day in ("a", "b"):
        rows = pl.DataFrame({"ts": [1], "day": [day], "ohm": [float(ord(day))]})
        deltalake.write_deltalake(tmp_path / "t", rows, mode="append", partition_by=["day"])
    table = nc.DeltaTable(name="t", uri=str(tmp_path / "t"), unique_columns=["ts"])
    assert table(nc.Filter("day", "=", "a")).collect().is_empty()
    assert table(nc.Filter("day", "=", "b")).collect().height == 1


def test_filters_on_keys_leave_out_files(tmp_path: Path) -> None:
    for number in range(3):
        rows = pl.DataFrame({"ts": [number], "ohm": [1.0]})
        deltalake.write_deltalake(tmp_path / "t", rows, mode="append")
    files = {path: pl.read_parquet(path)["ts"].item() for path in (tmp_path / "t").glob("*.parquet")}
    for path, number in files.items():
        if number != 1:
            path.unlink()
    table = nc.DeltaTable(name="t", uri=str(tmp_path / "t"), unique_columns=["ts"])
    assert table((nc.Filter("ts", "=", 1), nc.Filter("ohm", ">", 0))).collect().rows() == [(1, 1.0)]


def begin(folder: Path) -> None:
    commit(folder, 0, protocol(), metadata(column("k", "long"), column("v", "string")))


def rows(*values: tuple[int, str]) -> pl.DataFrame:
    return pl.DataFrame(list(values), schema={"k": pl.Int64, "v": pl.String}, orient="row")


def info(operation: str, **parameters: str) -> dict[str, Any]:
    return {"commitInfo": {"operation": operation, "operationParameters": parameters}}


def kept(folder: Path, **options: Any) -> dict[int, str]:
    table = nc.DeltaTable(name="t", uri=str(folder), unique_columns=["k"])
    return dict(table(**options).collect().iter_rows())


def test_files_of_one_commit_stand_in_its_order(tmp_path: Path) -> None:
    begin(tmp_path)
    entries = [add(tmp_path, f"{name}.parquet", rows((1, name))) for name in "zam"]
    commit(tmp_path, 1, *entries)
    assert kept(tmp_path) == {1: "m"}


def test_commits_that_are_gone_are_ordered_by_time(tmp_path: Path) -> None:
    begin(tmp_path)
    for version, (name, time) in enumerate([("b", 3000), ("a", 5000), ("c", 4000)], start=1):
        commit(
            tmp_path,
            version,
            add(tmp_path, f"{name}.parquet", rows((1, name), (version, name)), modificationTime=time),
        )
    deltalake.DeltaTable(tmp_path).create_checkpoint()
    assert kept(tmp_path) == {1: "c", 2: "a", 3: "c"}
    for version in range(4):
        (tmp_path / f"_delta_log/{version:020d}.json").unlink()
    commit(tmp_path, 4, add(tmp_path, "d.parquet", rows((2, "d")), modificationTime=1))
    assert kept(tmp_path) == {1: "a", 2: "d", 3: "c"}


def test_a_restored_file_is_no_later_one(tmp_path: Path) -> None:
    begin(tmp_path)
    commit(tmp_path, 1, add(tmp_path, "old.parquet", rows((1, "old"))))
    commit(tmp_path, 2, add(tmp_path, "new.parquet", rows((1, "new"))))
    commit(tmp_path, 3, info("WRITE"), remove("old.parquet"), remove("new.parquet"))
    files = [add(tmp_path, f"{v}.parquet", rows((1, v))) for v in ("new", "old")]
    commit(tmp_path, 4, info("RESTORE"), *files)
    assert kept(tmp_path) == {1: "new"}
    assert kept(tmp_path, version=1) == {1: "old"}


def test_an_overwritten_table(tmp_path: Path) -> None:
    frame = rows((1, "old"), (2, "old"))
    deltalake.write_deltalake(tmp_path / "t", frame)
    deltalake.write_deltalake(tmp_path / "t", rows((1, "new")), mode="overwrite")
    assert kept(tmp_path / "t") == {1: "new"}


@pytest.mark.parametrize("operation", ["DELETE", "UPDATE", "OPTIMIZE", "MERGE"])
def test_rows_that_were_written_anew_are_warned_of(tmp_path: Path, operation: str) -> None:
    begin(tmp_path)
    commit(tmp_path, 1, add(tmp_path, "a.parquet", rows((1, "a"), (9, "x"))))
    commit(tmp_path, 2, add(tmp_path, "b.parquet", rows((1, "b"))))
    commit(tmp_path, 3, info(operation), remove("a.parquet"), add(tmp_path, "c.parquet", rows((1, "a"))))
    with pytest.warns(nc.LostOrderWarning, match=rf"commit 3 \({operation}\).*version=2"):
        found = kept(tmp_path)
    assert found == {
        1: "a" if operation == "MERGE" else "b"
    }  # copied rows stand where they stood, as far as that is known
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kept(tmp_path, version=2)[1] == "b"


def test_what_deltalake_compacts_is_warned_of(tmp_path: Path) -> None:
    for number in range(3):
        deltalake.write_deltalake(tmp_path / "t", rows((1, str(number))), mode="append")
    assert kept(tmp_path / "t") == {1: "2"}
    written = deltalake.DeltaTable(tmp_path / "t")
    written.optimize.compact()
    deltalake.write_deltalake(tmp_path / "t", rows((1, "after")), mode="append")
    with pytest.warns(nc.LostOrderWarning, match="OPTIMIZE"):
        assert kept(tmp_path / "t") == {1: "after"}
    deltalake.DeltaTable(tmp_path / "t").delete("k = 5")
    log = sorted((tmp_path / "t/_delta_log").glob("*.json"))
    assert "remove" not in {key for line in log[-1].read_text().splitlines() for key in json.loads(line)}


def test_a_key_that_is_no_column(tmp_path: Path) -> None:
    begin(tmp_path)
    with pytest.raises(nc.ColumnNotFoundError, match=r"unique_columns has 'key', which is no column.*'k'"):
        nc.DeltaTable(name="t", uri=str(tmp_path), unique_columns=["key"])()


def test_nothing_is_materialised_before_it_is_asked_for(tmp_path: Path) -> None:
    begin(tmp_path)
    commit(tmp_path, 1, add(tmp_path, "a.parquet", rows((1, "a"), (1, "b"))))
    found = nc.DeltaTable(name="t", uri=str(tmp_path), unique_columns=["k"])()
    (tmp_path / "a.parquet").unlink()
    assert found.collect_schema() == {"k": pl.Int64, "v": pl.String}
    with pytest.raises((FileNotFoundError, pl.exceptions.ComputeError)):
        found.collect()
