"""Columns: what a column of a version was computed from, down to the bytes of files."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from neurochain.chain.expressions.expression import names
from neurochain.chain.expressions.resolve import resolve
from neurochain.chain.sources.headers import header_schema
from neurochain.datasets.lineage import READS, FunctionUse, Lineage, Source, step_text
from neurochain.datasets.location import FILE
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Field, Scalar
from neurochain.datasets.versions import DatasetVersion
from neurochain.errors import ColumnError, ColumnNotFoundError, suggestion

Json = dict[str, Any]
HEADERS = "headers"  # who read, where no function did
SAME, COMPUTED, AGGREGATED = "same", "computed", "aggregated"


@dataclass(frozen=True)
class ColumnLineage:
    """A column, what made it, and the columns that it was made from.

    Attributes
    ----------
    column : str
        Dotted name.
    made_by : str
        The step, or the source.
    inputs : tuple of ColumnLineage
    function : FunctionUse or None
        That computed it.
    source : Source or None
        Where it was read.
    how : str
        What its values are to those of its inputs: `SAME`, `COMPUTED` or `AGGREGATED`.
    """

    column: str
    made_by: str
    inputs: tuple["ColumnLineage", ...] = ()
    function: FunctionUse | None = field(default=None, repr=False)
    lineage: Lineage | None = field(default=None, repr=False, compare=False)
    source: Source | None = field(default=None, repr=False, compare=False)
    how: str = SAME

    def lines(self) -> list[str]:
        """A tree, the column first."""
        read = self._own_reads()
        pulled = (
            f"; {int(read['bytes'].sum() or 0):,} bytes of {read['path'].n_unique():,} files"
            if read.height
            else ""
        )
        mark = f" [{self.function.fingerprint[:12]}]" if self.function is not None else ""
        out = [f"{self.column}: {self.made_by}{mark}{pulled}"]
        for i, node in enumerate(self.inputs):
            last = i == len(self.inputs) - 1
            first, *rest = node.lines()
            out.append(("└─ " if last else "├─ ") + first)
            out += [("   " if last else "│  ") + line for line in rest]
        return out

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def to_json(self) -> Json:
        """Plain JSON types."""
        function = self.function
        return {
            "column": self.column,
            "made_by": self.made_by,
            "function": None
            if function is None
            else {"name": function.name, "fingerprint": function.fingerprint},
            "bytes": int(self._own_reads()["bytes"].sum() or 0),
            "inputs": [node.to_json() for node in self.inputs],
        }

    def reads(self) -> pl.DataFrame:
        """Byte ranges of files that it came from: ``column, function, root, path, etag, ranges, sha256, bytes``.

        Function is ``headers`` where a header's field was read.
        """
        frames = [self._own_reads(), *(node.reads() for node in self.inputs)]
        return pl.concat(frames).unique(maintain_order=True)

    def _own_reads(self) -> pl.DataFrame:
        """What was read for this column itself."""
        if self.lineage is None:
            found = pl.DataFrame(schema=READS)
        elif self.function is not None:
            found = self.lineage.reads_of(self.function)
        elif self.source is not None and self.source.kind == "storage" and not self.column.startswith("file"):
            found = self.lineage.header_reads_of(self.source)
        else:
            found = pl.DataFrame(schema=READS)
        length = pl.element().list.get(1) - pl.element().list.get(0)
        return found.select(
            pl.lit(self.column).alias("column"),
            *(pl.col(n) for n in READS),
            pl.col("ranges").list.eval(length).list.sum().cast(pl.Int64).alias("bytes"),
        )


def column_lineage(version: DatasetVersion, column: str) -> ColumnLineage:
    """What a column of a version was computed from; see `DatasetVersion.column_lineage`."""
    top = column if column in version.schema else column.partition(".")[0]
    if top not in version.schema:
        raise ColumnNotFoundError(
            f"{version.reference} has no column {column!r}. {suggestion(column, version.schema)}"
        )
    return traced(version.lineage()).of(column)


def traced(lineage: Lineage) -> "Columns":
    """All columns of a version, traced."""
    return _Trace(lineage).whole()


@dataclass
class Columns:
    """Columns as they are known at one place of a plan: what made each, with the types that tell names apart.

    Attributes
    ----------
    rows : tuple of (str, ColumnLineage)
        Columns that decided which rows there are, and in which order, by the verb that used them.
    """

    schema: Schema
    made: dict[str, ColumnLineage]
    otherwise: ColumnLineage
    rows: tuple[tuple[str, ColumnLineage], ...] = ()

    def of(self, name: str) -> ColumnLineage:
        """What a name means here."""
        path = name
        try:
            found = resolve(name, self.schema)
            path = found.path if found is not None else name
        except ColumnError:
            pass
        if path in self.made:
            return self.made[path]
        top, _, rest = path.partition(".")
        base = self.made.get(top)
        if base is None:
            base, name = self.otherwise, path
        elif base.function is not None or base.inputs:
            return base
        else:
            name = f"{base.column}.{rest}"
        return ColumnLineage(name, base.made_by, lineage=base.lineage, source=base.source)

    def with_columns(self, columns: Mapping[str, ColumnLineage]) -> "Columns":
        """These and further columns."""
        fields = [_known(n, self.schema) for n in columns]
        return Columns(
            Schema(self.schema.with_fields(fields).values(), self.schema.partial),
            {**self.made, **columns},
            self.otherwise,
            self.rows,
        )

    def only(self, columns: Mapping[str, ColumnLineage], schema: Schema) -> "Columns":
        """No other columns."""
        fields = [_known(n, schema) for n in columns]
        return Columns(Schema(fields), dict(columns), self.otherwise, self.rows)

    def by(self, verb: str, names: Iterable[str]) -> "Columns":
        """The same columns, of rows that these decided."""
        return replace(self, rows=(*self.rows, *((verb, self.of(name)) for name in dict.fromkeys(names))))


def _known(name: str, schema: Schema) -> Field:
    """A column with its type, where that is known."""
    return schema[name] if name in schema else Field(name, Scalar("null"))


class _Trace:
    """One walk along a version's plan."""

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self._sources = iter(lineage.sources)
        self._functions = iter(lineage.functions)

    def whole(self) -> Columns:
        """Columns at the end of the plan."""
        return self._plan(self._lineage.plan)

    def _plan(self, plan: Json) -> Columns:
        state = (
            self._plan(plan["plan"]) if plan["source"] == "chain" else self._source(plan, next(self._sources))
        )
        for step in plan["steps"]:
            state = self._step(step, state)
        return state

    def _source(self, plan: Json, source: Source) -> Columns:
        if source.lineage is not None:
            return self._version(source, source.lineage)
        said = source.reference
        text = (
            ", ".join(plan["patterns"])
            if source.kind == "storage"
            else str(said.get("table") or said.get("uri") or said.get("name") or source.kind)
        )
        otherwise = ColumnLineage(
            "",
            f"{source.kind} {text}".replace("values values", "values"),
            lineage=self._lineage,
            source=source,
        )
        if source.kind == "storage" and "table" not in plan:
            fields = [Field("file", FILE), *header_schema().values()]
            return Columns(Schema(fields, partial=True), {}, otherwise)
        schema = Schema.from_json(said["schema"]) if "schema" in said else Schema((), partial=True)
        return Columns(schema, {}, otherwise)

    def _version(self, source: Source, lineage: Lineage) -> Columns:
        """Columns of another version, each with its own lineage."""
        inner = traced(lineage)
        reference = f"{lineage.name}@{lineage.version}"
        made = {n: ColumnLineage(n, reference, (inner.of(n),), source=source) for n in lineage.columns}
        return Columns(inner.schema, made, ColumnLineage("", reference, source=source))

    def _step(self, step: Json, state: Columns) -> Columns:
        text = step_text(step)
        if "fingerprint" in step:
            return self._called(step, state, text)
        match step["step"]:
            case "mutate":
                return state.with_columns(self._computed(step, state, text, COMPUTED))
            case "filter":
                return state.by("filter", _names(step["condition"]))
            case "order_by":
                return state.by("order_by", (n for node in step["columns"] for n in _names(node)))
            case "group_by":
                by = {n.rpartition(".")[2]: state.of(n) for n in step["by"]}
                results = self._computed(step, state, text, AGGREGATED)
                return state.by("group_by", step["by"]).only({**by, **results}, state.schema)
            case "select":
                picked = {n.rpartition(".")[2]: state.of(n) for n in step["columns"]}
                return state.only(picked, state.schema)
            case "drop":
                kept = {n: state.of(n) for n in [*state.schema, *state.made] if n not in step["columns"]}
                return state.only(kept, state.schema)
            case "merge":
                return self._merged(step, state)
            case "union":
                others = [self._plan(plan) for plan in step["others"]]
                both = {
                    n: ColumnLineage(n, "union", (state.of(n), *(o.of(n) for o in others)))
                    for n in dict.fromkeys([*state.schema, *state.made])
                }
                rows = (*state.rows, *(pair for o in others for pair in o.rows))
                return replace(state.only(both, state.schema), rows=rows)
        return state

    def _called(self, step: Json, state: Columns, text: str) -> Columns:
        used = next(self._functions)
        arguments = tuple(state.of(name) for name in used.arguments or ())
        how = AGGREGATED if step["step"] == "agg" else COMPUTED
        made = {
            n: ColumnLineage(n, text, arguments, used, self._lineage, how=how) for n in used.columns or ()
        }
        if step["step"] == "agg":
            by = {n.rpartition(".")[2]: state.of(n) for n in step["by"]}
            return state.by("group_by", step["by"]).only({**by, **made}, state.schema)
        return state.with_columns(made)

    def _computed(self, step: Json, state: Columns, text: str, how: str) -> dict[str, ColumnLineage]:
        made = {}
        for name, node in step["columns"].items():
            inputs = tuple(state.of(n) for n in dict.fromkeys(_names(node)))
            made[name] = ColumnLineage(name, text, inputs, how=SAME if node[0] == "column" else how)
        return made

    def _merged(self, step: Json, state: Columns) -> Columns:
        right = self._plan(step["right"])
        keys = {b for _, b in step["on"]}
        added = {
            (f"{n}{step['suffix']}" if n in state.schema or n in state.made else n): right.of(n)
            for n in dict.fromkeys([*right.schema, *right.made])
            if n not in keys
        }
        mine, theirs = state.by("merge", (a for a, _ in step["on"])), right.by("merge", keys)
        whole = replace(mine, rows=mine.rows + theirs.rows)
        if step["how"] in ("semi", "anti"):
            return whole
        if step["how"] in ("right", "full"):  # a key is that of the side that has the row
            text = step_text(step)
            pairs = [(a, (state.of(a), right.of(b))) for a, b in step["on"]]
            added |= {a: ColumnLineage(a, text, both) for a, both in pairs}
        return whole.with_columns(added)


def _names(node: Any) -> Iterator[str]:
    """Columns that a recorded expression uses."""
    if node[0] != "polars":
        yield from names(node)
        return
    waiting = [json.loads(node[3])] if len(node) > 3 else []
    for tree in waiting:
        if isinstance(tree, dict):
            if isinstance(tree.get("Column"), str):
                yield tree["Column"]
            waiting += tree.values()
        elif isinstance(tree, list):
            waiting += tree
