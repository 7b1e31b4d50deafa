"""to_json: nested objects, in one array or one per line."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from hypothesis import given
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

import neurochain as nc


def refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def strict(text: str) -> Any:
    return json.loads(text, parse_constant=refuse)


def test_every_kind_of_column(everything: nc.Chain, folder: Path) -> None:
    first, second = strict(everything.to_json("all.json").read_text("utf-8"))
    assert strict(
        f"[{everything.to_json('all.jsonl').read_text('utf-8').rstrip().replace(chr(10), ',')}]"
    ) == [
        first,
        second,
    ]
    assert first["big"] == 2**63
    assert (first["f"], first["f32"]) == (0.1, 0.1)
    assert first["s"] == 'quo"te,\nline'
    assert first["raw"] == "AP8="
    assert first["at"] == "2025-06-01T12:00:00.123456"
    assert first["zoned"] == "2025-06-01T10:00:00.123456+00:00"
    assert (first["day"], first["clock"], first["lasted"]) == ("2025-06-01", "01:02:03.000004", "P1DT1M30.5S")
    assert first["file"] == str(folder / "a.txt")
    assert first["peak"] == {"at": 1.5, "channel": "Fz"}
    assert first["deep"] == {"peak": {"at": 2.5, "channel": None}, "when": ["2025-06-01T12:00:00.123456"]}
    assert first["peaks"] == [{"at": 1.0, "channel": "Cz"}, {"at": None, "channel": None}]
    assert first["files"] == [str(folder / "a.txt")]
    assert (first["trace"], first["matrix"]) == ([0.1, None, 2.0], [[0, 1, 2], [3, 4, 5]])
    assert (first["ragged"], first["waves"]) == ([[0.0, 1.0], [2.0, 3.0]], [[1.0, 2.0]])
    assert first["times"] == ["2025-06-01T12:00:00", None]
    assert list(first) == list(second) == list(everything.schema)
    for name in ("i", "f", "f32", "b", "raw", "file", "peak", "peaks", "trace", "times", "nothing"):
        assert second[name] is None, name
    assert (second["s"], second["names"], second["ragged"]) == ("", [], [])
    assert second["deep"] == {"peak": None, "when": []}


def test_json_text_becomes_objects(folder: Path) -> None:
    source = pydicom.dcmread(str(get_testdata_file("MR_small.dcm")))
    source.save_as(folder / "a.dcm")
    (folder / "a.json").write_text('{"tag": "alpha", "dose": {"value": 1.5, "bad": NaN}}')
    (row,) = strict(nc.read_storage("*.dcm").to_json("t.json").read_text())
    assert row["sidecar"] == {"tag": "alpha", "dose": {"value": 1.5, "bad": None}}
    assert row["file"].endswith("a.dcm")
    assert row["dicom"]["Rows"] == 64
    assert isinstance(row["header"]["affine"], list)


def test_round_trip(folder: Path) -> None:
    chain = nc.read_values(
        i=[1, None, -3],
        f=[0.5, 1e300, None],
        s=["a", "ü", None],
        l=[[1, 2], [], None],
        r=[{"a": 1}, {"a": 2}, None],
    )
    expected = chain.collect()
    for name in ("t.json", "t.jsonl", "t.ndjson", "t.jsonl.gz", "t.json.gz"):
        assert nc.read_table(chain.to_json(name)).collect().equals(expected), name
    assert gzip.decompress((folder / "t.jsonl.gz").read_bytes()) == (folder / "t.jsonl").read_bytes()
    assert chain.to_json("lines.txt", lines=True).read_bytes() == (folder / "t.jsonl").read_bytes()
    assert chain.to_json("array.jsonl", lines=False).read_bytes() == (folder / "t.json").read_bytes()


def test_no_rows(folder: Path) -> None:
    chain = nc.read_values(x=[1], a=[np.zeros(2)]).filter(nc.Column("x") > 1)
    assert strict(chain.to_json("t.json").read_text()) == []
    assert chain.to_json("t.jsonl").read_text() == ""


@given(st.lists(st.tuples(st.floats(), st.text(st.characters(exclude_categories=["Cs"]))), min_size=1))
def test_any_values_come_back(rows: list[tuple[float, str]]) -> None:
    chain = nc.read_values(f=[r[0] for r in rows], s=[r[1] for r in rows])
    found = strict(chain.to_json("t.json").read_text("utf-8"))
    assert [r["s"] for r in found] == [s for _, s in rows]
    assert [r["f"] for r in found] == [f if np.isfinite(f) else None for f, _ in rows]
