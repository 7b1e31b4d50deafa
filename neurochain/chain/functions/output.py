"""Output: which columns a function's results become."""

import typing
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter, itemgetter
from typing import Any

import polars as pl

from neurochain.chain.functions.udf import UDF
from neurochain.chain.values.batches import batch_columns, plain_series
from neurochain.chain.values.given import check_choice, plain_arrays
from neurochain.chain.values.inference import as_mapping, infer_field
from neurochain.chain.values.records import bare, fields_of, marks_of, type_of
from neurochain.chain.values.results import drift, physical
from neurochain.datasets.conversion import unify_schemas
from neurochain.datasets.schema import Schema, unify
from neurochain.datasets.types import Array, Field, Ragged, Record, Scalar, from_polars
from neurochain.errors import SchemaError

LEARN = 64  # rows whose results tell the types together, where no annotation does
_MANY = (Iterator, Iterable, Generator, Sequence, list, tuple, set, frozenset)


class Output:
    """Columns of a function's results.

    ``map(name=f)`` gives one column of that name. ``map(f)`` spreads a record (dict, dataclass, pydantic model)
    into one column per field, and names anything else after the function.

    Parameters
    ----------
    udf : UDF
        The function.
    name : str or None
        As in ``map(name=f)``.
    many : bool
        A call gives any number of results; its annotation is that of an iterable.
    """

    def __init__(self, udf: UDF, name: str | None, many: bool = False) -> None:
        self.udf, self.name = udf, name
        self.annotation = udf.hints().get("return")
        if many and self.annotation is not None:
            plain, _ = bare(self.annotation)
            inner = typing.get_args(plain)
            self.annotation = inner[0] if inner and typing.get_origin(plain) in _MANY else None
        self._schema: Schema | None = self.declared()
        self._fixed = self._schema is not None
        self._spread: bool | None = None

    def declared(self) -> Schema | None:
        """Columns, where the annotation says all of them."""
        plain, _ = bare(self.annotation)
        if plain is None or plain is type(None):
            return None
        if self.name is None and fields_of(plain) is not None:
            kind = type_of(plain)
            return Schema(kind.fields) if isinstance(kind, Record) else None
        field = infer_field(self.name or self.udf.name, [], self.annotation)
        return Schema([field]) if field.type != Scalar("null") else None

    def describe(self) -> Any:
        """What of the reuse key depends on the annotation: types, units, axes."""
        declared = self.declared()
        unit, axes = marks_of(self.annotation)
        return [self.name, declared.to_json() if declared is not None else [unit, list(axes)]]

    def empty(self) -> Schema:
        """Columns where there were no rows to learn from."""
        return self._schema or Schema([Field(self.name or self.udf.name, Scalar("null"))])

    def learning(self, row: int) -> bool:
        """Whether the result of a row still has a say in the types."""
        return not self._fixed and row < LEARN

    @property
    def schema(self) -> Schema:
        """Columns so far."""
        return self._schema or Schema()

    @property
    def fixed(self) -> bool:
        """Whether the annotation says all of them."""
        return self._fixed

    def learn(self, schema: Schema, row: int) -> None:
        """Take over the columns of results that were built elsewhere, from `row` on.

        Raises
        ------
        SchemaError
            They do not fit those so far.
        """
        if not self._fixed and schema:
            self._schema = unify_schemas(self.schema, schema, self.learning(row))
            if self._spread is None:
                self._spread = self.name is None and list(schema) != [self.udf.name]

    def state(self) -> Any:
        """What was learned so far, for `restore` in another process."""
        return self._schema, self._spread

    def restore(self, state: Any) -> None:
        """Take over what was learned elsewhere."""
        self._schema, self._spread = state

    def known(self, frame: pl.DataFrame, schema: Schema) -> tuple[pl.DataFrame, Schema]:
        """Take over results that came from the ledger; later ones must fit them.

        Returns
        -------
        tuple of DataFrame and Schema
            The same rows under the schema that they would have if they were computed now: what the function
            gave for other data has no part in it.
        """
        if self._fixed:
            return frame, schema
        frame, schema = narrowed(frame, schema)
        if schema:
            self._schema = unify_schemas(self.schema, schema)
        if self._spread is None and schema and list(schema) != [self.udf.name]:
            self._spread = True
        return frame, schema

    def build(self, values: Sequence[Any], rows: Sequence[int]) -> tuple[pl.DataFrame, Schema]:
        """Flat columns of results, with their schema; none as long as nothing but None has told them.

        Parameters
        ----------
        values : sequence
            Results.
        rows : sequence of int
            Their numbers in the chain, for messages.

        Raises
        ------
        SchemaError
            A value does not fit the columns so far.
        """
        columns = self._columns(plain_arrays(values), rows)
        fields: list[Field] = []
        series: list[pl.Series] = []
        for name, (column, annotation) in columns.items():
            field = self._field(name, column, annotation, rows)
            fields.append(field)
            series += physical(field, column, rows=rows)
            check_choice(name, column, annotation, rows)
        schema = Schema(fields)
        if schema and not self._fixed:
            self._schema = unify_schemas(self.schema, schema, self.learning(rows[0]))
        return pl.DataFrame(series), schema

    def build_batch(self, result: Any, count: int, row: int) -> tuple[pl.DataFrame, Schema]:
        """As `build`, of a function that gives whole columns: a frame, a dict of arrays, or one array.

        Parameters
        ----------
        result : DataFrame, dict, ndarray, Series, Table, Array or list
            What the function gave.
        count : int
            Rows that it got, and must give.
        row : int
            Number in the chain of the first of them.
        """
        columns = batch_columns(result, self.name or self.udf.name)
        for name, column in columns.items():
            if len(column) != count:
                raise SchemaError(
                    f"{self.udf.name}() gives {len(column):,} values of {name!r} for a batch of {count:,} rows. "
                    "Return one for each; for another number of rows use gen() or agg()."
                )
        if self._schema is not None and set(columns) != set(self._schema):
            raise SchemaError(
                f"{self.udf.name}() gives the columns {', '.join(map(repr, columns))} from row {row} on; it gave "
                f"{', '.join(map(repr, self._schema))} before. Return the same columns for every batch."
            )
        rows = range(row, row + count)
        fields: list[Field] = []
        series: list[pl.Series] = []
        for name, column in columns.items():
            plain = plain_series(name, column)
            known = self._schema.get(name) if self._schema is not None else None
            if plain is not None and (known is None or known.type == from_polars(plain.dtype)):
                fields.append(known or Field(name, from_polars(plain.dtype)))
                series.append(plain.cast(dict(fields[-1].leaves())[name]))
                continue
            values = plain_arrays(list(column))
            fields.append(self._field(name, values, None, rows))
            series += physical(fields[-1], values, rows=rows)
        schema = Schema(fields)
        if not self._fixed:
            self._schema = unify_schemas(self.schema, schema, self.learning(row))
        return pl.DataFrame(series), schema

    def _field(self, name: str, column: Sequence[Any], annotation: Any, rows: Sequence[int]) -> Field:
        if self._fixed and self._schema is not None:
            return self._schema[name]
        if self._schema is None or name not in self._schema:
            return infer_field(name, column, annotation, rows)
        before = self._schema[name]
        try:
            field = infer_field(name, column, annotation, rows)
            unify(before, field, self.learning(rows[0]))
        except SchemaError as error:
            if before.type == Scalar("null"):
                raise
            list(physical(before, column, rows=rows))  # names the row that does not fit
            if isinstance(before.type, Scalar):
                return before  # integers in a column of floats
            i = next(i for i, v in enumerate(column) if v is not None)
            raise drift(name, rows[i], before.type, column[i]) from error
        return field

    def _columns(self, values: Sequence[Any], rows: Sequence[int]) -> dict[str, tuple[list[Any], Any]]:
        if self.name is not None:
            return {self.name: (list(values), self.annotation)}
        plain, _ = bare(self.annotation)
        hints = dict(fields_of(plain) or [])
        if self._spread is None and (hints or self._schema or any(v is not None for v in values)):
            sample = next((v for v in values if v is not None), None)
            self._spread = bool(hints) or as_mapping(sample) is not None
        if self._spread is None:
            return {}
        if not self._spread:
            return {self.udf.name: (list(values), self.annotation)}
        if (columns := self._alike(values, hints)) is not None:
            return columns
        members = [None if v is None else as_mapping(v) for v in values]
        for i, (value, member) in enumerate(zip(values, members, strict=True)):
            if value is not None and member is None:
                raise drift(self.udf.name, rows[i], Record("record", ()), value)
        cls = next((type(v) for v in values if v is not None), None)
        hints = hints or dict(fields_of(cls) or [])
        names = list(hints) or list(dict.fromkeys(key for m in members if m is not None for key in m))
        if self._schema is not None:
            new = [n for n in names if n not in self._schema]
            if new:
                first = next((r for r, m in zip(rows, members, strict=True) if m and new[0] in m), rows[0])
                raise SchemaError(
                    f"{self.udf.name}() gives new fields {', '.join(map(repr, new))} from row {first} on; it gave "
                    f"{', '.join(map(repr, self._schema))} before. Return the same fields for every row, None where unknown."
                )
            names = list(self._schema)
        if not names:
            raise SchemaError(f"{self.udf.name}() returns records without fields. Return at least one.")
        return {n: ([None if m is None else m.get(n) for m in members], hints.get(n)) for n in names}

    def _alike(self, values: Sequence[Any], hints: dict[str, Any]) -> dict[str, tuple[list[Any], Any]] | None:
        """Columns of records that are all alike, a field at a time; None where they must be looked at one by one."""
        kinds = set(map(type, values))
        if len(kinds) != 1:
            return None
        kind = kinds.pop()
        names = list(self._schema) if self._schema is not None else list(hints)
        if kind is dict:
            names = names or list(values[0])
            if not names or set(map(len, values)) != {len(names)}:
                return None
            try:
                return {n: (list(map(itemgetter(n), values)), hints.get(n)) for n in names}
            except KeyError:
                return None
        own = dict(fields_of(kind) or [])
        names = names or list(own)
        if not own or names != list(own) or any(not isinstance(n, str) for n in names):
            return None
        return {n: (list(map(attrgetter(n), values)), hints.get(n, own[n])) for n in names}


