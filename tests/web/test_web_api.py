"""What the page is told, against what the versions hold."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from one_served import Served

import neurochain as nc
from neurochain.web.api import versions


def rows(served: Served, **query: object) -> list[dict[str, object]]:
    found = served.ask("rows", **query)
    return [dict(zip(found["columns"], row["cells"], strict=True)) for row in found["rows"]]


def test_datasets_are_listed_and_found(served: Served) -> None:
    listed = served.ask("datasets")
    assert [d["name"] for d in listed] == ["features", "given"]
    assert listed[1]["latest"]["description"] == "Made rows"
    assert [d["name"] for d in served.ask("datasets", search="made")] == ["given"]
    assert [d["name"] for d in served.ask("datasets", search="DOUBLE")] == ["features"]
    assert served.ask("datasets", search="nowhere") == []
    assert served.ask("project")["datasets"] == 2


def test_a_version_says_what_it_is(at_home: Served) -> None:
    found = at_home.ask("version", ref="features@1.0.0")
    assert found["rows"] == 1000
    assert found["after"] == at_home.ask("version", ref="features")["reference"]
    assert found["before"] is None
    assert found["functions"] == ["double", "signal"]
    kinds = {c["name"]: c["kind"] for c in found["columns"]}
    assert kinds == {
        "x": "number", "subject": "text", "score": "number", "name": "text", "double": "number", "signal": "array"
    }  # fmt: skip
    assert found["content_hash"] == nc.dataset("features@1.0.0").content_hash


def test_what_is_empty_is_known_without_pyarrow_too(
    project: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = pl.DataFrame(
        {
            "a": [1, None],
            "b": pl.Series([None, None], dtype=pl.Int64),
            "c": pl.Series([[], None], dtype=pl.List(pl.Int64)),
        }
    )
    table.write_parquet(tmp_path / "t.parquet")
    version = nc.read_table(str(tmp_path / "t.parquet")).save("some")
    footers = versions.empty_paths(version)
    monkeypatch.setattr(versions, "find_spec", lambda name: None)
    assert versions.empty_paths(version) == footers == ["b"]


def test_pages_are_the_rows(served: Served) -> None:
    assert [r["x"] for r in rows(served, ref="given", offset=10, limit=3)] == [10, 11, 12]
    assert rows(served, ref="given", offset=2000) == []
    (row,) = rows(served, ref="features", limit=1, offset=4, columns="signal,double")
    assert row == {
        "signal": {"shape": [2, 3], "dtype": "float32", "first": [4.0, 5.0, 6.0, 7.0, 8.0, 9.0]},
        "double": 8.0,
    }


def test_rows_are_sorted_with_nulls_last(served: Served) -> None:
    found = rows(served, ref="given", sort="score", descending=1, limit=1000, columns="score")
    scores = [r["score"] for r in found]
    there = [s for s in scores if s is not None]
    assert there == sorted(there, reverse=True)
    assert scores[len(there) :] == [None] * (1000 - len(there))


@pytest.mark.parametrize(
    ("terms", "count"),
    [
        ([["subject", "=", "sub-03"]], 100),
        ([["x", ">", 500], ["x", "<=", 510]], 10),
        ([["score", "is null"]], 143),
        ([["x", "in", [1, 2, 99999]]], 2),
        ([["name", "contains", "onerror"]], 1),
        ([["x", "=", "1) or (1=1"]], 0),
    ],
)
def test_rows_are_filtered(served: Served, terms: list[object], count: int) -> None:
    found = served.ask("rows", ref="given", filter=json.dumps(terms), limit=1000)
    assert found["matched"] == len(found["rows"]) == count
    assert found["total"] == 1000


def test_sorted_and_filtered_arrays_are_of_their_rows(served: Served) -> None:
    found = rows(served, ref="features", sort="x", descending=1, filter='[["x", "<", 100]]', limit=5)
    assert [r["x"] for r in found] == [99, 98, 97, 96, 95]
    assert [r["signal"]["first"][0] for r in found] == [99.0, 98.0, 97.0, 96.0, 95.0]  # type: ignore[index]


def test_behind_the_last_row_there_is_none_of_arrays_either(served: Served) -> None:
    for query in ({"limit": 0}, {"offset": 1000}, {"filter": '[["x", "<", 0]]'}):
        assert rows(served, ref="features", sort="x", columns="x,signal", **query) == []


def test_a_column_at_a_glance_is_its_values(served: Served) -> None:
    values = np.array([i / 10 for i in range(1000) if i % 7])
    found = served.ask("column", ref="given", path="score")
    assert found["count"] == 1000
    assert found["nulls"] == 143
    assert found["mean"] == pytest.approx(values.mean())
    assert found["std"] == pytest.approx(values.std())
    assert sum(found["histogram"]["counts"]) == len(values)
    assert served.ask("column", ref="given", path="subject")["top"][0] == ["sub-00", 100]
    arrays = served.ask("column", ref="features", path="signal")
    assert (arrays["min"], arrays["max"]) == (0.0, 904.0)


def test_a_row_has_its_values_and_what_was_computed(served: Served) -> None:
    key = served.ask("rows", ref="features", offset=7, limit=1)["rows"][0]["key"]
    found = served.ask("row", ref="features", key=key)
    assert found["cells"]["x"] == 7
    assert found["cells"]["signal"]["first"][0] == 7.0
    assert {f["path"]: f["function"] for f in found["features"]} == {"double": "double", "signal": "signal"}
    assert served.ask("row", 400, ref="features", key="zz")["error"]["what"] == "ParameterError"
    assert served.ask("row", 400, ref="features", key="00" * 16)["error"]["message"].endswith(
        "no row " + "00" * 16 + "."
    )


def test_versions_are_compared(served: Served) -> None:
    newest = served.ask("version", ref="features")["reference"]
    found = served.ask("compare", old="features@1.0.0", new=newest)
    assert found["rows"] == {"added": 0, "removed": 100, "changed": 0, "same": 900}
    assert found["shown"]["removed"]["rows"][0][0] == 900


def test_lineage_leads_to_what_was_given(served: Served) -> None:
    found = served.ask("lineage", ref="features")
    kinds = [n["kind"] for n in found["nodes"]]
    assert sorted(kinds) == ["activity"] * 3 + ["values"] + ["version"] * 3
    titles = {n["title"] for n in found["nodes"] if n["kind"] == "activity"}
    assert titles == {"read", "double, signal", "filter"}
    ids = {n["id"] for n in found["nodes"]}
    assert all(e["from"] in ids and e["to"] in ids for e in found["edges"])
    activity = served.ask("activity", ref="features@1.0.0")
    assert "return 2.0 * x" in activity["functions"][0]["source"]


def test_python_is_the_chain_of_what_is_shown(at_home: Served) -> None:
    terms = [["x", ">=", 990], ["subject", "in", ["sub-01", "sub-02"]], ["name", "contains", "l"]]
    said = at_home.ask(
        "python", ref="given", filter=json.dumps(terms), sort="x", descending=1, columns="x,subject"
    )
    scope: dict[str, object] = {}
    exec(said["code"].replace("rows.show()", ""), scope)  # what a person would paste
    found = scope["rows"].collect()  # type: ignore[attr-defined]
    assert found["x"].to_list() == [992, 991]


@pytest.mark.parametrize(
    ("path", "status", "query", "what"),
    [
        ("version", 404, {"ref": "nowhere"}, "DatasetNotFoundError"),
        ("version", 400, {}, "ParameterError"),
        ("rows", 404, {"ref": "given", "sort": "scroe"}, "ColumnNotFoundError"),
        ("rows", 400, {"ref": "given", "filter": "[[1"}, "ParameterError"),
        ("rows", 400, {"ref": "given", "filter": '[["x", "~", 1]]'}, "ExpressionError"),
        ("rows", 400, {"ref": "given", "offset": "-1"}, "ParameterError"),
        ("rows", 400, {"ref": "features", "sort": "signal"}, "ExpressionError"),
        ("compare", 400, {"old": "given"}, "ParameterError"),
    ],
)
def test_what_cannot_be_is_said(
    served: Served, path: str, status: int, query: dict[str, str], what: str
) -> None:
    assert served.ask(path, status, **query)["error"]["what"] == what
