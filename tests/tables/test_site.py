"""The catalog site as files: what it says of tables, that it is the same each time, and that it deletes nothing of others."""

import datetime as dt
import doctest
import getpass
import json
import pkgutil
import shutil
import socket
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_catalog import HOSTILE, NOW, Framed, make_catalog

import neurochain as nc
import neurochain.tables.site
from neurochain.errors import StorageError
from neurochain.tables.site.building import Built, build_site
from neurochain.tables.site.preview import preview_of
from neurochain.tables.site.script import script_of

MODULES = [
    f"{neurochain.tables.site.__name__}.{m.name}"
    for m in pkgutil.iter_modules(neurochain.tables.site.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(import_module(name), extraglobs={"Catalog": nc.Catalog}).failed == 0


def said(path: Path) -> Any:
    """What a script gives to the page."""
    text = path.read_text("utf-8").strip()
    values = json.loads(f"[{text[text.index('(') + 1 : -2]}]")
    return values[-1]


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def site(tmp_path: Path, project: Any) -> Built:
    return build_site(make_catalog(tmp_path / "data_of_it"), tmp_path / "site", now=NOW)


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> None:
    (tmp_path / "data_of_it").mkdir()


def entry(site: Built, database: str, name: str) -> dict[str, Any]:
    (found,) = [
        t
        for d in said(site.folder / "data.js")["databases"]
        if d["name"] == database
        for t in d["tables"]
        if t["name"] == name
    ]
    return found


def page(site: Built, database: str, name: str) -> dict[str, Any]:
    return said(site.folder / "tables" / f"{database}.{name}.js")


def test_what_the_index_says_of_a_table(site: Built) -> None:
    found = entry(site, "implant", "normalized_binned_spikes")
    assert found["kind"] == "parquet"
    assert found["description"] == [
        "Binned spikes, normalised by channel.",
        "See https://example.org/spikes for how.",
    ]
    assert dict(found["columns"]) == {
        "implant_id": "int64",
        "date": "string",
        "hour": "int32",
        "channel": "int32",
        "rate": "float64",
        "waveform": "array[float32, 32]",
        "tags": "list[string]",
    }
    assert found["partitions"][0] == {"name": "implant_id", "values": ["4600", "4595"], "count": 2}
    assert (found["rows"], found["files"]) == (36, 6)
    assert found["size"] == sum(
        p.stat().st_size for p in (site.folder.parent / "data_of_it" / "spikes").rglob("*.parquet")
    )
    assert dt.datetime.fromisoformat(found["modified"]).tzinfo is not None


def test_what_its_page_says(site: Built) -> None:
    found = page(site, "implant", "normalized_binned_spikes")
    assert found["latency"] == "within 5 minutes"
    assert found["links"] == [["Protocol", "https://example.org/protocol"]]
    assert found["checks"] == ["not_null(rate)"]
    assert found["preview"]["filters"] == "implant_id == 4595 and date == '2024-04-28'"
    rows = [dict(zip(found["preview"]["columns"], row, strict=True)) for row in found["preview"]["rows"]]
    assert rows[0]["rate"] is None
    assert rows[1]["rate"] == "0.142857"
    assert rows[0]["waveform"] == "array[float32, 32]"
    assert rows[0]["tags"] == "[a, b, c, d, …] 6 values"


def test_parameters_of_a_function(site: Built) -> None:
    found = page(site, "implant", "implant_diagnostics")
    assert found["parameters"] == [["implant_id", "int", ""], ["date", "str", ""], ["limit", "int", "5"]]
    assert found["preview"]["rows"] == [["4595", "2024-04-28", "0.5"], ["4595", "2024-04-28", "0.25"]]


def test_versions_and_lineage_of_a_dataset(site: Built) -> None:
    found = page(site, "features", "alpha_roi_tags")["versions"]
    assert found["reference"] == "alpha_roi_tags@1.1.0"
    assert [(v["version"], v["rows"], v["description"]) for v in found["listed"]] == [
        ("1.1.0", 3, "With SNR"),
        ("1.0.0", 3, "First try"),
    ]
    boxes = found["graph"]["boxes"]
    titles = {i: box["title"] for i, box in enumerate(boxes)}
    lines = {(titles[a], titles[b]) for a, b in found["graph"]["lines"]}
    run = next(box["title"] for box in boxes if box["column"] == 3)
    assert run.endswith("_snr()")
    assert {("scales@1.0.0", run), (run, "alpha_roi_tags@1.1.0")} <= lines
    assert [box["column"] for box in boxes if box["title"] == "alpha_roi_tags@1.1.0"] == [4]
    assert all(boxes[a]["column"] < boxes[b]["column"] for a, b in found["graph"]["lines"])
    places = [(box["column"], box["row"]) for box in boxes]
    assert len(set(places)) == len(places)


def test_nobody_is_named(site: Built) -> None:
    text = (site.folder / "tables" / "features.alpha_roi_tags.js").read_text()
    activity = nc.dataset("alpha_roi_tags").lineage().activity
    graph = json.dumps(page(site, "features", "alpha_roi_tags")["versions"])
    assert activity["command"] not in text
    assert f'"{getpass.getuser()}"' not in graph
    assert socket.gethostname() not in graph


def test_a_table_that_cannot_be_reached_has_its_page(site: Built) -> None:
    found = entry(site, "implant", "gone")
    assert found["owner"] == "ephys"
    assert "columns" not in found
    assert {(p.table, p.part) for p in site.problems} >= {
        ("implant.gone", "schema"),
        ("implant.gone", "preview"),
    }
    assert "there is no Parquet file" in found["problems"]["schema"]
    assert page(site, "implant", "gone")["code"]["Python"]


def test_a_declared_schema_is_shown_of_what_cannot_be_reached(tmp_path: Path) -> None:
    def broken() -> pl.LazyFrame:
        raise ValueError("password=hunter2hunter2 is wrong")

    given = [
        nc.table(broken),
        nc.ParquetTable(name="empty", uri=str(tmp_path / "none"), columns={"a": "int64"}),
    ]
    built = build_site(nc.Catalog({"db": given}), tmp_path / "site")
    assert entry(built, "db", "empty")["columns"] == [["a", "int64"]]
    assert entry(built, "db", "broken")["problems"]["schema"] == "ValueError: password=*** is wrong"


def test_a_table_that_takes_too_long_is_left(tmp_path: Path) -> None:
    released = threading.Event()

    @nc.table
    def slow() -> pl.LazyFrame:
        released.wait(60)
        return pl.LazyFrame({"a": [1]})

    @nc.table
    def quick() -> pl.LazyFrame:
        return pl.LazyFrame({"a": [1]})

    try:
        built = build_site(nc.Catalog({"db": [slow, quick]}), tmp_path / "site", seconds=3)
    finally:
        released.set()
    assert {p.table for p in built.problems} == {"db.slow"}
    assert entry(built, "db", "slow")["problems"]["schema"] == "It took longer than 3 s."
    assert entry(built, "db", "quick")["columns"] == [["a", "int64"]]


def test_without_previews_no_row_is_published(tmp_path: Path, project: Any) -> None:
    catalog = make_catalog(tmp_path / "data_of_it")
    built = build_site(catalog, tmp_path / "site", preview=False)
    assert not [
        p for p in files(built.folder) if b'"preview"' in files(built.folder)[p] and p.startswith("tables/")
    ]
    assert not [p for p in built.problems if p.part == "preview"]


def test_the_same_declarations_give_the_same_bytes(tmp_path: Path, project: Any) -> None:
    catalog = make_catalog(tmp_path / "data_of_it", jupyterhub="https://hub.example.org")
    first = build_site(catalog, tmp_path / "a", now=NOW)
    second = build_site(catalog, tmp_path / "b", now=NOW)
    assert files(first.folder) == files(second.folder)
    later = build_site(catalog, tmp_path / "b", now=NOW + dt.timedelta(hours=1))
    assert {n for n, text in files(later.folder).items() if text != files(first.folder)[n]} == {"data.js"}


def test_what_it_says_it_wrote(site: Built) -> None:
    found = files(site.folder)
    assert site.files == len(found)
    assert site.bytes == sum(map(len, found.values()))
    assert (site.tables, site.databases) == (7, 3)
    assert not list(site.folder.parent.glob("*.partial"))


def test_an_earlier_site_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    catalog = nc.Catalog({"db": []})
    target = tmp_path / "site"
    build_site(catalog, target)
    (target / "tables").mkdir()
    (target / "tables" / "notes.js").write_text("mine")
    with pytest.raises(StorageError, match=r"holds tables/notes\.js, which was not built"):
        build_site(catalog, target)
    assert (target / "tables" / "notes.js").read_text() == "mine"
    shutil.rmtree(target / "tables")
    build_site(catalog, target)
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"thesis\.txt"):
        build_site(catalog, other)
    assert [p.name for p in other.iterdir()] == ["thesis.txt"]


def test_a_hundred_tables_take_less_than_two_megabytes(tmp_path: Path) -> None:
    frame = pl.DataFrame({f"column_{i}": [f"value {i} of a row"] * 20 for i in range(30)})
    frame.write_parquet(tmp_path / "a.parquet")
    given = [
        nc.ParquetTable(name=f"t{i}", uri=str(tmp_path), description="What it holds. " * 20, owner="lab")
        for i in range(100)
    ]
    built = build_site(nc.Catalog({"db": given}), tmp_path / "site")
    assert not built.problems
    assert built.bytes < 2_000_000


def test_previews_leave_out_what_is_large() -> None:
    frame = pl.DataFrame(
        {
            "text": ["x" * 5000],
            "bytes": [b"\0" * 4000],
            "nested": [{"name": "a", "wave": [1.0] * 3}],
            "when": [dt.datetime(2024, 4, 28, 1, 2, 3, 456000)],
            "flag": [True],
            "list": [[[1.5, 2.5], [3.5]]],
        },
        schema_overrides={"nested": pl.Struct({"name": pl.String, "wave": pl.Array(pl.Float32, 3)})},
    )
    shown = preview_of(nc.table(lambda: frame.lazy(), name="t"))
    assert dict(zip(shown.columns, shown.rows[0], strict=True)) == {
        "text": "x" * 79 + "…",
        "bytes": "4,000 bytes",
        "nested": "{name: a, wave: float32 3}",
        "when": "2024-04-28 01:02:03.456",
        "flag": "true",
        "list": "[[1.5, 2.5], [3.5]]",
    }


def test_records_show_what_is_in_them() -> None:
    frame = pl.DataFrame(
        {
            "file": [{"uri": "s3://b/a.edf", "path": "a.edf", "size": 3}],
            "none": [{"a": None, "b": None}],
            "edf": [{"version": "0", "labels": None}],
        },
        schema_overrides={"none": pl.Struct({"a": pl.Int8, "b": pl.Struct({"c": pl.Int8})})},
    )
    shown = preview_of(Framed(name="t", frame=frame))
    assert (shown.columns, shown.rows) == (("file", "edf"), (("a.edf", "{version: 0}"),))
    assert shown.empty == 1


def test_fields_of_records_are_found_and_shown(tmp_path: Path) -> None:
    frame = pl.DataFrame({"dicom": [{f"Field{i}": i for i in range(9)}]})
    built = build_site(nc.Catalog({"db": [Framed(name="t", frame=frame)]}), tmp_path / "site")
    names = [f"Field{i}" for i in range(9)]
    assert entry(built, "db", "t")["columns"] == [["dicom", "struct of 9 fields", names]]
    assert page(built, "db", "t")["fields"] == {"dicom": [[name, "int64"] for name in names]}


def test_a_preview_of_arrays_alone_has_its_rows() -> None:
    frame = pl.DataFrame({"wave": pl.Series([[1.0, 2.0]] * 3, dtype=pl.Array(pl.Float64, 2))})
    assert preview_of(nc.table(lambda: frame.lazy(), name="t")).rows == (("array[float64, 2]",),) * 3


def test_wide_tables_are_cut() -> None:
    frame = pl.DataFrame({f"c{i}": ["y" * 100] * 50 for i in range(300)})
    shown = preview_of(nc.table(lambda: frame.lazy(), name="t"))
    assert (len(shown.columns), shown.omitted) == (24, 276)
    assert sum(len(cell or "") for row in shown.rows for cell in row) <= 12_000


@given(st.recursive(st.none() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_scripts_hold_what_they_were_given_and_nothing_that_ends_them(value: Any) -> None:
    text = script_of("give", value)
    assert json.loads(text.removeprefix("give(").strip().removesuffix(");")) == value
    assert not set("<>&\u2028\u2029") & set(text)


def test_half_a_character_and_a_panic_cost_nothing_but_themselves(tmp_path: Path) -> None:
    class Panic(BaseException):
        pass

    def fails() -> pl.LazyFrame:
        raise Panic("at the disco")

    half = Framed(name="half", frame=pl.DataFrame({"a": [1]}), description="\udc80 half", owner="\ud800")
    built = build_site(nc.Catalog({"db": [half, nc.table(fails)]}, name="\udc80"), tmp_path / "site")
    assert entry(built, "db", "half")["description"] == ["\udc80 half"]
    assert entry(built, "db", "fails")["problems"]["schema"] == "Panic: at the disco"


def test_hostile_texts_are_data(site: Built) -> None:
    found = entry(site, "odd", "hostile")
    assert found["owner"] == HOSTILE
    assert found["partitions"][0]["values"] == ["<img src=x onerror=alert(1)>"]
    for name, text in files(site.folder).items():
        if name.endswith(".js") and not name.startswith("assets/"):
            assert b"<" not in text, name
    title = build_site(nc.Catalog({}, name=HOSTILE), site.folder.parent / "other").folder / "index.html"
    assert "<script>alert" not in title.read_text("utf-8")