def narrowed(frame: pl.DataFrame, schema: Schema) -> tuple[pl.DataFrame, Schema]:
    """Rows under the narrowest schema: ragged arrays of one shape are arrays, a column of nulls is null."""
    leaves: dict[str, pl.Series | None] = {}

    def narrow(path: str, f: Field) -> Field:
        if isinstance(f.type, Record) and f.type.name != "File":
            inner = tuple(narrow(f"{path}.{m.name}", m) for m in f.type.fields)
            if all(m.type == Scalar("null") for m in inner):
                leaves.update({f"{path}.{m.name}": None for m in inner})
                leaves[path] = pl.Series([None] * frame.height, dtype=pl.Null)
                return Field(f.name, Scalar("null"), f.unit, f.axes)
            return Field(f.name, replace(f.type, fields=inner), f.unit, f.axes)
        kind = f.type
        if isinstance(kind, Ragged):
            shapes = frame[f"{path}.shape"].drop_nulls().unique()
            if len(shapes) == 1:
                kind = Array(kind.dtype, tuple(shapes[0]))
                leaves.update({f"{path}.data": None, f"{path}.shape": None, path: frame[f"{path}.data"]})
        own = [name for name, _ in Field(path, f.type).leaves()]
        if frame.height and all(frame[name].null_count() == frame.height for name in own):
            kind = Scalar("null")
            leaves.update(dict.fromkeys(own))
            leaves[path] = pl.Series([None] * frame.height, dtype=pl.Null)
        return Field(f.name, kind, f.unit, f.axes)

    tight = Schema([narrow(f.name, f) for f in schema.values()])
    added = [series.alias(name) for name, series in leaves.items() if series is not None]
    gone = [name for name, series in leaves.items() if series is None and name in frame.columns]
    return frame.drop(gone).with_columns(added), tight
