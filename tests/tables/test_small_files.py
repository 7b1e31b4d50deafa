"""Small files of a server: fetched whole, one request for each, and nothing before rows are wanted."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import neurochain as nc
from neurochain.tables.parquet import small
from neurochain.testing import ObjectServer

PARTITIONS = [nc.Partition("implant_id", "int64"), nc.Partition("date")]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ObjectServer]:
    """Three implants, four days, five rows each; a null day; the last implant's files have a column less."""
    for implant in (1, 2, 3):
        for day in ("2024-01-01", "2024-01-02", "a%20b", "__HIVE_DEFAULT_PARTITION__"):
            below = tmp_path / f"lab/spikes/implant_id={implant}/date={day}"
            below.mkdir(parents=True)
            rows = pl.DataFrame({"n": range(5), "rate": [float(implant)] * 5})
            (rows.drop("rate") if implant == 3 else rows).write_parquet(below / "data.parquet")
    with ObjectServer(tmp_path) as served:
        yield served


def tables(server: ObjectServer) -> tuple[nc.ParquetTable, nc.ParquetTable]:
    """Of the server, and of this disk."""
    columns = {"n": "int64", "rate": "float64"}
    here = str(server.folder / "lab/spikes")
    far = nc.ParquetTable(
        name="spikes",
        uri="s3://lab/spikes",
        partitioning=PARTITIONS,
        columns=columns,
        storage_options={"anon": True, "endpoint": server.url},
    )
    return far, nc.ParquetTable(name="spikes", uri=here, partitioning=PARTITIONS, columns=columns)


def got(server: ObjectServer) -> list[str]:
    return [r.path for r in server.traffic.requests if r.path.endswith(".parquet")]


@pytest.mark.parametrize(
    "filters",
    [
        None,
        nc.Filter("implant_id", "=", 2),
        nc.Filter("date", "=", "2024-01-02"),
        nc.Filter("date", "is null"),
        (nc.Filter("implant_id", ">", 1), nc.Filter("n", "<", 2)),
        nc.Filter("rate", "is null"),
        [[nc.Filter("rate", "=", 1.0)], [nc.Filter("date", "=", "a b")]],
    ],
)
@pytest.mark.parametrize("columns", [None, ["n"], ["date"], ["rate", "implant_id"]], ids=str)
@pytest.mark.parametrize("engine", ["in-memory", "streaming"])
def test_rows_are_those_of_files_here(
    server: ObjectServer, filters: object, columns: list[str] | None, engine: str
) -> None:
    far, here = tables(server)
    expected = here(filters, columns).collect()  # type: ignore[arg-type]
    assert_frame_equal(far(filters, columns).collect(engine=engine), expected, check_row_order=False)  # type: ignore[arg-type, call-overload]


def test_one_request_for_each_file_that_is_wanted(server: ObjectServer) -> None:
    far, _ = tables(server)
    lazy = far(nc.Filter("implant_id", "=", 2))
    assert not got(server)
    assert lazy.select(pl.len()).collect().item() == 20
    assert len(got(server)) == len(set(got(server))) == 4
    assert lazy.head(3).collect().height == 3
    assert lazy.filter(pl.col("n") == pl.col("n").max()).collect().height == 4
    assert lazy.filter(pl.col("n") > 1).head(7).collect().height == 7
    assert lazy.group_by("date").len().collect().height == 4


def test_several_rounds(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "AT_ONCE", 5)
    far, here = tables(server)
    assert_frame_equal(far().collect(), here().collect(), check_row_order=False)
    assert far().head(33).collect().height == 33


def test_large_files_are_left_to_polars(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(small, "SMALL", 10)
    far, _ = tables(server)
    assert "PYTHON" not in far().explain()
    monkeypatch.setattr(small, "SMALL", 64 * 1024)
    assert "PYTHON" in far().explain()


def test_a_file_that_is_gone_is_named(server: ObjectServer) -> None:
    far, _ = tables(server)
    lazy = far(nc.Filter("implant_id", "=", 2))
    (server.folder / "lab/spikes/implant_id=2/date=2024-01-01/data.parquet").unlink()
    with pytest.raises(
        (nc.StorageError, pl.exceptions.ComputeError),
        match=r"implant_id=2/date=2024-01-01/data\.parquet is not there",
    ):
        lazy.collect()
