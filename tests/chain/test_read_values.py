"""read_values and read_table: rows from Python values and from tables."""

import datetime as dt
import gzip
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import neurochain as nc


@pytest.mark.usefixtures("folder")
def test_every_form_of_values() -> None:
    expected = pl.DataFrame({"x": [1, 2], "y": ["a", None]})
    for chain in (
        nc.read_values(x=[1, 2], y=["a", None]),
        nc.read_values({"x": [1, 2], "y": ["a", None]}),  # type: ignore[arg-type]
        nc.read_values([{"x": 1, "y": "a"}, {"x": 2}]),
        nc.read_values(({"x": i + 1, "y": y} for i, y in enumerate(["a", None]))),
        nc.read_values({"x": (1, 2)}, y=["a", None]),
        nc.read_values(x=np.array([1, 2]), y=iter(["a", None])),  # type: ignore[arg-type]
    ):
        assert chain.collect().equals(expected)
        assert chain.count() == 2


@pytest.mark.usefixtures("folder")
def test_values_that_do_not_fit() -> None:
    with pytest.raises(nc.SchemaError, match=r"different lengths \(x: 1, y: 2\)"):
        nc.read_values(x=[1], y=[1, 2])
    with pytest.raises(nc.SchemaError, match=r"got no columns"):
        nc.read_values()
    with pytest.raises(nc.SchemaError, match=r"'x'.*int \(row 0\), str \(row 1\)"):
        nc.read_values(x=[1, "a"])
    with pytest.raises(nc.ColumnExistsError, match="hidden key"):
        nc.read_values(_key=[1])


@pytest.mark.usefixtures("folder")
def test_no_rows_of_known_columns() -> None:
    assert nc.read_values(x=[]).collect().shape == (0, 1)
    assert nc.read_values(x=[]).map(y=lambda x: x).collect().shape == (0, 2)


CSV = "participant_id,run,age,weight,flag,code,note,when\n01,1,20,50.5,true,007,a,2025-01-01\n02,2,n/a,60,False,12,n/a,\n"
EXPECTED: dict[str, list[Any]] = {
    "participant_id": ["01", "02"],
    "run": ["1", "2"],  # BIDS: labels, not numbers
    "age": [20, None],
    "weight": [50.5, 60.0],
    "flag": [True, False],
    "code": ["007", "12"],
    "note": ["a", None],
    "when": ["2025-01-01", None],
}


def test_text_tables(folder: Path) -> None:
    (folder / "t.csv").write_text("\ufeff" + CSV, encoding="utf-8")
    (folder / "t.tsv").write_text(CSV.replace(",", "\t"))
    (folder / "t.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    (folder / "t.tsv.gz").write_bytes(gzip.compress(CSV.replace(",", "\t").encode()))
    for name in ("t.csv", "t.tsv", "t.csv.gz", "t.tsv.gz"):
        chain = nc.read_table(name)
        assert chain.collect().to_dict(as_series=False) == EXPECTED, name
        assert str(chain.schema["age"].type) == "int64"


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "-2", "0"], "int64"),
        (["1", "2.5"], "float64"),
        (["1e3", ".5"], "float64"),
        (["01", "1"], "string"),
        (["1", "x"], "string"),
        (["+1", "1"], "float64"),
        (["123456789012345678901", "1"], "float64"),
        (["n/a", "NaN"], "string"),
        (["true", "FALSE"], "bool"),
        ([" 1", "2 "], "int64"),
        (["1-1", "1"], "string"),
    ],
)
def test_numbers_are_what_is_written_as_one(texts: list[str], kind: str, folder: Path) -> None:
    (folder / "t.csv").write_text("v,w\n" + "".join(f"{t},x\n" for t in texts))
    assert str(nc.read_table("t.csv").schema["v"].type) == kind


def test_parquet_and_json_tables(folder: Path) -> None:
    frame = pl.DataFrame(
        {
            "i": [1, None],
            "s": ["01", "n/a"],
            "d": [dt.date(2025, 1, 1), None],
            "w": [dt.datetime(2025, 1, 1, 12), None],
            "r": [{"a": 1, "b": ["x"]}, {"a": None, "b": None}],
            "l": [[1, 2], []],
        }
    )
    frame.write_parquet(folder / "t.parquet")
    assert nc.read_table("t.parquet").collect().drop("r").equals(frame.drop("r"))
    assert nc.read_table("t.parquet").filter(nc.Column("r.a") == 1).count() == 1
    plain = frame.select("i", "s", "r", "l")
    plain.write_ndjson(folder / "t.jsonl")
    (folder / "t.ndjson.gz").write_bytes(gzip.compress((folder / "t.jsonl").read_bytes()))
    (folder / "t.json").write_text(plain.write_json())
    for name in ("t.jsonl", "t.json", "t.ndjson.gz"):
        given = nc.read_table(name).collect()
        assert given["i"].to_list() == [1, None], name
        assert given["s"].to_list() == ["01", "n/a"], name
        assert given["l"].to_list() == [[1, 2], []], name
    arrays = pl.DataFrame({"v": pl.Series([[1.0, 2.0], [3.0, 4.0]], dtype=pl.Array(pl.Float32, 2))})
    arrays.write_parquet(folder / "a.parquet")
    assert nc.read_table("a.parquet").collect().equals(arrays)
    kinds = pl.DataFrame(
        {"c": pl.Series(["a", "b"], dtype=pl.Categorical), "n": pl.Series([1, 2]).cast(pl.Decimal(10, 2))}
    )
    kinds.write_parquet(folder / "k.parquet")
    assert nc.read_table("k.parquet").collect().rows() == [("a", 1.0), ("b", 2.0)]


def test_tables_with_a_key_and_their_mistakes(folder: Path) -> None:
    (folder / "t.csv").write_text(CSV)
    assert nc.read_table("t.csv", key="participant_id").count() == 2
    (folder / "twice.csv").write_text("k\n1\n1\n")
    with pytest.raises(nc.SchemaError, match="does not tell the rows apart"):
        nc.read_table("twice.csv", key="k")
    with pytest.raises(nc.StorageError, match=r"none\.csv"):
        nc.read_table("none.csv")
    (folder / "t.xlsx").write_bytes(b"PK")
    with pytest.raises(nc.FormatError, match=r"a table ends in csv, tsv.*'xlsx'"):
        nc.read_table("t.xlsx")
    (folder / "bad.parquet").write_bytes(b"no parquet")
    with pytest.raises(nc.FormatError, match=r"bad.parquet cannot be read as parquet"):
        nc.read_table("bad.parquet")
    (folder / "bad.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(nc.FormatError, match=r"cannot be read as csv"):
        nc.read_table("bad.csv.gz")
    (folder / "empty.csv").write_text("a,b\n")
    assert nc.read_table("empty.csv").collect().shape == (0, 2)
    (folder / "nothing.csv").write_text("")
    with pytest.raises(nc.FormatError, match=r"nothing.csv cannot be read"):
        nc.read_table("nothing.csv")


def test_lineage_of_a_table(folder: Path) -> None:
    (folder / "t.csv").write_text(CSV)
    source = nc.read_table("t.csv").save("table").lineage().sources[0]
    assert (source.kind, source.reference["rows"]) == ("table", 2)
    assert source.reference["uri"].endswith("t.csv")
    assert len(source.reference["sha256"]) == 64
