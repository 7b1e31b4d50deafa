"""Writing: the rows of a chain as a dataset of DataChain.

DataChain holds numbers of 64 bits, texts, bytes, times in UTC, lists of plain values, and models of these; null
and NaN are one there. What it has no place for goes as it goes into JSON.
"""

import base64
import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from types import GenericAlias
from typing import Any

import numpy as np

from neurochain.chain.chain import Chain
from neurochain.chain.run import batches
from neurochain.chain.values.objects import NAMES, object_parts
from neurochain.chain.values.row import column_values
from neurochain.datasets.schema import is_number
from neurochain.datasets.types import Array, DataType, Json, List, Ragged, Record, Scalar, type_to_json
from neurochain.errors import SchemaError
from neurochain.export.datachain.files import file_fields
from neurochain.export.datachain.package import package
from neurochain.export.plain import listed
from neurochain.export.target import note_export, rows_at_once

PURPOSE = "to_datachain()"
Convert = Callable[[Any], Any]
Way = tuple[Any, Convert]  # annotation of a value there, and what makes it of the value here
_TAKEN = ("dict", "list", "File", "")  # names of records that mean something else in DataChain, or nothing


def to_datachain(chain: Chain, name: str) -> Any:
    """Save all rows as a dataset of DataChain; see `Chain.to_datachain`."""
    dc = package(PURPOSE)
    state, run = chain.execute()
    schema = state.schema
    ways = {f.name: _way(dc, f.type, _checked(f.name, f.name)) for f in schema.values()}
    leaves = state.frame.select(list(schema.leaves()))

    written = 0

    def records() -> Iterator[dict[str, Any]]:
        nonlocal written
        with run.progress.step(f"save {name} in DataChain") as progress:
            for batch in batches(leaves, rows_at_once(schema)):
                columns = [
                    [ways[f.name][1](v) for v in column_values(batch, f.name, f.type)]
                    for f in schema.values()
                ]
                for row in zip(*columns, strict=True):
                    yield dict(zip(schema, row, strict=True))
                progress.advance(batch.height)
                written += batch.height

    saved = dc.read_records(records(), schema={n: way[0] for n, way in ways.items()}).save(name)
    note_export(run, "datachain", written)
    return saved


def _checked(name: str, path: str) -> str:
    if not name.isidentifier() or name.startswith("_") or "__" in name:
        raise SchemaError(
            f"to_datachain(): DataChain has no column named {path!r}: letters, digits and single underscores, none in "
            "front. Give it another name: mutate(name=nc.Column(…)), then drop the old one."
        )
    return path


def _way(dc: Any, kind: DataType, path: str, inside: bool = False) -> Way:
    """How values of a type go; `inside` lists, where DataChain takes plain values and models of them."""
    match kind:
        case Record("File"):
            return (
                (str | None, lambda v: None if v is None else v.uri) if inside else (dc.File, _file_maker(dc))
            )
        case Record():
            return _model_way(kind, _ways(dc, kind, path, inside))
        case List(item):
            annotation, convert = _way(dc, item, path, inside=True)
            return GenericAlias(
                list, (annotation,)
            ) | None, lambda v: None if v is None else [convert(i) for i in v]
        case Array() | Ragged():
            return _nested_list(kind) | None, lambda v: None if v is None else listed(np.asarray(v))
        case Json():
            return str | None, lambda v: v if v is None or isinstance(v, str) else json.dumps(v)
        case Scalar(name):
            return _scalar_way(name, inside)


def _scalar_way(name: str, inside: bool) -> Way:
    if name == "bool":
        return bool | None, _as_it_is
    if name == "uint64":
        return int | None, _within_64_bits
    if is_number(name):
        return (float if name.startswith("float") else int) | None, _as_it_is
    if name == "bytes":
        return (str | None, _base64) if inside else (bytes | None, _as_it_is)
    if name.startswith("datetime") and not inside:
        return dt.datetime | None, lambda v: v if v is None or v.tzinfo else v.replace(tzinfo=dt.UTC)
    return str | None, _iso if name not in ("string", "null") else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _within_64_bits(value: int | None) -> int | None:
    if value is not None and value >= 2**63:
        raise SchemaError(
            f"to_datachain(): DataChain's integers are below 2**63, and {value} is not. Make it a text: "
            "mutate(name=nc.Column(…).cast(str))."
        )
    return value


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _iso(value: Any) -> str | None:
    if isinstance(value, dt.timedelta):
        return f"PT{value.total_seconds():f}S"
    return None if value is None else str(value.isoformat())


def _file_maker(dc: Any) -> Convert:
    # DataChain cannot read a File back that is null, so a missing one has no path.
    return lambda file: dc.File(path="") if file is None else dc.File(**file_fields(file))


def _nested_list(kind: Array | Ragged) -> Any:
    dtype = np.dtype(kind.dtype)
    annotation: Any = {"b": bool, "i": int, "u": int, "m": int, "M": str | None}.get(dtype.kind, float)
    for _ in range((len(kind.shape) if isinstance(kind, Array) else kind.ndim) + (dtype.kind == "c")):
        annotation = GenericAlias(list, (annotation,))
    return annotation


def _ways(dc: Any, kind: Record, path: str, inside: bool) -> dict[str, Way]:
    return {f.name: _way(dc, f.type, _checked(f.name, f"{path}.{f.name}"), inside) for f in kind.fields}


def _model_way(kind: Record, ways: dict[str, Way]) -> Way:
    model = _model(kind, {name: way[0] for name, way in ways.items()})
    converts = {name: way[1] for name, way in ways.items()}
    lazy = kind.name in NAMES

    def convert(value: Any) -> Any:
        # No null: DataChain writes no models that may be missing, and reads all fields null as what it was.
        members: Mapping[str, Any] = {} if value is None else object_parts(value) if lazy else value
        return model.model_construct(**{n: make(members.get(n)) for n, make in converts.items()})

    return model, convert


def _model(kind: Record, annotations: dict[str, Any]) -> Any:
    """Model of a record, whose version tells it from others of its name: DataChain looks models up by these two."""
    digest = hashlib.sha256(json.dumps(type_to_json(kind), sort_keys=True, default=str).encode()).digest()
    name = "Record" if kind.name in _TAKEN or not kind.name.isidentifier() else kind.name
    build = package(PURPOSE, "datachain.lib.signal_schema").create_feature_model
    number = 2 + int.from_bytes(digest[:4], "big")
    return build(f"{name}@v{number}", {n: (hint, ...) for n, hint in annotations.items()})
