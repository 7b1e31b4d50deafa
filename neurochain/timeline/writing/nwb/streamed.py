"""Streamed: values that pynwb writes block after block, as they are read."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from neurochain.errors import require
from neurochain.timeline.writing.blocks import AT_ONCE, rows_of
from neurochain.timeline.writing.nwb.taken import Piece, Taken

__all__ = ["EXTRA", "VERB", "Streamed", "Written", "module_of"]

EXTRA, VERB = "pynwb", "to_nwb()"
CHUNK_BYTES = 2**20  # what HDF5's cache of a dataset holds
Read = Callable[[Sequence[Piece]], Iterator[np.ndarray[Any, Any]]]


class Streamed:
    """Values of a dataset, time first; pynwb takes it for an AbstractDataChunkIterator.

    Parameters
    ----------
    taken : Taken
        Samples.
    shape : tuple of int
        Of one sample's values.
    dtype : dtype
        Of the values.
    read : callable
        Gives the values of pieces, one after the other, time first.
    done : callable
        Gets the number of samples of each piece that was read; an error that it raises ends the writing.
    """

    def __init__(
        self,
        taken: Taken,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        read: Read,
        done: Callable[[int], None],
    ) -> None:
        self.dtype, self.maxshape = dtype, (len(taken), *shape)
        self._size = max(int(np.prod(shape, dtype=np.int64)) * dtype.itemsize, 1)
        self._row, self._done = shape, done
        pieces = list(taken.pieces(rows_of(self._size, AT_ONCE)))
        self._found = zip(pieces, read(pieces), strict=False)
        self._chunk = require("hdmf.data_utils", EXTRA, VERB).DataChunk

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        piece, values = next(self._found)
        self._done(len(values))
        return self._chunk(values, (piece.at, *(slice(0, n) for n in self._row)))

    def recommended_chunk_shape(self) -> tuple[int, ...]:
        """About a megabyte along time."""
        return min(rows_of(self._size, CHUNK_BYTES), self.maxshape[0]), *self._row

    def recommended_data_shape(self) -> tuple[int, ...]:
        """All of it."""
        return self.maxshape


class Written:
    """What is known of how series are written: the libraries, and whether values are compressed.

    Attributes
    ----------
    samples : int
        That are to be written, of all series.
    done : callable
        Gets the number of those that were read, now and then; raises an error where the disk is full.
    """

    def __init__(self, compression: str | None) -> None:
        if compression not in (None, "gzip"):
            raise ValueError(f"to_nwb(compression={compression!r}): choose 'gzip', or None.")
        self.samples = 0
        self.done: Callable[[int], None] = lambda count: None
        self.pynwb: Any = require("pynwb", EXTRA, VERB)
        self._io: Any = require("hdmf.backends.hdf5.h5_utils", EXTRA, VERB).H5DataIO
        require("hdmf.data_utils", EXTRA, VERB).AbstractDataChunkIterator.register(Streamed)
        self._settings: dict[str, Any] = {}
        if compression is not None:
            self._settings = {"compression": compression, "compression_opts": 1, "shuffle": True}

    def values(self, taken: Taken, shape: tuple[int, ...], dtype: np.dtype[Any], read: Read) -> Any:
        """Values as pynwb takes them; arguments as of `Streamed`."""
        self.samples += len(taken)
        streamed = Streamed(taken, shape, dtype, read, lambda count: self.done(count))
        return self._io(data=streamed, **self._settings)

    def hdf5_io(self, file: Any) -> Any:
        """What writes into an open file of HDF5; pynwb's own, that also looks at the file's name, is derived from it."""
        backend = require("hdmf.backends.hdf5", EXTRA, VERB)
        return backend.HDF5IO(file=file, manager=self.pynwb.get_manager(), mode="w")

    def timing(self, taken: Taken) -> dict[str, Any]:
        """When samples were taken, as the keywords of a TimeSeries."""
        rate = taken.rate
        if rate is not None:
            return {"starting_time": rate.start, "rate": rate.sampling_frequency}
        return {"timestamps": self.values(taken, (), np.dtype(np.float64), _times)}


def _times(pieces: Sequence[Piece]) -> Iterator[np.ndarray[Any, Any]]:
    return (piece.excerpt.time for piece in pieces)


def module_of(file: Any, name: str, what: str) -> Any:
    """Processing module of a file, made when it is first needed."""
    return file.processing[name] if name in file.processing else file.create_processing_module(name, what)
