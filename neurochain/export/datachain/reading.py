"""Reading: a dataset of DataChain, or a chain of it, as rows here."""

import json
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.run import Run, State
from neurochain.chain.sources.records import BATCH, RecordsSource
from neurochain.chain.values.objects import RESERVED
from neurochain.chain.values.records import fields_of
from neurochain.chain.values.results import physical
from neurochain.datasets.activity import Input
from neurochain.datasets.location import FILE
from neurochain.datasets.project import project
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import DataType, Field, Json, List, Record, Scalar
from neurochain.errors import DatasetNotFoundError, SchemaError
from neurochain.export.datachain.files import of_datachain_file
from neurochain.export.datachain.package import package

PURPOSE = "read_datachain()"
SYSTEM = "sys"  # signal that numbers the rows
_SCALARS: dict[Any, str] = {
    bool: "bool",
    int: "int64",
    float: "float64",
    str: "string",
    bytes: "bytes",
    datetime: "datetime[UTC]",
}


def read_datachain(dataset: Any, version: str | None = None) -> Chain:
    """Rows of a dataset of DataChain, or of a chain of it.

    Parameters
    ----------
    dataset : str or datachain.DataChain
        Its name, ``"name@1.2.0"``, or a chain, which is run.
    version : str, optional
        ``"1.2.0"``; the latest by default.

    Returns
    -------
    Chain
        A column per signal: files are `File`, models are records, dicts are JSON, times are UTC. Its lineage
        names the dataset with its version and uuid.

    Raises
    ------
    DatasetNotFoundError
        There is no such dataset or version.
    MissingExtraError
        datachain is not installed.

    Examples
    --------
    >>> read_datachain("cats").map(side=lambda file: len(file.read()) ** 0.5)          # doctest: +SKIP
    """
    dc = package(PURPOSE)
    chain = _found(dc, dataset, version) if isinstance(dataset, str) else dataset
    if not isinstance(chain, dc.DataChain):
        raise SchemaError(f"read_datachain() takes a name or a DataChain, not a {type(chain).__name__}.")
    signals = {name: hint for name, hint in chain.signals_schema.values.items() if name != SYSTEM}
    schema = Schema([Field(name, _type(hint)) for name, hint in signals.items()])
    rows = RecordsSource.of_frames(project(), _frames(chain, schema), lambda: schema)
    return Chain.of(DataChainSource(rows, _reference(chain)))


@dataclass(frozen=True)
class DataChainSource:
    """Rows that were read from DataChain."""

    rows: RecordsSource
    reference: dict[str, Any]

    @property
    def schema(self) -> Schema:
        return self.rows.schema

    def open(self, run: Run) -> State:
        given = Input("datachain", {**self.to_json(), "rows": self.rows.rows})
        run.keep(given, self.rows.frame, self.rows.schema)
        return State(self.rows.frame, self.rows.schema)

    def to_json(self) -> dict[str, Any]:
        return {"source": "datachain", **self.reference, "content": self.rows.digest}


def _found(dc: Any, name: str, version: str | None) -> Any:
    missing = package(PURPOSE, "datachain.error").DatasetNotFoundError
    try:
        return dc.read_dataset(name, version=version)
    except missing as error:
        there = sorted({info.name for info in dc.datasets(column="dataset").to_values("dataset")})
        listed = ", ".join(there) or "none"
        raise DatasetNotFoundError(f"DataChain: {error}. Datasets that it has: {listed}.") from error


def _reference(chain: Any) -> dict[str, Any]:
    """Which dataset the chain reads; all None for one that was not saved."""
    if chain.name is None or chain.dataset is None:
        return {"name": None, "version": None, "uuid": None}
    uuid = chain.dataset.get_version(chain.version).uuid
    return {"name": chain.dataset.full_name, "version": str(chain.version), "uuid": str(uuid)}


def _type(hint: Any) -> DataType:
    """Type of a signal; JSON where it says no more than that."""
    while typing.get_origin(hint) is typing.Annotated:
        hint = hint.__origin__
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        inner = [a for a in arguments if a is not type(None)]
        return _type(inner[0]) if len(inner) == 1 else Json(None)
    if origin is typing.Literal:
        return Scalar("string")
    if origin is list or (origin is tuple and arguments[1:] == (Ellipsis,)):
        return List(_type(arguments[0]))
    if origin is not None or not isinstance(hint, type):
        return Json(None)
    if hint in _SCALARS:
        return Scalar(_SCALARS[hint])
    if any((base.__module__, base.__qualname__) == ("datachain.lib.file", "File") for base in hint.__mro__):
        return FILE
    fields = tuple(Field(name, _type(inner)) for name, inner in fields_of(hint) or [])
    name = getattr(hint, "_modelstore_base_name", hint.__name__)
    return Record("record" if name in RESERVED else name, fields) if fields else Json(None)


def _frames(chain: Any, schema: Schema) -> Iterator[tuple[pl.DataFrame, Schema]]:
    rows = iter(chain.to_iter(*schema))
    start = 0
    while batch := list(islice(rows, BATCH)):
        numbers = range(start, start + len(batch))
        series: list[pl.Series] = []
        for i, f in enumerate(schema.values()):
            values = [_value(row[i], f.type, f.name, n) for row, n in zip(batch, numbers, strict=True)]
            series += physical(f, values, rows=numbers)
        yield pl.DataFrame(series), schema
        start += len(batch)


def _value(value: Any, kind: DataType, path: str, row: int) -> Any:
    match kind:
        case _ if value is None:
            return None
        case Record("File"):
            return of_datachain_file(value, row, path)
        case Record(_, fields):
            given = value if isinstance(value, Mapping) else {f.name: getattr(value, f.name) for f in fields}
            return {f.name: _value(given.get(f.name), f.type, f"{path}.{f.name}", row) for f in fields}
        case List(item):
            return [_value(v, item, f"{path}[]", row) for v in value]
        case Json():
            return value if isinstance(value, str) else json.dumps(value, default=str)
    return value
