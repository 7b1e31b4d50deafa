"""Chunk: calls that are made together, and what they gave."""

import io
import pickle
from dataclasses import dataclass, field, replace
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
    """

    rows: pl.DataFrame
    numbers: np.ndarray[Any, Any]
    places: np.ndarray[Any, Any]
    sizes: np.ndarray[Any, Any] | None = None
    batch: int = 0

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
        return Chunk(rows, self.numbers[start:end], self.places[start:end], sizes, self.batch)

    @property
    def bytes_per_call(self) -> float:
        """Bytes of arguments, on average."""
        return float(self.rows.estimated_size()) / max(self.calls, 1)

    def __reduce__(self) -> Any:
        return _chunk, (packed(self.rows), self.numbers, self.places, self.sizes, self.batch)


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


@dataclass
class Outcome:
    """What the first calls of a chunk gave.

    Attributes
    ----------
    done : int
        Calls that were made; the others are still to be made.
    blocks : list of (DataFrame, Schema)
        Flat columns of results, with ``_row``: the number of the call within the chunk. A call that gave
        nothing, or failed, has no row.
    reads : dict of int to list
        What was read of which file, by the call's number; calls that read nothing are missing.
    failures : list of Failure
    bytes, requests : int
        Pulled from storage.
    seconds : float
        Spent on the calls.
    """

    done: int = 0
    blocks: list[tuple[pl.DataFrame, Schema]] = field(default_factory=list)
    reads: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    bytes: int = 0
    requests: int = 0
    seconds: float = 0.0

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "blocks": [(packed(frame), schema) for frame, schema in self.blocks]}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.blocks = [(unpacked(data), schema) for data, schema in state["blocks"]]


def packed(frame: pl.DataFrame) -> bytes:
    """Frame as Arrow IPC: of a slice, its own rows alone."""
    buffer = io.BytesIO()
    frame.write_ipc(buffer)
    return buffer.getvalue()


def unpacked(data: bytes) -> pl.DataFrame:
    """Inverse of `packed`."""
    return pl.read_ipc(io.BytesIO(data), memory_map=False)
