"""VersionDiff: what is different between two versions: rows, columns, functions, steps, inputs."""

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from neurochain.datasets.content import LOCATION
from neurochain.datasets.lineage import Lineage, scanned, step_text
from neurochain.datasets.location import file_columns
from neurochain.datasets.parts import scan_parts
from neurochain.datasets.schema import KEY, Schema, describe
from neurochain.datasets.tolerances import distance
from neurochain.datasets.types import DataType, Field, Record, content_type, value_types
from neurochain.errors import ColumnNotFoundError, SchemaError, suggestion

if TYPE_CHECKING:
    from neurochain.datasets.versions import DatasetVersion

_OLD = "_old."
ROW = "row"  # number of a row in its version, from 0


@dataclass(frozen=True)
class VersionDiff:
    """Difference between two versions.

    Rows are told apart by their hidden key, or by the columns of `key`. Where a file lies, and its etag, are no
    part of a row.

    Attributes
    ----------
    old, new : DatasetVersion
    key : tuple of str
        Columns that tell the rows apart; empty for the hidden key.
    columns_added, columns_removed : tuple of str
    columns_changed : dict of str to (str, str)
        Columns of another type or unit, before and after.
    """

    old: "DatasetVersion" = field(repr=False)
    new: "DatasetVersion" = field(repr=False)
    key: tuple[str, ...] = ()
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    columns_changed: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def same_content(self) -> bool:
        """Whether all rows are the same, in the same order."""
        return self.old.content_hash == self.new.content_hash

    def added(self) -> pl.DataFrame:
        """Rows that only the new version has: their flat columns."""
        return self._only(self.new, self.old)

    def removed(self) -> pl.DataFrame:
        """Rows that only the old version has: their flat columns."""
        return self._only(self.old, self.new)

    def changed(self) -> pl.DataFrame:
        """Rows of both versions that differ: key columns, then each column that is common as ``name`` and ``name (old)``.

        A column in which no row differs is left out.
        """
        leaves = [n for n in self._common if self.column_counts.get(n)]
        keys = self._keys if self.key else []
        pairs = [e for n in leaves for e in (pl.col(f"{_OLD}{n}").alias(f"{n} (old)"), pl.col(n))]
        return self._joined().filter(self._differs()).select([*keys, *pairs]).collect()

    def first_changed(self, limit: int) -> pl.DataFrame:
        """First rows that differ: their number in the old version, the files that they hold, and as `changed`."""
        numbers = _scan(self.old).with_row_index(ROW).select(ROW, *self._keys)
        files = [f"{name}.path" for name in file_columns(self.new.schema)]
        files = [n for n in files if n not in self.column_counts and n in self._common]
        leaves = [n for n in self._common if self.column_counts.get(n)]
        pairs = [e for n in leaves for e in (pl.col(f"{_OLD}{n}").alias(f"{n} (old)"), pl.col(n))]
        rows = self._joined().filter(self._differs())
        rows = rows.join(numbers, on=self._keys, how="left", nulls_equal=True, maintain_order="left")
        return rows.select(ROW, *files, *pairs).head(limit).collect()

    @cached_property
    def counts(self) -> dict[str, int]:
        """Rows ``added``, ``removed``, ``changed`` and ``same``."""
        differs = self._differs()
        both = self._joined().select(pl.len().alias("both"), differs.sum().alias("changed")).collect()
        common, changed = int(both["both"][0]), int(both["changed"][0] or 0)
        return {
            "added": self.new.rows - common,
            "removed": self.old.rows - common,
            "changed": changed,
            "same": common - changed,
        }

    @cached_property
    def column_counts(self) -> dict[str, int]:
        """Rows in which each common flat column differs."""
        if not self._common:
            return {}
        sums = [pl.col(n).ne_missing(pl.col(f"{_OLD}{n}")).sum().alias(n) for n in self._common]
        found = self._joined().select(sums).collect().row(0, named=True)
        return {name: int(count or 0) for name, count in found.items() if count}

    @cached_property
    def distances(self) -> dict[str, float]:
        """How far the floats of each common flat column that differs are apart at most; infinity for a null or a NaN."""
        kinds = dict(pair for f in self.new.schema.values() for pair in value_types(f))
        found: dict[str, float] = {}
        for name in self.column_counts:
            kind = kinds.get(name.removesuffix(".data"))
            if kind is None:
                continue
            rows = self._joined().filter(pl.col(name).ne_missing(pl.col(f"{_OLD}{name}")))
            both = rows.select(f"{_OLD}{name}", name).collect()
            apart = distance(both[f"{_OLD}{name}"], both[name], kind)
            if apart is not None:
                found[name] = apart
        return found

    @cached_property
    def code(self) -> str:
        """Unified diff of the functions' sources; empty where they are the same."""
        before, after = self.old.source, self.new.source
        lines = difflib.unified_diff(
            before.splitlines(), after.splitlines(), self.old.reference, self.new.reference, lineterm=""
        )
        return "\n".join(lines)

    @cached_property
    def steps(self) -> list[str]:
        """Steps of the plans that are in one of them only, as ``- step`` and ``+ step``."""
        before, after = (_steps(v.plan) for v in (self.old, self.new))
        return [line for line in difflib.ndiff(before, after) if line[0] in "+-"]

    @cached_property
    def inputs(self) -> list[str]:
        """Inputs that are in one of them only, as ``- input`` and ``+ input``."""
        before, after = (_inputs(v.lineage()) for v in (self.old, self.new))
        return [line for line in difflib.ndiff(before, after) if line[0] in "+-"]

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """The difference in some lines."""
        counts = self.counts
        out = [f"{self.old.reference} -> {self.new.reference}"]
        if self.same_content:
            out.append(f"  rows: the same {self.new.rows:,}")
        else:
            shown = ", ".join(f"{counts[k]:,} {k}" for k in ("added", "removed", "changed", "same"))
            out.append(f"  rows: {shown}")
        out += [f"    changed in {name}: {count:,}" for name, count in self.column_counts.items()]
        out += [f"  column added: {name}" for name in self.columns_added]
        out += [f"  column removed: {name}" for name in self.columns_removed]
        out += [f"  column {name}: {a} -> {b}" for name, (a, b) in self.columns_changed.items()]
        out += [f"  step {line}" for line in self.steps]
        out += [f"  input {line}" for line in self.inputs]
        out += [f"  {line}" for line in self.code.splitlines()]
        if len(out) == 2 and self.same_content:
            out.append("  plan, functions and inputs are the same too")
        return out

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "old": self.old.reference,
            "new": self.new.reference,
            "key": list(self.key),
            "same_content": self.same_content,
            "rows": self.counts,
            "changed_in": self.column_counts,
            "columns_added": list(self.columns_added),
            "columns_removed": list(self.columns_removed),
            "columns_changed": {n: list(pair) for n, pair in self.columns_changed.items()},
            "steps": self.steps,
            "inputs": self.inputs,
            "code": self.code,
        }

    @cached_property
    def _keys(self) -> list[str]:
        return [leaf for name in self.key for leaf, _ in self.new.schema[name].leaves()] or [KEY]

    @cached_property
    def _common(self) -> list[str]:
        """Flat columns of both versions whose values can be compared."""
        before, after = (_compared(v.schema) for v in (self.old, self.new))
        return [n for n, kind in after.items() if before.get(n) == kind and n not in self._keys]

    def _differs(self) -> pl.Expr:
        if not self._common:
            return pl.lit(False)
        return pl.any_horizontal(pl.col(n).ne_missing(pl.col(f"{_OLD}{n}")) for n in self._common)

    def _joined(self) -> pl.LazyFrame:
        """Rows of both versions side by side."""
        old = _scan(self.old).select(*self._keys, *(pl.col(n).alias(f"{_OLD}{n}") for n in self._common))
        new = _scan(self.new).select(*self._keys, *self._common)
        return new.join(old, on=self._keys, how="inner", nulls_equal=True, maintain_order="left")

    def _only(self, mine: "DatasetVersion", other: "DatasetVersion") -> pl.DataFrame:
        keys = _scan(other).select(self._keys)
        rows = _scan(mine).join(keys, on=self._keys, how="anti", nulls_equal=True, maintain_order="left")
        return rows.select(list(mine.schema.leaves())).collect()


