"""Files for Grafana: as its schema has them, and with queries that are answered."""

import datetime as dt
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import polars as pl
import psycopg
import pytest

import neurochain as nc
from neurochain.tables.serving.server import Server

# Fields of https://github.com/grafana/grafana-foundation-sdk/blob/main/jsonschema/dashboard.jsonschema.json that are used here, each
# with its type. The whole schema is used where NEUROCHAIN_GRAFANA_SCHEMA names a copy of it.
TARGET = {"refId": str, "datasource": dict, "editorMode": str, "rawQuery": bool, "format": str, "rawSql": str}
PANEL = {
    "id": int, "type": str, "title": str, "description": str, "datasource": dict, "gridPos": dict, "fieldConfig": dict,
    "options": dict, "targets": list,
}  # fmt: skip
BOARD = {
    "uid": str, "title": str, "tags": list, "timezone": str, "editable": bool, "schemaVersion": int, "time": dict,
    "templating": dict, "annotations": dict, "panels": list,
}  # fmt: skip
DAY = dt.datetime(2024, 4, 28)


def fits(given: dict[str, Any], fields: dict[str, type]) -> None:
    assert {name: type(value) for name, value in given.items()} == fields


def events() -> pl.LazyFrame:
    return pl.LazyFrame(
        {"ts": [DAY + dt.timedelta(hours=n) for n in range(48)], "value": range(48), 'Odd "name"': range(48)}
    )


def days() -> pl.LazyFrame:
    return pl.LazyFrame({"day": [DAY.date(), None], "zoned": [1, 2]})


def zoned() -> pl.LazyFrame:
    return pl.LazyFrame(
        {"t": pl.Series([DAY, DAY + dt.timedelta(days=3)]).dt.replace_time_zone("UTC"), "n": [1, 2]}
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    tables = [
        nc.FunctionTable(name=f.__name__, function=f, description=f"The {f.__name__}")
        for f in (events, days, zoned)
    ]
    plain = nc.FunctionTable(name="electrodes", function=lambda: pl.LazyFrame({"ch": [1, 2]}))
    with Server(
        nc.Catalog({"lab": [*tables, plain], "other": [plain]}),
        port=0,
        postgres_port=0,
        flight_port=0,
        token="s" * 20,
    ) as served:
        yield served


@pytest.fixture(scope="module")
def folder(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("grafana") / "provisioning"
    files = server.write_grafana(place)
    found = sorted(str(f.relative_to(place)) for f in files)
    assert found == [
        "dashboards/lab.json",
        "dashboards/neurochain.yaml",
        "dashboards/other.json",
        "datasources/neurochain.yaml",
    ]
    return place


@pytest.fixture(scope="module")
def board(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "dashboards" / "lab.json").read_text())
    return found


def test_a_dashboard_is_as_documented(board: dict[str, Any]) -> None:
    fits(board, BOARD)
    assert 8 <= len(board["uid"]) <= 40
    assert (board["templating"], board["annotations"]) == ({"list": []}, {"list": []})
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        fits(panel, PANEL)
        assert panel["fieldConfig"] == {"defaults": {}, "overrides": []}
        place = panel["gridPos"]
        fits(place, {"x": int, "y": int, "w": int, "h": int})
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells
        for target in panel["targets"]:
            fits(target, TARGET)
            assert target["format"] == {"timeseries": "time_series", "table": "table"}[panel["type"]]
            assert target["datasource"] == panel["datasource"] == {"type": "postgres", "uid": "neurochain"}
    assert len({p["id"] for p in board["panels"]}) == len(board["panels"])
    assert [p["title"] for p in board["panels"]] == [
        "days: rows", "days: newest rows", "electrodes: first rows", "events: rows", "events: newest rows", "zoned: rows",
        "zoned: newest rows",
    ]  # fmt: skip


def test_a_dashboard_is_as_its_published_schema_has_it(board: dict[str, Any]) -> None:
    named = os.environ.get("NEUROCHAIN_GRAFANA_SCHEMA")
    if not named:
        pytest.skip("NEUROCHAIN_GRAFANA_SCHEMA is not set: it names Grafana's dashboard.jsonschema.json")
    jsonschema.validate(board, json.loads(Path(named).read_text()))


def test_it_shows_the_time_of_the_rows(board: dict[str, Any]) -> None:
    assert board["time"] == {"from": "2024-04-28T00:00:00.000Z", "to": "2024-05-01T00:00:01.000Z"}


def expanded(sql: str, begin: str, end: str) -> str:
    """Query with Grafana's macros replaced as its PostgreSQL datasource does, every hour.

    https://grafana.com/docs/grafana/latest/datasources/postgres/query-editor/#macros
    """
    sql = re.sub(
        r"\$__timeGroupAlias\(((?:[^(),]|\([^()]*\))+),\s*([^()]+)\)",
        r'floor(extract(epoch from \1)/3600)*3600 AS "time"',
        sql,
    )
    return re.sub(r"\$__timeFilter\(((?:[^()]|\([^()]*\))+)\)", rf"\1 BETWEEN '{begin}' AND '{end}'", sql)


def test_its_queries_are_answered(board: dict[str, Any], server: Server) -> None:
    said = f"host=127.0.0.1 port={server.ports['PostgreSQL']} user=neurochain dbname=neurochain password={'s' * 20}"
    found = {}
    with psycopg.connect(said, autocommit=True) as connection:
        for panel in board["panels"]:
            sql = expanded(panel["targets"][0]["rawSql"], "2024-04-28T00:00:00Z", "2024-04-28T09:30:00Z")
            assert "$__" not in sql
            cursor = connection.execute(sql)
            found[panel["title"]] = ([c.name for c in cursor.description or ()], cursor.fetchall())
    names, rows = found["events: rows"]
    assert names == ["time", "rows"]
    assert [(int(t), n) for t, n in rows] == [(1714262400 + 3600 * h, 1) for h in range(10)]
    names, rows = found["events: newest rows"]
    assert names == ["ts", "value", 'Odd "name"']
    assert rows == [(DAY + dt.timedelta(hours=h), h, h) for h in range(9, -1, -1)]
    assert found["days: newest rows"][1] == [(DAY.date(), 1)]
    assert found["zoned: newest rows"][1] == [(DAY.replace(tzinfo=dt.UTC), 1)]
    assert sorted(found["electrodes: first rows"][1]) == [(1,), (2,)]


def test_the_datasource(folder: Path, server: Server) -> None:
    text = (folder / "datasources" / "neurochain.yaml").read_text()
    lines = [line.strip() for line in text.splitlines()]
    for expected in (
        "apiVersion: 1", "type: postgres", "access: proxy", f"url: 127.0.0.1:{server.ports['PostgreSQL']}", "user: neurochain",
        "database: neurochain", "sslmode: disable", "password: $NEUROCHAIN_TOKEN",
    ):  # fmt: skip
        assert expected in lines
    assert "s" * 20 not in text


def test_the_provider_names_the_folder(folder: Path) -> None:
    text = (folder / "dashboards" / "neurochain.yaml").read_text()
    assert f'path: "{(folder / "dashboards").absolute()}"' in text
