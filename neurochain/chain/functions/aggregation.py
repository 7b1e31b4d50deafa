"""Agg: one result per group of rows."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from neurochain.chain.expressions.resolve import Resolved, resolve
from neurochain.chain.functions.arguments import RNG
from neurochain.chain.functions.batch import Batch, Pace, Result
from neurochain.chain.functions.call import Call
from neurochain.chain.functions.chunk import Failure
from neurochain.chain.functions.failures import ERROR, keeps_errors
from neurochain.chain.functions.grouping import NUMBER, Groups
from neurochain.chain.functions.mapping import beside
from neurochain.chain.functions.step import FunctionStep, argument_columns
from neurochain.chain.run import BATCH, Run, State
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field
from neurochain.errors import ColumnExistsError, ExpressionError

BY = "_by."  # before the names of columns that tell the groups
FAILED = "_failed"


@dataclass(frozen=True)
class Agg(FunctionStep):
    """Make one row of each group of rows: the columns that tell the group, and what the function computes.

    Attributes
    ----------
    by : tuple of str
        Columns whose values tell the groups; with none, all rows are one.
    """

    by: tuple[str, ...] = ()
    changes_rows = True
    verb = "agg"
    takes = "rows"

    def _kept(self, schema: Schema) -> Schema:
        fields: dict[str, Field] = {}
        for name in self.by:
            found = resolve(name, schema)
            if found is None:
                return Schema(fields.values(), partial=True)
            if found.field.name in fields:
                raise ColumnExistsError(f"agg(partition_by=…) names {found.field.name!r} twice.")
            fields[found.field.name] = found.field
        return Schema(fields.values())

    def _batches(self, state: State, call: Call, run: Run) -> Generator[Batch]:
        by = [e.alias(f"{BY}{leaf}") for name in self.by for leaf, e in _found(name, state.schema).leaves()]
        names = [e.meta.output_name() for e in by]
        arguments = argument_columns(call)
        has_errors = keeps_errors(state.schema)
        failed = [pl.col(f"{ERROR}.message").is_not_null().alias(FAILED)] if has_errors else []
        groups = Groups(run, names)
        pace = Pace(BATCH)
        for found, members, sizes, ahead in groups.of(state.frame.select(*by, *arguments, *failed), pace):
            left_out = np.empty(0, np.int64)
            if has_errors:
                starts = np.cumsum(sizes) - sizes
                left_out = np.flatnonzero(
                    np.add.reduceat(members[FAILED].to_numpy().astype(np.int64), starts)
                )
            columns = members.select([e.meta.output_name() for e in arguments])
            for i, argument in enumerate(call.arguments):
                if argument.opener == RNG:  # random numbers are the group's, not its rows'
                    keys = found[KEY].gather(np.repeat(np.arange(len(sizes)), sizes))
                    columns = columns.with_columns(keys.alias(str(i)))
            rows = found.rename({n: n.removeprefix(BY) for n in names})
            batch = Batch(rows, columns, rows[NUMBER].to_numpy(), sizes, left_out, ahead=ahead)
            yield batch
            pace.learn(batch)

    def _rows_of(self, result: Result) -> pl.DataFrame:
        rows = beside(result.batch.frame, result.frame, keep=self.on_error != "skip")
        if self.on_error == "keep":
            for place in result.batch.left_out.tolist():
                row = int(result.batch.numbers[place])
                message = "rows of the group failed before"
                result.failures.setdefault(place, Failure(place, row, (), "UDFError", message, ""))
        return rows

    def to_json(self) -> dict[str, Any]:
        out = super().to_json()
        out["by"] = list(self.by)
        out["text"] += f" by {', '.join(self.by)}" if self.by else ""
        return out


def _found(name: str, schema: Schema) -> Resolved:
    found = resolve(name, schema)
    if found is None:
        raise ExpressionError(f"agg(partition_by={name!r}) names a column that no file has.")
    return found
