"""to_csv: what stands in the file, and what read_table makes of it."""

import csv
import gzip
import io
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import neurochain as nc


def cells(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def test_every_kind_of_column(everything: nc.Chain, folder: Path) -> None:
    path = everything.to_csv("all.csv")
    assert path == folder / "all.csv"
    first, second = cells(path)
    assert first["i"] == "1"
    assert first["big"] == str(2**63)
    assert (first["f"], first["f32"]) == ("0.1", "0.1")
    assert first["s"] == 'quo"te,\nline'
    assert first["b"] == "true"
    assert first["raw"] == "AP8="
    assert first["day"] == "2025-06-01"
    assert first["at"] == "2025-06-01T12:00:00.123456"
    assert first["zoned"] == "2025-06-01T10:00:00.123456+00:00"
    assert first["clock"] == "01:02:03.000004"
    assert first["lasted"] == "P1DT1M30.5S"
    assert first["nothing"] == ""
    assert first["file"] == str(folder / "a.txt")
    assert (first["peak.at"], first["peak.channel"]) == ("1.5", "Fz")
    assert (first["deep.peak.at"], first["deep.peak.channel"]) == ("2.5", "")
    assert json.loads(first["deep.when"]) == ["2025-06-01T12:00:00.123456"]
    assert json.loads(first["names"]) == ["a", "ü"]
    assert json.loads(first["peaks"]) == [{"at": 1.0, "channel": "Cz"}, {"at": None, "channel": None}]
    assert json.loads(first["files"]) == [str(folder / "a.txt")]
    assert json.loads(first["raws"]) == ["YQ=="]
    assert json.loads(first["days"]) == ["2025-01-02"]
    assert first["trace"] == "[0.1,null,2.0]"
    assert json.loads(first["matrix"]) == [[0, 1, 2], [3, 4, 5]]
    assert json.loads(first["flags"]) == [True, False]
    assert json.loads(first["ragged"]) == [[0.0, 1.0], [2.0, 3.0]]
    assert json.loads(first["line"]) == [0, 1, 2]
    assert json.loads(first["waves"]) == json.loads(first["waves_ragged"]) == [[1.0, 2.0]]
    assert json.loads(first["times"]) == ["2025-06-01T12:00:00", None]
    assert json.loads(first["times_ragged"]) == ["2025-06-01"]
    assert json.loads(first["steps"]) == [1, 2]
    lists = {n for n in second if n in ("names", "ragged", "waves_ragged", "times_ragged", "deep.when")}
    assert {n: second[n] for n in lists if n != "files"} == dict.fromkeys(lists, "[]")
    assert (second["f"], second["f32"]) == ("NaN", "inf")
    for name in ("i", "s", "b", "raw", "at", "file", "peak.at", "peaks", "trace", "times"):
        assert second[name] == "", name
    assert ',"",' in path.read_text()  # an empty text is not null


def test_round_trip(folder: Path) -> None:
    chain = nc.read_values(
        i=[1, None, -3],
        f=[0.5, 1e300, None],
        s=["a", "ü, b", None],
        code=["007", "1", None],
        b=[True, False, None],
        peak=[{"at": 1.5}, {"at": 2.5}, {"at": None}],
    )
    expected = chain.mutate(at=nc.Column("peak.at")).drop("peak").collect()
    for name in ("t.csv", "t.tsv", "t.csv.gz", "t.tsv.gz"):
        read = nc.read_table(chain.to_csv(name)).collect().rename({"peak.at": "at"})
        assert read.equals(expected), name
    assert (folder / "t.tsv").read_text().startswith("i\tf\t")
    assert gzip.decompress((folder / "t.csv.gz").read_bytes()) == (folder / "t.csv").read_bytes()
    again = (folder / "t.csv.gz").read_bytes()
    chain.to_csv("t.csv.gz")
    assert (folder / "t.csv.gz").read_bytes() == again  # no time of writing in it


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"), min_size=1)


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), TEXTS), min_size=1))
def test_any_values_come_back(rows: list[tuple[int, float, str]]) -> None:
    chain = nc.read_values(i=[r[0] for r in rows], f=[r[1] for r in rows], s=[f"x{r[2]}" for r in rows])
    found = cells(chain.to_csv("t.csv"))
    assert [int(c["i"]) for c in found] == [r[0] for r in rows]
    assert [float(c["f"]) for c in found] == [r[1] for r in rows]
    assert [c["s"] for c in found] == [f"x{r[2]}" for r in rows]


def test_no_rows(folder: Path) -> None:
    assert nc.read_values(x=[], y=[]).to_csv("t.csv").read_text() == "x,y\n"
    chain = nc.read_values(a=[np.zeros(2)], r=[{"p": [1]}]).filter(nc.Column("r.p").is_null())
    assert chain.to_csv("t.csv").read_text() == "a,r.p\n"


def test_batches_are_joined(folder: Path) -> None:
    count = 40_000
    path = nc.read_values(i=list(range(count)), a=[np.full(3, i) for i in range(count)]).to_csv("t.csv")
    read = pl.read_csv(path)
    assert read["i"].to_list() == list(range(count))
    assert read["a"][-1] == "[39999,39999,39999]"


def test_a_failure_leaves_the_old_file(folder: Path) -> None:
    path = folder / "t.csv"
    path.write_text("old")
    texts = ["1"] * 30_000 + ["x"]
    broken = nc.read_values(s=texts).mutate(n=nc.Column("s").cast(int))
    with pytest.raises(nc.ExpressionError):
        broken.to_csv(path)
    with pytest.raises(nc.ExpressionError):
        broken.to_json(folder / "t.csv")
    with pytest.raises(nc.ExpressionError):
        broken.to_parquet(folder / "t.csv")
    with pytest.raises(nc.UDFError):
        nc.read_values(s=texts).map(n=lambda s: int(s)).to_csv(path)
    assert path.read_text() == "old"
    assert [p.name for p in folder.iterdir() if not p.is_dir()] == ["t.csv"]


def test_where_nothing_can_be_written(folder: Path) -> None:
    chain = nc.read_values(x=[1])
    for write in (chain.to_csv, chain.to_json, chain.to_parquet):
        with pytest.raises(nc.StorageError, match=r"no folder .*missing"):
            write(folder / "missing" / "t")
        with pytest.raises(nc.StorageError, match="s3://"):
            write("s3://bucket/t")
        with pytest.raises(nc.StorageError, match="is a folder"):
            write(folder)


def test_a_link_stays_a_link(folder: Path) -> None:
    (folder / "real.csv").write_text("old")
    (folder / "link.csv").symlink_to("real.csv")
    assert nc.read_values(x=[1]).to_csv("link.csv") == folder / "link.csv"
    assert (folder / "link.csv").is_symlink()
    assert (folder / "real.csv").read_text() == "x\n1\n"


def test_a_killed_process_leaves_the_old_file(folder: Path) -> None:
    code = """
import neurochain as nc
chain = nc.read_values(i=list(range(400_000))).mutate(s=nc.Column("i").cast(str) + " text" * 20).persist()
print("ready", flush=True)
chain.to_csv("t.csv")
"""
    path = folder / "t.csv"
    path.write_text("old")
    with subprocess.Popen([sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while process.poll() is None and not any(folder.glob(".t.csv.*")):
            time.sleep(0.001)
        process.kill()
    content = path.read_text()
    assert content == "old" or content.count("\n") == 400_001
