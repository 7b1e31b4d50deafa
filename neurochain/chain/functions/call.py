"""Call: a function bound to the columns that its parameters take."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl

from neurochain.chain.functions.arguments import Argument, Takes
from neurochain.chain.functions.udf import UDF
from neurochain.chain.values.row import Logs, presented
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, Scalar
from neurochain.errors import require
from neurochain.storage import ReadLog

Gives = Literal["one", "many", "batch"]


@dataclass(frozen=True)
class Call:
    """What is called, with what, and what comes back.

    Attributes
    ----------
    udf : UDF
    arguments : sequence of Argument
    takes : {"row", "rows", "batch"}
        One row's values; those of a group of rows; those of a batch.
    gives : {"one", "many", "batch"}
        One result; any number of them; as many as there were rows.
    """

    udf: UDF
    arguments: Sequence[Argument]
    takes: Takes = "row"
    gives: Gives = "one"

    def expressions(self) -> list[pl.Expr]:
        """Flat columns that the call needs, each argument under its number."""
        return [e for i, a in enumerate(self.arguments) for e in a.expressions(str(i))]

    def identity(self) -> list[str]:
        """Those of them on which the result may depend."""
        return [name for i, a in enumerate(self.arguments) for name in a.identity(str(i))]

    def values(
        self, rows: pl.DataFrame, sizes: "np.ndarray[Any, Any] | None", log: ReadLog | Sequence[ReadLog]
    ) -> list[list[Any]]:
        """Values of each argument, one per call (before `Argument.finish`, where a call takes one row).

        Files report what is read of them to one log, or to one for each call.
        """
        if sizes is None:
            return [a.values(rows, str(i), log) for i, a in enumerate(self.arguments)]
        if not isinstance(log, ReadLog):
            log = [one for one, size in zip(log, sizes.tolist(), strict=True) for _ in range(size)]
        ends = np.cumsum(sizes)
        bounds = list(zip((ends - sizes).tolist(), ends.tolist(), strict=True))
        return [_grouped(a, rows, str(i), bounds, log) for i, a in enumerate(self.arguments)]


def _grouped(
    argument: Argument, rows: pl.DataFrame, prefix: str, bounds: Sequence[tuple[int, int]], log: Logs
) -> list[Any]:
    kind = argument.column.field.type
    if argument.whole is not None:
        return _frames(argument, argument.whole, rows, prefix, bounds)
    if argument.container in ("Series", "Array") and isinstance(kind, Scalar):
        series = rows[prefix].alias(argument.param)
        pieces = [series.slice(a, b - a) for a, b in bounds]
        if argument.container == "Series":
            return pieces
        require("pyarrow", "arrow", "an argument of type pyarrow.Array")
        return [p.to_arrow() for p in pieces]
    if argument.container == "ndarray" and isinstance(kind, Scalar):
        whole = rows[prefix].to_numpy()
        return [whole[a:b] for a, b in bounds]
    values = argument.values(rows, prefix, log)
    if argument.container == "ndarray":
        if isinstance(kind, Array):
            return [
                np.stack(values[a:b]) if b > a else np.empty((0, *kind.shape), kind.dtype) for a, b in bounds
            ]
        return [_objects(values[a:b]) for a, b in bounds]
    return [values[a:b] for a, b in bounds]


def _frames(
    argument: Argument, schema: Schema, rows: pl.DataFrame, prefix: str, bounds: Sequence[tuple[int, int]]
) -> list[Any]:
    """Frames of all columns, as `Chain.collect` would give them."""
    frame = presented(rows.select(pl.col(f"{prefix}.{leaf}").alias(leaf) for leaf in schema.leaves()), schema)
    pieces = [frame.slice(a, b - a) for a, b in bounds]
    if argument.container == "DataFrame":
        return pieces
    require("pyarrow", "arrow", f"an argument of type pyarrow.{argument.container}")
    tables = [p.to_arrow() for p in pieces]
    return tables if argument.container == "Table" else [t.combine_chunks().to_batches()[0] for t in tables]


def _objects(values: list[Any]) -> "np.ndarray[Any, Any]":
    """One-dimensional array of any objects."""
    out = np.empty(len(values), object)
    out[:] = values
    return out