def compare(old: "DatasetVersion", new: "DatasetVersion", key: Sequence[str] = ()) -> VersionDiff:
    """Difference between two versions.

    Parameters
    ----------
    old : DatasetVersion
        Rows ``removed`` are its.
    new : DatasetVersion
        Rows ``added`` are its.
    key : sequence of str
        Columns that tell the rows apart, instead of the hidden key.

    Raises
    ------
    ColumnNotFoundError
        A version has no such column.
    SchemaError
        The columns do not tell the rows apart, or are of different types.
    """
    for name in key:
        for version in (old, new):
            if name not in version.schema:
                raise ColumnNotFoundError(
                    f"{version.reference} has no column {name!r}. {suggestion(name, version.schema)}"
                )
        if str(old.schema[name].type) != str(new.schema[name].type):
            raise SchemaError(
                f"{name!r} is {old.schema[name].type} in {old.reference} and {new.schema[name].type} in {new.reference}, "
                "so it tells no rows apart in both."
            )
    for version in (old, new) if key else ():
        leaves = [leaf for name in key for leaf, _ in version.schema[name].leaves()]
        unique = _scan(version).select(pl.struct(leaves).n_unique()).collect().item()
        if unique < version.rows:
            raise SchemaError(
                f"key={', '.join(key)} does not tell the rows of {version.reference} apart: {version.rows:,} rows, "
                f"{unique:,} keys. Add a column."
            )
    before, after = old.schema, new.schema
    return VersionDiff(
        old,
        new,
        tuple(key),
        tuple(n for n in after if n not in before),
        tuple(n for n in before if n not in after),
        {
            n: (describe(before[n]), describe(after[n]))
            for n in after
            if n in before and (_plain(before[n]) != _plain(after[n]))
        },
    )


