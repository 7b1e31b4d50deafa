"""Target: a local file that is written beside its place and moved there when it is whole."""

import gzip
import math
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

import numpy as np

from neurochain.chain.run import Run
from neurochain.datasets.events import append
from neurochain.datasets.schema import Schema
from neurochain.datasets.types import Array, DataType, Record
from neurochain.errors import StorageError
from neurochain.storage.scheme import split_uri

MOST_ROWS = 16_384  # of a batch or row group
BATCH_BYTES = 32_000_000  # of arrays in one


@contextmanager
def written_beside(path: str | os.PathLike[str], verb: str) -> Iterator[tuple[Path, Path]]:
    """Where to write, and where that will lie: what stops halfway leaves the old file, or none.

    Parameters
    ----------
    path : str or path
        A local file.
    verb : str
        For messages: ``"to_csv"``.

    Raises
    ------
    StorageError
        The path is not local, its folder does not exist, or the file cannot be written.
    """
    scheme, rest = split_uri(os.fspath(path))
    if scheme != "file":
        raise StorageError(f"{verb}() writes local files, not {scheme}://. Write it here, and copy it there.")
    target = Path(os.path.abspath(os.path.expanduser(rest)))
    if not target.parent.is_dir():
        raise StorageError(f"{verb}({rest!r}): there is no folder {target.parent}. Make it first.")
    if target.is_dir():
        raise StorageError(f"{verb}({rest!r}): that is a folder. Name a file in it.")
    place = Path(os.path.realpath(target))  # the file behind a link, not the link, is replaced
    beside = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        yield beside, target
        with beside.open("rb") as file:
            os.fsync(file.fileno())
        beside.replace(place)
    except StorageError:
        raise
    except OSError as error:
        raise StorageError(f"{verb}({rest!r}): the file cannot be written: {error}.") from error
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def opened(beside: Path, target: Path) -> Iterator[IO[bytes]]:
    """File to write to, compressed where the target's name says so."""
    with beside.open("wb") as plain:
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
