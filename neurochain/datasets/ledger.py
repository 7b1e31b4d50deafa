"""Ledger: results by (reuse key, hash of the arguments), so that a row is computed once.

The reuse key is the function's fingerprint with the types it was called with; the 16-byte hash of the
arguments' values is a column of the ledger's Parquet parts. Reuse is a join, an unknown row an anti-join.
What is in the ledger was computed without a failure; a failure is never remembered.

A function that gives many rows has one row per result, numbered; one that gave none has a single row without a
number, so that "nothing" is remembered too.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import delete, func, insert, select, update

from neurochain.datasets import tables
from neurochain.datasets.conversion import convert, unify_schemas
from neurochain.datasets.hidden import ARG, HIDDEN, HIDDEN_MANY, ORDINAL, READS
from neurochain.datasets.lookup import Lookup
from neurochain.datasets.parts import (
    Part,
    part_path,
    part_size,
    refresh_part,
    register_parts,
    scan_parts,
    write_part,
)
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.errors import SchemaError

COMPACT = 8  # parts of like size that are joined into one
LARGE = 400_000  # rows of a part that is joined with no other
LARGE_BYTES = 8_000_000  # on disk: they are joined in memory


@dataclass(frozen=True)
class Entry:
    """One part under a reuse key."""

    part: str
    rows: int
    schema: Schema


class Ledger:
    """Results of one reuse key.

    Parameters
    ----------
    project : Project
        Whose ledger.
    reuse_key : str
        Fingerprint and argument types, hex.
    many : bool
        A call gives any number of rows.
    """

    def __init__(self, project: Project, reuse_key: str, many: bool = False) -> None:
        self.project = project
        self.reuse_key = reuse_key
        self.many = many
        self._entries = self._load()

    @property
    def hidden(self) -> dict[str, object]:
        """Columns beside the results', with their Polars dtypes."""
        return dict(HIDDEN_MANY if self.many else HIDDEN)

    def _load(self) -> list[Entry]:
        c = tables.ledger.c
        query = (
            select(c.part, c.schema, c.rows, tables.parts.c.bytes)
            .join(tables.parts, tables.parts.c.hash == c.part)
            .where(c.reuse_key == self.reuse_key, c.kind == self._kind)
            .order_by(c.id.desc())
        )
        with self.project.database.read() as connection:
            found = connection.execute(query).all()
        entries: list[Entry] = []
        joined = Schema()
        for row in found:
            # What is lost or cut, or fits no newer result, is not known: it is computed again.
            if part_size(self.project, row.part) != row.bytes:
                continue
            schema = Schema.from_json(row.schema)
            try:
                joined = unify_schemas(schema, joined)
            except SchemaError:
                continue
            entries.append(Entry(row.part, row.rows, schema))
        return entries[::-1]

    @property
    def _kind(self) -> str:
        return "many" if self.many else "row"

    @property
    def schema(self) -> Schema | None:
        """Schema of the results so far, or None where there are none; without columns if all were None."""
        if not self._entries:
            return None
        joined = Schema()
        for entry in self._entries:
            joined = unify_schemas(joined, entry.schema)
        return joined

    @property
    def bytes(self) -> int:
        """Size on disk."""
        return sum(part_path(self.project, e.part).stat().st_size for e in self._entries)

    def known(self) -> pl.LazyFrame | None:
        """All results: the hidden columns and the flat ones; each ``_arg`` as it was computed last."""
        schema = self.schema
        return None if schema is None else self._scan(self._entries, schema)

    def _scan(self, entries: Sequence[Entry], schema: Schema) -> pl.LazyFrame:
        groups: list[list[Entry]] = []
        for entry in entries:
            if groups and groups[-1][0].schema == entry.schema:
                groups[-1].append(entry)
            else:
                groups.append([entry])
        frames = []
        for number, group in enumerate(groups):
            own = group[0].schema
            lazy = scan_parts(self.project, [e.part for e in group], own, hidden=self.hidden)
            if own != schema:
                lazy = convert(lazy.collect(), own, schema).lazy()
            frames.append(lazy.with_columns(pl.lit(number).alias("_group")))
        joined = pl.concat([f.select([*self.hidden, "_group", *schema.leaves()]) for f in frames])
        return self._last(joined).drop("_group")

    def _last(self, joined: pl.LazyFrame) -> pl.LazyFrame:
        """Rows without those that were computed again later."""
        # Two processes may have computed one row at the same time, or somebody wanted it anew; that is
        # rare, and cheap to see.
        first = pl.col(ORDINAL).fill_null(0) == 0 if self.many else pl.lit(True)
        counts = joined.filter(first).select(pl.len(), pl.col(ARG).n_unique().alias("unique")).collect()
        if counts["len"][0] == counts["unique"][0]:
            return joined
        if not self.many:
            return joined.unique(subset=[ARG], keep="last", maintain_order=True)
        # The results of one call stand together: each that begins with number 0 (or none) is a run.
        runs = joined.with_columns(first.cum_sum().alias("_run"))
        last = runs.group_by(ARG).agg(pl.col("_run").max())
        return runs.join(last, on=[ARG, "_run"], how="semi", maintain_order="left").drop("_run")

    def lookup(self) -> Lookup | None:
        """Results by their arguments, or None where there are none."""
        schema = self.schema
        if schema is None:
            return None
        return Lookup(self.project, [(e.part, e.schema, e.rows) for e in self._entries], schema, self.hidden)

    def append(self, frame: pl.DataFrame, schema: Schema) -> None:
        """Remember results: the hidden columns and the schema's flat ones."""
        self.append_all([(frame, schema)])

    def append_all(self, frames: Iterable[tuple[pl.DataFrame, Schema]]) -> None:
        """Remember results of several frames, all of them or none: a call's rows may lie in more than one.

        They are taken and written one after the other, so that not all of them need to be in memory.
        """
        written = [(self._write(frame, schema), schema) for frame, schema in frames if frame.height]
        if not written:
            return
        self._enter(written, ())
        for tier in self._full_tiers():
            schema = Schema()
            for entry in tier:
                schema = unify_schemas(schema, entry.schema)
            joined = self._scan(tier, schema).collect()
            self._enter([(self._write(joined, schema), schema)], [e.part for e in tier])

    def _full_tiers(self) -> list[list[Entry]]:
        """Runs of parts that are to be joined, each of like size, so that a row is rewritten a few times only."""
        tiers: list[list[Entry]] = [[]]
        for entry in self._entries:
            size = part_path(self.project, entry.part).stat().st_size
            if entry.rows >= LARGE or size >= LARGE_BYTES:
                tiers.append([])  # what is joined stays before or behind it
            elif tiers[-1] and _tier(tiers[-1][0]) != _tier(entry):
                tiers.append([entry])
            else:
                tiers[-1].append(entry)
        return [t for t in tiers if len(t) >= COMPACT]

    def _write(self, frame: pl.DataFrame, schema: Schema) -> Part:
        # A column of nulls that are lists of records is slow to write, and need not be there to be read.
        nothing = frame[READS].null_count() == frame.height
        hidden = [name for name in self.hidden if not (nothing and name == READS)]
        return write_part(self.project, frame.select([*hidden, *schema.leaves()]), schema)

    def _enter(self, written: Sequence[tuple[Part, Schema]], replaced: Sequence[str]) -> None:
        now = time.time()
        c = tables.ledger.c
        for old in replaced:
            refresh_part(self.project, old)  # another process may have looked it up, and read it later
        with self.project.database.write() as connection:
            register_parts(connection, [part for part, _ in written])
            place = {}
            if replaced:  # first, since the new part may have the bytes of an old one
                these = (c.reuse_key == self.reuse_key, c.part.in_(replaced))
                # In the place of those it replaces: what was appended later stays later.
                place = {"id": connection.execute(select(func.min(c.id)).where(*these)).scalar_one()}
                connection.execute(delete(tables.ledger).where(*these))
            for part, schema in written:
                values = {
                    **place,
                    "reuse_key": self.reuse_key,
                    "part": part.hash,
                    "schema": schema.to_json(),
                    "rows": part.rows,
                    "created": now,
                    "used": now,
                    "kind": self._kind,
                }
                connection.execute(insert(tables.ledger), values)
        self._entries = self._load()

    def touch(self) -> None:
        """Note that the results were used; the least recently used go first when the ledger is bounded."""
        if self._entries:
            with self.project.database.write() as connection:
                mine = tables.ledger.c.reuse_key == self.reuse_key
                connection.execute(update(tables.ledger).where(mine).values(used=time.time()))


def _tier(entry: Entry) -> int:
    """Class of size of a part: each holds four times the rows of the one before."""
    return max(entry.rows, 256).bit_length() // 2
