"""RecordsSource: records that a script gives one after the other; more than memory holds, if need be."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from pydantic import ValidationError

from neurochain.chain.run import Run, State, batches
from neurochain.chain.sources.given import row_keys, same_keys
from neurochain.chain.spool import Spool
from neurochain.chain.values.inference import as_mapping, infer_field
from neurochain.chain.values.records import field_of, fields_of
from neurochain.chain.values.results import drift, physical
from neurochain.datasets.activity import Input
from neurochain.datasets.content import ContentHash
from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY, Schema, unify
from neurochain.datasets.types import Field, Scalar
from neurochain.errors import SchemaError

BATCH = 10_000  # records that are looked at together; the first of them tell the columns
HELD_BYTES = 64_000_000  # of a batch, and of what waits to be written


@dataclass(frozen=True)
class RecordsSource:
    """Rows that were given as records, read to their end."""

    frame: pl.LazyFrame = field(repr=False)
    schema: Schema
    digest: str
    rows: int

    @classmethod
    def of(
        cls, project: Project, records: Iterable[Any], model: Any = None, key: str | None = None
    ) -> "RecordsSource":
        """Read all records.

        Parameters
        ----------
        project : Project
            Where they lie, as far as they are many.
        records : iterable
            Dicts, dataclasses, named tuples or pydantic models.
        model : class, optional
            Says the columns; what is none of its instances is made one.
        key : str, optional
            Column that identifies a row.

        Raises
        ------
        SchemaError
            A record does not fit the columns, or the key does not tell them apart.
        """
        columns = Columns(model)
        frames = _frames(columns, _batches(records, model))
        return cls.of_frames(project, frames, columns.schema, key)

    @classmethod
    def of_frames(
        cls,
        project: Project,
        frames: Iterable[tuple[pl.DataFrame, Schema]],
        empty: Callable[[], Schema],
        key: str | Sequence[str] | None = None,
    ) -> "RecordsSource":
        """Keep flat columns as they come; `empty` tells the columns where none come."""
        spool = Spool(project, HELD_BYTES)
        count = 0
        for frame, schema in frames:
            keys = row_keys(frame, schema, key, count)
            spool.add(frame.insert_column(0, keys.alias(KEY)), schema)
            count += frame.height
        if spool.schema is None:
            spool.add(pl.DataFrame(schema={KEY: pl.Binary(), **empty().leaves()}), empty())
        lazy, schema = spool.read()
        if key is not None and lazy.select(pl.col(KEY).n_unique()).collect().item() < count:
            raise same_keys(key)
        content = ContentHash(schema)
        for frame in batches(lazy):
            content.update(frame)
        return cls(lazy, schema, content.hexdigest(), count)

    def open(self, run: Run) -> State:
        run.keep(Input("values", {**self.to_json(), "rows": self.rows}), self.frame, self.schema)
        return State(self.frame, self.schema)

    def to_json(self) -> dict[str, Any]:
        # As of `read_values`: the same rows are the same source, whichever way they were given.
        return {"source": "values", "content": self.digest, "columns": list(self.schema)}


class Columns:
    """Columns of records: those of a class, else of the first records.

    Raises
    ------
    SchemaError
        The class says no columns.
    """

    def __init__(self, model: Any = None) -> None:
        self._hints: dict[str, Any] = dict(fields_of(model) or [])
        if model is not None and not self._hints:
            raise SchemaError(
                f"read_records(model={model!r:.60}): the model says the columns, so it is a pydantic model, a "
                "dataclass, a named tuple or a typed dict that has fields."
            )
        self._fields: dict[str, Field] = {}

    def schema(self) -> Schema:
        """Columns as they are known without a record."""
        if not self._hints:
            raise SchemaError("read_records() got no records. Give model=, so that the columns are known.")
        return Schema(infer_field(name, [], hint) for name, hint in self._hints.items())

    def build(self, batch: "Batch", start: int) -> tuple[pl.DataFrame, Schema]:
        """Flat columns of some records, of which the first has the number `start`.

        Raises
        ------
        SchemaError
            A value does not fit what the records before had; the message names it.
        """
        rows = range(start, start + len(batch.members))
        if not self._fields:
            self._hints = self._hints or dict(fields_of(batch.cls) or [])
        names = list(self._fields) or list(self._hints)
        if not names:
            names = list(dict.fromkeys(name for m in batch.members for name in m))
        if not names:
            raise SchemaError("read_records(): the records have no fields. Give each one at least.")
        known = set(names)
        for row, member in zip(rows, batch.members, strict=True):
            if not known.issuperset(member):
                new = ", ".join(repr(n) for n in member if n not in known)
                raise SchemaError(
                    f"read_records(): record {row} has new fields: {new}. There are {', '.join(map(repr, names))}. "
                    "Give all records the same fields, None where unknown, or a model= that has all of them."
                )
        fields: list[Field] = []
        series: list[pl.Series] = []
        for name in names:
            values = [m.get(name) for m in batch.members]
            fields.append(self._field(name, values, rows))
            series += physical(fields[-1], values, rows=rows)
        return pl.DataFrame(series), Schema(fields)

    def _field(self, name: str, values: Sequence[Any], rows: Sequence[int]) -> Field:
        """Column that holds the values: the one that is known, or one that it gives way to."""
        before = self._fields.get(name)
        hint = self._hints.get(name)
        found = field_of(name, hint) if hint is not None else None
        if found is None:
            try:
                found = infer_field(name, values, hint, rows)
                self._fields[name] = unify(before, found) if before is not None else found
            except SchemaError as error:
                if before is None or before.type == Scalar("null"):
                    raise
                list(physical(before, values, rows=rows))  # names the record that does not fit
                if isinstance(before.type, Scalar):
                    return before  # integers in a column of floats
                i = next(i for i, v in enumerate(values) if v is not None)
                raise drift(name, rows[i], before.type, values[i]) from error
        self._fields.setdefault(name, found)
        return found


@dataclass
class Batch:
    """Some records as mappings, and the class that the first of them has."""

    cls: type
    members: list[Mapping[str, Any]]


def _frames(columns: Columns, batches: Iterable[Batch]) -> Iterator[tuple[pl.DataFrame, Schema]]:
    count = 0
    for batch in batches:
        yield columns.build(batch, count)
        count += len(batch.members)


def _batches(records: Iterable[Any], model: Any) -> Iterator[Batch]:
    build = _builder(model)
    batch: Batch | None = None
    held = 0
    for number, given in enumerate(_iterated(records)):
        record = given if build is None or isinstance(given, model) else _built(build, given, number)
        member = as_mapping(record)
        if member is None:
            raise SchemaError(
                f"read_records(): record {number} is a {type(record).__name__} ({record!r:.60}). Give dicts, "
                "dataclasses or pydantic models; for columns use read_values()."
            )
        batch = batch or Batch(type(record), [])
        batch.members.append(member)
        held += sum(_weight(v) for v in member.values())
        if len(batch.members) == BATCH or held > HELD_BYTES:
            yield batch
            batch, held = None, 0
    if batch is not None:
        yield batch


def _iterated(records: Iterable[Any]) -> Iterable[Any]:
    if isinstance(records, Mapping) or not isinstance(records, Iterable):
        raise SchemaError(
            f"read_records() got a {type(records).__name__}. Give a list of records, or a generator that yields "
            "them; for columns use read_values()."
        )
    return records


def _builder(model: Any) -> Any:
    """What makes a record of a mapping; None where a mapping is one."""
    if not isinstance(model, type) or issubclass(model, dict):
        return None
    return getattr(model, "model_validate", None) or (lambda fields: model(**fields))


def _built(build: Any, given: Any, number: int) -> Any:
    member = as_mapping(given)
    if member is None:
        return given
    try:
        return build(dict(member))
    except (ValidationError, TypeError, ValueError) as error:
        raise SchemaError(
            f"read_records(): record {number} is no such record as the model says: {error}"
        ) from error


def _weight(value: Any) -> int:
    """Bytes of what may be large."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    return len(value) if isinstance(value, str | bytes) else 8
