"""ValuesSource: values given in the script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from neurochain.chain.keys import position_keys, text_keys
from neurochain.chain.run import Run, State
from neurochain.chain.values.inference import infer_field
from neurochain.chain.values.results import physical
from neurochain.datasets.activity import Input
from neurochain.datasets.content import ContentHash
from neurochain.datasets.schema import KEY, Schema
from neurochain.errors import SchemaError


@dataclass(frozen=True)
class ValuesSource:
    """Values given in the script."""

    frame: pl.DataFrame
    schema: Schema
    digest: str

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[Any]], key: str | None) -> "ValuesSource":
        """Columns of equal length, as Python values."""
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name}: {n}" for name, n in lengths.items())
            raise SchemaError(
                f"read_values() got columns of different lengths ({listed}). Give each row a value."
            )
        fields = [infer_field(name, values) for name, values in columns.items()]
        schema = Schema(fields)
        series = [s for f in fields for s in physical(f, columns[f.name])]
        return cls.from_frame(pl.DataFrame(series), schema, key)

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, schema: Schema, key: str | None) -> "ValuesSource":
        """Flat columns, keyed by position or by the values of a column."""
        keys = row_keys(frame, schema, key)
        if key is not None and keys.n_unique() < frame.height:
            raise same_keys(key)
        content = ContentHash(schema)
        content.update(frame)
        return cls(frame.insert_column(0, keys.alias(KEY)), schema, content.hexdigest())

    def open(self, run: Run) -> State:
        given = Input("values", {**self.to_json(), "rows": self.frame.height})
        run.keep(given, self.frame.lazy(), self.schema)
        return State(self.frame.lazy(), self.schema, self.frame.height)

    def to_json(self) -> dict[str, Any]:
        return {"source": "values", "content": self.digest, "columns": list(self.schema)}


def row_keys(
    frame: pl.DataFrame, schema: Schema, key: str | Sequence[str] | None, start: int = 0
) -> pl.Series:
    """Keys of rows by the values of columns, or by position, of which the first is `start`.

    Raises
    ------
    ColumnNotFoundError
        There is no such column.
    SchemaError
        Its values identify nothing.
    """
    if key is None:
        return position_keys(frame.height, start)
    names = [key] if isinstance(key, str) else list(key)
    leaves = [leaf for name in names for leaf, _ in schema[name].leaves()]
    if not leaves:
        raise SchemaError("key=[] names no column.")
    if any(frame[leaf].dtype.is_nested() for leaf in leaves):
        held = ", ".join(str(schema[name].type) for name in names)
        raise SchemaError(f"key={key!r} is a {held}. A key is a number, a text or a date.")
    return text_keys(*[frame[leaf] for leaf in leaves])


def same_keys(key: str | Sequence[str]) -> SchemaError:
    """Error for a key that is no key."""
    return SchemaError(f"key={key!r} does not tell the rows apart: some values stand twice.")
