"""First rows of files that hold some, and first lines of texts."""

import gzip
import json
from pathlib import Path

import polars as pl
import pytest
from media_made import Made


@pytest.fixture
def made(project, tmp_path: Path) -> Made:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "a.csv").write_text("\ufeffx;y\n1;a\n2;b\n")
    (folder / "b.tsv").write_text("onset\tname\n0.5\tgo\nn/a\tstop\n")
    (folder / "c.csv.gz").write_bytes(gzip.compress(b"x,y\n1,2\n"))
    pl.DataFrame({"x": range(500), "y": [{"a": i} for i in range(500)]}).write_parquet(folder / "d.parquet")
    (folder / "e.json").write_text(json.dumps([{"a": 1}, {"b": [2, 3]}]))
    (folder / "f.json").write_text(json.dumps({"a": {"b": 1}}))
    (folder / "g.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    (folder / "h.txt").write_text("lines\nof text" + "." * 3_000_000)
    (folder / "i.csv").write_text("x,y\n" + "1,2\n" * 600_000)
    (folder / "j.bin").write_bytes(bytes(1000))
    (folder / "k.parquet").write_bytes(b"PAR1 no table PAR1")
    (folder / "l.csv").write_text("")
    return Made(folder / "*")


def test_tables(made: Made) -> None:
    found = made.json("table", "a.csv")
    assert ([c["name"] for c in found["columns"]], found["rows"]) == (["x", "y"], [[1, "a"], [2, "b"]])
    assert (found["whole"], found["total"]) == (True, 2)
    assert made.json("table", "b.tsv")["rows"] == [[0.5, "go"], [None, "stop"]]
    assert made.json("table", "c.csv.gz")["rows"] == [[1, 2]]
    found = made.json("table", "d.parquet", rows=3)
    assert found["rows"] == [[0, '{"a": 0}'], [1, '{"a": 1}'], [2, '{"a": 2}']]
    assert (found["whole"], found["total"]) == (False, 500)
    assert made.json("table", "e.json")["rows"] == [[1, None], [None, "[2, 3]"]]
    assert made.json("table", "g.jsonl")["rows"] == [[1], [2]]
    found = made.json("table", "i.csv", rows=1000)
    assert (len(found["rows"]), found["total"], found["whole"]) == (1000, None, False)


def test_texts(made: Made) -> None:
    assert made.json("table", "f.json")["text"] == '{\n  "a": {\n    "b": 1\n  }\n}'
    found = made.json("table", "h.txt")
    assert found["text"].startswith("lines\nof text...")
    assert (len(found["text"]), found["whole"]) == (200_000, False)
    assert made.json("table", "l.csv")["kind"] == "text"


def test_what_holds_neither_is_said(made: Made) -> None:
    for name in ("j.bin", "k.parquet"):
        status, message = made.refused("table", name)
        assert status == 422
        assert name in message
    assert made.refused("table", "a.csv", rows=0)[0] == 400
