"""FunctionStep: what the steps that run a user's function have in common."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import polars as pl

from neurochain.chain.executors.local import executor_for
from neurochain.chain.functions.arguments import Takes, bind_arguments
from neurochain.chain.functions.batch import Batch, Result
from neurochain.chain.functions.call import Call, Gives
from neurochain.chain.functions.chunk import ROW, Failure
from neurochain.chain.functions.failures import ERROR, ERROR_FIELD, error_columns, keeps_errors, listed
from neurochain.chain.functions.output import Output
from neurochain.chain.functions.udf import UDF
from neurochain.chain.functions.work import Work
from neurochain.chain.run import OnError, Run, State, collected
from neurochain.chain.spool import Spool
from neurochain.datasets.conversion import convert
from neurochain.datasets.location import file_columns
from neurochain.datasets.schema import KEY, Schema
from neurochain.datasets.types import Field
from neurochain.errors import ColumnExistsError, NotReproducibleWarning, UDFError

FAILURES_LISTED = 1_000  # that lineage keeps of one function


@dataclass(frozen=True)
class FunctionStep(ABC):
    """A step that runs a user's function.

    Attributes
    ----------
    udf : UDF
    name : str or None
        As in ``map(name=f)``.
    on_error : {"raise", "skip", "keep"}
    seed : int
        As in `Settings`.
    """

    udf: UDF
    name: str | None
    on_error: OnError = "raise"
    seed: int = 0
    verb: ClassVar[str] = "map"
    takes: ClassVar[Takes] = "row"
    gives: ClassVar[Gives] = "one"

    changes_rows: ClassVar[bool] = False  # others come out than go in

    @property
    def keeps_count(self) -> bool:
        """As in `Step`."""
        return not self.changes_rows and self.on_error != "skip"

    @property
    def row_by_row(self) -> bool:
        """As in `Step`."""
        return self.takes == "row" and self.gives == "one" and self.on_error != "skip"

    def bind(self, schema: Schema) -> Schema:
        """As in `Step`."""
        kept = self._kept(schema)
        arguments = bind_arguments(self.udf, schema, self.takes, self.seed)
        declared = self._output().declared()
        if declared is None or arguments is None or kept.partial:
            return Schema([*kept.values(), *self._error_field(kept)], partial=True)
        self._check(kept, declared)
        return Schema([*kept.values(), *declared.values(), *self._error_field(kept)])

    def apply(self, state: State, run: Run) -> State:
        """As in `Step`."""
        if run.dry and self.on_error == "raise":  # rows that are not known go no further
            return replace(self, on_error="skip").apply(state, run)
        kept = self._kept(state.schema)
        arguments = bind_arguments(self.udf, state.schema, self.takes, self.seed)
        if arguments is None:
            raise UDFError(f"A parameter of {self.udf.name}() names a column that no file has.")
        identity = self.udf.fingerprint(tuple(c for a in arguments for c in a.classes))
        if not identity.reusable:
            warnings.warn(
                f"{self.udf.name}() cannot be fingerprinted: {'; '.join(identity.problems)}. It is computed anew each "
                "time, and a saved version is marked not reproducible. If you can vouch for what it does, name it: "
                f"nc.udf({self.udf.name}, version='1').",
                NotReproducibleWarning,
                stacklevel=2,
            )
        output = self._output()
        declared = output.declared()
        if declared is not None:
            self._check(kept, declared)
        call = Call(self.udf, arguments, self.takes, self.gives)
        spool = Spool(run.project, run.spool_limit)
        rows = _Rows(self, kept, spool, output)
        total, stored = _amount(state) if run.progress.visible else (self._calls(state), None)
        work = Work(call, output, identity, run, executor_for(run), self.on_error != "raise")
        # Closed at once when something fails: threads and processes behind them must not outlive the error.
        with (
            run.progress.step(self.udf.name, total, stored) as progress,
            closing(self._batches(state, call, run)) as batches,
            closing(work.results(batches, progress)) as results,
        ):
            for result in results:
                rows.add(result)
        frame, schema = rows.finish(state)
        if rows.failures:
            run.failures.append(listed(self.udf.name, rows.failures[:FAILURES_LISTED]))
        return State(frame, schema, spool.rows)

    def to_json(self) -> dict[str, Any]:
        """As in `Step`."""
        identity = self.udf.fingerprint()
        out: dict[str, Any] = {
            "step": self.verb,
            "function": self.udf.name,
            "column": self.name,
            "fingerprint": identity.digest,
            "params": dict(self.udf.params),
            "returns": self._output().describe(),
            "text": f"{self.name} = {self.udf.text}" if self.name else self.udf.text,
        }
        if self.on_error != "raise":
            out["on_error"] = self.on_error
        if self.seed:
            out["seed"] = self.seed
        return out

    def _calls(self, state: State) -> int | None:
        """How many calls there will be, where that is known without a look at the rows."""
        return state.rows if self.takes == "row" else None

    def _output(self) -> Output:
        return Output(self.udf, self.name, self.gives == "many")

    def _kept(self, schema: Schema) -> Schema:
        """Columns that stay beside the results."""
        return schema

    def _error_field(self, kept: Schema) -> list[Field]:
        """The column of `on_error="keep"`, where it is not there yet."""
        if self.on_error != "keep" or keeps_errors(kept):
            return []
        if ERROR in kept:
            raise ColumnExistsError(
                f"settings(on_error='keep') adds the column {ERROR!r}, which exists already. Rename it first: "
                f"mutate(my_error=nc.Column({ERROR!r})).drop({ERROR!r})."
            )
        return [ERROR_FIELD]

    def _check(self, schema: Schema, new: Schema) -> None:
        if ERROR in new and self.on_error == "keep":
            raise ColumnExistsError(
                f"{self.udf.name}() gives a column {ERROR!r}, which settings(on_error='keep') adds. Name it otherwise."
            )
        for name in new:
            if name in schema:
                raise ColumnExistsError(
                    f"{self.udf.name}() gives a column {name!r}, which exists already. Name the result: "
                    f"{self.verb}(other={self.udf.name}), or drop the column with select() first."
                )

    @abstractmethod
    def _batches(self, state: State, call: Call, run: Run) -> Generator[Batch]:
        """Calls to be made."""

    @abstractmethod
    def _rows_of(self, result: Result) -> pl.DataFrame:
        """Rows that go on: those of the batch beside the results' columns; ``_row`` stays."""


