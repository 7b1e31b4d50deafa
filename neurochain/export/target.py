"""Target: what rows are exported to."""

import gzip
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import numpy as np

from neurochain.chain.run import Run
from neurochain.datasets.events import append
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Record
from neurochain.export.origin import exported_as
from neurochain.storage import beside

__all__ = ["folder_beside", "note_export", "opened", "rows_at_once"]

MOST_ROWS = 16_384  # of a batch or row group
BATCH_BYTES = 32_000_000  # of arrays in one


@contextmanager
def folder_beside(path: str | os.PathLike[str], verb: str, *patterns: str) -> Iterator[tuple[Path, Path]]:
    """As in storage, of exports: the first pattern is the file that says which one a folder is."""
    with beside.folder_beside(path, verb, lambda said: f"to_{exported_as(said)}", *patterns) as found:
        yield found


@contextmanager
def opened(place: Path, target: Path) -> Iterator[IO[bytes]]:
    """File to write to, compressed where the target's name says so."""
    with place.open("wb") as plain:
        if not target.name.lower().endswith(".gz"):
            yield plain
            return
        with gzip.GzipFile("", "wb", compresslevel=6, fileobj=plain, mtime=0) as packed:
            yield cast("IO[bytes]", packed)


def note_export(run: Run, kind: str, rows: int) -> None:
    """Enter in the project's events that rows leave it, before they can be seen. Where they go is not said: a path may name a person."""
    versions = [f"{i.reference['name']}@{i.reference['version']}" for i in run.activity.inputs if i.version]
    with run.project.database.write() as connection:
        append(connection, "exported", {"as": kind, "rows": rows, "versions": versions})


def rows_at_once(schema: Schema) -> int:
    """Rows whose arrays fit well into memory together."""
    width = sum(_bytes(f.type) for f in schema.values())
    return max(16, min(MOST_ROWS, BATCH_BYTES // max(width, 1)))


def _bytes(kind: DataType) -> int:
    """Bytes of the arrays in a value, where the type says how many."""
    if isinstance(kind, Array):
        return math.prod(kind.shape) * np.dtype(kind.dtype).itemsize
    return sum(_bytes(f.type) for f in kind.fields) if isinstance(kind, Record) else 0
