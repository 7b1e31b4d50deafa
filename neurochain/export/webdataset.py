"""To WebDataset: tar files with a few members per row.

The names are those that the library's own decoder knows: ``{column}.npy`` for an array, ``{column}.bin`` for bytes
(which it gives as they are), and one ``json`` for all else, since a member costs a kilobyte whatever it holds.
Members whose path begins with ``__…__/`` are none of a row to it: there the lineage is.
"""

import io
import math
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Self

import numpy as np
import polars as pl

from neurochain.chain.chain import Chain
from neurochain.chain.run import batches
from neurochain.datasets.types import Array, Ragged, Scalar
from neurochain.errors import ExportError, SchemaError
from neurochain.export.columns import Column, block, columns, compact, listed, nulls, pieces
from neurochain.export.origin import LINEAGE, document, dumped
from neurochain.export.target import folder_beside, note_export, rows_at_once

INSIDE = f"__neurochain__/{LINEAGE}"
BLOCK = tarfile.BLOCKSIZE


def to_webdataset(
    chain: Chain,
    folder: str | os.PathLike[str],
    shard_bytes: int = 256_000_000,
    shard_rows: int | None = None,
) -> Path:
    """Write all rows; see `Chain.to_webdataset`."""
    for name, given in (("shard_bytes", shard_bytes), ("shard_rows", shard_rows)):
        if given is not None and given < 1:
            raise ExportError(f"to_webdataset({name}={given!r}): give a whole number, 1 or more.")
    with folder_beside(folder, "to_webdataset", LINEAGE, "shard-*.tar") as (beside, target):
        state, run = chain.execute()
        schema = state.schema
        members = [(c, _member(c)) for c in columns(schema)]
        _check([(c, name) for c, name in members if name])
        about = document(schema, run, "webdataset")
        frames = batches(state.frame.select(list(schema.leaves())), rows_at_once(schema))
        with (
            _Shards(beside, dumped(about), shard_bytes, shard_rows) as shards,
            run.progress.step(f"write {target.name}") as progress,
        ):
            for batch in frames:
                for row in _rows(batch, members):
                    shards.add(row)
                progress.advance(batch.height)
        about["shards"] = [{"name": s.name, "rows": s.rows} for s in shards.done]
        (beside / LINEAGE).write_bytes(dumped(about))
        note_export(run, "webdataset", progress.rows)
    return target


def _member(column: Column) -> str | None:
    """What follows the key in the name of a column's member; None for what stands in ``json``."""
    if column.type == Scalar("bytes"):
        return f"{column.name}.bin"
    return f"{column.name}.npy" if isinstance(column.type, Array | Ragged) else None


def _check(members: list[tuple[Column, str]]) -> None:
    known: dict[str, str] = {}
    for column, name in members:
        if "/" in name or name.startswith(("__", ".")):
            raise SchemaError(
                f"Column {column.name!r} has a name that WebDataset takes for no member of a row. Give it another "
                "name with mutate(), without '/' and not beginning with '__'; and select() without it."
            )
        other = known.setdefault(name.lower(), column.name)
        if other != column.name:
            raise SchemaError(
                f"Columns {other!r} and {column.name!r} have one name in WebDataset, which reads names in lower "
                "case. Give one of them another name with mutate(), and select() without it."
            )


def _rows(batch: pl.DataFrame, members: list[tuple[Column, str | None]]) -> Iterator[list[tuple[str, bytes]]]:
    """Members of each row: names behind the key, and bytes. What is null has none, or is null in ``json``."""
    encoded = [list(_encoded(batch, c)) for c, name in members if name]
    names = [name for _, name in members if name]
    described = [c.name for c, name in members if not name]
    values = [listed(batch, c) for c, name in members if not name]
    for i in range(batch.height):
        row = [(n, data) for n, made in zip(names, encoded, strict=True) if (data := made[i]) is not None]
        if described or not row:
            text = compact({n: v[i] for n, v in zip(described, values, strict=True)})
            row.insert(0, ("json", text.encode()))
        yield row


def _encoded(batch: pl.DataFrame, column: Column) -> Iterator[bytes | None]:
    if column.type == Scalar("bytes"):
        yield from batch[column.leaf].to_list()
        return
    missing = nulls(batch, column)
    values = pieces(batch, column) if column.ragged else block(batch, column)
    for i, value in enumerate(values):
        yield None if missing is not None and missing[i] else _npy(np.asarray(value))


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    return _npy_header(array.dtype, array.shape) + array.tobytes()


@lru_cache
def _npy_header(dtype: np.dtype[Any], shape: tuple[int, ...]) -> bytes:
    out = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(out, described)
    return out.getvalue()


@dataclass
class _Shard:
    name: str
    file: IO[bytes]
    rows: int = 0

    def write(self, name: str, data: bytes) -> None:
        """Add a member."""
        member = tarfile.TarInfo(name)
        member.size = len(data)
        self.file.write(member.tobuf(tarfile.PAX_FORMAT))
        self.file.write(data)
        self.file.write(b"\0" * (-len(data) % BLOCK))

    def end(self) -> None:
        """Write what ends a tar file, and close it."""
        self.file.write(b"\0" * (2 * BLOCK))
        self.file.write(b"\0" * (-self.file.tell() % tarfile.RECORDSIZE))
        self.file.close()


@dataclass
class _Shards:
    """Tar files, written one after the other. The same rows have the same bytes: members have no time and no owner."""

    folder: Path
    lineage: bytes
    most_bytes: int
    most_rows: int | None
    rows: int = 0
    done: list[_Shard] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._next()
        return self

    def __exit__(self, *error: object) -> None:
        self.done[-1].end()

    def add(self, row: list[tuple[str, bytes]]) -> None:
        """Write the members of one row."""
        size = sum(BLOCK + math.ceil(len(data) / BLOCK) * BLOCK for _, data in row)
        shard = self.done[-1]
        if shard.rows and (shard.rows == self.most_rows or shard.file.tell() + size > self.most_bytes):
            shard.end()
            shard = self._next()
        for name, data in row:
            shard.write(f"{self.rows:09d}.{name}", data)
        shard.rows += 1
        self.rows += 1

    def _next(self) -> _Shard:
        name = f"shard-{len(self.done):06d}.tar"
        shard = _Shard(name, (self.folder / name).open("wb"))
        self.done.append(shard)
        shard.write(INSIDE, self.lineage)
        return shard
