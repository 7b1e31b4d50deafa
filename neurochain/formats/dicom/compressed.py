"""CompressedFrames: the bytes of single frames of compressed Pixel Data.

Where they lie is said by the Extended or the Basic Offset Table. Where both are absent or wrong the fragments are walked
once, and what was found is remembered. PS3.5 section A.4, PS3.3 section C.7.6.3.1.8 (extended table):
https://dicom.nema.org/medical/dicom/current/output/html/part05.html#sect_A.4
"""

import threading
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from neurochain.errors import FormatError
from neurochain.formats.dicom.fragments import ITEM, Spans, fragments, spans_of, walk
from neurochain.storage import File, Memo, cache_memo

__all__ = ["CompressedFrames"]

TOGETHER = 32 * 2**20  # compressed bytes that are pulled at once
SLACK = 2**20  # bytes that a frame may take beyond four times its pixels: colour profiles, thumbnails

Span = tuple[int, int]


class CompressedFrames:
    """Compressed frames of one file, by number. Safe to use from several threads.

    Parameters
    ----------
    file : File
        Holds them.
    start, limit : int
        Of the value of Pixel Data, bytes, half-open; it begins with the Basic Offset Table.
    n_frames : int
        As the header says.
    n_bytes : int
        Of a frame's pixels: a compressed frame of more than four times as many, and `SLACK`, is refused.
    head : bytes
        The file's first bytes: the table that they hold is not read again.
    extended : (bytes, bytes) or None
        Extended Offset Table and its lengths, as in the file.
    memo : Memo, optional
        Where found offsets are kept; this user's cache by default.
    """

    def __init__(
        self,
        file: File,
        start: int,
        limit: int,
        n_frames: int,
        n_bytes: int,
        head: bytes = b"",
        extended: tuple[bytes, bytes] | None = None,
        memo: Memo | None = None,
    ) -> None:
        self._file, self._memo = file, memo
        self._start, self._limit = start, limit
        self._n_frames = n_frames
        self._most = 4 * n_bytes + SLACK
        self._first = head[start : start + 8 + 4 * n_frames]  # the table's item
        self._extended = extended
        self._spans: Spans | None = None
        self._walked = False  # otherwise the spans are what a table says, or what is remembered
        self._lock = threading.Lock()

    def read(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """Compressed frames, in the order asked for.

        Raises
        ------
        FormatError
            They are not where the file says, nor elsewhere.
        """
        for some in self._together(numbers):
            pulled = self._file.read_ranges([span for _, span in some])
            for (n, span), data in zip(some, pulled, strict=True):
                yield self._joined(n, span, data)

    def bytes_needed(self, numbers: Sequence[int]) -> int | None:
        """Compressed bytes of frames; None where that cannot be told without reading."""
        with self._lock:
            at_hand = len(self._first) == 8 + 4 * self._n_frames or self._n_frames == 1
            spans = self._by_table() if self._spans is None and at_hand else self._spans
        return None if spans is None else sum(int(spans[n, 1] - spans[n, 0]) for n in numbers)

    def _together(self, numbers: Sequence[int]) -> Iterator[list[tuple[int, Span]]]:
        """Numbers and spans in groups whose bytes memory holds at once."""
        some: list[tuple[int, Span]] = []
        held = 0
        for n in numbers:
            start, end = self._span(n)
            if some and held + end - start > TOGETHER:
                yield some
                some, held = [], 0
            some.append((n, (start, end)))
            held += end - start
        if some:
            yield some

    def _span(self, number: int) -> Span:
        """Bytes of a frame's items."""
        with self._lock:
            if self._spans is None:
                self._spans = self._found()
            start, end = self._spans[number].tolist()
            if end - start > self._most and not self._walked:
                # The last frame of a table goes on to the end of the file, as far as the table tells.
                self._spans = self._found(by_table=False)
                start, end = self._spans[number].tolist()
        if end - start > self._most:
            raise FormatError(
                f"{self._file.uri}: frame {number:,} takes {end - start:,} compressed bytes from byte {start:,} on, more "
                f"than four times its pixels and 1 MiB ({self._most:,}). Its header or its fragments are wrong."
            )
        return start, end

    def _joined(self, number: int, span: Span, data: bytes) -> bytes:
        """A frame's fragments as one; all are sought anew where what was known led astray."""
        now = self._span(number)
        if now != span:  # a frame before this one has shown that the table is wrong
            span, data = now, self._file.read_range(*now)
        parts = self._parts(number, span, data)
        if parts is None:
            with self._lock:
                if not self._walked:
                    self._spans = self._walk()
            span = self._span(number)
            parts = self._parts(number, span, self._file.read_range(*span))
        if not parts:
            raise FormatError(
                f"{self._file.uri}: bytes {span[0]:,} to {span[1]:,} should be fragments of frame {number:,} and are not. It "
                "is damaged: fetch or write it again."
            )
        return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)

    def _parts(self, number: int, span: Span, data: bytes) -> list[memoryview] | None:
        parts = fragments(data, whole=number < self._n_frames - 1)
        # The one frame of a file is pulled with the table before it.
        return parts[1:] if parts and span[0] == self._start else parts

    def _found(self, by_table: bool = True) -> Spans:
        """Spans from what is remembered, from a table, or from the fragments."""
        spans = self._remembered() if self._n_frames > 1 or not by_table else None
        if spans is None and by_table:
            spans = self._by_table()
        return self._walk() if spans is None else spans

    def _walk(self) -> Spans:
        first, _ = self._table()
        spans = spans_of(walk(self._file, first, self._limit), self._n_frames, self._file.uri)
        steps = np.diff(spans.reshape(-1), prepend=0)
        self._notes().put(self._key, zlib.compress(steps.astype("<i8").tobytes(), 1))
        self._walked = True
        return spans

    def _notes(self) -> Memo:
        return cache_memo() if self._memo is None else self._memo

    @property
    def _key(self) -> str:
        of_file = f"{self._file.uri} {self._file.etag} {self._file.size}"
        return f"dicom frames 1, {self._start} {self._limit} {self._n_frames}: {of_file}"

    def _remembered(self) -> Spans | None:
        """Spans that were walked before, if they can be those of this file."""
        packed = self._notes().get(self._key)
        if packed is None:
            return None
        try:
            edges = np.cumsum(np.frombuffer(zlib.decompress(packed), "<i8"))
        except (zlib.error, ValueError):  # of another version
            return None
        if len(edges) != 2 * self._n_frames or not self._is_possible(edges.reshape(-1, 2)):
            return None
        return edges.reshape(-1, 2)

    def _table(self) -> tuple[int, bytes]:
        """Where the fragments begin, and the Basic Offset Table before them; none of another length than frames need.

        Raises
        ------
        FormatError
            Pixel Data does not begin with a table.
        """
        at, expected = self._start, 8 + 4 * self._n_frames
        if len(self._first) < min(expected, self._limit - at):
            self._first = self._file.read_range(at, min(at + expected, self._limit), note=False)
        length = int.from_bytes(self._first[4:8], "little")
        if self._first[:4] != ITEM or length > self._limit - at - 8:
            raise FormatError(
                f"{self._file.uri}: byte {at:,} should begin the offset table of its compressed pixels, but "
                f"{self._first[:8]!r} stands there. It is damaged: fetch or write it again."
            )
        return at + 8 + length, self._first[8:] if length == 4 * self._n_frames else b""

    def _by_table(self) -> Spans | None:
        """Spans that a table says; None where there is none that can be right."""
        n = self._n_frames
        if n == 1:
            return np.array([[self._start, self._limit]], np.int64)
        first, basic = self._table()
        tables = []
        if self._extended is not None and [len(part) for part in self._extended] == [8 * n, 8 * n]:
            starts, lengths = (np.frombuffer(part, "<u8") for part in self._extended)
            if max(starts.max(), lengths.max()) < self._limit:
                starts, lengths = starts.astype(np.int64), lengths.astype(np.int64)
                # The lengths leave out the byte that pads a fragment to an even length.
                tables.append(np.stack([first + starts, first + starts + 8 + lengths + lengths % 2], 1))
        if len(basic) == 4 * n:
            edges = first + np.frombuffer(basic, "<u4").astype(np.int64)
            tables.append(np.stack([edges, np.append(edges[1:], self._limit)], 1))
        return next((t for t in tables if t[0, 0] == first and self._is_possible(t)), None)

    def _is_possible(self, spans: Spans) -> bool:
        """Whether spans follow each other inside Pixel Data, and each holds an item at least."""
        edges = spans.reshape(-1)
        inside = self._start + 8 <= edges[0] and edges[-1] <= self._limit
        return bool(inside and (np.diff(edges) >= 0).all() and (spans[:, 1] - spans[:, 0] > 8).all())
