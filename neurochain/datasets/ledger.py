"""Ledger: results by (reuse key, hash of the arguments), so that a row is computed once.

The reuse key is the function's fingerprint with the types it was called with; the 16-byte hash of the
arguments' values is a column of the ledger's Parquet parts. Reuse is a join, an unknown row an anti-join.
What is in the ledger was computed without a failure; a failure is never remembered.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from sqlalchemy import delete, insert, select

from neurochain.datasets import tables
from neurochain.datasets.conversion import convert, unify_schemas
from neurochain.datasets.parts import part_path, register_parts, scan_parts, write_part
from neurochain.datasets.project import Project
from neurochain.datasets.schema import Schema
from neurochain.errors import SchemaError

ARG = "_arg"  # hash of the arguments' values
READS = "_reads"  # what was read of which file to make the row
READS_TYPE = pl.List(
    pl.Struct(
        {
            "uri": pl.String(),
            "etag": pl.String(),
            "ranges": pl.List(pl.List(pl.Int64())),
            "sha256": pl.Binary(),
        }
    )
)
HIDDEN = {ARG: pl.Binary(), READS: READS_TYPE}
COMPACT = 24  # parts of one reuse key above which they are joined into one


@dataclass(frozen=True)
class Entry:
    """Parts of one schema under a reuse key."""

    hashes: tuple[str, ...]
    schema: Schema


class Ledger:
    """Results of one reuse key.

    Parameters
    ----------
    project : Project
        Whose ledger.
    reuse_key : str
        Fingerprint and argument types, hex.
    """

    def __init__(self, project: Project, reuse_key: str) -> None:
        self.project = project
        self.reuse_key = reuse_key
        self._entries = self._load()

    def _load(self) -> list[Entry]:
        query = (
            select(tables.ledger.c.part, tables.ledger.c.schema)
            .where(tables.ledger.c.reuse_key == self.reuse_key)
            .order_by(tables.ledger.c.id.desc())
        )
        with self.project.database.read() as connection:
            found = connection.execute(query).all()
        entries: list[Entry] = []
        joined: Schema | None = None
        for row in found:
            # What is lost, or fits no newer result, is not known: it is computed again.
            if not part_path(self.project, row.part).exists():
                continue
            schema = Schema.from_json(row.schema)
            try:
                joined = schema if joined is None else unify_schemas(schema, joined)
            except SchemaError:
                continue
            if entries and entries[-1].schema == schema:
                entries[-1] = Entry((row.part, *entries[-1].hashes), schema)
            else:
                entries.append(Entry((row.part,), schema))
        return entries[::-1]

    @property
    def schema(self) -> Schema | None:
        """Schema of the results so far, or None where there are none."""
        joined: Schema | None = None
        for entry in self._entries:
            joined = entry.schema if joined is None else unify_schemas(joined, entry.schema)
        return joined

    @property
    def bytes(self) -> int:
        """Size on disk."""
        hashes = [h for e in self._entries for h in e.hashes]
        return sum(part_path(self.project, h).stat().st_size for h in hashes)

    def known(self) -> pl.LazyFrame | None:
        """All results: ``_arg``, ``_reads`` and the flat columns; one row per ``_arg``."""
        schema = self.schema
        if schema is None:
            return None
        frames = [scan_parts(self.project, e.hashes, e.schema, hidden=HIDDEN) for e in self._entries]
        if any(e.schema != schema for e in self._entries):
            frames = [
                convert(f.collect(), e.schema, schema).lazy()
                for f, e in zip(frames, self._entries, strict=True)
            ]
        joined = pl.concat([f.select([*HIDDEN, *schema.leaves()]) for f in frames])
        # Two processes may have computed one row at the same time, or somebody wanted it anew; that is
        # rare, and cheap to see.
        counts = joined.select(pl.len(), pl.col(ARG).n_unique().alias("unique")).collect()
        if counts["len"][0] != counts["unique"][0]:
            joined = joined.unique(subset=[ARG], keep="last", maintain_order=True)
        return joined

    def append(self, frame: pl.DataFrame, schema: Schema) -> None:
        """Remember results: ``_arg``, ``_reads`` and the schema's flat columns."""
        if not frame.height:
            return
        self._enter(frame, schema, ())
        if sum(len(e.hashes) for e in self._entries) > COMPACT:
            self._compact()

    def _compact(self) -> None:
        known, schema = self.known(), self.schema
        if known is None or schema is None:
            return
        old = [h for e in self._entries for h in e.hashes]
        self._enter(known.collect(), schema, old)

    def _enter(self, frame: pl.DataFrame, schema: Schema, replaced: Sequence[str]) -> None:
        part = write_part(self.project, frame, schema)
        values = {
            "reuse_key": self.reuse_key,
            "part": part.hash,
            "schema": schema.to_json(),
            "rows": part.rows,
            "created": time.time(),
        }
        with self.project.database.write() as connection:
            register_parts(connection, [part])
            if replaced:  # first, since the new part may have the bytes of an old one
                mine = tables.ledger.c.reuse_key == self.reuse_key
                connection.execute(delete(tables.ledger).where(mine, tables.ledger.c.part.in_(replaced)))
            connection.execute(insert(tables.ledger), values)
        self._entries = self._load()