def _plain(f: Field) -> Any:
    return content_type(f.type), f.unit, f.axes


def _scan(version: "DatasetVersion") -> pl.LazyFrame:
    return scan_parts(version.project, version.part_hashes(), version.schema)


def _compared(schema: Schema) -> dict[str, str]:
    out: dict[str, str] = {}

    def walk(path: str, kind: DataType) -> None:
        if isinstance(kind, Record):
            for f in kind.fields:
                if kind.name != "File" or f.name not in LOCATION:
                    walk(f"{path}.{f.name}", f.type)
        else:
            out.update({leaf: str(dtype) for leaf, dtype in Field(path, kind).leaves()})

    for f in schema.values():
        walk(f.name, f.type)
    return out


def _steps(plan: dict[str, Any]) -> list[str]:
    """Steps in words, with the fingerprints that tell two functions of one name apart."""
    return [
        step_text(s) + (f" [{s['fingerprint'][:12]}]" if "fingerprint" in s else "")
        for s in plan.get("steps", [])
    ]


def _inputs(lineage: Lineage) -> list[str]:
    out = []
    for source in lineage.sources:
        r = source.reference
        if source.kind == "version":
            out.append(f"{r['name']}@{r['version']}")
        elif source.kind == "storage":
            out.append(f"{', '.join(r['patterns'])}: {r['files']:,} files, {r['bytes']:,} bytes")
        elif source.kind == "scan":
            out.append(f"{scanned(r)}: {r['rows']:,} rows, content {r['content'][:12]}")
        else:
            out.append(f"{source.kind} {json.dumps(r, sort_keys=True)}")
    return out
