"""Parquet tables: pruned is as if all were read and filtered, for any layout; faults are said."""

import datetime as dt
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl
import pyarrow as pa
import pytest
from filter_cases import terms
from filter_oracle import kept
from hypothesis import given, settings
from hypothesis import strategies as st
from kinds_of_tables import write_partitions

import neurochain as nc

TEXTS = ["a", "B", "a b", "a=b", "100%", "é", "日本", "05", "null", "x'y", "1) or (1=1"]
VALUES: dict[str, tuple[pl.DataType, list[Any]]] = {
    "h": (pl.Int16(), [-1, 0, 5, 7, 12, None]),
    "i": (pl.Int64(), [-(2**63), 2**53 + 1, 5, 0, None]),
    "s": (pl.String(), [*TEXTS, None]),
    "d": (pl.Date(), [dt.date(2024, 4, 28), dt.date(1969, 12, 31), dt.date(9999, 12, 31), None]),
}


@st.composite
def layouts(draw: st.DrawFn) -> tuple[list[str], str, bool, bool]:
    """Partitions, scheme, whether hours are padded, and whether names are quoted."""
    by = draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=3, unique=True))
    return by, draw(st.sampled_from(["hive", "directory"])), draw(st.booleans()), draw(st.booleans())


@st.composite
def frames(draw: st.DrawFn) -> pl.DataFrame:
    count = draw(st.integers(1, 12))
    columns: dict[str, Any] = {"id": list(range(count))}
    for name, (_, values) in VALUES.items():
        columns[name] = draw(st.lists(st.sampled_from(values), min_size=count, max_size=count))
    columns["x"] = draw(st.lists(st.sampled_from([None, 0.5, 2.5]), min_size=count, max_size=count))
    return pl.DataFrame(
        columns, schema={"id": pl.Int64(), **{n: t for n, (t, _) in VALUES.items()}, "x": pl.Float64()}
    )


def written(padded: bool, quoted: bool) -> Any:
    def name(value: Any) -> str:
        if isinstance(value, int) and padded and value >= 0:
            return f"{value:03d}"
        return quote(str(value), safe=" ") if quoted else str(value).replace("%", "%25")

    return name


@settings(max_examples=150)
@given(
    frame=frames(),
    layout=layouts(),
    cases=st.lists(st.lists(terms(("h", "i", "s", "d")), min_size=1, max_size=3), max_size=3),
    number=st.integers(0, 2**40),
)
def test_pruned_is_filtered(tmp_path: Path, frame: Any, layout: Any, cases: Any, number: int) -> None:
    by, scheme, padded, quoted = layout
    folder = tmp_path / f"{number}-{len(os.listdir(tmp_path))}"
    write_partitions(frame, folder, by, scheme, written(padded, quoted), files=2)
    declared = [nc.Partition(name, VALUES[name][0]) for name in by]
    table = nc.ParquetTable(name="t", uri=str(folder), partitioning=declared, partitioning_scheme=scheme)
    found = table([[nc.Filter(*t) for t in case] for case in cases]).collect().sort("id")
    wanted = frame.filter(pl.col("id").is_in(kept(frame.to_dicts(), cases)))
    assert found.select(frame.columns).equals(wanted)
    assert table().collect().select(frame.columns).sort("id").equals(frame)


@pytest.fixture
def spikes(tmp_path: Path) -> nc.ParquetTable:
    frame = pl.DataFrame(
        {
            "implant_id": [1, 1, 1, 2, 2],
            "date": ["2024-04-28", "2024-04-28", "2024-04-29", "2024-04-28", None],
            "hour": [5, 23, 5, 5, 7],
            "n": [10, 20, 30, 40, 50],
        }
    )
    write_partitions(
        frame,
        tmp_path / "spikes",
        ["implant_id", "date", "hour"],
        written=lambda v: f"{v:02d}" if v == 5 else str(v),
    )
    by = [nc.Partition("implant_id", pa.int64()), nc.Partition("date"), nc.Partition("hour", pa.int32())]
    return nc.ParquetTable(name="spikes", uri=str(tmp_path / "spikes"), partitioning=by)


def test_schema_facts_and_names(spikes: nc.ParquetTable) -> None:
    assert spikes.schema == {"n": pl.Int64, "implant_id": pl.Int64, "date": pl.String, "hour": pl.Int32}
    assert spikes.partition_columns == ("implant_id", "date", "hour")
    facts = spikes.facts()
    assert (facts.rows, facts.files) == (5, 5)
    assert facts.partitions["date"] == [None, "2024-04-28", "2024-04-29"]
    assert facts.size is not None
    assert facts.size > 0
    assert facts.modified is not None
    assert repr(spikes).startswith("<ParquetTable 'spikes' of /")


