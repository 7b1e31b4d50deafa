"""Chain: a lazy, immutable plan over rows, and the verbs that extend it or run it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from neurochain.chain.explaining import explain_plan
from neurochain.chain.exports import Exports
from neurochain.chain.functions.aggregation import Agg
from neurochain.chain.functions.batching import MapBatches
from neurochain.chain.functions.generation import Gen
from neurochain.chain.functions.mapping import Map
from neurochain.chain.functions.step import FunctionStep
from neurochain.chain.functions.udf import as_udf
from neurochain.chain.jobs import job
from neurochain.chain.notebook import plan_html
from neurochain.chain.plan import Plan
from neurochain.chain.relational import Relational
from neurochain.chain.run import Run, Settings, State, batches, collected
from neurochain.chain.saving import save_state
from neurochain.chain.show import show_frame
from neurochain.chain.sources.persisted import FrameSource
from neurochain.chain.sources.source import Source
from neurochain.chain.spool import Spool
from neurochain.chain.steps.limit import Limit
from neurochain.chain.steps.step import Step
from neurochain.chain.summaries import Summaries
from neurochain.chain.values.row import Row, presented, rows
from neurochain.datasets.explanation import Explanation
from neurochain.datasets.project import project
from neurochain.datasets.schema import Schema, describe
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import ExpressionError, UDFError


class Chain(Relational, Exports, Summaries):
    """Rows, and what is to be done with them. Nothing runs until rows are asked for.

    Made by `read_storage`, `read_bids`, `read_values`, `read_table` and `read_dataset`. Each verb gives a new chain.
    """

    def __init__(self, plan: Plan, schema: Schema, settings: Settings | None = None) -> None:
        self._plan = plan
        self._schema = schema
        self._settings = settings or Settings()

    @classmethod
    def of(cls, source: Source) -> "Chain":
        """Chain over all rows of a source."""
        return cls(Plan(source, ()), source.schema)

    def _with(self, step: Step) -> "Chain":
        schema = step.bind(self._schema)
        return Chain(Plan(self._plan.source, (*self._plan.steps, step)), schema, self._settings)

    @property
    def plan(self) -> Plan:
        """Its source and steps: what uses of a chain look at."""
        return self._plan

    @property
    def schema(self) -> Schema:
        """Columns with types and units, as far as they are known before the chain runs."""
        return self._schema

    def __repr__(self) -> str:
        plan = self._plan.source.to_json()
        steps = [f"  .{s['step']}({s['text']})\n" for s in (step.to_json() for step in self._plan.steps)]
        columns = ", ".join(f"{f.name}: {describe(f)}" for f in self._schema.values())
        return f"Chain({plan['source']})\n{''.join(steps)}  columns: {columns}{' …' if self._schema.partial else ''}"

    def _repr_html_(self) -> str:
        steps = [step.to_json() for step in self._plan.steps]
        return plan_html(self._plan.source.to_json(), steps, self._schema)

    # Verbs that run functions; those of expressions are in `Relational`.

    def map(self, function: Callable[..., Any] | None = None, /, **columns: Callable[..., Any]) -> "Chain":
        """Add the columns that functions compute from each row.

        Parameters
        ----------
        function : callable, optional
            Its parameters' names are columns. A record that it returns (dict, dataclass, pydantic model) is
            spread into one column per field; anything else becomes a column of the function's name,
            ``result`` for a lambda.
        **columns : callable
            ``name=function``: the result becomes a column of that name.

        Raises
        ------
        UDFError
            A parameter has no column.
        ColumnExistsError
            A column of that name exists.

        Notes
        -----
        Results are remembered by the function's fingerprint and the values of its arguments, so a row is
        computed once. A parameter named ``file`` (or annotated `File`) is the row's file, ``volume`` and
        ``recording`` its lazy array.

        Examples
        --------
        >>> scans.map(mean=lambda volume: float(volume[..., 0].mean()))     # doctest: +SKIP
        """
        return self._functions(Map, function, columns)

    def gen(self, function: Callable[..., Any] | None = None, /, **columns: Callable[..., Any]) -> "Chain":
        """Make any number of rows from each row: trials, windows, patches.

        Parameters
        ----------
        function : callable
            As in `map`, but it yields results, or returns a list of them; each becomes a row, which keeps the
            columns of the row that it came from. A row for which it gives nothing has no successor.
        **columns : callable
            One ``name=function``: each result becomes a value of that column.

        Examples
        --------
        >>> recordings.gen(window=windows)                                  # doctest: +SKIP
        """
        return self._functions(Gen, function, columns)

    def agg(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        partition_by: str | Sequence[str] = (),
        **columns: Callable[..., Any],
    ) -> "Chain":
        """Make one row of each group of rows: a DICOM series to a volume, trials to a mean.

        Parameters
        ----------
        function : callable
            As in `map`, but each parameter is the list of the group's values, in the order of the rows; a
            ``numpy.ndarray`` or ``polars.Series`` where it is annotated so.
        partition_by : str or list of str
            Columns whose values tell the groups; they are kept. With none, all rows are one group.
        **columns : callable
            As in `map`.

        Examples
        --------
        >>> slices.agg(series_qc, partition_by="SeriesInstanceUID")         # doctest: +SKIP
        """
        by = (partition_by,) if isinstance(partition_by, str) else tuple(partition_by)
        return self._functions(Agg, function, columns, by=by)

    def map_batches(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        batch_size: int = 1024,
        **columns: Callable[..., Any],
    ) -> "Chain":
        """Add the columns that functions compute from many rows at once.

        Parameters
        ----------
        function : callable
            Each parameter is a column of the batch: a numpy array of numbers (of arrays: stacked), else a list;
            or what it is annotated as: ``list``, ``numpy.ndarray``, ``polars.Series``, ``pyarrow.Array``. A
            parameter annotated ``polars.DataFrame``, ``pyarrow.Table`` or ``pyarrow.RecordBatch`` is the whole
            batch. It returns one value per row: an array, a series, a list, a dict of them, or a frame.
        batch_size : int
            Rows of a batch; the last may be smaller.
        **columns : callable
            As in `map`.

        Notes
        -----
        A batch is remembered as a whole: one changed row computes its batch again.
        """
        if batch_size < 1:
            raise UDFError(f"map_batches(batch_size={batch_size}): a batch has at least one row.")
        return self._functions(MapBatches, function, columns, size=batch_size)

    def _functions(
        self,
        step: type[FunctionStep],
        function: Callable[..., Any] | None,
        columns: Mapping[str, Callable[..., Any]],
        **options: Any,
    ) -> "Chain":
        named: list[tuple[str | None, Callable[..., Any]]] = [] if function is None else [(None, function)]
        named += columns.items()
        verb = step.verb
        if not named:
            raise UDFError(f"{verb}() needs a function: {verb}(fn), or {verb}(name=fn).")
        if len(named) > 1 and step.changes_rows:
            raise UDFError(f"{verb}() takes one function, since it changes the rows. Call it once for each.")
        chain = self
        settings = self._settings
        for name, fn in named:
            chain = chain._with(step(as_udf(fn), name, settings.on_error, settings.seed, **options))
        return chain

    def settings(self, **values: Any) -> "Chain":
        """Change how the chain runs; it counts for all of its functions, wherever it is called.

        Parameters
        ----------
        **values
            ``workers``: processes that call functions; 0 for this one alone. By default one per core, where
            more than one and a half seconds of work are left.
            ``threads``: headers read at once, and calls that wait for remote files. By default as many as help:
            64 to 256 headers, and so many calls that one works while others wait.
            ``io``: what reads of files should save: ``"time"``, or ``"bytes"`` where traffic is paid for.
            ``reuse``: take results from the ledger (default True; False computes every row anew).
            ``on_error``: ``"raise"`` ends the run when a function fails; ``"skip"`` leaves the row out;
            ``"keep"`` keeps it, with nulls and the column ``error``. Both count the rows in the version.
            ``seed``: of the generators that functions get as ``rng`` (default 0).
        """
        try:
            settings = replace(self._settings, **values)
        except TypeError:
            known = ", ".join(Settings.__dataclass_fields__)
            raise ExpressionError(f"settings() has {known}; not {', '.join(values)}.") from None
        chain = Chain(Plan(self._plan.source, ()), self._plan.source.schema, settings)
        for step in self._plan.steps:
            if isinstance(step, FunctionStep):
                step = replace(step, on_error=settings.on_error, seed=settings.seed)
            chain = chain._with(step)
        return chain

    # Verbs that run it.

    def save(
        self,
        name: str,
        version: str | None = None,
        description: str = "",
        labels: Sequence[str] = (),
        bump: str | None = None,
        tolerance: Mapping[str, float] | None = None,
    ) -> DatasetVersion:
        """Run the chain and publish the rows as an immutable version.

        Parameters
        ----------
        name : str
            Of the dataset.
        version : str, optional
            ``"2.0.0"``; by default the next number: major for columns removed or retyped, minor for columns
            added, patch for anything else. The same plan with the same rows gives no new version.
        description : str
            For people.
        labels : sequence of str
            For search.
        bump : {"major", "minor", "patch"}, optional
            Raise the number by this at least, and make a new version even where nothing has changed.
        tolerance : mapping of str to float, optional
            How far a float of a column may be off when the version is reproduced, in the column's unit:
            ``{"snr": 1e-9}``. By default every bit must be the same.

        Returns
        -------
        DatasetVersion
            The published version, or the one that was the same.

        Raises
        ------
        VersionError
            The explicit version exists.
        """
        return save_state(self._plan, self._run, name, version, description, labels, bump, tolerance or {})

    def persist(self) -> "Chain":
        """Run the chain once and give a chain over its rows, for several uses in one script."""
        with job("persist"):
            return self._persisted(self._run())

    def _persisted(self, run: Run) -> "Chain":
        canonical = self._plan.to_json()  # before it runs, as in saving
        state = self._plan.apply(run)
        spool = Spool(run.project, run.spool_limit)
        for batch in batches(state.frame):
            spool.add(batch, state.schema)
        if spool.schema is None:
            spool.add(collected(state.frame), state.schema)
        frame, schema = spool.read()
        source = FrameSource(frame, schema, canonical, run.activity, run.manifests, run.failures, run.kept)
        return Chain(Plan(source, ()), schema, self._settings)

    def collect(self) -> pl.DataFrame:
        """All rows as a Polars DataFrame: records are structs, arrays `pl.Array`."""
        return presented(*self.physical())

    def before(self, step: int) -> "Chain":
        """Chain of the steps before one, by its number."""
        chain = Chain(Plan(self._plan.source, ()), self._plan.source.schema, self._settings)
        for earlier in self._plan.steps[:step]:
            chain = chain._with(earlier)
        return chain

    def execute(self) -> tuple[State, Run]:
        """Run the chain: its rows as lazy flat columns, and what the run used. What exports build on."""
        with job("run"):
            run = self._run()
            return self._plan.apply(run), run

    def physical(self) -> tuple[pl.DataFrame, Schema]:
        """All rows as flat columns with their schema."""
        with job("collect"):
            state, _ = self.execute()
            return collected(state.frame.select(list(state.schema.leaves()))), state.schema

    def count(self) -> int:
        """Number of rows; functions are not run for it where they keep the number."""
        steps = list(self._plan.steps)
        while steps and steps[-1].keeps_count:
            steps.pop()
        with job("count"):
            state = Plan(self._plan.source, tuple(steps)).apply(self._run())
            return int(collected(state.frame.select(pl.len())).item())

    def explain(self) -> Explanation:
        """What would be reused and what computed if it ran now, step by step, and why. No function is called.

        Headers of new files are read and remembered, as any run would do. Of a saved version ask
        ``nc.dataset(name).explain()``.

        Examples
        --------
        >>> print(nc.read_storage("scans/").map(snr).explain())            # doctest: +SKIP
        this chain
          input: file:///data/scans: 120 files, 12 new, 3 changed
          map(snr()): 105 reused, 15 to compute
            the code is the same; its rows are new or have changed
        """
        return explain_plan(self._plan, self._run)

    def show(self, limit: int = 20) -> None:
        """Print the first rows; in a notebook, show them as a table with little pictures of files and arrays."""
        with job("show"):
            state = Plan(self._plan.source, (*self._plan.steps, Limit(limit + 1))).apply(self._run())
            shown = collected(state.frame)
        show_frame(shown, state.schema, limit)

    def __iter__(self) -> Iterator[Row]:
        """Rows one by one; fields by attribute or by key."""
        state, _ = self.execute()
        for batch in batches(state.frame, 1024):
            yield from rows(batch, state.schema)

    def _run(self) -> Run:
        return Run(project(), self._settings)
