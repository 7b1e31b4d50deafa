"""Spool: batches between two steps; in memory while they are few, in parts on disk beyond that."""

import polars as pl

from neurochain.datasets.conversion import convert, unify_schemas
from neurochain.datasets.parts import Part, part_path, scan_parts, write_part
from neurochain.datasets.project import Project
from neurochain.datasets.schema import KEY, Schema


class Spool:
    """Rows that are written once and read back in order.

    Parameters
    ----------
    project : Project
        Where parts go.
    limit : int
        Bytes that stay in memory.
    """

    def __init__(self, project: Project, limit: int) -> None:
        self.project, self.limit = project, limit
        self.schema: Schema | None = None
        self.rows = 0
        self._waiting: list[tuple[pl.DataFrame, Schema]] = []
        self._held = 0
        self._parts: list[tuple[Part, Schema]] = []

    def add(self, frame: pl.DataFrame, schema: Schema) -> None:
        """Add rows; their schema may be wider than that of the rows before."""
        self.schema = schema if self.schema is None else unify_schemas(self.schema, schema, promote=True)
        self.rows += frame.height
        self._waiting.append((frame, schema))
        self._held += int(frame.estimated_size())
        if self._held > self.limit:
            self._flush()

    def _flush(self) -> None:
        if self.schema is None or not self._waiting:
            return
        frame = pl.concat([self._fit(f, s) for f, s in self._waiting])
        self._parts.append((write_part(self.project, frame, self.schema), self.schema))
        self._waiting, self._held = [], 0

    def _fit(self, frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
        target = self.schema or schema
        return (frame if schema == target else convert(frame, schema, target)).select(KEY, *target.leaves())

    def read(self) -> tuple[pl.LazyFrame, Schema]:
        """All rows, and the schema that holds them."""
        if self.schema is None:
            raise ValueError("Nothing was spooled.")
        if not self._parts:
            return pl.concat([self._fit(f, s) for f, s in self._waiting]).lazy(), self.schema
        self._flush()
        frames = []
        for part, schema in self._parts:
            lazy = scan_parts(self.project, [part.hash], schema)
            frames.append(lazy if schema == self.schema else self._fit(lazy.collect(), schema).lazy())
        return pl.concat(frames), self.schema


class RawSpool:
    """Frames of one layout that are written once and read back in order; no schema, no key.

    Parameters
    ----------
    project : Project
        Where parts go.
    limit : int
        Bytes that stay in memory.
    """

    def __init__(self, project: Project, limit: int) -> None:
        self.project, self.limit = project, limit
        self.rows = 0
        self._waiting: list[pl.DataFrame] = []
        self._held = 0
        self._parts: list[Part] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Add rows."""
        self.rows += frame.height
        self._waiting.append(frame)
        self._held += int(frame.estimated_size())
        if self._held > self.limit:
            self._parts.append(write_part(self.project, pl.concat(self._waiting)))
            self._waiting, self._held = [], 0

    def read(self) -> pl.LazyFrame:
        """All rows."""
        frames = [pl.scan_parquet(part_path(self.project, p.hash), glob=False) for p in self._parts]
        return pl.concat([*frames, *(f.lazy() for f in self._waiting)])
