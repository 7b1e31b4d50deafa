"""Indexed: a gzip file that is read from the middle, by an index of the places where inflating can begin.

The index is built when something behind the start is first asked for, in one pass over the file, and remembered for
every reader and process. From then on a slice pulls the compressed bytes between two places of the index.
"""

import io
import threading
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from indexed_gzip import IndexedGzipFile, ZranError

from neurochain.errors import FormatError, StorageError
from neurochain.formats.arrays.inflate import GZIP, Inflated
from neurochain.storage import File, Memo, RangeIO

__all__ = ["Indexed"]

SPACING = 4 * 2**20  # inflated bytes between two places
SMALL = 2 * 2**20  # compressed bytes of a file that is rather inflated from its start
NEAR = 4 * 2**20  # inflated bytes from the start up to which no index is worth it
CHUNK = 8 * 2**20  # compressed bytes pulled at once while the index is built
BUFFER = 64 * 1024

Range = tuple[int, int]


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
        self._index: bytes | None = None
        self._places: list[Range] = []  # inflated, compressed
        self._lock = threading.Lock()

    @property
    def uri(self) -> str:
        """Of the compressed file."""
        return self._file.uri

    @property
    def gap(self) -> int:
        """What lies between two pieces is mostly inflated anyway."""
        return SPACING

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
            if not self._known():
                self._build()
            return self._by_index(ranges)

    def bytes_needed(self, ranges: Sequence[Range]) -> int:
        """Compressed bytes between the places around the ranges; the whole file, where there is no index of it."""
        wanted = [r for r in ranges if r[0] < r[1]]
        if not wanted:
            return 0
        with self._lock:
            if self._file.size <= SMALL or not self._known():
                return self._file.size
            if (last := max(end for _, end in wanted)) <= NEAR:
                wanted = [(0, last)]
            total = reached = 0
            for start, end in sorted(span for r in wanted if (span := self._span(*r)) is not None):
                total += max(end - max(start, reached), 0)
                reached = max(end, reached)
            return total

    def _known(self) -> bool:
        """Whether there is an index, in memory or remembered."""
        if self._index is None and (packed := self._memo.get(self._key)) is not None:
            try:
                self._take(zlib.decompress(packed))
            except (zlib.error, ZranError):  # of another version of the library: built anew
                self._index = None
        return self._index is not None

    @property
    def _key(self) -> str:
        return f"gzip index 1, {SPACING}: {self._file.uri} {self._file.etag} {self._file.size}"

    def _build(self) -> None:
        source = IndexedGzipFile(
            fileobj=io.BufferedReader(RangeIO(self._file.size, self._unnoted), CHUNK),
            spacing=SPACING,
            buffer_size=BUFFER,
            readbuf_size=BUFFER,
        )
        out = io.BytesIO()
        try:
            source.build_full_index()
            source.export_index(fileobj=out)
        except StorageError:  # of the file, not of what it holds
            raise
        except (ZranError, zlib.error, OSError) as error:
            raise self._damaged(error) from error
        index = out.getvalue()
        self._memo.put(self._key, zlib.compress(index, 1))
        self._take(index)

    def _take(self, index: bytes) -> None:
        opened = self._opened(RangeIO(self._file.size, _pulled([])), index)  # its places go when it goes
        self._places = [(int(inflated), int(packed)) for inflated, packed in opened.seek_points()]
        self._index = index

    def _unnoted(self, start: int, end: int) -> bytes:
        """Bytes for the index; what depends on the file depends on the pieces that it leads to, which are noted."""
        return self._file.read_range(start, end, note=False)

    def _opened(self, source: io.RawIOBase, index: bytes) -> Any:
        file = IndexedGzipFile(fileobj=source, spacing=SPACING, buffer_size=BUFFER, readbuf_size=BUFFER)
        file.import_index(fileobj=io.BytesIO(index))
        return file

    def _by_index(self, ranges: Sequence[Range]) -> list[bytes]:
        spans = [self._span(start, end) for start, end in ranges]
        needed = sorted({s for s in spans if s is not None})
        pulled = _pulled(list(zip(needed, self._file.read_ranges(needed), strict=True)))
        found = []
        for (start, end), span in zip(ranges, spans, strict=True):
            if span is None or self._index is None:
                found.append(b"")
                continue
            try:
                file = self._opened(RangeIO(self._file.size, pulled), self._index)
                file.seek(start)
                found.append(bytes(file.read(end - start)))
            except (ZranError, zlib.error, OSError) as error:
                raise self._damaged(error) from error
        return found

    def _span(self, start: int, end: int) -> Range | None:
        """Compressed bytes from which a range can be inflated."""
        if start >= end:
            return None
        first = bisect_right(self._places, start, key=lambda p: p[0]) - 1
        last = bisect_left(self._places, end, key=lambda p: p[0])
        # Inflating may begin within a byte, the one before the place.
        before = max(self._places[max(first, 0)][1] - 1, 0) if first > 0 else 0
        return before, self._places[last][1] if last < len(self._places) else self._file.size

    def _damaged(self, error: Exception) -> FormatError:
        return FormatError(
            f"{self.uri} is damaged: it cannot be inflated ({error}). Fetch or write it again."
        )


def _pulled(parts: Sequence[tuple[Range, bytes]]) -> Callable[[int, int], bytes]:
    """Reads out of the parts of a file that were pulled."""

    def read(at: int, end: int) -> bytes:
        held = next(((start, data) for (start, last), data in parts if start <= at < last), None)
        return b"" if held is None else held[1][at - held[0] : end - held[0]]

    return read
