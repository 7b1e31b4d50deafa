"""Inflated: a compressed file read as if it were not, no further than asked for."""

import threading
from collections.abc import Sequence

from neurochain.errors import FormatError
from neurochain.formats.arrays.deflate import ERRORS, GZIP, RAW, inflater
from neurochain.storage import File

__all__ = ["GZIP", "GZIP_MARK", "RAW", "Inflated", "check_length", "inflate_head", "plain_head"]

GZIP_MARK = b"\x1f\x8b"
CHUNK = 1024 * 1024
HEAD_LIMIT = 64 * 1024  # compressed bytes within which a header must come
RATIO = 1032  # deflate cannot shrink further: https://zlib.net/zlib_tech.html


def inflate_head(data: bytes, length: int) -> bytes:
    """First bytes inside the first bytes of a gzip file; fewer when `data` is too short or no gzip.

    Never more than `length`, whatever `data` says.
    """
    try:
        return inflater(GZIP).decompress(data, length)
    except ERRORS:
        return b""


class Inflated:
    """Bytes inside a gzip or deflated file.

    Inflating goes forward and is kept, so slices in file order cost one pass, and a slice near the start
    reads the start alone. Safe to use from several threads.

    Parameters
    ----------
    file : File
        Compressed.
    start : int
        Where the compressed bytes begin.
    wbits : int
        `GZIP` or `RAW`.
    limit : int, optional
        Compressed bytes to read at most; the end of the file by default.
    """

    def __init__(self, file: File, start: int = 0, wbits: int = GZIP, limit: int | None = None) -> None:
        self._file = file
        self._wbits = wbits
        self._start = self._at = start
        self._end = file.size if limit is None else min(file.size, start + limit)
        self._data = bytearray()
        self._inflater = inflater(wbits)
        self._over = False
        self._lock = threading.Lock()

    @property
    def uri(self) -> str:
        """Of the compressed file."""
        return self._file.uri

    @property
    def size_at_most(self) -> int:
        """Bytes that can be inside, at the best ratio there is."""
        return (self._file.size + 1) * RATIO

    @property
    def gap(self) -> int:
        """What lies between two pieces is inflated anyway."""
        return 2**62

    def read_ranges(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Inflated bytes of several ranges, as `read_range`."""
        return [self.read_range(start, end) for start, end in ranges]

    def bytes_needed(self, ranges: Sequence[tuple[int, int]]) -> int:
        """All compressed bytes: where in them a range ends is known when it was inflated."""
        return self._end - self._start if any(start < end for start, end in ranges) else 0

    def read_range(self, start: int, end: int) -> bytes:
        """Inflated bytes [start, end); fewer where they end before.

        Raises
        ------
        FormatError
            The compressed bytes are damaged.
        """
        with self._lock:
            while len(self._data) < end and not self._over:
                self._forward(end)
            return bytes(memoryview(self._data)[start:end])

    def _forward(self, end: int) -> None:
        pending = self._inflater.unconsumed_tail
        if not pending:
            # At the ratio of real images half of what is wanted suffices; a small wish stays a small read.
            step = min(CHUNK, max(4096, (end - len(self._data)) // 2))
            pending = self._file.read_range(self._at, min(self._at + step, max(self._at, self._end)))
            self._at += len(pending)
        if not pending:
            self._over = True
            return
        try:
            # One byte more than wanted: where that is the end, the checksum is looked at.
            self._data += self._inflater.decompress(pending, end - len(self._data) + 1)
        except ERRORS as error:
            raise FormatError(
                f"{self.uri} is damaged: its compressed bytes cannot be inflated after {len(self._data):,} "
                f"inflated bytes ({error}). Fetch or write it again."
            ) from error
        if self._inflater.eof:
            self._at -= len(self._inflater.unused_data)
            # Gzip files may be joined end to end; anything else after the end is padding.
            self._over = self._wbits != GZIP or self._file.read_range(self._at, self._at + 2) != b"\x1f\x8b"
            self._inflater = inflater(self._wbits)


def plain_head(file: File, head: bytes, length: int) -> bytes:
    """First bytes of a file, inflated where it is a gzip file; fewer where it ends before.

    Parameters
    ----------
    file : File
        Compressed or not.
    head : bytes
        Its first bytes; more are fetched where they do not hold what is wanted.
    length : int
        Bytes wanted.

    Raises
    ------
    FormatError
        The gzip file is damaged.
    """
    if head[:2] != GZIP_MARK:
        return head[:length] if len(head) >= length else file.read_range(0, length)
    plain = inflate_head(head, length)
    if len(plain) >= length:
        return plain
    try:
        return Inflated(file, 0, GZIP, limit=HEAD_LIMIT).read_range(0, length)
    except FormatError as error:
        raise FormatError(str(error).removeprefix(f"{file.uri} ")) from None


def check_length(file: File, needed: int, what: str, packed: bool) -> None:
    """Compare what a header promises with the file's size.

    Parameters
    ----------
    file : File
        Compressed or not.
    needed : int
        Bytes, inflated.
    what : str
        That it promises, for the message.
    packed : bool
        Whether it is a gzip file.

    Raises
    ------
    FormatError
        It cannot be so.
    """
    named = f"its header says {what}, up to byte {needed:,}"
    if packed:
        most = Inflated(file).size_at_most
        if needed > most:
            raise FormatError(f"{named}, but a gzip file of {file.size:,} bytes holds at most {most:,}")
    elif needed > file.size:
        raise FormatError(f"{named}, but the file ends at byte {file.size:,}")
