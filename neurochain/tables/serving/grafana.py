"""Grafana: files by which it finds the PostgreSQL wire, and shows each database.

https://grafana.com/docs/grafana/latest/administration/provisioning, and the dashboard's schema at
https://github.com/grafana/grafana-foundation-sdk/blob/main/jsonschema/dashboard.jsonschema.json
"""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from neurochain.errors import NeurochainError, StorageError
from neurochain.tables.serving.offer import Offer
from neurochain.tables.serving.upstream import Upstream

__all__ = ["dashboard", "write_grafana"]

UID = "neurochain"
SOURCE = {"type": "postgres", "uid": UID}
SCHEMA_VERSION = 39
WIDTH, HEIGHT = 24, 8  # of Grafana's grid, and of a panel
NEWEST = 100
PASSWORD = "$NEUROCHAIN_TOKEN"  # Grafana reads it from its environment
Span = tuple[str, str]


def write_grafana(
    folder: Path, offers: Sequence[Offer], port: int, token: str, upstream: Upstream
) -> list[Path]:
    """Write what Grafana reads when it starts with this folder as its ``provisioning``.

    Parameters
    ----------
    folder : path
        Made if need be.
    offers : sequence of Offer
        What is served.
    port : int
        Of the PostgreSQL wire.
    token : str
        Whether one is asked for; it is not written.
    upstream : Upstream
        Asked which times the tables span.

    Returns
    -------
    list of Path
        What was written.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    boards = folder / "dashboards"
    texts = {
        folder / "datasources" / "neurochain.yaml": _datasource(port, token),
        boards / "neurochain.yaml": _provider(boards),
    }
    for database in dict.fromkeys(o.database for o in offers):
        held = [o for o in offers if o.database == database]
        board = dashboard(database, held, _span(held, upstream))
        texts[boards / f"{database}.json"] = json.dumps(board, indent=2) + "\n"
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror}.") from error
    return list(texts)


def dashboard(database: str, offers: Sequence[Offer], span: Span = ("now-30d", "now")) -> dict[str, Any]:
    """Dashboard of a database: of each table its newest rows, and how many there are over time where it has a time.

    Parameters
    ----------
    database : str
        Its name.
    offers : sequence of Offer
        Its tables.
    span : tuple of str
        Times from which and to which it shows at first.
    """
    panels: list[dict[str, Any]] = []
    for row, offer in enumerate(offers):
        time = time_column(offer.schema)
        place = {"y": row * HEIGHT, "h": HEIGHT}
        if time is not None:
            panels.append(
                _panel(
                    offer,
                    f"{offer.name}: rows",
                    "timeseries",
                    _rows_over_time(offer, time),
                    {**place, "x": 0, "w": 12},
                )
            )
        beside = {**place, "x": 12, "w": 12} if time is not None else {**place, "x": 0, "w": WIDTH}
        panels.append(
            _panel(
                offer,
                f"{offer.name}: {'newest' if time else 'first'} rows",
                "table",
                _newest(offer, time),
                beside,
            )
        )
    return {
        "uid": f"nc-{hashlib.blake2b(database.encode(), digest_size=8).hexdigest()}",
        "title": database,
        "tags": ["neurochain"],
        "timezone": "utc",
        "editable": True,
        "schemaVersion": SCHEMA_VERSION,
        "time": {"from": span[0], "to": span[1]},
        "templating": {"list": []},
        "annotations": {"list": []},
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }


def time_column(schema: pl.Schema) -> str | None:
    """The column that says when a row is of: the first time, or else the first date."""
    for kinds in (pl.Datetime, pl.Date):
        for name, kind in schema.items():
            if isinstance(kind, kinds):
                return name
    return None


def _panel(offer: Offer, title: str, kind: str, sql: str, place: dict[str, int]) -> dict[str, Any]:
    return {
        "type": kind,
        "title": title,
        "description": offer.table.description,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {}, "overrides": []},
        "options": {},
        "targets": [
            {
                "refId": "A",
                "datasource": SOURCE,
                "editorMode": "code",
                "rawQuery": True,
                "format": "time_series" if kind == "timeseries" else "table",
                "rawSql": sql,
            }
        ],
    }


def _instant(offer: Offer, time: str) -> str:
    """The time column as a time, which the macros compare with texts."""
    return (
        _quoted(time)
        if isinstance(offer.schema[time], pl.Datetime)
        else f"CAST({_quoted(time)} AS TIMESTAMP)"
    )


def _rows_over_time(offer: Offer, time: str) -> str:
    when = _instant(offer, time)
    return (
        f"SELECT $__timeGroupAlias({when}, $__interval), count(*) AS {_quoted('rows')} FROM {_from(offer)} "
        f"WHERE $__timeFilter({when}) GROUP BY 1 ORDER BY 1"
    )


def _newest(offer: Offer, time: str | None) -> str:
    if time is None:
        return f"SELECT * FROM {_from(offer)} LIMIT {NEWEST}"
    when = _instant(offer, time)
    return f"SELECT * FROM {_from(offer)} WHERE $__timeFilter({when}) ORDER BY {_quoted(time)} DESC LIMIT {NEWEST}"


def _from(offer: Offer) -> str:
    return f"{_quoted(offer.database)}.{_quoted(offer.name)}"


def _quoted(name: str) -> str:
    escaped = name.replace('"', '""')
    return f'"{escaped}"'


def _span(offers: Sequence[Offer], upstream: Upstream) -> Span:
    """Times between which rows lie; the last month where none can be told."""
    found: list[dt.datetime] = []
    for offer in offers:
        if (time := time_column(offer.schema)) is None:
            continue
        sql = f"SELECT min({_quoted(time)}) AS a, max({_quoted(time)}) AS b FROM {_from(offer)}"
        try:
            with upstream.query(sql) as answer:
                for batch in answer:
                    frame: Any = pl.from_arrow(batch)
                    found += [_utc(v) for row in frame.rows() for v in row if v is not None]
        except NeurochainError:  # the dashboard shows it where it is looked at
            continue
    if not found:
        return "now-30d", "now"
    return tuple(f"{t:%Y-%m-%dT%H:%M:%S}.000Z" for t in (min(found), max(found) + dt.timedelta(seconds=1)))  # type: ignore[return-value]


def _utc(value: dt.date) -> dt.datetime:
    if not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return value if value.tzinfo is None else value.astimezone(dt.UTC).replace(tzinfo=None)


def _datasource(port: int, token: str) -> str:
    lines = [
        "apiVersion: 1",
        "datasources:",
        f"- name: {UID}",
        f"  uid: {UID}",
        f"  type: {SOURCE['type']}",
        "  access: proxy",
        f"  url: 127.0.0.1:{port}",
        f"  user: {UID}",
        f"  database: {UID}",
        "  editable: false",
        "  jsonData:",
        f"    database: {UID}",
        "    sslmode: disable",
        "    postgresVersion: 1500",
        "    timescaledb: false",
    ]
    if token:
        lines += ["  secureJsonData:", f"    password: {PASSWORD}"]
    return "\n".join(lines) + "\n"


def _provider(boards: Path) -> str:
    return "\n".join(
        [
            "apiVersion: 1",
            "providers:",
            f"- name: {UID}",
            "  type: file",
            "  folder: neurochain",
            "  options:",
            f"    path: {json.dumps(str(boards.absolute()))}",
            "",
        ]
    )
