"""Config: what ROAPI reads: https://roapi.github.io/docs/config/config-file.html."""

import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from neurochain.tables.serving.offer import Offer

__all__ = ["config_text"]

UNITS = {"ms": "Millisecond", "us": "Microsecond", "ns": "Nanosecond"}
PLAIN: dict[Any, str] = {
    pl.Boolean: "Boolean",
    pl.String: "Utf8",
    pl.Categorical: "Utf8",
    pl.Enum: "Utf8",
    pl.Binary: "Binary",
    pl.Date: "Date32",
    **{
        t: str(t())
        for t in (
            pl.Int8,
            pl.Int16,
            pl.Int32,
            pl.Int64,
            pl.UInt8,
            pl.UInt16,
            pl.UInt32,
            pl.UInt64,
            pl.Float32,
            pl.Float64,
        )
    },
}
SETTINGS = {
    "catalog.information_schema": "true",
    "execution.parquet.schema_force_view_types": "false",  # its wires write views as text of the debugger
}


def config_text(offers: Sequence[Offer], host: str, token: str) -> str:
    """The file as YAML.

    Parameters
    ----------
    offers : sequence of Offer
        What it serves.
    host : str
        On which it listens, on ports that the system chooses.
    token : str
        That its FlightSQL asks for.
    """
    lines = [
        f"addr: {_flow({'http': f'{host}:0', 'postgres': f'{host}:0', 'flight_sql': f'{host}:0'})}",
        f"flight_sql_config: {_flow({'auth_token': token})}",
        f"datafusion: {_flow(SETTINGS)}",
        "tables:",
    ]
    for offer in offers:
        table: dict[str, Any] = {
            "name": offer.flat,
            "uri": offer.uri,
            "option": {"format": offer.format, "use_memory_table": False},
        }
        columns = _columns(offer.columns)
        if offer.format == "parquet" and columns is not None:
            table["schema"] = {"columns": columns}
        if offer.partitions:
            table["partition_columns"] = _columns(offer.partitions) or []
        lines.append(f"- {_flow(table)}")
    return "\n".join(lines) + "\n"


def _columns(schema: pl.Schema) -> list[dict[str, Any]] | None:
    """Columns; None where one of them is nested: lists are called otherwise in one file than in another, so ROAPI asks the files."""
    found = [{"name": n, "data_type": _type(kind), "nullable": True} for n, kind in schema.items()]
    return found if all(column["data_type"] is not None for column in found) else None


class _Tagged:
    """A type with parameters: YAML's ``!Timestamp [Microsecond, null]``."""

    def __init__(self, tag: str, value: Any) -> None:
        self.tag, self.value = tag, value


def _type(kind: Any) -> Any:
    """Arrow's name of a type, as arrow-rs writes it; None where there is none."""
    if kind.base_type() in PLAIN:
        return PLAIN[kind.base_type()]
    match kind:
        case pl.Datetime(time_unit=unit, time_zone=zone):
            return _Tagged("Timestamp", [UNITS[unit], zone])
        case pl.Duration(time_unit=unit):
            return _Tagged("Duration", UNITS[unit])
        case pl.Time():
            return _Tagged("Time64", "Nanosecond")
        case pl.Decimal(precision=precision, scale=scale):
            return _Tagged("Decimal128", [precision or 38, scale])
    return None


def _flow(value: Any) -> str:
    """Value in YAML's flow style, which JSON is but for the tags."""
    if isinstance(value, _Tagged):
        return f"!{value.tag} {_flow(value.value)}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return json.dumps(value)