class _Rows:
    """Rows behind a function step, on their way to the spool."""

    def __init__(self, step: FunctionStep, kept: Schema, spool: Spool, output: Output) -> None:
        self.step, self.kept, self.spool, self.output = step, kept, spool, output
        self.failures: list[Failure] = []
        self._order: list[np.ndarray[Any, Any]] = []
        self._waiting: list[Result] = []  # from before the columns were known: None in every row

    def add(self, result: Result) -> None:
        """Take the results of one batch."""
        self.failures += result.failures.values()
        schema = result.schema or self.output.schema
        if not schema:
            self._waiting.append(result)
            return
        self.step._check(self.kept, schema)
        while self._waiting:
            self._add(self._waiting.pop(0), schema)
        self._add(result, schema)

    def _add(self, result: Result, schema: Schema) -> None:
        result.frame = convert(result.frame, result.schema, schema)
        frame = self.step._rows_of(result)
        fields = [*self.kept.values(), *schema.values()]
        if self.step.on_error == "keep":
            columns = error_columns(self.step.udf.name, result.failures, frame[ROW].to_list())
            if ERROR in self.kept:
                columns = [
                    pl.select(pl.coalesce(frame[c.name], c).alias(c.name)).to_series() for c in columns
                ]
            frame = frame.with_columns(columns)
            fields += self.step._error_field(self.kept)
        if self.step.takes == "rows":
            self._order.append(result.batch.numbers[frame[ROW].to_numpy()])
        self.spool.add(frame.drop(ROW), Schema(fields))

    def finish(self, state: State) -> tuple[pl.LazyFrame, Schema]:
        """All rows, and their schema."""
        if self.spool.schema is None:
            schema = self.output.empty()
            self.step._check(self.kept, schema)
            for result in self._waiting:
                self._add(result, schema)
            if self.spool.schema is None:
                fields = [*self.kept.values(), *schema.values(), *self.step._error_field(self.kept)]
                empty = pl.DataFrame(schema={KEY: pl.Binary, **Schema(fields).leaves()})
                self.spool.add(empty, Schema(fields))
        frame, schema = self.spool.read()
        order = np.concatenate(self._order) if self._order else np.empty(0, np.int64)
        if (np.diff(order) < 0).any():  # groups that went by way of the disk
            frame = frame.collect()[np.argsort(order, kind="stable")].lazy()
        return frame, schema


def failed_before(frame: pl.DataFrame, schema: Schema) -> "np.ndarray[Any, Any]":
    """Numbers of the rows for which a function has failed already."""
    if not keeps_errors(schema):
        return np.empty(0, np.int64)
    return np.flatnonzero(frame[f"{ERROR}.message"].is_not_null().to_numpy())


def argument_columns(call: Call) -> list[pl.Expr]:
    """Flat columns of the arguments; one at least, so that the frame has its height."""
    return call.expressions() or [pl.col(KEY).is_null().alias("0")]


def _amount(state: State) -> tuple[int, int | None]:
    """Rows to come, and bytes that their files hold."""
    files = next(file_columns(state.schema), None)
    size = pl.col(f"{files}.size").sum() if files is not None else pl.lit(None)
    found = collected(state.frame.select(pl.len().alias("rows"), size.alias("stored")))
    return int(found["rows"][0]), found["stored"][0]
