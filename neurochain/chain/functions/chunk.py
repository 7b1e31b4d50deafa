"""Chunk: calls that are made together, and what they gave."""

import io
import pickle
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from neurochain.datasets.schema import Schema

ROW = "_row"  # number of the call within its chunk or batch


@dataclass(frozen=True)
class Chunk:
    """Calls to be made.

    Attributes
    ----------
    rows : DataFrame
        Flat columns of the arguments.
    numbers : ndarray, shape (n_calls,), int64
        Number in the chain of each call's (first) row, for messages.
    places : ndarray, shape (n_calls,), int64
        Number of each call within its batch.
    sizes : ndarray, shape (n_calls,), int64, or None
        Rows of each call, where a call takes several.
    batch : int
        Number of the batch that the calls belong to.
    ahead : int
        Calls that are expected after these.
    """

    rows: pl.DataFrame
    numbers: np.ndarray[Any, Any]
    places: np.ndarray[Any, Any]
    sizes: np.ndarray[Any, Any] | None = None
    batch: int = 0
    ahead: int = 0

    @property
    def calls(self) -> int:
        """Number of calls."""
        return len(self.numbers)

    def slice(self, start: int, count: int | None = None) -> "Chunk":
        """Some of the calls."""
        end = self.calls if count is None else min(start + count, self.calls)
        if self.sizes is None:
            rows, sizes = self.rows.slice(start, end - start), None
        else:
            first, length = int(self.sizes[:start].sum()), int(self.sizes[start:end].sum())
            rows, sizes = self.rows.slice(first, length), self.sizes[start:end]
        ahead = self.ahead + self.calls - end
        return Chunk(rows, self.numbers[start:end], self.places[start:end], sizes, self.batch, ahead)

    @property
    def bytes_per_call(self) -> float:
        """Bytes of arguments, on average."""
        return float(self.rows.estimated_size()) / max(self.calls, 1)

    def __reduce__(self) -> Any:
        return _chunk, (packed(self.rows), self.numbers, self.places, self.sizes, self.batch, self.ahead)


def _chunk(rows: bytes, *rest: Any) -> Chunk:
    return Chunk(unpacked(rows), *rest)


@dataclass(frozen=True)
class Failure:
    """A call that failed.

    Attributes
    ----------
    call : int
        Its number within the chunk.
    row : int
        Number of its row in the chain.
    files : tuple of str
        Those among its arguments.
    error, message : str
        Class and text of the exception.
    traceback : str
        As Python prints it, from the user's function on.
    exception : Exception or None
        The exception itself, where it could be brought here.
    lost : bool
        The process died.
    """

    call: int
    row: int
    files: tuple[str, ...]
    error: str
    message: str
    traceback: str
    exception: Exception | None = None
    lost: bool = False

    def portable(self) -> "Failure":
        """As it can travel between processes: without the exception, where that cannot be pickled."""
        try:
            pickle.loads(pickle.dumps(self.exception))
        except Exception:
            return replace(self, exception=None)
        return self


class Block:
    """Flat columns of results, in memory or in a file.

    Parameters
    ----------
    frame : DataFrame
        With ``_row``: the number of the call within the chunk.
    schema : Schema
        Of the results.
    """

    def __init__(self, frame: pl.DataFrame, schema: Schema) -> None:
        self.schema = schema
        self.bytes = int(frame.estimated_size())
        self._frame: pl.DataFrame | None = frame
        self._path: Path | None = None

    @property
    def held(self) -> int:
        """Bytes in memory."""
        return self.bytes if self._frame is not None else 0

    def frame(self) -> pl.DataFrame:
        """The columns."""
        if self._frame is None and self._path is not None:
            return unpacked(self._path.read_bytes())
        return self._frame if self._frame is not None else pl.DataFrame()

    def spill(self, folder: Path) -> None:
        """Keep the columns in a file."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"results-{uuid.uuid4().hex}"
        path.write_bytes(packed(self.frame()))
        self._frame, self._path = None, path

    def drop(self) -> None:
        """Delete the file; the columns are not needed any more."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_frame": None if self._frame is None else packed(self._frame)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if state["_frame"] is not None:
            self._frame = unpacked(state["_frame"])


@dataclass
class Outcome:
    """What the first calls of a chunk gave.

    Attributes
    ----------
    done : int
        Calls that were made; the others are still to be made.
    blocks : list of Block
        Results, call after call. A call that gave nothing, or failed, has no row.
    reads : dict of int to list
        What was read of which file, by the call's number; calls that read nothing are missing.
    failures : list of Failure
    bytes, requests : int
        Pulled from storage.
    seconds : float
        Spent on the calls; of those that wait for files elsewhere, what they compute.
    """

    done: int = 0
    blocks: list[Block] = field(default_factory=list)
    reads: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    bytes: int = 0
    requests: int = 0
    seconds: float = 0.0


def packed(frame: pl.DataFrame) -> bytes:
    """Frame as Arrow IPC: of a slice, its own rows alone."""
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()


def unpacked(data: bytes) -> pl.DataFrame:
    """Inverse of `packed`."""
    return pl.read_ipc(io.BytesIO(data), memory_map=False)
