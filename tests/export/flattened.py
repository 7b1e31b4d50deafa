"""What formats of arrays should hold: the values of a chain by dotted names, and how two of them are the same."""

import base64
import datetime as dt
import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

import neurochain as nc
from neurochain.datasets.types import DataType, List, Record

ISO = {  # of the times in `everything`
    "day": "2025-06-01",
    "at": "2025-06-01T12:00:00.123456",
    "zoned": "2025-06-01T10:00:00.123456+00:00",
    "clock": "01:02:03.000004",
    "lasted": "P1DT1M30.5S",
}


def flattened(chain: nc.Chain) -> dict[str, list[Any]]:
    """Values by dotted name: a file is its uri, lists are as JSON has them."""
    rows, schema = list(chain), chain.execute()[0].schema
    return {n: v for f in schema.values() for n, v in _flat(f.name, f.type, [row[f.name] for row in rows])}


def _flat(name: str, kind: DataType, values: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    match kind:
        case Record(record, fields) if record != "File":
            for f in fields:
                yield from _flat(
                    f"{name}.{f.name}", f.type, [None if v is None else v[f.name] for v in values]
                )
        case Record() | List():
            yield name, [as_json(v) for v in values]
        case _:
            yield name, values


def as_json(value: Any) -> Any:
    match value:
        case nc.File():
            return value.uri
        case bytes():
            return base64.b64encode(value).decode()
        case dt.date():
            return value.isoformat()
        case Mapping():
            return {k: as_json(v) for k, v in value.items()}
        case list():
            return [as_json(v) for v in value]
    return value


def as_numpy(value: Any) -> Any:
    """Times as numpy has them; of a zone in UTC, of a day since midnight."""
    match value:
        case dt.datetime():
            return np.datetime64(
                value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value, "us"
            )
        case dt.date():
            return np.datetime64(value, "D")
        case dt.timedelta():
            return np.timedelta64(value, "us")
        case dt.time():
            since = dt.datetime.combine(dt.date.min, value) - dt.datetime.min
            return np.timedelta64(since, "us").astype("m8[ns]")
    return value


def same(got: Any, wanted: Any) -> bool:
    """Whether two values are equal; NaN is itself, and arrays have their dtype and shape too."""
    match wanted:
        case np.ndarray():
            got = np.asarray(got)
            return (got.dtype, got.shape) == (
                wanted.dtype,
                wanted.shape,
            ) and got.tobytes() == wanted.tobytes()
        case float() if math.isnan(wanted):
            return math.isnan(got)
        case list():
            return len(got) == len(wanted) and all(map(same, got, wanted))
        case dict():
            return list(got) == list(wanted) and all(same(got[k], v) for k, v in wanted.items())
    return bool(got == wanted)
