"""Cuts: patches of volumes and windows of recordings, read from their files when a batch asks for them."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import numpy as np

from neurochain.formats import Recording, Volume, open_recording, open_volume
from neurochain.formats.recordings.windows import Span, Windows
from neurochain.formats.volumes.patches import Patches
from neurochain.loaders.buffers import Buffers
from neurochain.loaders.columns import ELSEWHERE, Column, Files
from neurochain.loaders.mapped import Mapped, Values
from neurochain.loaders.order import Indices, shares
from neurochain.storage import File, cache_memo

OPEN = 512  # files that are kept open in a process
AT_ONCE = 32  # reads of files elsewhere
PATCHES = 2  # batches of them that are read at once of files on this machine

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
    count : int
        Of all cuts; in later epochs their numbers go on from there.
    """

    ends: Mapped
    chosen: Indices | None
    count: int

    def of(self, rows: Indices) -> Indices:
        """Rows of the files' columns, for some cuts."""
        files = np.searchsorted(self.ends.values, rows % max(self.count, 1), side="right")
        return files if self.chosen is None else self.chosen[files]


class OfOrigin:
    """Column of the files, as a column of their cuts."""

    def __init__(self, column: Column, origin: Origin) -> None:
        self.column, self.origin = column, origin

    @property
    def at_once(self) -> int:
        """As in `Column`."""
        return self.column.at_once

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
        or the earliest and latest start of random ones, shape (cuts, 2).
    seed : int
        Of random windows.
    """

    def __init__(self, files: Files, spec: Spec, origin: Origin, places: Mapped, seed: int = 0) -> None:
        self.files, self.spec, self.origin, self.places, self.seed = files, spec, origin, places, seed
        self._buffers: Buffers | None = None
        self._held: dict[int, Opened] = {}

    @property
    def at_once(self) -> int:
        """As in `Column`."""
        if self.lies_far:
            return ELSEWHERE
        # The kernel copies most of the time that a patch takes, the interpreter works most of the time of a window.
        return PATCHES if isinstance(self.spec, Patches) else 1

    @cached_property
    def lies_far(self) -> bool:
        """As of `Files`."""
        return self.files.lies_far

    def take(self, rows: Indices) -> Values | list[Values]:
        """As float32: patches with the volume's axes, windows (channel, sample); one array where patches have one shape.

        Raises
        ------
        FormatError
            A file is not what its header promises.
        StorageError
            Its bytes cannot be had.
        """
        numbers = self.origin.of(rows).tolist()
        opened = self._opened(numbers)
        places = self.places.values[rows % max(self.origin.count, 1)].tolist()
        if isinstance(self.spec, Patches):
            return self._patches(opened, places)
        drawn = shares(rows, self.seed).tolist() if self.spec.random else places
        return list(together(self.lies_far, self._window, opened, places, drawn))

    def _opened(self, numbers: Sequence[int]) -> list[Opened]:
        """What files hold, by their rows; what was opened last stays open."""
        held = self._held
        missing = [number for number in dict.fromkeys(numbers) if number not in held]
        if missing:
            if len(held) + len(missing) > OPEN:
                held = {}
            files = self.files.files(np.array(missing))
            found = together(self.lies_far, lambda file: self._picked(opened_file(file, self.spec)), files)
            # Another thread may look meanwhile: it sees one dict or the other.
            self._held = held = {**held, **dict(zip(missing, found, strict=True))}
        return [held[number] for number in numbers]

    def _picked(self, opened: Opened) -> Opened:
        picks = isinstance(opened, Recording) and isinstance(self.spec, Windows) and not self.spec.random
        return self.spec.picked(opened) if picks else opened  # type: ignore[union-attr, arg-type]

    def _patches(
        self, opened: Sequence[Opened], places: Sequence[Sequence[tuple[int, int]]]
    ) -> Values | list[Values]:
        volumes = [volume for volume in opened if isinstance(volume, Volume)]
        indices = [tuple(slice(a, b) for a, b in place) for place in places]
        shapes = [
            (*(cut.stop - cut.start for cut in index), *volume.shape[len(index) :])
            for index, volume in zip(indices, volumes, strict=True)
        ]
        # The first axis varies fastest, as in most files: to turn a patch round takes longer than to read it.
        if len(set(shapes)) == 1:
            turned = shapes[0][::-1]
            buffers = self._buffers  # another thread may want others meanwhile
            if buffers is None or buffers.shape != turned:
                buffers = self._buffers = Buffers(np.dtype(np.float32), turned)
            held = buffers.take(len(volumes))
            found: Values | list[Values] = held.transpose(0, *range(held.ndim - 1, 0, -1))
        else:
            found = [np.empty(shape, np.float32, "F") for shape in shapes]
        for _ in together(self.lies_far, Volume.read_into, volumes, found, indices):
            pass
        return found

    def _window(self, recording: Recording, place: tuple[float, float], share: float) -> Values:
        assert isinstance(self.spec, Windows)
        if self.spec.random:
            return np.asarray(self.spec.drawn(recording, Span(*place), share).read(), np.float32)
        return recording.read_window(*place).astype(np.float32, copy=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_held": {}}


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
    assert isinstance(opened, Recording)
    times = spec.beginnings(opened) if spec.random else spec.times(opened)
    return np.asarray(times, np.float64).reshape(len(times), 2)


def opened_file(file: File, spec: Spec) -> Opened:
    """The lazy array that a file holds; those that were opened last stay open.

    Raises
    ------
    FormatError
        It holds none.
    """
    return _opened(file.uri, file.size, file.etag, isinstance(spec, Patches))


def together(lies_far: bool, call: Callable[..., T], *items: Iterable[Any]) -> Iterator[T]:
    """Results of a call for each file, in their order; several at once where they lie elsewhere."""
    return _pool(os.getpid()).map(call, *items) if lies_far else map(call, *items)


@lru_cache(OPEN)
def _opened(uri: str, size: int, etag: str, volume: bool) -> Opened:
    opener = open_volume if volume else open_recording
    return opener(File(uri, size, etag), memo=cache_memo())


@lru_cache(1)
def _pool(process: int) -> ThreadPoolExecutor:
    """Threads of this process: those of the one that it was forked from do not live here."""
    return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="neurochain-cuts")
