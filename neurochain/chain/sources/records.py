"""RecordsSource: records that a script gives one after the other; more than memory holds, if need be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import polars as pl

from neurochain.chain.keys import position_keys, text_keys
from neurochain.chain.run import Run, State
from neurochain.chain.spool import Spool
from neurochain.chain.values.inference import as_mapping, infer_field
from neurochain.chain.values.records import fields_of
from neurochain.chain.values.results import physical
from neurochain.datasets.activity import Input
from neurochain.datasets.content import ContentHash
from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field
from neurochain.errors import ColumnNotFoundError, SchemaError, suggestion

BATCH = 10_000  # records that are looked at together; the first of them tell the columns
HELD_BYTES = 64_000_000


@dataclass(frozen=True)
class RecordsSource:
    """Rows that were given as records."""

    frame: pl.LazyFrame = field(repr=False)
    schema: Schema
    digest: str
    rows: int

    @classmethod
    def of(
        cls, project: Project, records: Iterable[Any], model: Any = None, key: str | None = None
    ) -> "RecordsSource":
        """Read all records.

        Raises
        ------
        SchemaError
            A record does not fit the columns, or the key does not tell them apart.
        """
        spool = Spool(project, HELD_BYTES)
        content: ContentHash | None = None
        schema: Schema | None = None
        hints = dict(fields_of(model) or []) if model is not None else {}
        if model is not None and not hints:
            raise SchemaError(
                f"read_records(model={model!r}): give a pydantic model, a dataclass or a typed dict."
            )
        count = 0
        for batch in _batches(records):
            members = [_member(r, count + i) for i, r in enumerate(batch)]
            hints = hints or dict(fields_of(type(batch[0])) or [])
            rows = range(count, count + len(members))
            if schema is None:
                names = list(hints) or list(dict.fromkeys(n for m in members for n in m))
                columns = {n: [m.get(n) for m in members] for n in names}
                schema = Schema([infer_field(n, c, hints.get(n), rows) for n, c in columns.items()])
                content = ContentHash(schema)
            _check(members, schema, rows)
            series = [
                s for f in schema.values() for s in physical(f, [m.get(f.name) for m in members], rows=rows)
            ]
            frame = pl.DataFrame(series)
            if content is not None:
                content.update(frame)
            keys = position_keys(frame.height, count) if key is None else _keys(frame, schema, key)
            spool.add(frame.insert_column(0, keys.alias(KEY)), schema)
            count += len(members)
        if schema is None or content is None:
            if not hints:
                raise SchemaError(
                    "read_records() got no records. Give model=, so that the columns are known."
                )
            schema = Schema([infer_field(n, [], hint) for n, hint in hints.items()])
            content = ContentHash(schema)
            spool.add(pl.DataFrame(schema={KEY: pl.Binary, **schema.leaves()}), schema)
        lazy, schema = spool.read()
        if key is not None and lazy.select(pl.col(KEY).n_unique()).collect().item() < count:
            raise SchemaError(f"key={key!r} does not tell the records apart: some values stand twice.")
        return cls(lazy, schema, content.hexdigest(), count)

    def open(self, run: Run) -> State:
        run.activity.inputs.append(Input("values", {**self.to_json(), "rows": self.rows}))
        return State(self.frame, self.schema)

    def to_json(self) -> dict[str, Any]:
        return {"source": "values", "content": self.digest, "columns": list(self.schema)}


def _batches(records: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(records)
    while batch := list(islice(left, BATCH)):
        yield batch


def _member(record: Any, row: int) -> dict[str, Any]:
    member = as_mapping(record)
    if member is None:
        raise SchemaError(
            f"read_records(): record {row} is a {type(record).__name__} ({record!r:.60}). Give dicts, dataclasses or "
            "pydantic models; for columns use read_values()."
        )
    return dict(member)


def _check(members: list[dict[str, Any]], schema: Schema, rows: range) -> None:
    for member, row in zip(members, rows, strict=True):
        new = [n for n in member if n not in schema]
        if new:
            raise SchemaError(
                f"read_records(): record {row} has new fields: {', '.join(map(repr, new))}. The first ones had "
                f"{', '.join(map(repr, schema))}. Give model=, or the same fields in every record, None where unknown."
            )


def _keys(frame: pl.DataFrame, schema: Schema, key: str) -> pl.Series:
    if key not in schema:
        raise ColumnNotFoundError(f"key={key!r} is not found. {suggestion(key, schema)}")
    leaves = [leaf for leaf, _ in Field(key, schema[key].type).leaves()]
    if any(frame[leaf].dtype.is_nested() for leaf in leaves):
        raise SchemaError(f"key={key!r} is a {schema[key].type}. A key is a number, a text or a date.")
    return text_keys(*[frame[leaf] for leaf in leaves])
