"""Cuts: patches of volumes and windows of recordings, read from their files when a batch asks for them."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np

from neurochain.formats import Recording, Volume, open_recording, open_volume
from neurochain.formats.recordings.windows import Windows
from neurochain.formats.volumes.patches import Patches
from neurochain.loaders.columns import Column, Files
from neurochain.loaders.mapped import Mapped, Values
from neurochain.loaders.order import Indices
from neurochain.storage import File, cache_memo
from neurochain.storage.scheme import split_uri, store_for

OPEN = 512  # files that are kept open in a process
AT_ONCE = 32  # reads of files elsewhere

Spec = Patches | Windows
Opened = Volume | Recording
T = TypeVar("T")


@dataclass
class Origin:
    """Which file each cut is of.

    Attributes
    ----------
    ends : Mapped
        Number of the first cut behind those of each file, shape (files,).
    chosen : ndarray of int or None
        Rows of the files' columns, as in `Rows`.
    """

    ends: Mapped
    chosen: Indices | None

    def of(self, rows: Indices) -> Indices:
        """Rows of the files' columns, for some cuts."""
        files = np.searchsorted(self.ends.values, rows, side="right")
        return files if self.chosen is None else self.chosen[files]


class OfOrigin:
    """Column of the files, as a column of their cuts."""

    def __init__(self, column: Column, origin: Origin) -> None:
        self.column, self.origin = column, origin

    @property
    def reads_files(self) -> bool:
        """As in `Column`."""
        return self.column.reads_files

    def take(self, rows: Indices) -> Any:
        """As in `Column`."""
        return self.column.take(self.origin.of(rows))


class Cuts:
    """What is cut out of files.

    Parameters
    ----------
    files : Files
    spec : Patches or Windows
    origin : Origin
    places : Mapped
        Of each cut: for patches (start, end) along each axis, shape (cuts, axes, 2); for windows start and end in seconds,
        shape (cuts, 2).
    """

    reads_files = True

    def __init__(self, files: Files, spec: Spec, origin: Origin, places: Mapped) -> None:
        self.files, self.spec, self.origin, self.places = files, spec, origin, places

    def take(self, rows: Indices) -> list[Values]:
        """As float32: patches with the volume's axes, windows (channel, sample).

        Raises
        ------
        FormatError
            A file is not what its header promises.
        StorageError
            Its bytes cannot be had.
        """
        files = self.files.files(self.origin.of(rows))
        places = self.places.values[rows]
        return list(together(self._one, files, places))

    def _one(self, file: File, place: Values) -> Values:
        opened = opened_file(file, self.spec)
        if isinstance(opened, Volume):
            return np.asarray(opened.crop(*((int(a), int(b)) for a, b in place))[...], np.float32)
        picked = picked_of(opened, self.spec)
        return np.asarray(picked.window(float(place[0]), float(place[1])).read(), np.float32)


def places_of(opened: Opened, spec: Spec) -> Values:
    """Where a file is cut, as in `Cuts`.

    Raises
    ------
    ShapeError
        It has fewer axes than a patch, or channels of different rates.
    """
    if isinstance(spec, Patches):
        found = spec.cuts(opened.shape)
        return np.asarray(found, np.int64).reshape(len(found), len(spec.shape), 2)
    times = spec.times(opened) if isinstance(opened, Recording) else []
    return np.asarray(times, np.float64).reshape(len(times), 2)


def picked_of(opened: Opened, spec: Spec) -> Recording:
    """Recording with the channels that are asked for."""
    assert isinstance(opened, Recording)
    assert isinstance(spec, Windows)
    return opened if spec.channels is None else opened.pick(spec.channels)


def opened_file(file: File, spec: Spec) -> Opened:
    """The lazy array that a file holds; those that were opened last stay open.

    Raises
    ------
    FormatError
        It holds none.
    """
    return _opened(file.uri, file.size, file.etag, isinstance(spec, Patches))


def together(call: Callable[..., T], files: Sequence[File], *others: Iterable[Any]) -> Iterator[T]:
    """Results of a call for each file, in their order; several at once where they lie elsewhere."""
    far = bool(files) and store_for(split_uri(files[0].uri)[0]).is_remote
    return _pool(os.getpid()).map(call, files, *others) if far else map(call, files, *others)


@lru_cache(OPEN)
def _opened(uri: str, size: int, etag: str, volume: bool) -> Opened:
    opener = open_volume if volume else open_recording
    return opener(File(uri, size, etag), memo=cache_memo())


@lru_cache(1)
def _pool(process: int) -> ThreadPoolExecutor:
    """Threads of this process: those of the one that it was forked from do not live here."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="neurochain-cuts")
