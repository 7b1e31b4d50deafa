"""Indexed: a gzip file that is read from the middle, by an index of the places where inflating can begin.

The index is built when something behind the start is first asked for, in one pass over the file, and remembered for
every reader and process. From then on a slice pulls the compressed bytes between two places of the index, and loads
one window of it: the bytes before the place that later ones refer to.
"""

import io
import threading
from collections.abc import Callable, Sequence

from indexed_gzip import IndexedGzipFile, ZranError

from neurochain.errors import FormatError, StorageError
from neurochain.formats.arrays.deflate import ERRORS, GZIP
from neurochain.formats.arrays.inflate import Inflated
from neurochain.formats.arrays.seekindex import SeekIndex
from neurochain.formats.arrays.seekpoints import Range, SeekPoints, inflate_from, needed_of
from neurochain.storage import File, Memo, RangeIO

__all__ = ["Indexed"]

SPACING = 256 * 1024  # inflated bytes between two places
HELD = (
    64 * 2**20
)  # bytes of a file that is in memory while its index is built; of a larger one, places are further apart
APART = 8  # times as far, since its windows stay as large as they are
SMALL = 2 * 2**20  # compressed bytes of a file that is rather inflated from its start
NEAR = 4 * 2**20  # inflated bytes from the start up to which no index is worth it
CHUNK = 8 * 2**20  # compressed bytes pulled at once while the index is built
BUFFER = 64 * 1024


class Indexed:
    """Bytes inside a gzip file, by range. Safe to use from several threads.

    Parameters
    ----------
    file : File
        Compressed.
    memo : Memo
        Where the index is kept.
    """

    def __init__(self, file: File, memo: Memo) -> None:
        self._file, self._memo = file, memo
        self._forward = Inflated(file, 0, GZIP)
        self._index: SeekIndex | None = None
        self._lock = threading.Lock()

    @property
    def uri(self) -> str:
        """Of the compressed file."""
        return self._file.uri

    @property
    def gap(self) -> int:
        """What lies between two pieces is mostly inflated anyway."""
        return self._spacing

    def read_ranges(self, ranges: Sequence[Range]) -> list[bytes]:
        """Inflated bytes of several ranges; fewer where they end before.

        Raises
        ------
        FormatError
            The compressed bytes are damaged.
        """
        wanted = [r for r in ranges if r[0] < r[1]]
        last = max((end for _, end in wanted), default=0)
        much = sum(end - start for start, end in wanted) > self._file.size
        with self._lock:
            if self._file.size <= SMALL or last <= NEAR or (much and not self._known()):
                return [self._forward.read_range(start, end) for start, end in ranges]
            return self._by_index(self._known() or self._build(), ranges)

    def bytes_needed(self, ranges: Sequence[Range]) -> int:
        """Compressed bytes between the places around the ranges; the whole file, where there is no index of it."""
        wanted = [r for r in ranges if r[0] < r[1]]
        if not wanted:
            return 0
        with self._lock:
            if self._file.size <= SMALL or (index := self._known()) is None:
                return self._file.size
            if (last := max(end for _, end in wanted)) <= NEAR:
                wanted = [(0, last)]
            total = reached = 0
            for start, end in sorted(index.points.span(*r) for r in wanted):
                total += max(end - max(start, reached), 0)
                reached = max(end, reached)
            return total

    def _known(self) -> SeekIndex | None:
        """The index, if it is in memory or remembered."""
        if self._index is None:
            self._index = SeekIndex.remembered(self._memo, self._key, self._file.size)
        return self._index

    @property
    def _spacing(self) -> int:
        return SPACING if self._file.size <= HELD else APART * SPACING

    @property
    def _key(self) -> str:
        return f"gzip index 2, {self._spacing}: {self._file.uri} {self._file.etag} {self._file.size}"

    def _build(self) -> SeekIndex:
        size = self._file.size
        held = bytearray(size) if size <= HELD else None

        def unnoted(start: int, end: int) -> bytes:
            # What depends on the file depends on the pieces that the index leads to, which are noted.
            data = self._file.read_range(start, end, note=False)
            if held is not None:
                held[start : start + len(data)] = data
            return data

        try:
            points, windows = SeekPoints.exported(self._exported(unnoted), size)
            if held is not None:
                windows = [
                    needed_of(points, place, window, held)
                    for place, window in zip(points.inside(), windows, strict=True)
                ]
        except StorageError:  # of the file, not of what it holds
            raise
        except (ZranError, *ERRORS, OSError) as error:
            raise self._damaged(error) from error
        self._index = SeekIndex.remember(self._memo, self._key, points, windows)
        return self._index

    def _exported(self, read: Callable[[int, int], bytes]) -> bytes:
        """Index as indexed_gzip writes it, in one pass."""
        source = IndexedGzipFile(
            fileobj=io.BufferedReader(RangeIO(self._file.size, read), CHUNK),
            spacing=self._spacing,
            buffer_size=BUFFER,
            readbuf_size=BUFFER,
        )
        out = io.BytesIO()
        source.build_full_index()
        source.export_index(fileobj=out)
        return out.getvalue()

    def _by_index(self, index: SeekIndex, ranges: Sequence[Range]) -> list[bytes]:
        wanted = sorted({r for r in ranges if r[0] < r[1]})
        places = [index.points[index.points.around(*r)[0]] for r in wanted]
        windows = [index.window(place) for place in places]
        if None in windows:  # forgotten since; an index that was just built has them all
            return self._by_index(self._build(), ranges)
        spans = [index.points.span(*r) for r in wanted]
        needed = sorted(set(spans))
        pulled = dict(zip(needed, self._file.read_ranges(needed), strict=True))
        found = {}
        for (start, end), place, window, span in zip(wanted, places, windows, spans, strict=True):
            skip = start - place.inflated
            try:
                found[start, end] = inflate_from(
                    index.points, place, window or b"", pulled[span], skip, end - start
                )
            except ERRORS as error:
                raise self._damaged(error) from error
        return [found.get(r, b"") for r in ranges]

    def _damaged(self, error: Exception) -> FormatError:
        return FormatError(
            f"{self.uri} is damaged: it cannot be inflated ({error}). Fetch or write it again."
        )
