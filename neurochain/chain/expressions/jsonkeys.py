"""JSON columns: which keys are there, and how a key becomes a typed column.

Sidecars and rare fields are kept as one JSON text, so that a new key never changes a schema. The keys that
were seen stand in a catalogue, from which a name compiles to a typed extract.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

import polars as pl

from neurochain.chain.expressions.catalogue import EMPTY
from neurochain.datasets.schema import key_type
from neurochain.datasets.types import DataType, Json, List, Scalar


def json_type(name: str) -> DataType:
    """Type of a JSON key as the catalogue names it: ``"float64"``, ``"list[string]"``, ``"json"``."""
    if name == "json":
        return Json({})
    if name.startswith("list["):
        return List(Scalar(name[5:-1]))
    return Scalar(name)


def split_key(key: str) -> list[str]:
    r"""Names on the way to a value: ``a.b`` is "b" in "a", ``a\.b`` is "a.b" itself."""
    return [part.replace("\0", ".") for part in key.replace("\\.", "\0").split(".")]


def json_value(text: pl.Expr, key: str, kind: DataType) -> pl.Expr:
    """Typed value of a key in a column of JSON texts; null where the key is missing."""
    quoted = [part.replace("'", "\\'") for part in split_key(key)]
    value = text.str.json_path_match("$" + "".join(f"['{part}']" for part in quoted))
    match kind:
        case Scalar("bool"):
            return pl.when(value.is_not_null() & (value != "null")).then(value == "true")
        case Scalar("int64" | "float64" as number):
            return value.cast(pl.Int64 if number == "int64" else pl.Float64, strict=False)
        case List(Scalar(item)):
            dtype = {"int64": pl.Int64, "float64": pl.Float64, "bool": pl.Boolean}.get(item, pl.String)
            return value.str.json_decode(pl.List(dtype))
        case _:
            return value


def readable(texts: Sequence[str | None]) -> list[str | None]:
    """JSON texts that Polars can read; those that only Python reads are mended.

    NaN and infinities become null, halves of a character U+FFFD, integers beyond 64 bits and what nests deeper
    than 100 levels texts.
    """
    series = pl.Series(texts, dtype=pl.String)
    fine = series.is_null() | series.str.json_path_match("$").is_not_null()
    if fine.all():
        return list(texts)
    return [
        text if good or text is None else json.dumps(_plain(json.loads(text)))
        for text, good in zip(texts, fine.to_list(), strict=True)
    ]


def _plain(value: Any, depth: int = 100) -> Any:
    if isinstance(value, dict | list) and not depth:
        return json.dumps(value)
    if isinstance(value, dict):
        return {_plain(k): _plain(v, depth - 1) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v, depth - 1) for v in value]
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value) if isinstance(value, int) and not -(2**63) <= value < 2**64 else value


def join_catalogues(catalogues: list[dict[str, str]]) -> dict[str, str]:
    """Keys of several catalogues; int and float give float, any other difference gives text."""
    joined: dict[str, str] = {}
    for one in catalogues:
        for key, name in one.items():
            old = joined.get(key, "null")
            joined[key] = _join(old, name)
    unknown = {"null": "string", EMPTY: "list[string]"}
    return {key: unknown.get(name, name) for key, name in sorted(joined.items())}


def _join(a: str, b: str) -> str:
    if b == EMPTY and a.startswith("list["):
        return a
    if a == EMPTY and b.startswith("list["):
        return b
    return key_type(a, b)