def test_padded_hours_are_hours(spikes: nc.ParquetTable) -> None:
    asked = [
        nc.Filter("implant_id", "==", 1),
        nc.Filter("date", "==", "2024-04-28"),
        nc.Filter("hour", "==", 5),
    ]
    assert spikes(asked).collect()["n"].to_list() == [10]
    assert spikes(nc.Filter("hour", ">", 5.5)).collect()["n"].sort().to_list() == [20, 50]
    assert spikes([nc.Filter("date", "is null")]).collect()["hour"].to_list() == [7]


def test_a_value_that_is_given_twice_is_one(spikes: nc.ParquetTable) -> None:
    asked = [
        nc.Filter("implant_id", "in", [1, "1", 1.0]),
        nc.Filter("date", "in", ["2024-04-28", "2024-04-28"]),
    ]
    assert spikes(asked).collect()["n"].sort().to_list() == [10, 20]


def test_relative_addresses_and_paths(spikes: nc.ParquetTable, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(spikes.uri)
    monkeypatch.chdir(folder.parent)
    for uri in ("spikes", "./spikes/", folder, folder.as_uri()):
        table = nc.ParquetTable(name="t", uri=uri, partitioning=spikes.partitioning)  # type: ignore[arg-type]
        assert table(nc.Filter("hour", "=", 23)).collect()["n"].to_list() == [20]
        assert table.reference()["files"] == 5
        monkeypatch.chdir("/")
        assert table().collect().height == 5
        monkeypatch.chdir(folder.parent)


def test_links_lead_to_files(spikes: nc.ParquetTable, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(spikes.uri)
    table = nc.ParquetTable(name="t", uri=str(tmp_path / "linked"), partitioning=spikes.partitioning)
    assert table(nc.Filter("implant_id", "=", 2)).collect().height == 2


def test_what_others_write_beside_is_left_out(spikes: nc.ParquetTable) -> None:
    folder = Path(spikes.uri)
    (folder / "_SUCCESS").touch()
    (folder / "_delta_log").mkdir()
    (folder / "_delta_log/0.parquet").write_bytes(b"no")
    (folder / "implant_id=1/.tmp.parquet").write_bytes(b"no")
    assert spikes().collect().height == 5
    assert (
        nc.ParquetTable(name="t", uri=str(folder), partitioning=spikes.partitioning).schema == spikes.schema
    )


def test_a_column_that_some_files_lack(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}, schema={"a": pl.Int32}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"a": [2**40], "b": ["x"]}).write_parquet(tmp_path / "2.parquet")
    table = nc.ParquetTable(name="t", uri=str(tmp_path))
    assert table().collect().rows() == [(1, None), (2**40, "x")]
    assert table(nc.Filter("a", "=", 1), ["b"]).collect().rows() == [(None,)]


def test_what_is_asked_for_may_stand_in_other_files(tmp_path: Path) -> None:
    write_partitions(pl.DataFrame({"p": [1], "a": [1]}), tmp_path, ["p"])
    write_partitions(pl.DataFrame({"p": [2], "a": [2], "b": ["x"]}), tmp_path, ["p"])
    table = nc.ParquetTable(name="t", uri=str(tmp_path), partitioning=[nc.Partition("p", int)])
    assert table(nc.Filter("p", "=", 1)).collect().columns == ["a", "p"]
    assert table(nc.Filter("p", "=", 1), ["b"]).collect().rows() == [(None,)]
    assert table(nc.Filter("p", "=", 3)).collect_schema().names() == ["a", "b", "p"]
    assert table().collect().columns == ["a", "b", "p"]


def test_declared_columns_need_no_file(tmp_path: Path) -> None:
    table = nc.ParquetTable(name="t", uri=str(tmp_path / "nowhere"), columns={"a": "int64", "b": pa.string()})
    assert table().collect().schema == {"a": pl.Int64, "b": pl.String}
    with pytest.raises(nc.StorageError, match="no Parquet file below"):
        _ = nc.ParquetTable(name="t", uri=str(tmp_path)).schema


def test_a_file_that_vanishes_is_named(spikes: nc.ParquetTable) -> None:
    found = spikes(nc.Filter("hour", "=", 23))
    gone = next(Path(spikes.uri).glob("implant_id=1/*/hour=23/*.parquet"))
    gone.unlink()
    with pytest.raises((OSError, pl.exceptions.PolarsError), match="hour=23"):
        found.collect()


