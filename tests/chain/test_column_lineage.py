"""column_lineage: what a column was computed from, down to the bytes of files."""

from pathlib import Path

import polars as pl
import pytest

import neurochain as nc
from neurochain.errors import ColumnNotFoundError


def corner(volume) -> float:  # type: ignore[no-untyped-def]
    return float(volume[0, 0])


def test_down_to_the_bytes(dicom_tree: Path) -> None:
    scans = nc.read_storage(f"{dicom_tree}/**/*.dcm")
    scans.map(corner=corner).select("file", "corner", "EchoTime", "dose").save("first")
    version = (
        nc.read_dataset("first")
        .mutate(scaled=nc.Column("corner") / nc.Column("EchoTime"), twice=pl.col("corner") * 2)
        .agg(mean=lambda scaled, twice: sum(scaled) + sum(twice), partition_by="dose")
        .save("second")
    )
    found = version.column_lineage("mean")
    shown = str(found)
    fingerprint = version.lineage().functions[0].fingerprint[:12]
    assert shown.splitlines()[0] == f"mean: agg(mean = mean() by dose) [{fingerprint}]" or shown.startswith(
        "mean: agg("
    )
    assert [n.column for n in found.inputs] == ["scaled", "twice"]
    scaled, twice = found.inputs
    assert [n.column for n in scaled.inputs] == ["corner", "EchoTime"]
    assert [n.column for n in twice.inputs] == ["corner"]
    corner_column = twice.inputs[0]
    assert corner_column.made_by == "first@1.0.0"
    made = corner_column.inputs[0]
    assert made.made_by == "map(corner = corner())"
    assert made.function is not None
    assert [n.column for n in made.inputs] == ["file"]
    assert made.inputs[0].made_by == f"storage {dicom_tree}/**/*.dcm"
    reads = made.reads()
    assert reads["path"].n_unique() == 9
    assert set(reads["function"]) == {"corner"}
    assert reads.select("root", "path", "ranges").rows() == (
        nc.dataset("first").lineage().reads().select("root", "path", "ranges").rows()
    )
    echo = scaled.inputs[1].inputs[0]
    assert echo.column == "dicom.EchoTime"
    headers = echo.reads()
    assert set(headers["function"]) == {"headers"}
    assert headers.filter(pl.col("path").str.ends_with(".dcm"))["path"].n_unique() == 9
    assert found.reads().height == reads.height + headers.height
    assert version.column_lineage("dose").reads().height == headers.height  # of the sidecars and headers


def test_merges_and_unions(folder: Path) -> None:
    (folder / "people.csv").write_text("name,age\na,1\nb,2\n")
    left = nc.read_values(name=["a", "b"], x=[1, 2])
    other = nc.read_values(name=["a", "b"], x=[5, 6])
    version = (
        left.merge(nc.read_table("people.csv"), on="name")
        .merge(other.map(y=lambda x: x + 1), on="name")
        .group_by("name", most=nc.Column("x_right").max(), years=nc.Column("age").sum())
        .union(nc.read_values(name=["c"], most=[0], years=[0]))
        .save("v")
    )
    years, rest = version.column_lineage("years").inputs
    assert years.made_by.startswith("group_by(")
    assert years.inputs[0].made_by == f"table {folder / 'people.csv'}"
    assert rest.made_by == "values"
    most = version.column_lineage("most").inputs[0]
    assert [(n.column, n.made_by) for n in most.inputs] == [("x", "values")]


def test_a_column_that_is_not_there(folder: Path) -> None:
    version = nc.read_values(x=[1]).save("v")
    with pytest.raises(ColumnNotFoundError, match=r"v@1\.0\.0 has no column 'y'"):
        version.column_lineage("y")