def test_a_file_that_appears_is_of_the_next_reading(spikes: nc.ParquetTable) -> None:
    found = spikes(nc.Filter("implant_id", "=", 1))
    more = Path(spikes.uri) / "implant_id=1/date=2024-05-01/hour=1"
    more.mkdir(parents=True)
    pl.DataFrame({"n": [60]}).write_parquet(more / "a.parquet")
    assert found.collect().height == 3
    assert spikes(nc.Filter("implant_id", "=", 1)).collect().height == 4


def test_folders_that_are_called_otherwise(spikes: nc.ParquetTable) -> None:
    folder = Path(spikes.uri)
    (folder / "implant_id=one/date=x/hour=1").mkdir(parents=True)
    pl.DataFrame({"n": [1]}).write_parquet(folder / "implant_id=one/date=x/hour=1/a.parquet")
    with pytest.raises(nc.FormatError, match="'implant_id=one' is of no Int64"):
        spikes()
    assert spikes(nc.Filter("implant_id", "=", 2)).collect().height == 2  # it is not even listed
    pl.DataFrame({"n": [1]}).write_parquet(folder / "implant_id=2/a.parquet")
    with pytest.raises(nc.FormatError, match="should lie in implant_id=…/date=…/hour=…/"):
        spikes(nc.Filter("implant_id", "=", 2))
    table = nc.ParquetTable(name="t", uri=str(folder), partitioning=[nc.Partition("side")])
    with pytest.raises(nc.FormatError, match="should be called side=…"):
        table(nc.Filter("side", "!=", "L"))


def test_a_file_that_is_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1 not at all PAR1")
    with pytest.raises(nc.StorageError, match=r"a\.parquet is no Parquet file that can be read"):
        nc.ParquetTable(name="t", uri=str(tmp_path))()


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ({"partitioning_scheme": "spark"}, "neither 'hive'.*nor 'directory'"),
        ({"partitioning": [("a", "int64"), ("a", "int64")]}, "the partition 'a' twice"),
        ({"partitioning": [("a", "intt")]}, "no type 'intt'.*Did you mean 'int"),
        ({"uri": ""}, "is no address"),
        ({"name": "no name"}, "letters, digits and _"),
        ({"checks": ["not null"]}, "is no check"),
        ({"docs_filters": [("a", "~", 1)]}, "no operator '~'"),
    ],
)
def test_declarations_that_cannot_be(declared: Any, said: str) -> None:
    with pytest.raises(nc.NeurochainError, match=said):
        nc.ParquetTable(**{"name": "t", "uri": "data", **declared})


def test_a_deprecated_table_says_so(tmp_path: Path) -> None:
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    table = nc.ParquetTable(name="old", uri=str(tmp_path), deprecated="Use new.")
    with pytest.warns(nc.DeprecatedTableWarning, match="'old' is deprecated: Use new") as said:
        table()
    assert said[0].filename == __file__
    with pytest.warns(nc.DeprecatedTableWarning) as said:
        table.chain()
    assert said[0].filename == __file__


NUMBERS = [float("nan"), float("inf"), float("-inf"), -0.0, 0.0, 1.5, 2.0**-100]


@given(
    held=st.lists(st.sampled_from([*NUMBERS, None]), min_size=1, max_size=9),
    single=st.booleans(),
    operator=st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "between", "in", "not in"]),
    values=st.lists(st.sampled_from([*NUMBERS, 1, "1.5", "nan"]), min_size=2, max_size=2),
    number=st.integers(0, 2**40),
)
def test_numbers_that_are_none(
    tmp_path: Path, held: Any, single: bool, operator: str, values: Any, number: int
) -> None:
    """A NaN is equal to a NaN and greater than all numbers, whatever a file's statistics say of it."""
    folder = tmp_path / f"{number}-{len(os.listdir(tmp_path))}"
    folder.mkdir()
    frame = pl.DataFrame({"id": range(len(held)), "f": held}, schema={"id": pl.Int64, "f": pl.Float64})
    stored = frame.cast({"f": pl.Float32}) if single else frame
    held = stored["f"].to_list()
    stored.write_parquet(folder / "a.parquet", row_group_size=2)
    value = values if operator in ("between", "in", "not in") else values[0]
    rows = [{"id": i, "f": v} for i, v in enumerate(held)]
    found = nc.ParquetTable(name="t", uri=str(folder))(nc.Filter("f", operator, value)).collect()
    assert found["id"].to_list() == kept(rows, [[("f", operator, value)]])
